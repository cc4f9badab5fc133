package cli

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/spf13/cobra"

	"github.com/toygres/toygres/openapi"
)

func (a *app) updateCommand() *cobra.Command {
	var sizes sizeFlags
	var metadata metadataFlags
	var wait waiting
	cmd := &cobra.Command{
		Use:     "update NAME",
		GroupID: groupInstances,
		Short:   "Change what is set of an instance",
		Long: `Changes what is set of an instance. What is not said stays as it is. Other CPU,
memory or storage starts a running server anew, as "toygres resize" does.`,
		Example: `  toygres update mydb --tag team=orders --tag env=production --untag old
  toygres update mydb --protect --description "Orders of the shop"`,
		Args:              exactly(instanceName),
		ValidArgsFunction: a.completeNames,
		RunE: func(cmd *cobra.Command, args []string) error {
			var request openapi.UpdateInstanceRequest
			said, err := sizes.read(cmd, &request.CpuMillis, &request.MemoryMib, &request.StorageGib)
			if err != nil {
				return err
			}
			also, err := metadata.read(cmd, &request)
			if err != nil {
				return err
			}
			if !said && !also {
				return usagef("say what to change, see `toygres update --help`")
			}
			return a.change(cmd.Context(), args[0], request, wait, "Updating", printChanged)
		},
	}
	metadata.flags(cmd)
	sizes.flags(cmd)
	wait.flags(cmd, "the change is made")
	return cmd
}

func (a *app) renameCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "rename NAME DISPLAY-NAME",
		GroupID: groupInstances,
		Short:   "Give an instance another display name",
		Long: `Gives an instance another display name: a line for people, beside the name, which
stays. An empty one takes it away.`,
		Example: `  toygres rename mydb "Orders, production"`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 2 || args[0] == "" {
				return usagef("`toygres rename` takes two arguments: %s and its display name", instanceName)
			}
			return nil
		},
		ValidArgsFunction: a.completeNames,
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.change(cmd.Context(), args[0], openapi.UpdateInstanceRequest{DisplayName: &args[1]}, waiting{}, "", printChanged)
		},
	}
}

// metadataFlags are what people say of an instance.
type metadataFlags struct {
	description                            string
	tags, untag                            []string
	protect, unprotect, monitor, noMonitor bool
}

func (m *metadataFlags) flags(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&m.description, "description", "", "what it is for; empty for none")
	flags.StringArrayVar(&m.tags, "tag", nil, "a tag to set, as name=value; may be repeated")
	flags.StringArrayVar(&m.untag, "untag", nil, "a tag to remove; may be repeated")
	flags.BoolVar(&m.protect, "protect", false, "refuse to delete it")
	flags.BoolVar(&m.unprotect, "unprotect", false, "let it be deleted again")
	flags.BoolVar(&m.monitor, "monitor", false, "watch its health")
	flags.BoolVar(&m.noMonitor, "no-monitor", false, "don't watch its health")
	cmd.MarkFlagsMutuallyExclusive("protect", "unprotect")
	cmd.MarkFlagsMutuallyExclusive("monitor", "no-monitor")
}

// read sets what was said, and reports whether anything was.
func (m *metadataFlags) read(cmd *cobra.Command, request *openapi.UpdateInstanceRequest) (said bool, err error) {
	if cmd.Flags().Changed("description") {
		request.Description, said = &m.description, true
	}
	if len(m.tags)+len(m.untag) > 0 {
		tags := map[string]*string{}
		for _, tag := range m.tags {
			name, value, found := strings.Cut(tag, "=")
			if !found || name == "" {
				return said, usagef("--tag: %q is not name=value", tag)
			}
			tags[name] = &value
		}
		for _, name := range m.untag {
			if _, both := tags[name]; both {
				return said, usagef("the tag %q can't be both set and removed", name)
			}
			tags[name] = nil
		}
		request.Tags, said = &tags, true
	}
	if m.protect || m.unprotect {
		request.DeletionProtection, said = &m.protect, true
	}
	if m.monitor || m.noMonitor {
		request.Monitored, said = &m.monitor, true
	}
	return said, nil
}

// changing is how a change came about.
type changing int

const (
	changedAtOnce changing = iota
	changedByOperation
)

// change asks for a change, waits if that is wanted, and has the instance
// printed when it is made.
func (a *app) change(ctx context.Context, name string, request openapi.UpdateInstanceRequest, wait waiting, doing string, say func(io.Writer, *openapi.Instance, changing)) error {
	c, err := a.connect()
	if err != nil {
		return err
	}
	response, err := c.UpdateInstance(ctx, name, request)
	if err == nil && response.StatusCode == http.StatusOK {
		instance, err := decode[openapi.Instance](response, nil)
		if err != nil {
			return err
		}
		return a.print(instance, func(out io.Writer) { say(out, instance, changedAtOnce) })
	}
	operation, err := decode[openapi.Operation](response, err)
	if err != nil {
		return err
	}
	if !wait.wait {
		return a.printStarted(doing, operation)
	}
	operation, err = a.waitFor(ctx, c, operation.Id, wait.timeout)
	if err != nil {
		return a.printUnfinished(operation, err)
	}
	instance, err := decode[openapi.Instance](c.GetInstance(ctx, name))
	if err != nil {
		return err
	}
	return a.print(instance, func(out io.Writer) { say(out, instance, changedByOperation) })
}

func printChanged(out io.Writer, i *openapi.Instance, _ changing) {
	fmt.Fprintf(out, "%s is as asked\n", clean(i.Name))
}

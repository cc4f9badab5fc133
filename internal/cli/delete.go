package cli

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/toygres/toygres/openapi"
)

func (a *app) deleteCommand() *cobra.Command {
	var yes, purge bool
	var wait waiting
	cmd := &cobra.Command{
		Use:     "delete NAME",
		Aliases: []string{"rm"},
		GroupID: groupInstances,
		Short:   "Delete an instance",
		Long: `Delete an instance: it is stopped and put into the trash, where it keeps its data and its name for a while.
"toygres undelete" brings it back, "toygres list --deleted" shows what is there, and --purge removes it with its
data at once, also what is in the trash already.`,
		Args:              exactly(instanceName),
		ValidArgsFunction: a.completeNames,
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.delete(cmd.Context(), args[0], yes, purge, wait)
		},
	}
	cmd.Flags().BoolVarP(&yes, "yes", "y", false, "don't ask for confirmation")
	cmd.Flags().BoolVar(&purge, "purge", false, "remove it with its data at once, for good")
	wait.flags(cmd, "it is in the trash, or nothing of it is left")
	return cmd
}

func (a *app) delete(ctx context.Context, name string, yes, purge bool, wait waiting) error {
	c, err := a.connect()
	if err != nil {
		return err
	}
	if !yes {
		if err := a.confirmDelete(ctx, c, name, purge); err != nil {
			return err
		}
	}
	operation, err := decode[openapi.Operation](c.DeleteInstance(ctx, name, &openapi.DeleteInstanceParams{Purge: &purge}))
	if err != nil {
		return err
	}
	if !wait.wait {
		return a.printStarted("Deleting", operation)
	}
	operation, err = a.waitFor(ctx, c, operation.Id, wait.timeout)
	if err != nil {
		return a.printUnfinished(operation, err)
	}
	return a.print(operation, func(out io.Writer) {
		if operation.Kind == openapi.Trash {
			fmt.Fprintf(out, "%s is deleted; `toygres undelete %[1]s` brings it back\n", clean(operation.InstanceName))
			return
		}
		fmt.Fprintf(out, "%s is deleted for good\n", clean(operation.InstanceName))
	})
}

// confirmDelete asks a person to type the name, since applications lose their
// database, and perhaps its data for good. Without a person there is nobody to
// ask.
func (a *app) confirmDelete(ctx context.Context, c *client, name string, purge bool) error {
	keyboard := terminal(a.In)
	if keyboard == nil {
		return &failure{code: exitUsage, message: "deleting " + name + " needs a confirmation, and there is no terminal to ask on", hint: "add --yes if you mean it"}
	}
	if _, err := decode[openapi.Instance](c.GetInstance(ctx, name)); err != nil {
		return err
	}
	offer, err := decode[openapi.Offer](c.GetOffer(ctx))
	if err != nil {
		return err
	}
	what := fmt.Sprintf("This deletes %s with all its data, for good.", clean(name))
	if keep := time.Duration(offer.KeepDeletedSeconds) * time.Second; keep > 0 && !purge {
		what = fmt.Sprintf("This stops %s and puts it into the trash for %s.", clean(name), showAge(keep))
	}
	fmt.Fprintf(a.Err, "%s Type its name to go on: ", what)
	typed, err := readLine(keyboard)
	if err != nil {
		return err
	}
	if typed != name {
		return &failure{code: exitFailure, message: "that is not its name; nothing was deleted"}
	}
	return nil
}

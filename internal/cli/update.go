package cli

import (
	"github.com/spf13/cobra"

	"github.com/toygres/toygres/openapi"
)

func (a *app) updateCommand() *cobra.Command {
	var sizes sizeFlags
	var configuration configurationFlags
	var metadata metadataFlags
	var wait waiting
	var dryRun bool
	var plan string
	cmd := &cobra.Command{
		Use:     "update NAME",
		GroupID: groupInstances,
		Short:   "Change what is set of an instance",
		Long: `Changes what is set of an instance. What is not said stays as it is. A running
server takes up what it can as it runs, and starts anew once where that is
needed, for another size or for some parameters; --dry-run says what would be
done, and --plan does it only if nothing has changed since.`,
		Example: `  toygres update mydb --set work_mem=64MB --set max_connections=200 --dry-run
  toygres update mydb --reset work_mem --allow-cidr 10.0.0.0/8 --wait
  toygres update mydb --tag team=orders --untag old --protect --description "Orders of the shop"`,
		Args:              exactly(instanceName),
		ValidArgsFunction: a.completeNames,
		RunE: func(cmd *cobra.Command, args []string) error {
			var request openapi.UpdateInstanceRequest
			said := false
			for _, read := range []func() (bool, error){
				func() (bool, error) {
					return sizes.read(cmd, &request.CpuMillis, &request.MemoryMib, &request.StorageGib)
				},
				func() (bool, error) { return configuration.read(cmd, &request) },
				func() (bool, error) { return metadata.read(cmd, &request) },
			} {
				also, err := read()
				if err != nil {
					return err
				}
				said = said || also
			}
			if !said {
				return usagef("say what to change, see `toygres update --help`")
			}
			if dryRun {
				return a.plan(cmd.Context(), args[0], request)
			}
			return a.change(cmd.Context(), args[0], optional(plan), request, wait, "Updating", printChanged)
		},
	}
	configuration.flags(cmd)
	metadata.flags(cmd)
	sizes.flags(cmd)
	cmd.Flags().BoolVar(&dryRun, "dry-run", false, "change nothing, and say what would be done")
	cmd.Flags().StringVar(&plan, "plan", "", "the fingerprint of a dry run; if anything has changed since, nothing is done")
	cmd.MarkFlagsMutuallyExclusive("dry-run", "plan")
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
			return a.change(cmd.Context(), args[0], nil, openapi.UpdateInstanceRequest{DisplayName: &args[1]}, waiting{}, "", printChanged)
		},
	}
}

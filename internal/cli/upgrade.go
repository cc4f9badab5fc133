package cli

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/toygres/toygres/openapi"
)

func (a *app) upgradeCommand() *cobra.Command {
	var wait waiting
	cmd := &cobra.Command{
		Use:     "upgrade NAME",
		GroupID: groupInstances,
		Short:   "Upgrade a running instance to the newest minor release of PostgreSQL",
		Long: `Upgrades a running instance to the newest minor release of its PostgreSQL version
that there is where it lives, which "toygres get NAME" shows. The server is
started anew, and open connections are cut. Any other start or restart does that,
too; this one makes sure of it.`,
		Args:              exactly(instanceName),
		ValidArgsFunction: a.completeNames,
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := a.connect()
			if err != nil {
				return err
			}
			operation, err := decode[openapi.Operation](c.UpgradeInstance(cmd.Context(), args[0]))
			if err != nil {
				return err
			}
			if !wait.wait {
				return a.printStarted("Upgrading", operation)
			}
			operation, err = a.waitFor(cmd.Context(), c, operation.Id, wait.timeout)
			if err != nil {
				return a.printUnfinished(operation, err)
			}
			instance, err := decode[openapi.Instance](c.GetInstance(cmd.Context(), args[0]))
			if err != nil {
				return err
			}
			return a.print(instance, func(out io.Writer) { fmt.Fprintln(out, summary(instance)) })
		},
	}
	wait.flags(cmd, "the newer release runs")
	return cmd
}

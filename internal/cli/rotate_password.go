package cli

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/toygres/toygres/openapi"
)

func (a *app) rotatePasswordCommand() *cobra.Command {
	var wait waiting
	cmd := &cobra.Command{
		Use:     "rotate-password NAME",
		GroupID: groupInstances,
		Short:   "Give the superuser of a running instance another password",
		Long: `Gives the superuser of a running instance another password. Open connections go
on; new ones need the new password, which "toygres connect NAME --show-password"
tells. There is no moment at which neither works.`,
		Args:              exactly(instanceName),
		ValidArgsFunction: a.completeNames,
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := a.connect()
			if err != nil {
				return err
			}
			operation, err := decode[openapi.Operation](c.RotatePassword(cmd.Context(), args[0]))
			if err != nil {
				return err
			}
			if !wait.wait {
				return a.printStarted("Rotating the password of", operation)
			}
			operation, err = a.waitFor(cmd.Context(), c, operation.Id, wait.timeout)
			if err != nil {
				return a.printUnfinished(operation, err)
			}
			err = a.print(operation, func(out io.Writer) {
				fmt.Fprintf(out, "the superuser of %s has another password\n", clean(operation.InstanceName))
			})
			a.hintf("See it with `toygres connect %s --show-password`.", args[0])
			return err
		},
	}
	wait.flags(cmd, "the new password holds")
	return cmd
}

package cli

import (
	"context"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/toygres/toygres/openapi"
)

func (a *app) deleteCommand() *cobra.Command {
	var yes bool
	var wait waiting
	cmd := &cobra.Command{
		Use:               "delete NAME",
		Aliases:           []string{"rm"},
		GroupID:           groupInstances,
		Short:             "Delete an instance and its data",
		Args:              exactly(instanceName),
		ValidArgsFunction: a.completeNames,
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.delete(cmd.Context(), args[0], yes, wait)
		},
	}
	cmd.Flags().BoolVarP(&yes, "yes", "y", false, "don't ask for confirmation")
	wait.flags(cmd, "nothing of it is left")
	return cmd
}

func (a *app) delete(ctx context.Context, name string, yes bool, wait waiting) error {
	c, err := a.connect()
	if err != nil {
		return err
	}
	if !yes {
		if err := a.confirmDelete(ctx, c, name); err != nil {
			return err
		}
	}
	operation, err := decode[openapi.Operation](c.DeleteInstance(ctx, name))
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
	return a.print(operation, func(out io.Writer) { fmt.Fprintf(out, "%s is deleted\n", clean(operation.InstanceName)) })
}

// confirmDelete asks a person to type the name, since data can't be brought
// back. Without a person there is nobody to ask.
func (a *app) confirmDelete(ctx context.Context, c *client, name string) error {
	keyboard := terminal(a.In)
	if keyboard == nil {
		return &failure{code: exitUsage, message: "deleting " + name + " needs a confirmation, and there is no terminal to ask on", hint: "add --yes if you mean it"}
	}
	if _, err := decode[openapi.Instance](c.GetInstance(ctx, name)); err != nil {
		return err
	}
	fmt.Fprintf(a.Err, "This deletes %s with all its data. Type its name to go on: ", clean(name))
	typed, err := readLine(keyboard)
	if err != nil {
		return err
	}
	if typed != name {
		return &failure{code: exitFailure, message: "that is not its name; nothing was deleted"}
	}
	return nil
}

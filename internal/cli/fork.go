package cli

import (
	"fmt"
	"io"

	"github.com/google/uuid"
	"github.com/spf13/cobra"

	"github.com/toygres/toygres/openapi"
)

// forkCommand asks for a new instance with the data of another one.
func (a *app) forkCommand() *cobra.Command {
	var sizes sizeFlags
	var wait waiting
	cmd := &cobra.Command{
		Use:     "fork SOURCE NAME",
		GroupID: groupInstances,
		Short:   "Create an instance with the data of a running one, which goes on",
		Long: `Creates the instance NAME with the data that SOURCE has now. SOURCE has to run
and goes on meanwhile. What is not said is as SOURCE has it; the superuser gets a
password of its own, other roles keep theirs.`,
		Example: `  toygres fork mydb staging --wait
  toygres fork mydb analytics --cpu 8 --memory 32GiB --storage 500GiB`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) != 2 || args[0] == "" || args[1] == "" {
				return usagef("`%s` takes two arguments: the names of the source and of the new instance", cmd.CommandPath())
			}
			return nil
		},
		ValidArgsFunction: a.completeNames,
		RunE: func(cmd *cobra.Command, args []string) error {
			request := openapi.ForkInstanceRequest{Name: args[1]}
			if _, err := sizes.read(cmd, &request.CpuMillis, &request.MemoryMib, &request.StorageGib); err != nil {
				return err
			}
			c, err := a.connect()
			if err != nil {
				return err
			}
			// One key for all tries of this command: a repeat creates nothing twice.
			key := uuid.NewString()
			operation, err := decode[openapi.Operation](c.ForkInstance(cmd.Context(), args[0], &openapi.ForkInstanceParams{IdempotencyKey: &key}, request))
			if err != nil {
				return err
			}
			if !wait.wait {
				return a.printStarted("Forking to", operation)
			}
			operation, err = a.waitFor(cmd.Context(), c, operation.Id, wait.timeout)
			if err != nil {
				return a.printUnfinished(operation, err)
			}
			instance, err := decode[openapi.Instance](c.GetInstance(cmd.Context(), request.Name))
			if err != nil {
				return err
			}
			return a.print(instance, func(out io.Writer) { fmt.Fprintln(out, summary(instance)) })
		},
	}
	sizes.flags(cmd)
	wait.flags(cmd, "the new instance is running")
	return cmd
}

package cli

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/google/uuid"
	"github.com/spf13/cobra"

	"github.com/toygres/toygres/openapi"
)

func (a *app) bulkCommand() *cobra.Command {
	cmd := group("bulk", "Create or delete many instances at once")
	cmd.GroupID = groupInstances
	cmd.AddCommand(a.bulkCreateCommand(), a.bulkDeleteCommand())
	return cmd
}

func (a *app) bulkCreateCommand() *cobra.Command {
	var asked createFlags
	var wait waiting
	var dryRun bool
	cmd := &cobra.Command{
		Use:   "create NAME...",
		Short: "Create up to 500 instances, all alike",
		Long: `Creates instances, all alike. A name may have a range of numbers in it: load-{001..100} is load-001 to load-100 (quote
it, or your shell may expand it first, which is as good). An instance that can't be created, because its name is in use
for example, fails alone. --dry-run creates nothing, and says which ones would fail.`,
		Example: `  toygres bulk create 'load-{001..100}' --wait
  toygres bulk create shop blog wiki --version 17`,
		Args: atLeastOne(instanceNames),
		RunE: func(cmd *cobra.Command, args []string) error {
			var request openapi.CreateInstancesRequest
			for _, name := range args {
				instance, err := asked.read(cmd, name)
				if err != nil {
					return err
				}
				request.Instances = append(request.Instances, instance)
			}
			c, err := a.connect()
			if err != nil {
				return err
			}
			if dryRun {
				return a.planCreates(cmd.Context(), c, args, request)
			}
			key := uuid.NewString() // for all tries of this command
			batch, err := decode[openapi.Batch](c.CreateInstances(cmd.Context(), &openapi.CreateInstancesParams{IdempotencyKey: &key}, request))
			if err != nil {
				return err
			}
			return a.followBatch(cmd.Context(), c, batch, wait)
		},
	}
	asked.flags(a, cmd)
	cmd.Flags().BoolVar(&dryRun, "dry-run", false, "create nothing, and say what would be made")
	wait.flags(cmd, "all are over")
	cmd.MarkFlagsMutuallyExclusive("dry-run", "wait")
	return cmd
}

// planCreates says what would be made, all alike, and fails when not all would.
func (a *app) planCreates(ctx context.Context, c *client, names []string, request openapi.CreateInstancesRequest) error {
	yes := true
	plan, err := decode[openapi.BatchPlan](c.CreateInstances(ctx, &openapi.CreateInstancesParams{DryRun: &yes}, request))
	if err != nil {
		return err
	}
	err = a.print(plan, func(out io.Writer) {
		planFields(out, strings.Join(names, ", "), &plan.Instances[0])
		if len(plan.Refused) > 0 {
			fmt.Fprintln(out)
			a.printItems(out, plan.Refused)
		}
		a.hintf("Nothing was created. Do it with the same command without --dry-run.")
	})
	if err == nil && len(plan.Refused) > 0 {
		err = &failure{code: exitOperation, message: fmt.Sprintf("%d of %d instances would fail", len(plan.Refused), plan.Total)}
	}
	return err
}

func (a *app) bulkDeleteCommand() *cobra.Command {
	var yes, purge bool
	var states []string
	var wait waiting
	cmd := &cobra.Command{
		Use:   "delete NAME...",
		Short: "Delete up to 500 instances",
		Long: `Deletes instances, as "toygres delete" does with each of them. A name may have a range of numbers in it, like
load-{001..100}; or give one pattern, in which * stands for any text and ? for any character, for all instances whose
name is like it.`,
		Example: `  toygres bulk delete 'load-*' --yes --wait
  toygres bulk delete 'load-*' --state failed`,
		Args: atLeastOne(instanceNames),
		RunE: func(cmd *cobra.Command, args []string) error {
			request := openapi.DeleteInstancesRequest{Purge: &purge}
			switch pattern := strings.ContainsAny(strings.Join(args, ""), "*?"); {
			case pattern && len(args) > 1:
				return usagef("give one pattern, or names")
			case pattern:
				request.Match = &args[0]
			case len(states) > 0:
				return usagef("--state goes with a pattern, like 'load-*'")
			default:
				request.Names = &args
			}
			chosen, err := choices("state", states, openapi.InstanceState.Valid)
			if err != nil {
				return err
			}
			request.State = chosen
			if !yes {
				if err := a.confirm("deleting many instances", fmt.Sprintf("This deletes %s.", clean(strings.Join(args, ", ")))); err != nil {
					return err
				}
			}
			return a.bulkDelete(cmd.Context(), request, wait)
		},
	}
	cmd.Flags().BoolVarP(&yes, "yes", "y", false, "don't ask for confirmation")
	cmd.Flags().BoolVar(&purge, "purge", false, "remove them with their data at once, for good, also those in the trash")
	cmd.Flags().StringSliceVar(&states, "state", nil, "with a pattern: only instances in these states")
	wait.flags(cmd, "all are over")
	return cmd
}

func (a *app) bulkDelete(ctx context.Context, request openapi.DeleteInstancesRequest, wait waiting) error {
	c, err := a.connect()
	if err != nil {
		return err
	}
	key := uuid.NewString()
	batch, err := decode[openapi.Batch](c.DeleteInstances(ctx, &openapi.DeleteInstancesParams{IdempotencyKey: &key}, request))
	if err != nil {
		return err
	}
	return a.followBatch(ctx, c, batch, wait)
}

const instanceNames = "the instances' names, or a pattern like load-{001..100}"

// atLeastOne accepts one argument or more, and says what they should be.
func atLeastOne(what string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) == 0 {
			return usagef("`%s` takes %s", cmd.CommandPath(), what)
		}
		return nil
	}
}

// confirm asks a person to type yes.
func (a *app) confirm(doing, what string) error {
	keyboard := terminal(a.In)
	if keyboard == nil {
		return &failure{code: exitUsage, message: doing + " needs a confirmation, and there is no terminal to ask on", hint: "add --yes if you mean it"}
	}
	fmt.Fprintf(a.Err, "%s Type yes to go on: ", what)
	typed, err := readLine(keyboard)
	if err != nil {
		return err
	}
	if typed != "yes" {
		return &failure{code: exitFailure, message: "that is not yes; nothing was deleted"}
	}
	return nil
}

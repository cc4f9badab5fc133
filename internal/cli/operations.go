package cli

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/spf13/cobra"

	"github.com/toygres/toygres/openapi"
)

func (a *app) operationsCommand() *cobra.Command {
	cmd := group("operations", "What is being done to instances, step by step")
	cmd.Aliases = []string{"operation", "op"}
	cmd.GroupID = groupHistory
	cmd.AddCommand(a.operationsListCommand(), a.operationsGetCommand(), a.operationsCancelCommand(),
		a.operationsRetryCommand(), a.operationsRetryNowCommand())
	return cmd
}

func (a *app) operationsListCommand() *cobra.Command {
	var instance, kind, batch, since, until string
	var states []string
	var limit int
	cmd := &cobra.Command{
		Use:     "list",
		Aliases: []string{"ls"},
		Short:   "List operations, newest first",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			params := openapi.ListOperationsParams{Instance: optional(instance)}
			if kind != "" {
				chosen, err := choices("kind", []string{kind}, openapi.OperationKind.Valid)
				if err != nil {
					return err
				}
				params.Kind = &(*chosen)[0]
			}
			chosen, err := choices("state", states, openapi.OperationState.Valid)
			if err != nil {
				return err
			}
			params.State = chosen
			if batch != "" {
				id, err := uuid.Parse(batch)
				if err != nil {
					return usagef("--batch: %q is not a batch's id; find it with `toygres batches list`", batch)
				}
				params.Batch = &id
			}
			if params.Since, err = parseMoment("since", since, a.now()); err != nil {
				return err
			}
			if params.Until, err = parseMoment("until", until, a.now()); err != nil {
				return err
			}
			if limit < 1 {
				return usagef("--limit must be at least 1")
			}
			c, err := a.connect()
			if err != nil {
				return err
			}
			list, err := manyOperations(cmd.Context(), c, params, limit)
			if err != nil {
				return err
			}
			return a.print(list, func(out io.Writer) { a.operationRows(out, list.Items) })
		},
	}
	cmd.Flags().StringVar(&instance, "instance", "", "only operations of this instance")
	cmd.Flags().StringVar(&kind, "kind", "", "only this `kind`, as in create or resize")
	cmd.Flags().StringSliceVar(&states, "state", nil, "only operations in these states")
	cmd.Flags().StringVar(&batch, "batch", "", "only operations that the batch with this `id` has begun")
	cmd.Flags().StringVar(&since, "since", "", "only operations of the last `duration`, as in 24h, or from a time on, as in 2026-03-10T12:00:00Z")
	cmd.Flags().StringVar(&until, "until", "", "only operations from before that `duration` or time")
	cmd.Flags().IntVar(&limit, "limit", 50, "how many at most")
	complete(cmd, "kind", "create", "fork", "trash", "undelete", "delete", "stop", "start", "restart", "resize", "update", "upgrade", "rotate")
	complete(cmd, "state", "pending", "running", "succeeded", "failed", "cancelled")
	a.completeInstanceFlag(cmd)
	return cmd
}

func manyOperations(ctx context.Context, c *client, params openapi.ListOperationsParams, limit int) (*openapi.OperationList, error) {
	operations, err := pages(limit, func(cursor *string, size *int) ([]openapi.Operation, *string, error) {
		params.Cursor, params.Limit = cursor, size
		page, err := decode[openapi.OperationList](c.ListOperations(ctx, &params))
		if err != nil {
			return nil, nil, err
		}
		return page.Items, page.NextCursor, nil
	})
	return &openapi.OperationList{Items: operations}, err
}

func (a *app) operationRows(out io.Writer, operations []openapi.Operation) {
	var rows [][]string
	for _, o := range operations {
		rows = append(rows, []string{o.Id.String(), string(o.Kind), o.InstanceName, string(o.State), currentStep(o),
			operationTook(o, a.now()), showAge(a.now().Sub(o.CreatedAt))})
	}
	a.columns(out, []string{"ID", "KIND", "INSTANCE", "STATE", "STEP", "TOOK", "AGE"}, rows)
}

// currentStep names the step that an operation is at, or failed at.
func currentStep(o openapi.Operation) string {
	if o.State == openapi.OperationStateSucceeded {
		return ""
	}
	for _, step := range o.Steps {
		if step.State == openapi.StepStateRunning || step.State == openapi.StepStateFailed {
			return step.Name
		}
	}
	return ""
}

func took(started, ended *time.Time, now time.Time) string {
	if started == nil {
		return ""
	}
	if ended == nil {
		return showTook(now.Sub(*started))
	}
	return showTook(ended.Sub(*started))
}

// operationTook counts from the request for simple operations, which have no
// other beginning.
func operationTook(o openapi.Operation, now time.Time) string {
	if o.StartedAt == nil && o.EndedAt != nil {
		return took(&o.CreatedAt, o.EndedAt, now)
	}
	return took(o.StartedAt, o.EndedAt, now)
}

func (a *app) operationsGetCommand() *cobra.Command {
	var wait waiting
	cmd := &cobra.Command{
		Use:   "get ID",
		Short: "Show an operation and its steps",
		Long:  "Shows an operation and its steps. With --wait, it follows the operation to its end\nand exits with 7 when it fails.",
		Args:  exactly(operationID),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.onOperation(args[0], func(c *client, id uuid.UUID) error {
				if wait.wait {
					return a.finish(cmd.Context(), c, id, wait)
				}
				operation, err := decode[openapi.Operation](c.GetOperation(cmd.Context(), id))
				if err != nil {
					return err
				}
				return a.printOperation(operation)
			})
		},
	}
	wait.flags(cmd, "it is done")
	return cmd
}

func (a *app) operationsCancelCommand() *cobra.Command {
	var wait waiting
	cmd := &cobra.Command{
		Use:   "cancel ID",
		Short: "Cancel an operation; what it began is undone",
		Args:  exactly(operationID),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.onOperation(args[0], func(c *client, id uuid.UUID) error {
				operation, err := decode[openapi.Operation](c.CancelOperation(cmd.Context(), id))
				if err != nil {
					return err
				}
				if !wait.wait {
					return a.printStarted("Cancelling the "+clean(string(operation.Kind))+" of", operation)
				}
				operation, err = a.waitFor(cmd.Context(), c, id, wait.timeout)
				if operation != nil && operation.State == openapi.OperationStateCancelled {
					return a.printOperation(operation) // as was asked for
				}
				if err == nil {
					err = &failure{code: exitConflict, message: fmt.Sprintf("the operation had %s before it could be cancelled", operation.State)}
				}
				return a.printUnfinished(operation, err)
			})
		},
	}
	wait.flags(cmd, "it is undone")
	return cmd
}

func (a *app) operationsRetryCommand() *cobra.Command {
	var wait waiting
	cmd := &cobra.Command{
		Use:   "retry ID",
		Short: "Retry an operation that failed or was cancelled",
		Long: `Starts a new operation that does what the failed one should have done. It goes on from what is there; a create
whose server was removed when it failed begins anew, under the same name. Only the last operation of an
instance can be tried again.`,
		Args: exactly(operationID),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.onOperation(args[0], func(c *client, id uuid.UUID) error {
				operation, err := decode[openapi.Operation](c.RetryOperation(cmd.Context(), id))
				if err != nil {
					return err
				}
				if wait.wait {
					return a.finish(cmd.Context(), c, operation.Id, wait)
				}
				return a.printStarted("Retrying the "+clean(string(operation.Kind))+" of", operation)
			})
		},
	}
	wait.flags(cmd, "it is done")
	return cmd
}

func (a *app) operationsRetryNowCommand() *cobra.Command {
	var wait waiting
	cmd := &cobra.Command{
		Use:   "retry-now ID",
		Short: "Try the step at once that waits for its next attempt",
		Long:  "Tries the step at once that waits for its next attempt, for example when what it failed\nof is mended. Its attempts count from 1 again.",
		Args:  exactly(operationID),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.onOperation(args[0], func(c *client, id uuid.UUID) error {
				operation, err := decode[openapi.Operation](c.RetryStep(cmd.Context(), id))
				if err != nil {
					return err
				}
				if wait.wait {
					return a.finish(cmd.Context(), c, id, wait)
				}
				return a.printStarted("Going on with the "+clean(string(operation.Kind))+" of", operation)
			})
		},
	}
	wait.flags(cmd, "it is done")
	return cmd
}

const operationID = "the operation's id, see `toygres operations list`"

func (a *app) onOperation(text string, do func(*client, uuid.UUID) error) error {
	id, err := uuid.Parse(text)
	if err != nil {
		return usagef("%q is not an operation's id; find it with `toygres operations list`", text)
	}
	c, err := a.connect()
	if err != nil {
		return err
	}
	return do(c, id)
}

// finish follows an operation to its end and prints it.
func (a *app) finish(ctx context.Context, c *client, id uuid.UUID, wait waiting) error {
	operation, err := a.waitFor(ctx, c, id, wait.timeout)
	if err != nil {
		return a.printUnfinished(operation, err)
	}
	return a.printOperation(operation)
}

func (a *app) printOperation(o *openapi.Operation) error {
	return a.print(o, func(out io.Writer) {
		state := string(o.State)
		if o.CancelAsked && !ended(o.State) {
			state += ", being cancelled"
		}
		to := ""
		if o.Size != nil {
			to = showSize(o.Size.CpuMillis, o.Size.MemoryMib, o.Size.StorageGib)
		}
		fields(out, "Operation", o.Id.String(), "Kind", string(o.Kind), "Instance", o.InstanceName, "Size", to, "State", state, "Retry of", idText(o.RetryOf),
			"Error", text(o.Error), "Created", stamp(&o.CreatedAt), "Ended", stamp(o.EndedAt), "Temporal", text(o.TemporalUrl))
		fmt.Fprintln(out)
		var rows, failures [][]string
		for _, step := range o.Steps {
			if step.Failures != nil {
				for _, f := range *step.Failures {
					failures = append(failures, []string{step.Name, fmt.Sprint(f.Attempt), stamp(&f.FailedAt), f.Error})
				}
			}
			attempt, note := "", text(step.Error)
			if step.Attempt > 0 {
				attempt = fmt.Sprint(step.Attempt)
			}
			if note == "" && (step.State == openapi.StepStateRunning || step.State == openapi.StepStatePending) {
				note = text(step.Message)
			}
			if step.NextRetryAt != nil && !ended(o.State) {
				note = strings.TrimPrefix(note+"; next attempt at "+step.NextRetryAt.Local().Format(time.TimeOnly), "; ")
			}
			duration := ""
			if step.State != openapi.StepStatePending {
				duration = took(step.StartedAt, step.EndedAt, a.now())
			}
			rows = append(rows, []string{step.Name, string(step.State), attempt, duration, ranBy(step), note})
		}
		a.columns(out, []string{"STEP", "STATE", "ATTEMPT", "TOOK", "WORKER", "NOTE"}, rows)
		if len(failures) > 0 {
			fmt.Fprintln(out)
			a.columns(out, []string{"FAILED STEP", "ATTEMPT", "AT", "WHY"}, failures)
		}
	})
}

// ranBy is the worker that ran a step's last attempt, with its release.
func ranBy(step openapi.Step) string {
	return strings.TrimSuffix(text(step.Worker)+", "+text(step.Build), ", ")
}

// completeInstanceFlag completes --instance by asking the server.
func (a *app) completeInstanceFlag(cmd *cobra.Command) {
	err := cmd.RegisterFlagCompletionFunc("instance", func(cmd *cobra.Command, _ []string, typed string) ([]string, cobra.ShellCompDirective) {
		return a.namesLike(cmd.Context(), typed), cobra.ShellCompDirectiveNoFileComp
	})
	if err != nil {
		panic(err) // the flag does not exist: a mistake in this package
	}
}

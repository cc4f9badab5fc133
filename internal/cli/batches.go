package cli

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/google/uuid"
	"github.com/spf13/cobra"

	"github.com/toygres/toygres/openapi"
)

func (a *app) batchesCommand() *cobra.Command {
	cmd := group("batches", "What is being done to many instances at once")
	cmd.Aliases = []string{"batch"}
	cmd.GroupID = groupHistory
	cmd.AddCommand(a.batchesListCommand(), a.batchesGetCommand(), a.batchesCancelCommand(), a.batchesRetryCommand())
	return cmd
}

func (a *app) batchesListCommand() *cobra.Command {
	var limit int
	cmd := &cobra.Command{
		Use:     "list",
		Aliases: []string{"ls"},
		Short:   "List the latest batches",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if limit < 1 || limit > pageSize {
				return usagef("--limit must be 1 to %d", pageSize)
			}
			c, err := a.connect()
			if err != nil {
				return err
			}
			list, err := decode[openapi.BatchList](c.ListBatches(cmd.Context(), &openapi.ListBatchesParams{Limit: &limit}))
			if err != nil {
				return err
			}
			return a.print(list, func(out io.Writer) {
				var rows [][]string
				for _, b := range list.Items {
					rows = append(rows, []string{b.Id.String(), string(b.Kind), string(b.State), fmt.Sprint(b.Counts.Total), tally(b.Counts),
						took(b.StartedAt, b.EndedAt, a.now()), showAge(a.now().Sub(b.CreatedAt))})
				}
				a.columns(out, []string{"ID", "KIND", "STATE", "INSTANCES", "OF WHICH", "TOOK", "AGE"}, rows)
			})
		},
	}
	cmd.Flags().IntVar(&limit, "limit", 50, "how many at most")
	return cmd
}

func (a *app) batchesGetCommand() *cobra.Command {
	var wait waiting
	cmd := &cobra.Command{
		Use:   "get ID",
		Short: "Show a batch and what came of each instance",
		Long:  "Shows a batch and its items. With --wait, it follows the batch to its end\nand exits with 7 when not all of it has succeeded.",
		Args:  exactly(batchID),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.onBatch(args[0], func(c *client, id uuid.UUID) error {
				batch, err := a.allOfBatch(cmd.Context(), c, id, nil)
				if err != nil {
					return err
				}
				if wait.wait {
					return a.followBatch(cmd.Context(), c, batch, wait)
				}
				return a.printBatch(batch)
			})
		},
	}
	wait.flags(cmd, "all are over")
	return cmd
}

func (a *app) batchesCancelCommand() *cobra.Command {
	var wait waiting
	cmd := &cobra.Command{
		Use:   "cancel ID",
		Short: "Cancel a batch: begin no more, undo what is in progress, keep what is done",
		Args:  exactly(batchID),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.onBatch(args[0], func(c *client, id uuid.UUID) error {
				batch, err := decode[openapi.Batch](c.CancelBatch(cmd.Context(), id))
				if err != nil {
					return err
				}
				err = a.followBatch(cmd.Context(), c, batch, wait)
				var f *failure
				if wait.wait && errors.As(err, &f) && errors.Is(f.cause, errBatchCancelled) {
					return nil // as was asked for
				}
				return err
			})
		},
	}
	wait.flags(cmd, "all is undone")
	return cmd
}

func (a *app) batchesRetryCommand() *cobra.Command {
	var wait waiting
	cmd := &cobra.Command{
		Use:   "retry ID",
		Short: "Retry what failed or was cancelled of a batch, as a new batch",
		Long: "Starts a new batch of exactly the items that failed or were cancelled. Once more it answers the same one;\n" +
			"what fails again is retried there.",
		Args: exactly(batchID),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.onBatch(args[0], func(c *client, id uuid.UUID) error {
				batch, err := decode[openapi.Batch](c.RetryBatch(cmd.Context(), id))
				if err != nil {
					return err
				}
				return a.followBatch(cmd.Context(), c, batch, wait)
			})
		},
	}
	wait.flags(cmd, "all are over")
	return cmd
}

const batchID = "the batch's id, see `toygres batches list`"

func (a *app) onBatch(text string, do func(*client, uuid.UUID) error) error {
	id, err := uuid.Parse(text)
	if err != nil {
		return usagef("%q is not a batch's id; find it with `toygres batches list`", text)
	}
	c, err := a.connect()
	if err != nil {
		return err
	}
	return do(c, id)
}

// allOfBatch reads a batch with every page of its items in those states.
func (a *app) allOfBatch(ctx context.Context, c *client, id uuid.UUID, states *[]openapi.BatchItemState) (*openapi.Batch, error) {
	var batch *openapi.Batch
	items, err := pages(everything, func(cursor *string, size *int) ([]openapi.BatchItem, *string, error) {
		var err error
		batch, err = decode[openapi.Batch](c.GetBatch(ctx, id, &openapi.GetBatchParams{State: states, Cursor: cursor, Limit: size}))
		switch {
		case err != nil:
			return nil, nil, err
		case batch.Items == nil:
			return nil, batch.NextCursor, nil
		}
		return *batch.Items, batch.NextCursor, nil
	})
	if err != nil {
		return nil, err
	}
	batch.Items, batch.NextCursor = &items, nil
	return batch, nil
}

func (a *app) printBatch(b *openapi.Batch) error {
	return a.print(b, func(out io.Writer) {
		state := string(b.State)
		if b.CancelAsked && !ended(b.State) {
			state += ", being cancelled"
		}
		fields(out, "Batch", b.Id.String(), "Kind", string(b.Kind), "State", state, "Instances", fmt.Sprint(b.Counts.Total), "Of which", tally(b.Counts),
			"Error", text(b.Error),
			"Retry of", idText(b.RetryOf), "Retried by", idText(b.RetriedBy), "Created", stamp(&b.CreatedAt), "Ended", stamp(b.EndedAt), "Temporal", text(b.TemporalUrl))
		if b.Items == nil || len(*b.Items) == 0 {
			return
		}
		fmt.Fprintln(out)
		a.printItems(out, *b.Items)
	})
}

func (a *app) printItems(out io.Writer, items []openapi.BatchItem) {
	var rows [][]string
	for _, item := range items {
		rows = append(rows, []string{item.Name, string(item.State), idText(item.OperationId), text(item.Error)})
	}
	a.columns(out, []string{"INSTANCE", "STATE", "OPERATION", "NOTE"}, rows)
}

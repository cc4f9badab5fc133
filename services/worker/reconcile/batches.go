package reconcile

import (
	"context"
	"time"

	"github.com/toygres/toygres"
)

// sweepBatches looks at every batch that is not over, as sweepDurable does at
// operations. One whose workflow Temporal no longer knows is started again: it
// goes on where it was. One whose workflow was ended begins no more; what it has
// begun goes on by itself.
func (r *Reconciler) sweepBatches(ctx context.Context) {
	unfinished, err := r.Catalog.UnfinishedBatches(ctx)
	if err != nil {
		r.trouble(ctx, "the sweep can't read the catalog", err)
		return
	}
	for _, batch := range unfinished {
		if batch.State == toygres.OperationPending && time.Since(batch.CreatedAt) < r.Grace {
			continue // the API is about to start it
		}
		run, err := r.Workflows.LookAtBatch(ctx, batch)
		if err != nil {
			r.trouble(ctx, "the sweep can't reach Temporal", err)
			return
		}
		if err := r.resumeBatch(ctx, batch, run); err != nil {
			r.trouble(ctx, "a batch can't be settled yet", err, "batch", batch.ID)
		}
	}
}

func (r *Reconciler) resumeBatch(ctx context.Context, batch toygres.Batch, run Run) error {
	switch run.State {
	case RunOpen:
		if batch.CancelAsked {
			return r.Workflows.CancelBatch(ctx, batch)
		}
		return nil
	case RunAbsent:
		r.Log.InfoContext(ctx, "a batch goes on, but its workflow does not; starting it", "batch", batch.ID)
		if err := r.Workflows.StartBatch(ctx, batch); err != nil || !batch.CancelAsked {
			return err
		}
		return r.Workflows.CancelBatch(ctx, batch)
	default: // if it ended by itself after we read the batch, that is over and this changes nothing
		return r.Catalog.FinishBatch(ctx, batch.ID, toygres.CodeInternal, run.Why)
	}
}

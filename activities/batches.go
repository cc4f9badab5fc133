package activities

import (
	"context"

	"go.temporal.io/sdk/activity"

	"github.com/toygres/toygres"
)

// BatchCatalog is what batches need of the catalog. Every method can be
// repeated.
type BatchCatalog interface {
	// StartBatch records that the batch runs, in which run of its workflow, and
	// returns how many items it has. It fails with CodeConflict if the batch is
	// over.
	StartBatch(ctx context.Context, id toygres.BatchID, runID string) (items int, err error)

	// BeginItem records the operation of the item at the position, or returns
	// it when that was done before. The operation is zero when there is none:
	// the item was refused, or nothing is begun any more. spec is its instance's.
	BeginItem(ctx context.Context, id toygres.BatchID, position int, provider string) (op toygres.Operation, spec toygres.Spec, err error)

	// FinishBatch records the end of the batch. The code and message say why
	// items that have not had their turn have failed.
	FinishBatch(ctx context.Context, id toygres.BatchID, code toygres.ErrorCode, message string) error
}

// Batches records the beginning and the end of batches and of what they are
// made of.
type Batches struct {
	Catalog  BatchCatalog
	Provider string // where new instances live
	Window   int    // how many operations of a batch there are at a time
}

// BeginBatchInput says which batch begins.
type BeginBatchInput struct {
	BatchID toygres.BatchID
}

// BeginBatchResult says what there is to do.
type BeginBatchResult struct {
	Items  int
	Window int // how many at a time
}

// BeginBatch records that the batch runs.
func (b *Batches) BeginBatch(ctx context.Context, in BeginBatchInput) (BeginBatchResult, error) {
	run := activity.GetInfo(ctx).WorkflowExecution.RunID
	var items int
	err := write(ctx, func(ctx context.Context) (err error) {
		items, err = b.Catalog.StartBatch(ctx, in.BatchID, run)
		return err
	})
	if err != nil {
		return BeginBatchResult{}, stubborn.failure(ctx, err)
	}
	return BeginBatchResult{Items: items, Window: b.Window}, nil
}

// BeginItemInput says whose turn it is.
type BeginItemInput struct {
	BatchID  toygres.BatchID
	Position int // from 1
}

// BeginItemResult is the operation to carry out.
type BeginItemResult struct {
	OperationID  toygres.OperationID // "" when there is nothing to carry out, or no more
	Kind         toygres.Kind
	InstanceID   toygres.InstanceID
	InstanceName string
	Previous     toygres.State // of the instance
	Spec         toygres.Spec  // of a create
}

// BeginItem records the operation of one item.
func (b *Batches) BeginItem(ctx context.Context, in BeginItemInput) (BeginItemResult, error) {
	var op toygres.Operation
	var spec toygres.Spec
	err := write(ctx, func(ctx context.Context) (err error) {
		op, spec, err = b.Catalog.BeginItem(ctx, in.BatchID, in.Position, b.Provider)
		return err
	})
	if err != nil {
		return BeginItemResult{}, stubborn.failure(ctx, err)
	}
	if op.ID == "" || op.State.Done() {
		return BeginItemResult{}, nil
	}
	result := BeginItemResult{OperationID: op.ID, Kind: op.Kind, InstanceID: op.InstanceID, InstanceName: op.InstanceName, Previous: op.Previous}
	if op.Kind == toygres.KindCreate {
		result.Spec = spec
	}
	return result, nil
}

// FinishBatchInput says which batch ended.
type FinishBatchInput struct {
	BatchID toygres.BatchID
}

// FinishBatchResult says nothing yet.
type FinishBatchResult struct{}

// FinishBatch records the end of a batch whose items all have had their turn,
// unless it was cancelled.
func (b *Batches) FinishBatch(ctx context.Context, in FinishBatchInput) (FinishBatchResult, error) {
	err := write(ctx, func(ctx context.Context) error { return b.Catalog.FinishBatch(ctx, in.BatchID, "", "") })
	if err != nil {
		return FinishBatchResult{}, stubborn.failure(ctx, err)
	}
	return FinishBatchResult{}, nil
}

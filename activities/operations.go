package activities

import (
	"context"

	"go.temporal.io/sdk/activity"

	"github.com/toygres/toygres"
)

// Catalog is what operations need of the catalog. Both methods can be repeated.
type Catalog interface {
	Journal

	// StartOperation records that the operation runs, and in which run of its
	// workflow. It fails with CodeConflict if the operation is over.
	StartOperation(ctx context.Context, op toygres.OperationID, runID string) error

	// FinishOperation records how the operation ended and what becomes of its
	// instance.
	FinishOperation(ctx context.Context, outcome toygres.Outcome) error
}

// Operations records the beginning and the end of operations.
type Operations struct {
	Catalog Catalog
}

// BeginInput says which operation begins.
type BeginInput struct {
	OperationID toygres.OperationID
}

// BeginResult says nothing yet.
type BeginResult struct{}

// Begin records that the operation runs.
func (o *Operations) Begin(ctx context.Context, in BeginInput) (BeginResult, error) {
	run := activity.GetInfo(ctx).WorkflowExecution.RunID
	err := write(ctx, func(ctx context.Context) error { return o.Catalog.StartOperation(ctx, in.OperationID, run) })
	if err != nil {
		return BeginResult{}, stubborn.failure(ctx, err)
	}
	return BeginResult{}, nil
}

// FinishInput says how an operation ended.
type FinishInput struct {
	Outcome toygres.Outcome
}

// FinishResult says nothing yet.
type FinishResult struct{}

// Finish records how the operation ended.
func (o *Operations) Finish(ctx context.Context, in FinishInput) (FinishResult, error) {
	err := write(ctx, func(ctx context.Context) error { return o.Catalog.FinishOperation(ctx, in.Outcome) })
	if err != nil {
		return FinishResult{}, stubborn.failure(ctx, err)
	}
	return FinishResult{}, nil
}

package workflows

import (
	"go.temporal.io/sdk/workflow"

	"github.com/toygres/toygres"
	"github.com/toygres/toygres/activities"
)

// DeleteInstanceInput says which recorded operation to carry out.
type DeleteInstanceInput struct {
	OperationID toygres.OperationID
	InstanceID  toygres.InstanceID
}

// DeleteInstanceResult says nothing yet.
type DeleteInstanceResult struct{}

// DeleteInstance removes an instance with its data and frees its name. Until
// it starts to remove it can be cancelled, and nothing has happened. After
// that there is no way back: if it is cancelled or fails then, the instance is
// `failed`, because something of it may be gone, and can only be deleted again.
func DeleteInstance(ctx workflow.Context, in DeleteInstanceInput) (DeleteInstanceResult, error) {
	op := operation{id: in.OperationID, instance: in.InstanceID}
	if err := op.begin(ctx); err != nil {
		return DeleteInstanceResult{}, err
	}
	if ctx.Err() != nil {
		return DeleteInstanceResult{}, op.fail(ctx, "", toygres.CodeCancelled, "it was cancelled before anything was removed")
	}
	_, err := execute[activities.RemoveResult](ctx, removing, toygres.StepRemove, servers.Remove,
		activities.RemoveInput{OperationID: op.id, InstanceID: op.instance, Step: toygres.StepRemove})
	if err != nil {
		code, message := reason(ctx, err)
		return DeleteInstanceResult{}, op.fail(ctx, toygres.StateFailed, code,
			message+"; a part of the instance may be gone already: delete it again to finish")
	}
	return DeleteInstanceResult{}, op.finish(ctx,
		toygres.Outcome{State: toygres.OperationSucceeded, InstanceState: toygres.StateDeleted, Step: toygres.StepForget})
}

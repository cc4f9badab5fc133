package workflows

import (
	"go.temporal.io/sdk/workflow"

	"github.com/toygres/toygres"
	"github.com/toygres/toygres/activities"
)

// RotatePasswordInput says which recorded operation to carry out.
type RotatePasswordInput struct {
	OperationID toygres.OperationID
	InstanceID  toygres.InstanceID
}

// RotatePasswordResult says nothing yet.
type RotatePasswordResult struct{}

// RotatePassword gives the superuser of a running instance another password,
// which only its provider knows. There is nothing to undo: whenever it fails or
// is cancelled, the password that the provider answers is the one that the
// server takes.
func RotatePassword(ctx workflow.Context, in RotatePasswordInput) (RotatePasswordResult, error) {
	op := operation{id: in.OperationID, instance: in.InstanceID}
	if err := op.begin(ctx); err != nil {
		return RotatePasswordResult{}, err
	}
	if ctx.Err() != nil {
		return RotatePasswordResult{}, op.fail(ctx, "", toygres.CodeCancelled, "it was cancelled before anything was changed")
	}
	_, err := execute[activities.RotatePasswordResult](ctx, rotating, toygres.StepRotate, servers.RotatePassword,
		activities.RotatePasswordInput{OperationID: op.id, InstanceID: op.instance})
	if err != nil {
		code, message := reason(ctx, err)
		return RotatePasswordResult{}, op.fail(ctx, "", code, message+"; the password that is revealed works, be it the old or the new one")
	}
	return RotatePasswordResult{}, op.finish(ctx,
		toygres.Outcome{State: toygres.OperationSucceeded, InstanceState: toygres.StateRunning, Step: toygres.StepFinish})
}

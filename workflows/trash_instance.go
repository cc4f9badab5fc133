package workflows

import (
	"go.temporal.io/sdk/workflow"

	"github.com/toygres/toygres"
	"github.com/toygres/toygres/activities"
)

// TrashInstanceInput says which recorded operation to carry out.
type TrashInstanceInput struct {
	OperationID toygres.OperationID
	InstanceID  toygres.InstanceID
	Ran         bool // it did before, and does again if this fails
}

// TrashInstanceResult says nothing yet.
type TrashInstanceResult struct{}

// TrashInstance stops an instance and puts it into the trash, with its data.
// Then it sets the timer that ends its time there; the operation has succeeded
// before, so that a timer that can't be set fails nothing: the worker's sweep
// takes its place. If the instance can't be stopped, or that is cancelled, it
// is as before.
func TrashInstance(ctx workflow.Context, in TrashInstanceInput) (TrashInstanceResult, error) {
	op := operation{id: in.OperationID, instance: in.InstanceID}
	if err := op.begin(ctx); err != nil {
		return TrashInstanceResult{}, err
	}
	if ctx.Err() != nil {
		return TrashInstanceResult{}, op.fail(ctx, "", toygres.CodeCancelled, "it was cancelled before anything was changed")
	}
	_, err := execute[activities.StopResult](ctx, stopping, toygres.StepStop, servers.Stop,
		activities.StopInput{OperationID: op.id, InstanceID: op.instance})
	if err == nil {
		err = ctx.Err() // the last moment to cancel
	}
	if err == nil {
		err = op.finish(ctx, toygres.Outcome{State: toygres.OperationSucceeded, InstanceState: toygres.StateTrashed, Step: toygres.StepTrash})
	}
	if err != nil {
		return TrashInstanceResult{}, undoTrash(ctx, op, in.Ran, err)
	}
	setTimer(ctx, op.instance)
	return TrashInstanceResult{}, nil
}

func setTimer(ctx workflow.Context, instance toygres.InstanceID) {
	ctx, cancel := workflow.NewDisconnectedContext(ctx)
	defer cancel()
	err := workflow.ExecuteActivity(workflow.WithActivityOptions(ctx, timing), trash.SetTimer,
		activities.SetTimerInput{InstanceID: instance}).Get(ctx, nil)
	if err != nil {
		workflow.GetLogger(ctx).Warn("no timer ends this instance's time in the trash; the sweep will", "instance_id", instance, "error", err)
	}
}

// undoTrash starts the server again if it ran, records why, and returns the
// error with which the workflow ends.
func undoTrash(ctx workflow.Context, op operation, ran bool, cause error) error {
	code, message := reason(ctx, cause)
	ctx, cancel := workflow.NewDisconnectedContext(ctx)
	defer cancel()
	if !ran {
		return op.fail(ctx, "", code, message+"; nothing was changed")
	}
	return op.startAgain(ctx, code, message, "it is as before")
}

// startAgain starts a server that the operation may have stopped, and ends the
// operation with code and message, to which it adds what became of the server:
// running if all is well. The context must outlast a cancellation.
func (o operation) startAgain(ctx workflow.Context, code toygres.ErrorCode, message, running string) error {
	back, err := execute[activities.UndoStopResult](ctx, startingAgain, toygres.StepUndo, servers.UndoStop,
		activities.UndoStopInput{OperationID: o.id, InstanceID: o.instance})
	switch {
	case err != nil:
		_, why := reason(ctx, err)
		return o.fail(ctx, toygres.StateStopped, code, message+"; it could not be started again ("+why+"): start it when that is mended")
	case back.Failure != "":
		message += "; it does not start again (" + back.Failure + ") and is stopped, with its data: start it when that is mended"
	default:
		message += "; " + running
	}
	return o.failWith(ctx, toygres.Outcome{InstanceState: runningUnless(back.Stopped), Code: code, Message: message, Endpoint: back.Endpoint})
}

package workflows

import (
	"fmt"

	"go.temporal.io/sdk/workflow"

	"github.com/toygres/toygres"
	"github.com/toygres/toygres/activities"
)

// ResizeInstanceInput says which recorded operation to carry out.
type ResizeInstanceInput struct {
	OperationID toygres.OperationID
	InstanceID  toygres.InstanceID
	From        toygres.Size // that the instance has
	To          toygres.Size // that it is to have
}

// ResizeInstanceResult is how the instance came out of a resize that succeeded.
type ResizeInstanceResult struct {
	Stopped       bool // it was, and is
	Endpoint      toygres.Endpoint
	ServerVersion string // "" when it is stopped
}

// ResizeInstance gives an instance another size. A running server starts anew
// with it and is tested with a real query; a stopped one stays stopped. If any
// of that fails or is cancelled, it gets back the CPU and memory that it had,
// and is running, or stopped, as before; storage that has grown stays. A server
// that then does not start any more is left stopped, with its data.
func ResizeInstance(ctx workflow.Context, in ResizeInstanceInput) (ResizeInstanceResult, error) {
	op := operation{id: in.OperationID, instance: in.InstanceID}
	if err := op.begin(ctx); err != nil {
		return ResizeInstanceResult{}, err
	}
	if ctx.Err() != nil {
		return ResizeInstanceResult{}, op.fail(ctx, "", toygres.CodeCancelled, "it was cancelled before anything was changed")
	}
	resized, err := resize(ctx, op, in.To)
	if err != nil {
		return ResizeInstanceResult{}, undoResize(ctx, op, in.From, err)
	}
	return resized, nil
}

func resize(ctx workflow.Context, op operation, to toygres.Size) (ResizeInstanceResult, error) {
	_, err := execute[activities.ResizeResult](ctx, resizing, toygres.StepResize, servers.Resize,
		activities.ResizeInput{OperationID: op.id, InstanceID: op.instance, Size: to})
	if err != nil {
		return ResizeInstanceResult{}, err
	}
	there, err := execute[activities.AwaitResizedResult](ctx, waiting, toygres.StepAwaitReady, servers.AwaitResized,
		activities.AwaitResizedInput{OperationID: op.id, InstanceID: op.instance, Size: to})
	if err != nil {
		return ResizeInstanceResult{}, err
	}
	result := ResizeInstanceResult{Stopped: there.Stopped, Endpoint: there.Endpoint}
	if !there.Stopped {
		tested, err := execute[activities.TestConnectionResult](ctx, connecting, toygres.StepConnect, connections.TestConnection,
			activities.TestConnectionInput{OperationID: op.id, InstanceID: op.instance, Endpoint: there.Endpoint})
		if err != nil {
			return ResizeInstanceResult{}, err
		}
		result.ServerVersion = tested.ServerVersion
	}
	if err := ctx.Err(); err != nil {
		return ResizeInstanceResult{}, err // the last moment to cancel
	}
	return result, op.finish(ctx, toygres.Outcome{
		State: toygres.OperationSucceeded, InstanceState: runningUnless(result.Stopped), Step: toygres.StepRecord,
		Endpoint: result.Endpoint, ServerVersion: result.ServerVersion, Size: to,
	})
}

// undoResize gives back what the instance had, records why, and returns the
// error with which the workflow ends.
func undoResize(ctx workflow.Context, op operation, from toygres.Size, cause error) error {
	code, message := reason(ctx, cause)
	ctx, cancel := workflow.NewDisconnectedContext(ctx)
	defer cancel()
	back, err := execute[activities.UndoResizeResult](ctx, resizingBack, toygres.StepUndo, servers.UndoResize,
		activities.UndoResizeInput{OperationID: op.id, InstanceID: op.instance, Size: from})
	if err != nil {
		_, why := reason(ctx, err)
		return op.fail(ctx, toygres.StateFailed, code, message+"; it could not be given back the size that it had ("+why+")")
	}
	if back.Failure != "" {
		message += "; it does not start with the size that it had either (" + back.Failure + ") and is stopped, with its data: start it when that is mended"
	} else {
		message += "; it has the CPU and memory from before"
	}
	if grown := back.Size.StorageGiB; grown > from.StorageGiB {
		message += fmt.Sprintf("; its storage has grown to %d GiB and can't shrink", grown)
	}
	return op.failWith(ctx, toygres.Outcome{InstanceState: runningUnless(back.Stopped), Code: code, Message: message,
		Endpoint: back.Endpoint, Size: back.Size})
}

func runningUnless(stopped bool) toygres.State {
	if stopped {
		return toygres.StateStopped
	}
	return toygres.StateRunning
}

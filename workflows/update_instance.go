package workflows

import (
	"fmt"

	"go.temporal.io/sdk/workflow"

	"github.com/toygres/toygres"
	"github.com/toygres/toygres/activities"
)

// UpdateInstanceInput says which recorded operation to carry out.
type UpdateInstanceInput struct {
	OperationID toygres.OperationID
	InstanceID  toygres.InstanceID
	From        toygres.Settings // that the instance has
	To          toygres.Settings // that it is to have
}

// UpdateInstanceResult is how the instance came out of an update that succeeded.
type UpdateInstanceResult struct {
	Stopped       bool // it was, and is
	Endpoint      toygres.Endpoint
	ServerVersion string // "" when it is stopped, and when its server is the one from before
}

// UpdateInstance gives an instance other settings. The server takes up what it
// can as it runs, and starts anew at most once, for another size or for
// parameters that need it; then it is tested with a real query. A stopped one
// stays stopped. If any of that fails or is cancelled, it gets back what it had,
// and is running, or stopped, as before; storage that has grown stays. A server
// that then does not start any more is left stopped, with its data.
func UpdateInstance(ctx workflow.Context, in UpdateInstanceInput) (UpdateInstanceResult, error) {
	op := operation{id: in.OperationID, instance: in.InstanceID}
	if err := op.begin(ctx); err != nil {
		return UpdateInstanceResult{}, err
	}
	if ctx.Err() != nil {
		return UpdateInstanceResult{}, op.fail(ctx, "", toygres.CodeCancelled, "it was cancelled before anything was changed")
	}
	updated, err := update(ctx, op, in)
	if err != nil {
		return UpdateInstanceResult{}, undoUpdate(ctx, op, in, err)
	}
	return updated, nil
}

func update(ctx workflow.Context, op operation, in UpdateInstanceInput) (UpdateInstanceResult, error) {
	var result UpdateInstanceResult
	restarted := in.To.Size != in.From.Size
	if !in.To.Configuration.Equal(in.From.Configuration) {
		loaded, err := configure(ctx, op, in)
		if err != nil {
			return result, err
		}
		result.Stopped, result.Endpoint = loaded.Stopped, loaded.Endpoint
		if len(loaded.Pending) > 0 && !restarted {
			if _, err := execute[activities.RestartResult](ctx, resizing, toygres.StepRestart, updates.Restart,
				activities.RestartInput{OperationID: op.id, InstanceID: op.instance}); err != nil {
				return result, err
			}
			restarted = true
		}
	}
	if in.To.Size != in.From.Size {
		if _, err := execute[activities.ResizeResult](ctx, resizing, toygres.StepResize, servers.Resize,
			activities.ResizeInput{OperationID: op.id, InstanceID: op.instance, Size: in.To.Size}); err != nil {
			return result, err
		}
	}
	if restarted {
		var err error
		if result, err = awaitUpdated(ctx, op, in.To.Size); err != nil {
			return result, err
		}
	}
	if err := ctx.Err(); err != nil {
		return result, err // the last moment to cancel
	}
	outcome := toygres.Outcome{State: toygres.OperationSucceeded, InstanceState: runningUnless(result.Stopped), Step: toygres.StepRecord,
		Endpoint: result.Endpoint, ServerVersion: result.ServerVersion, Size: in.To.Size}
	if !in.To.Configuration.Equal(in.From.Configuration) {
		outcome.Step, outcome.Configuration = toygres.StepRecordSettings, &in.To.Configuration
	}
	return result, op.finish(ctx, outcome)
}

func configure(ctx workflow.Context, op operation, in UpdateInstanceInput) (activities.ReloadResult, error) {
	to := in.To.Configuration
	if _, err := execute[activities.ConfigureResult](ctx, resizing, toygres.StepConfigure, updates.Configure,
		activities.ConfigureInput{OperationID: op.id, InstanceID: op.instance, Configuration: to}); err != nil {
		return activities.ReloadResult{}, err
	}
	return execute[activities.ReloadResult](ctx, waiting, toygres.StepReload, updates.Reload,
		activities.ReloadInput{OperationID: op.id, InstanceID: op.instance, Configuration: to, Changed: to.Changed(in.From.Configuration)})
}

func awaitUpdated(ctx workflow.Context, op operation, size toygres.Size) (UpdateInstanceResult, error) {
	there, err := execute[activities.AwaitResizedResult](ctx, waiting, toygres.StepAwaitReady, servers.AwaitResized,
		activities.AwaitResizedInput{OperationID: op.id, InstanceID: op.instance, Size: size})
	result := UpdateInstanceResult{Stopped: there.Stopped, Endpoint: there.Endpoint}
	if err != nil || there.Stopped {
		return result, err
	}
	tested, err := execute[activities.TestConnectionResult](ctx, connecting, toygres.StepConnect, connections.TestConnection,
		activities.TestConnectionInput{OperationID: op.id, InstanceID: op.instance, Endpoint: there.Endpoint})
	result.ServerVersion = tested.ServerVersion
	return result, err
}

// undoUpdate gives back what the instance had, records why, and returns the
// error with which the workflow ends.
func undoUpdate(ctx workflow.Context, op operation, in UpdateInstanceInput, cause error) error {
	code, message := reason(ctx, cause)
	ctx, cancel := workflow.NewDisconnectedContext(ctx)
	defer cancel()
	had := "CPU and memory"
	if !in.To.Configuration.Equal(in.From.Configuration) {
		had = "settings"
	}
	back, err := execute[activities.UndoResizeResult](ctx, resizingBack, toygres.StepUndo, updates.UndoUpdate,
		activities.UndoUpdateInput{OperationID: op.id, InstanceID: op.instance, From: in.From, To: in.To})
	if err != nil {
		_, why := reason(ctx, err)
		return op.fail(ctx, toygres.StateFailed, code, fmt.Sprintf("%s; it could not be given back the %s that it had (%s)", message, had, why))
	}
	if back.Failure != "" {
		message += fmt.Sprintf("; it does not start with the %s that it had either (%s) and is stopped, with its data: start it when that is mended", had, back.Failure)
	} else {
		message += fmt.Sprintf("; it has the %s from before", had)
	}
	if grown := back.Size.StorageGiB; grown > in.From.Size.StorageGiB {
		message += fmt.Sprintf("; its storage has grown to %d GiB and can't shrink", grown)
	}
	return op.failWith(ctx, toygres.Outcome{InstanceState: runningUnless(back.Stopped), Code: code, Message: message,
		Endpoint: back.Endpoint, Size: back.Size})
}

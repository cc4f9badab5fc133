package workflows

import (
	"go.temporal.io/sdk/workflow"

	"github.com/toygres/toygres"
	"github.com/toygres/toygres/activities"
)

// CreateInstanceInput says which recorded operation to carry out.
type CreateInstanceInput struct {
	OperationID toygres.OperationID
	InstanceID  toygres.InstanceID
	Spec        toygres.Spec
}

// CreateInstanceResult is what a successful create has made.
type CreateInstanceResult struct {
	Endpoint      toygres.Endpoint
	ServerVersion string
}

// CreateInstance makes a new instance run: it waits for a place, provisions the server, for a fork
// with the data of another one, waits
// until it is ready, and tests it with a real query. If any of that fails or
// is cancelled, it removes what was made, and the instance is left `failed`
// with the reason.
func CreateInstance(ctx workflow.Context, in CreateInstanceInput) (CreateInstanceResult, error) {
	op := operation{id: in.OperationID, instance: in.InstanceID}
	if err := op.begin(ctx); err != nil {
		return CreateInstanceResult{}, err
	}
	if ctx.Err() != nil {
		return CreateInstanceResult{}, op.fail(ctx, toygres.StateFailed, toygres.CodeCancelled, "it was cancelled before anything was made")
	}
	limited := limited(ctx)
	if limited {
		first := toygres.StepProvision
		if in.Spec.Source != "" {
			first = toygres.StepCopy
		}
		if err := op.takePlace(ctx, first); err != nil {
			code, message := reason(ctx, err)
			err = op.fail(ctx, toygres.StateFailed, code, message+" before anything was made")
			op.leavePlace(ctx) // it may have got one at that moment
			return CreateInstanceResult{}, err
		}
	}
	made, err := create(ctx, op, in.Spec)
	if err != nil {
		made, err = CreateInstanceResult{}, undoCreate(ctx, op, err)
	}
	if limited {
		op.leavePlace(ctx)
	}
	return made, err
}

func create(ctx workflow.Context, op operation, spec toygres.Spec) (CreateInstanceResult, error) {
	patience := waiting
	var err error
	if spec.Source == "" {
		_, err = execute[activities.ProvisionResult](ctx, provisioning, toygres.StepProvision, servers.Provision,
			activities.ProvisionInput{OperationID: op.id, InstanceID: op.instance, Spec: spec,
				Background: workflow.GetInfo(ctx).Priority == inBatch})
	} else {
		patience = copying // which a provider may do in the background
		_, err = execute[activities.CopyResult](ctx, copying, toygres.StepCopy, servers.Copy,
			activities.CopyInput{OperationID: op.id, InstanceID: op.instance, Spec: spec})
	}
	if err != nil {
		return CreateInstanceResult{}, err
	}
	ready, err := execute[activities.AwaitReadyResult](ctx, patience, toygres.StepAwaitReady, servers.AwaitReady,
		activities.AwaitReadyInput{OperationID: op.id, InstanceID: op.instance})
	if err != nil {
		return CreateInstanceResult{}, err
	}
	tested, err := execute[activities.TestConnectionResult](ctx, connecting, toygres.StepConnect, connections.TestConnection,
		activities.TestConnectionInput{OperationID: op.id, InstanceID: op.instance, Endpoint: ready.Endpoint})
	if err != nil {
		return CreateInstanceResult{}, err
	}
	if err := ctx.Err(); err != nil {
		return CreateInstanceResult{}, err // the last moment to cancel
	}
	err = op.finish(ctx, toygres.Outcome{
		State: toygres.OperationSucceeded, InstanceState: toygres.StateRunning, Step: toygres.StepFinish,
		Endpoint: ready.Endpoint, ServerVersion: tested.ServerVersion,
	})
	return CreateInstanceResult{Endpoint: ready.Endpoint, ServerVersion: tested.ServerVersion}, err
}

// undoCreate removes what create has made, records why, and returns the error
// with which the workflow ends.
func undoCreate(ctx workflow.Context, op operation, cause error) error {
	code, message := reason(ctx, cause)
	ctx, cancel := workflow.NewDisconnectedContext(ctx)
	defer cancel()
	_, err := execute[activities.RemoveResult](ctx, undoing, toygres.StepUndo, servers.Remove,
		activities.RemoveInput{OperationID: op.id, InstanceID: op.instance, Step: toygres.StepUndo})
	if err != nil {
		_, why := reason(ctx, err)
		message += "; what had been made could not be removed yet (" + why + "): delete the instance to try again"
	}
	return op.fail(ctx, toygres.StateFailed, code, message)
}

package workflows

import (
	"fmt"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/toygres/toygres"
	"github.com/toygres/toygres/activities"
)

// UpgradeInstanceInput says which recorded operation to carry out.
type UpgradeInstanceInput struct {
	OperationID toygres.OperationID
	InstanceID  toygres.InstanceID
	To          toygres.Release // that its server has at least when it is started now
}

// UpgradeInstanceResult is how the instance came out of an upgrade that succeeded.
type UpgradeInstanceResult struct {
	Endpoint      toygres.Endpoint
	ServerVersion string
}

// UpgradeInstance starts the server of a running instance anew, so that it runs
// the minor release of PostgreSQL that its provider has by now, and asks it
// whether it does. There is no way back to the one before: if any of that fails
// or is cancelled, the server is started if it does not run, and one that does
// not start is left stopped, with its data.
func UpgradeInstance(ctx workflow.Context, in UpgradeInstanceInput) (UpgradeInstanceResult, error) {
	op := operation{id: in.OperationID, instance: in.InstanceID}
	if err := op.begin(ctx); err != nil {
		return UpgradeInstanceResult{}, err
	}
	if ctx.Err() != nil {
		return UpgradeInstanceResult{}, op.fail(ctx, "", toygres.CodeCancelled, "it was cancelled before anything was changed")
	}
	upgraded, err := upgrade(ctx, op, in.To)
	if err != nil {
		return UpgradeInstanceResult{}, undoUpgrade(ctx, op, err)
	}
	return upgraded, nil
}

func upgrade(ctx workflow.Context, op operation, to toygres.Release) (UpgradeInstanceResult, error) {
	if _, err := execute[activities.RestartResult](ctx, resizing, toygres.StepRestart, updates.Restart,
		activities.RestartInput{OperationID: op.id, InstanceID: op.instance}); err != nil {
		return UpgradeInstanceResult{}, err
	}
	ready, err := execute[activities.AwaitReadyResult](ctx, waiting, toygres.StepAwaitReady, servers.AwaitReady,
		activities.AwaitReadyInput{OperationID: op.id, InstanceID: op.instance})
	if err != nil {
		return UpgradeInstanceResult{}, err
	}
	tested, err := execute[activities.TestConnectionResult](ctx, connecting, toygres.StepConnect, connections.TestConnection,
		activities.TestConnectionInput{OperationID: op.id, InstanceID: op.instance, Endpoint: ready.Endpoint})
	if err != nil {
		return UpgradeInstanceResult{}, err
	}
	if has := toygres.ParseRelease(tested.ServerVersion); has != to && !has.IsUpgradeOf(to) {
		return UpgradeInstanceResult{}, temporal.NewNonRetryableApplicationError(
			fmt.Sprintf("its server was started anew and is PostgreSQL %s, not %s", tested.ServerVersion, to), string(toygres.CodeProvider), nil)
	}
	if err := ctx.Err(); err != nil {
		return UpgradeInstanceResult{}, err // the last moment to cancel
	}
	return UpgradeInstanceResult{Endpoint: ready.Endpoint, ServerVersion: tested.ServerVersion}, op.finish(ctx, toygres.Outcome{
		State: toygres.OperationSucceeded, InstanceState: toygres.StateRunning, Step: toygres.StepRecordRelease,
		Endpoint: ready.Endpoint, ServerVersion: tested.ServerVersion,
	})
}

// undoUpgrade sees to it that the server runs, records why it was not upgraded,
// and returns the error with which the workflow ends.
func undoUpgrade(ctx workflow.Context, op operation, cause error) error {
	code, message := reason(ctx, cause)
	ctx, cancel := workflow.NewDisconnectedContext(ctx)
	defer cancel()
	return op.startAgain(ctx, code, message, "it is running")
}

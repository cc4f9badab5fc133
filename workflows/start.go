package workflows

import (
	"context"
	"fmt"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/toygres/toygres"
)

// TaskQueue is the queue from which workers take workflows and activities.
const TaskQueue = "toygres"

// The search attributes by which an instance's operations are found in
// Temporal Web. They must be registered in the namespace.
var (
	InstanceAttribute  = temporal.NewSearchAttributeKeyKeyword("ToygresInstance")  // name of the instance
	OperationAttribute = temporal.NewSearchAttributeKeyKeyword("ToygresOperation") // id of the operation
)

// ID is the id of the workflow of every durable operation of an instance. It
// is the same for all of them, so that Temporal refuses a second one while
// one runs.
func ID(instance toygres.InstanceID) string { return "instance/" + string(instance) }

// StartOptions are the options with which the workflow of op must be started.
// If another operation of the instance still runs, starting fails with a
// serviceerror.WorkflowExecutionAlreadyStarted.
func StartOptions(op toygres.Operation) client.StartWorkflowOptions {
	options := client.StartWorkflowOptions{
		ID:                       ID(op.InstanceID),
		TaskQueue:                TaskQueue,
		WorkflowIDConflictPolicy: enumspb.WORKFLOW_ID_CONFLICT_POLICY_FAIL,
		WorkflowIDReusePolicy:    enumspb.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE,
		// Without this the client hides a conflict and returns the other run.
		WorkflowExecutionErrorWhenAlreadyStarted: true,
		TypedSearchAttributes: temporal.NewSearchAttributes(
			InstanceAttribute.ValueSet(op.InstanceName),
			OperationAttribute.ValueSet(string(op.ID)),
		),
		StaticSummary: summary(op),
	}
	if op.Batch != "" {
		options.Priority = inBatch
	}
	return options
}

// Start starts the workflow of a durable operation that is recorded in the
// catalog, and returns Temporal's run id. spec is the instance's, to make it or
// to go back to. Errors are the client's.
func Start(ctx context.Context, c client.Client, op toygres.Operation, spec toygres.Spec) (runID string, err error) {
	carryOut, input, err := definition(op, spec)
	if err != nil {
		return "", err
	}
	run, err := c.ExecuteWorkflow(ctx, StartOptions(op), carryOut, input)
	if err != nil {
		return "", err
	}
	return run.GetRunID(), nil
}

// startChild is [Start] from within another workflow, whose end the operation
// does not share.
func startChild(ctx workflow.Context, op toygres.Operation, spec toygres.Spec) (workflow.ChildWorkflowFuture, error) {
	carryOut, input, err := definition(op, spec)
	if err != nil {
		return nil, err
	}
	options := StartOptions(op)
	return workflow.ExecuteChildWorkflow(workflow.WithChildOptions(ctx, workflow.ChildWorkflowOptions{
		WorkflowID: options.ID, TaskQueue: options.TaskQueue, WorkflowIDReusePolicy: options.WorkflowIDReusePolicy,
		TypedSearchAttributes: options.TypedSearchAttributes, StaticSummary: options.StaticSummary, Priority: options.Priority,
		ParentClosePolicy: enumspb.PARENT_CLOSE_POLICY_ABANDON, WaitForCancellation: true,
	}), carryOut, input), nil
}

// definition is the workflow of an operation, with its input.
func definition(op toygres.Operation, spec toygres.Spec) (carryOut, input any, err error) {
	switch op.Kind {
	case toygres.KindCreate, toygres.KindFork:
		return CreateInstance, CreateInstanceInput{OperationID: op.ID, InstanceID: op.InstanceID, Spec: spec}, nil
	case toygres.KindTrash:
		return TrashInstance, TrashInstanceInput{OperationID: op.ID, InstanceID: op.InstanceID, Ran: op.Previous == toygres.StateRunning}, nil
	case toygres.KindDelete:
		return DeleteInstance, DeleteInstanceInput{OperationID: op.ID, InstanceID: op.InstanceID}, nil
	case toygres.KindResize, toygres.KindUpdate:
		return UpdateInstance, UpdateInstanceInput{OperationID: op.ID, InstanceID: op.InstanceID, From: spec.Settings(), To: op.Settings(spec)}, nil
	case toygres.KindUpgrade:
		return UpgradeInstance, UpgradeInstanceInput{OperationID: op.ID, InstanceID: op.InstanceID, To: op.Release}, nil
	case toygres.KindRotate:
		return RotatePassword, RotatePasswordInput{OperationID: op.ID, InstanceID: op.InstanceID}, nil
	default:
		return nil, nil, toygres.Errorf(toygres.CodeInternal, "operation kind %q has no workflow", op.Kind)
	}
}

// summary is what Temporal Web shows beside the workflow, for example
// "Create demo".
func summary(op toygres.Operation) string {
	verb := map[toygres.Kind]string{toygres.KindCreate: "Create", toygres.KindFork: "Fork to", toygres.KindTrash: "Trash", toygres.KindDelete: "Delete", toygres.KindResize: "Resize",
		toygres.KindUpdate: "Update", toygres.KindUpgrade: "Upgrade", toygres.KindRotate: "Rotate password of"}[op.Kind]
	return fmt.Sprintf("%s %s", verb, op.InstanceName)
}

// Register makes r carry out the workflows of this package.
func Register(r worker.WorkflowRegistry) {
	r.RegisterWorkflow(CreateInstance)
	r.RegisterWorkflow(TrashInstance)
	r.RegisterWorkflow(DeleteInstance)
	r.RegisterWorkflow(PurgeInstance)
	r.RegisterWorkflow(UpdateInstance)
	r.RegisterWorkflow(ResizeInstance) // what began before there was UpdateInstance
	r.RegisterWorkflow(UpgradeInstance)
	r.RegisterWorkflow(RotatePassword)
	r.RegisterWorkflow(RunBatch)
	// Without an end of its own, it would keep the release that began it for ever.
	r.RegisterWorkflowWithOptions(MonitorShard, workflow.RegisterOptions{VersioningBehavior: workflow.VersioningBehaviorAutoUpgrade})
	r.RegisterWorkflowWithOptions(Prune, workflow.RegisterOptions{VersioningBehavior: workflow.VersioningBehaviorAutoUpgrade})
}

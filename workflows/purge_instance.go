package workflows

import (
	"context"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/toygres/toygres"
	"github.com/toygres/toygres/activities"
)

// PurgeInstanceInput says whose time in the trash is over.
type PurgeInstanceInput struct {
	InstanceID toygres.InstanceID
}

// PurgeInstanceResult is what came of it.
type PurgeInstanceResult struct {
	OperationID toygres.OperationID // the removal that was begun; "" if there was nothing to remove
}

// PurgeInstance begins to remove an instance whose time in the trash is over.
// It is a timer rather than an operation: it is started with a delay, by
// [SetPurge], and no worker knows of it until that has passed. An instance that
// has left the trash meanwhile is left alone. The removal is an operation like
// any other, and goes on when this has ended.
func PurgeInstance(ctx workflow.Context, in PurgeInstanceInput) (PurgeInstanceResult, error) {
	for {
		var due activities.BeginPurgeResult
		err := workflow.ExecuteLocalActivity(workflow.WithLocalActivityOptions(ctx, recording), trash.BeginPurge,
			activities.BeginPurgeInput{InstanceID: in.InstanceID}).Get(ctx, &due)
		switch {
		case err != nil:
			return PurgeInstanceResult{}, err
		case due.OperationID != "":
			return PurgeInstanceResult{OperationID: due.OperationID}, startRemoval(ctx, in.InstanceID, due)
		case due.Wait == 0:
			return PurgeInstanceResult{}, nil
		}
		// Temporal's clock is ahead of the catalog's.
		if err := workflow.Sleep(ctx, due.Wait); err != nil {
			return PurgeInstanceResult{}, err
		}
	}
}

// startRemoval starts what is recorded. If it can't, the sweep does.
func startRemoval(ctx workflow.Context, instance toygres.InstanceID, due activities.BeginPurgeResult) error {
	op := toygres.Operation{ID: due.OperationID, Kind: toygres.KindDelete, InstanceID: instance, InstanceName: due.InstanceName}
	removal, err := startChild(ctx, op, toygres.Spec{})
	if err != nil {
		return err
	}
	return removal.GetChildWorkflowExecution().Get(ctx, nil)
}

// PurgeID is the id of the workflow that ends an instance's time in the trash.
func PurgeID(instance toygres.InstanceID) string { return "purge/" + string(instance) }

// SetPurge starts [PurgeInstance] with a delay, so that it begins at a time. A
// timer that the instance has already is replaced. It is bound to no release
// before it begins, so it may last for longer than releases do. Errors are the
// client's.
func SetPurge(ctx context.Context, c client.Client, instance toygres.InstanceID, name string, at time.Time) error {
	_, err := c.ExecuteWorkflow(ctx, client.StartWorkflowOptions{
		ID:                       PurgeID(instance),
		TaskQueue:                TaskQueue,
		StartDelay:               max(time.Until(at), 0),
		WorkflowIDConflictPolicy: enumspb.WORKFLOW_ID_CONFLICT_POLICY_TERMINATE_EXISTING,
		WorkflowIDReusePolicy:    enumspb.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE,
		TypedSearchAttributes:    temporal.NewSearchAttributes(InstanceAttribute.ValueSet(name)),
		StaticSummary:            "Purge " + name,
	}, PurgeInstance, PurgeInstanceInput{InstanceID: instance})
	return err
}

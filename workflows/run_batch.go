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

// RunBatchInput says which recorded batch to carry out.
type RunBatchInput struct {
	BatchID toygres.BatchID
	Done    int // items that runs before this one have dealt with
}

// RunBatchResult says nothing: how each instance came out is in the catalog.
type RunBatchResult struct{}

// itemsPerRun keeps a history short. At its end the run waits for what it has
// begun, so it is not too small, either.
const itemsPerRun = 100

// RunBatch begins the operations of a batch, a few at a time, and ends when all
// are over. What an item comes to is its own affair and stops no other. If the
// batch is cancelled no more are begun, and those in progress are cancelled.
//
// What has been done is asked of the catalog again for each item, so that any
// number of runs, also of one that an operator has reset, begins nothing twice.
func RunBatch(ctx workflow.Context, in RunBatchInput) (RunBatchResult, error) {
	var begun activities.BeginBatchResult
	if err := record(ctx, batches.BeginBatch, activities.BeginBatchInput{BatchID: in.BatchID}, &begun); err != nil {
		return RunBatchResult{}, err
	}
	next, last := in.Done, min(in.Done+itemsPerRun, begun.Items)
	group := workflow.NewWaitGroup(ctx)
	var failed error // the catalog refused for good
	for range min(begun.Window, last-next) {
		group.Add(1)
		workflow.Go(ctx, func(ctx workflow.Context) {
			defer group.Done()
			for next < last && failed == nil && ctx.Err() == nil {
				next++
				if err := carryOutItem(ctx, activities.BeginItemInput{BatchID: in.BatchID, Position: next}); err != nil {
					failed = err
				}
			}
		})
	}
	// Also when it was cancelled: what is being undone is a part of it.
	waiting, _ := workflow.NewDisconnectedContext(ctx)
	group.Wait(waiting)
	switch {
	case failed != nil:
		return RunBatchResult{}, failed // the sweep ends the batch and says why
	case ctx.Err() == nil && last < begun.Items:
		return RunBatchResult{}, workflow.NewContinueAsNewError(ctx, RunBatch, RunBatchInput{BatchID: in.BatchID, Done: last})
	}
	if err := record(ctx, batches.FinishBatch, activities.FinishBatchInput{BatchID: in.BatchID}, nil); err != nil {
		return RunBatchResult{}, err
	}
	return RunBatchResult{}, ctx.Err()
}

// carryOutItem begins an item's operation and waits for its end. If another
// workflow of the instance is in the way, it is one that is about to close, or
// the operation's own, which was started when this one's worker was dead: then
// it looks again now and then.
func carryOutItem(ctx workflow.Context, item activities.BeginItemInput) error {
	for pause := 100 * time.Millisecond; ; pause = min(2*pause, 15*time.Second) {
		var begun activities.BeginItemResult
		if err := record(ctx, batches.BeginItem, item, &begun); err != nil || begun.OperationID == "" {
			return err
		}
		inTheWay, err := carryOutChild(ctx, toygres.Operation{ID: begun.OperationID, Kind: begun.Kind, InstanceID: begun.InstanceID,
			InstanceName: begun.InstanceName, Previous: begun.Previous, Batch: item.BatchID}, begun.Spec)
		if err != nil || !inTheWay {
			return err
		}
		looking, _ := workflow.NewDisconnectedContext(ctx)
		if err := workflow.Sleep(looking, pause); err != nil {
			return err
		}
	}
}

// carryOutChild starts an operation and waits for its end. What is recorded is
// started, also when the batch was cancelled meanwhile, and only then cancelled:
// it ends as any other cancelled operation does. What it comes to is recorded
// with it, and no error here.
func carryOutChild(ctx workflow.Context, op toygres.Operation, spec toygres.Spec) (inTheWay bool, err error) {
	own, cancel := workflow.NewDisconnectedContext(ctx)
	defer cancel()
	child, err := startChild(own, op, spec)
	if err != nil {
		return false, err
	}
	if err := child.GetChildWorkflowExecution().Get(own, nil); err != nil {
		return temporal.IsWorkflowExecutionAlreadyStartedError(err), nil
	}
	if err := workflow.Await(own, func() bool { return child.IsReady() || ctx.Err() != nil }); err != nil {
		return false, err
	}
	if !child.IsReady() {
		cancel()
	}
	_ = child.Get(own, nil)
	return false, nil
}

// record writes to the catalog, also when the workflow was cancelled.
func record(ctx workflow.Context, activity, in, out any) error {
	ctx, cancel := workflow.NewDisconnectedContext(ctx)
	defer cancel()
	return workflow.ExecuteLocalActivity(workflow.WithLocalActivityOptions(ctx, recording), activity, in).Get(ctx, out)
}

// RunBatchID is the id of the workflow of a batch.
func RunBatchID(batch toygres.BatchID) string { return "batch/" + string(batch) }

// StartBatch starts the workflow of a batch that is recorded in the catalog. One
// that runs already is left alone. Errors are the client's.
func StartBatch(ctx context.Context, c client.Client, batch toygres.Batch) error {
	_, err := c.ExecuteWorkflow(ctx, client.StartWorkflowOptions{
		ID:                       RunBatchID(batch.ID),
		TaskQueue:                TaskQueue,
		WorkflowIDConflictPolicy: enumspb.WORKFLOW_ID_CONFLICT_POLICY_USE_EXISTING,
		WorkflowIDReusePolicy:    enumspb.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE,
		StaticSummary:            "Batch of " + string(batch.Kind),
		Priority:                 inBatch,
	}, RunBatch, RunBatchInput{BatchID: batch.ID})
	return err
}

// inBatch lets whoever asked for one thing only go first, where tasks have to
// wait. The default is 3.
var inBatch = temporal.Priority{PriorityKey: 4}

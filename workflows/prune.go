package workflows

import (
	"context"
	"errors"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/toygres/toygres/activities"
)

// PruneInput says nothing yet: for how long things are kept is the worker's to
// know.
type PruneInput struct{}

// PruneResult says nothing yet.
type PruneResult struct{}

// Prune removes records that were kept for long enough. It is bound to no
// release: there is nothing in it that must be ended by who has begun it.
func Prune(ctx workflow.Context, _ PruneInput) (PruneResult, error) {
	return PruneResult{}, workflow.ExecuteActivity(workflow.WithActivityOptions(ctx, pruning), retention.Prune, activities.PruneInput{}).Get(ctx, nil)
}

// PruneSchedule is the id of the schedule of [Prune].
const PruneSchedule = "toygres-retention"

// pruneEvery is often enough for each run to be short.
const pruneEvery = time.Hour

// SchedulePrune makes [Prune] run every hour, one at a time. A schedule that is
// there is left as it is, paused or changed by an operator. Errors are the
// client's.
func SchedulePrune(ctx context.Context, c client.Client) error {
	_, err := c.ScheduleClient().Create(ctx, client.ScheduleOptions{
		ID:            PruneSchedule,
		Spec:          client.ScheduleSpec{Intervals: []client.ScheduleIntervalSpec{{Every: pruneEvery}}, Jitter: 5 * time.Minute},
		Overlap:       enumspb.SCHEDULE_OVERLAP_POLICY_SKIP,
		CatchupWindow: pruneEvery, // once is enough, however many were missed
		Action: &client.ScheduleWorkflowAction{
			ID: "retention", Workflow: Prune, Args: []any{PruneInput{}}, TaskQueue: TaskQueue, WorkflowRunTimeout: 6 * time.Hour,
		},
	})
	if errors.Is(err, temporal.ErrScheduleAlreadyRunning) {
		return nil
	}
	return err
}

package workflows

import (
	"context"
	"fmt"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/workflow"

	"github.com/toygres/toygres/activities"
)

// MonitorShardInput says which part of the monitor it is.
type MonitorShardInput struct {
	Shard int
}

// MonitorShardResult says nothing: the part is not wanted any more.
type MonitorShardResult struct{}

// watchFor is how long a shard is watched by one run of its workflow.
const watchFor = time.Hour

// MonitorShard watches the health of a part of the running instances, as long
// as there is such a part. It makes sure that some worker does it, and knows
// nothing of instances: they come and go, and are probed, without a trace in its
// history, which begins anew every hour. It is bound to no release.
func MonitorShard(ctx workflow.Context, in MonitorShardInput) (MonitorShardResult, error) {
	var seen activities.WatchShardResult
	err := workflow.ExecuteActivity(workflow.WithActivityOptions(ctx, watching), monitor.WatchShard,
		activities.WatchShardInput{Shard: in.Shard, For: watchFor}).Get(ctx, &seen)
	if err != nil || seen.Over {
		return MonitorShardResult{}, err
	}
	return MonitorShardResult{}, workflow.NewContinueAsNewError(ctx, MonitorShard, in)
}

// MonitorID is the id of the workflow of a shard of the monitor.
func MonitorID(shard int) string { return fmt.Sprintf("monitor/%d", shard) }

// StartShard starts the workflow of a shard of the monitor, if it is not there.
// With anew one that is there ends first, whatever it is doing. Errors are the
// client's.
func StartShard(ctx context.Context, c client.Client, shard int, anew bool) error {
	policy := enumspb.WORKFLOW_ID_CONFLICT_POLICY_USE_EXISTING
	if anew {
		policy = enumspb.WORKFLOW_ID_CONFLICT_POLICY_TERMINATE_EXISTING
	}
	_, err := c.ExecuteWorkflow(ctx, client.StartWorkflowOptions{
		ID:                       MonitorID(shard),
		TaskQueue:                TaskQueue,
		WorkflowIDConflictPolicy: policy,
		WorkflowIDReusePolicy:    enumspb.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE,
		StaticSummary:            fmt.Sprintf("Monitor, shard %d", shard),
	}, MonitorShard, MonitorShardInput{Shard: shard})
	return err
}

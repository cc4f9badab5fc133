package main

import (
	"context"
	"errors"
	"time"

	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"

	"github.com/toygres/toygres"
	"github.com/toygres/toygres/activities"
	"github.com/toygres/toygres/workflows"
)

// turn is what a worker makes of a shard of the monitor when it has its turn.
type turn struct {
	over bool
	err  error
}

// watches are the ways the workflow of a shard can go, by name. The last turn
// of each ends it.
var watches = map[string][]turn{
	"again":       {{}, {over: true}}, // the history is of the run before the one that ends
	"over":        {{over: true}},
	"handed_over": {{err: toygres.Errorf(toygres.CodeUnavailable, "the worker was stopped")}, {over: true}},
}

// turns is a shard whose workers do as they are told.
type turns struct{ left []turn }

func (t *turns) WatchShard(context.Context, int) (bool, error) {
	if len(t.left) == 0 {
		return false, errors.New("there is no turn left")
	}
	next := t.left[0]
	t.left = t.left[1:]
	return next.over, next.err
}

// recordWatch returns the history of a shard of the monitor.
func recordWatch(ctx context.Context, c client.Client, will []turn) (*historypb.History, error) {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	const shard = 3
	if err := workflows.StartShard(ctx, c, shard, false); err != nil {
		return nil, err
	}
	begun, err := c.DescribeWorkflowExecution(ctx, workflows.MonitorID(shard), "")
	if err != nil {
		return nil, err
	}
	workers := worker.New(c, workflows.TaskQueue, worker.Options{})
	workflows.Register(workers)
	workers.RegisterActivity(&activities.Monitor{Shards: &turns{left: will}})
	if err := workers.Start(); err != nil {
		return nil, err
	}
	defer workers.Stop()
	if err := c.GetWorkflow(ctx, workflows.MonitorID(shard), "").Get(ctx, nil); err != nil {
		return nil, err
	}
	return history(ctx, c, workflows.MonitorID(shard), begun.GetWorkflowExecutionInfo().GetExecution().GetRunId())
}

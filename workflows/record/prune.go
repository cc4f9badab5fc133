package main

import (
	"context"
	"time"

	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"

	"github.com/toygres/toygres"
	"github.com/toygres/toygres/activities"
	"github.com/toygres/toygres/workflows"
)

// nothingOld is a catalog from which nothing has to be removed.
type nothingOld struct{}

func (nothingOld) BeginRetention(context.Context, string, map[toygres.Kept]time.Duration) error {
	return nil
}

func (nothingOld) Prune(context.Context, string, toygres.Kept, time.Duration, int) (bool, error) {
	return false, nil
}

func (nothingOld) EndRetention(context.Context, string, string) error { return nil }

// recordPrune records the workflow that removes old records, as its schedule
// starts it.
func recordPrune(ctx context.Context, c client.Client) (*historypb.History, error) {
	workers := worker.New(c, workflows.TaskQueue, worker.Options{})
	workflows.Register(workers)
	workers.RegisterActivity(&activities.Retention{Catalog: nothingOld{}})
	if err := workers.Start(); err != nil {
		return nil, err
	}
	defer workers.Stop()
	const id = "retention"
	run, err := c.ExecuteWorkflow(ctx, client.StartWorkflowOptions{ID: id, TaskQueue: workflows.TaskQueue}, workflows.Prune, workflows.PruneInput{})
	if err != nil {
		return nil, err
	}
	if err := run.Get(ctx, nil); err != nil {
		return nil, err
	}
	return history(ctx, c, id, run.GetRunID())
}

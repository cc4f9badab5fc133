package main

import (
	"context"
	"fmt"
	"time"

	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/toygres/toygres"
	"github.com/toygres/toygres/activities"
	"github.com/toygres/toygres/workflows"
	"github.com/toygres/toygres/workflows/internal/memory"
)

// batchScenario is one way a batch can go.
type batchScenario struct {
	name    string
	items   int
	arrange func(b *memory.Batch)
	cancel  bool // once something of it is in progress
}

func batchScenarios() []batchScenario {
	return []batchScenario{
		{name: "succeeded", items: 4, arrange: func(*memory.Batch) {}},
		{name: "retried", items: 3, arrange: func(b *memory.Batch) { b.Meet(down, down) }},
		{name: "refused", items: 3, arrange: func(b *memory.Batch) { b.Refuse(2) }},
		{name: "cancelled", items: 6, cancel: true, arrange: func(*memory.Batch) {}},
	}
}

// record carries the batch out, with deletes that only take their time, and
// returns the history of the batch itself.
func (s batchScenario) record(ctx context.Context, c client.Client, number int) (*historypb.History, error) {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	b := memory.NewBatch(s.items)
	s.arrange(b)
	id := toygres.BatchID(fmt.Sprintf("0190c3a0-0000-7000-8000-00000b%06x", number))
	if err := workflows.StartBatch(ctx, c, toygres.Batch{ID: id, Kind: toygres.KindDelete}); err != nil {
		return nil, err
	}
	workers := worker.New(c, workflows.TaskQueue, worker.Options{})
	workers.RegisterWorkflow(workflows.RunBatch)
	workers.RegisterWorkflowWithOptions(func(ctx workflow.Context, in workflows.DeleteInstanceInput) (workflows.DeleteInstanceResult, error) {
		b.Ends(in.OperationID, workflow.Sleep(ctx, 200*time.Millisecond))
		return workflows.DeleteInstanceResult{}, ctx.Err()
	}, workflow.RegisterOptions{Name: "DeleteInstance"})
	workers.RegisterActivity(&activities.Batches{Catalog: b, Provider: "memory", Window: 2})
	if err := workers.Start(); err != nil {
		return nil, err
	}
	defer workers.Stop()
	for s.cancel && b.Most() < 2 {
		time.Sleep(5 * time.Millisecond)
	}
	if s.cancel {
		if err := c.CancelWorkflow(ctx, workflows.RunBatchID(id), ""); err != nil {
			return nil, err
		}
	}
	err := c.GetWorkflow(ctx, workflows.RunBatchID(id), "").Get(ctx, nil)
	if !b.Finished() {
		return nil, fmt.Errorf("the batch did not end: %w", err)
	}
	return history(ctx, c, workflows.RunBatchID(id), "")
}

package server_test

import (
	"context"
	"sync"

	"go.temporal.io/sdk/client"

	"github.com/toygres/toygres/services/api/server"
)

// temporal stands for a Temporal that answers as a test wants. It keeps what
// it was asked.
type temporal struct {
	client.Client // the rest panics

	start  func(ctx context.Context, options client.StartWorkflowOptions) error
	cancel func(workflowID, runID string) error
	closed func(ctx context.Context) error // waits for the run in the way

	mu        sync.Mutex
	started   []string // workflow ids
	cancelled []string
	ends      []string // workflow ids of what was terminated
}

func (f *temporal) ExecuteWorkflow(ctx context.Context, options client.StartWorkflowOptions, _ any, _ ...any) (client.WorkflowRun, error) {
	f.mu.Lock()
	f.started = append(f.started, options.ID)
	f.mu.Unlock()
	if f.start != nil {
		if err := f.start(ctx, options); err != nil {
			return nil, err
		}
	}
	return run{}, nil
}

func (f *temporal) CancelWorkflow(_ context.Context, workflowID, runID string) error {
	f.mu.Lock()
	f.cancelled = append(f.cancelled, workflowID+"/"+runID)
	f.mu.Unlock()
	if f.cancel != nil {
		return f.cancel(workflowID, runID)
	}
	return nil
}

func (f *temporal) TerminateWorkflow(_ context.Context, workflowID, _, _ string, _ ...any) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.ends = append(f.ends, workflowID)
	return nil
}

func (f *temporal) ended() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.ends
}

func (f *temporal) GetWorkflow(context.Context, string, string) client.WorkflowRun {
	return run{closed: f.closed}
}

func (f *temporal) CheckHealth(context.Context, *client.CheckHealthRequest) (*client.CheckHealthResponse, error) {
	return &client.CheckHealthResponse{}, nil
}

func (f *temporal) starts() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.started)
}

// option makes a server use f.
func (f *temporal) option(o *server.Options) { o.Temporal = f }

type run struct {
	client.WorkflowRun
	closed func(ctx context.Context) error
}

func (run) GetRunID() string { return "run-1" }

func (r run) Get(ctx context.Context, _ any) error { return r.closed(ctx) }

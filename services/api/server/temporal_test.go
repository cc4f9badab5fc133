package server_test

import (
	"context"
	"sync"
	"time"

	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/toygres/toygres"
	"github.com/toygres/toygres/services/api/server"
	"github.com/toygres/toygres/workflows"
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
	ends      []string                                           // workflow ids of what was terminated
	pending   *workflowservice.DescribeWorkflowExecutionResponse // of every workflow; nil: there is none
	reset     []string                                           // ids of activities that were to be tried at once

	queues map[enumspb.TaskQueueType]*workflowservice.DescribeTaskQueueResponse
}

// pending is a workflow of an operation with one activity.
func pending(op toygres.OperationID, state enumspb.PendingActivityState, next time.Time) *workflowservice.DescribeWorkflowExecutionResponse {
	marked, err := converter.GetDefaultDataConverter().ToPayload(op)
	if err != nil {
		panic(err)
	}
	activity := &workflowpb.PendingActivityInfo{ActivityId: "5", State: state}
	if !next.IsZero() {
		activity.NextAttemptScheduleTime = timestamppb.New(next)
	}
	return &workflowservice.DescribeWorkflowExecutionResponse{
		WorkflowExecutionInfo: &workflowpb.WorkflowExecutionInfo{SearchAttributes: &commonpb.SearchAttributes{
			IndexedFields: map[string]*commonpb.Payload{workflows.OperationAttribute.GetName(): marked}}},
		PendingActivities: []*workflowpb.PendingActivityInfo{activity},
	}
}

func (f *temporal) DescribeWorkflowExecution(context.Context, string, string) (*workflowservice.DescribeWorkflowExecutionResponse, error) {
	if f.pending == nil {
		return nil, serviceerror.NewNotFound("gone")
	}
	return f.pending, nil
}

func (f *temporal) WorkflowService() workflowservice.WorkflowServiceClient {
	return service{temporal: f}
}

// service is what the client's own methods do not cover.
type service struct {
	workflowservice.WorkflowServiceClient
	temporal *temporal
}

func (s service) ResetActivity(_ context.Context, in *workflowservice.ResetActivityRequest, _ ...grpc.CallOption) (*workflowservice.ResetActivityResponse, error) {
	s.temporal.reset = append(s.temporal.reset, in.GetId())
	return &workflowservice.ResetActivityResponse{}, nil
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

package reconcile

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"

	"github.com/toygres/toygres"
	"github.com/toygres/toygres/workflows"
)

// Workflows is what the sweep needs of Temporal.
type Workflows interface {
	// Look says how the workflow of a durable operation is.
	Look(ctx context.Context, op toygres.Operation) (Run, error)
	// Start starts it. That another one of the instance runs is no error: the
	// next sweep looks again.
	Start(ctx context.Context, op toygres.Operation, spec toygres.Spec) error
	// Cancel asks it to cancel. That it is over is no error.
	Cancel(ctx context.Context, op toygres.Operation) error

	// LookAtBatch says how the workflow of a batch is; StartBatch and
	// CancelBatch are Start and Cancel of batches.
	LookAtBatch(ctx context.Context, batch toygres.Batch) (Run, error)
	StartBatch(ctx context.Context, batch toygres.Batch) error
	CancelBatch(ctx context.Context, batch toygres.Batch) error
	// Open lists the workflows of operations that go on for longer than that, by
	// their operations, of which only the ids and the name are known.
	Open(ctx context.Context, longer time.Duration) ([]toygres.Operation, error)
}

// Run is how an operation's workflow is.
type Run struct {
	State RunState
	Why   string // why it ended, when it is RunBroken; for users

	// What it has made, when it is RunCompleted.
	Created  workflows.CreateInstanceResult
	Updated  workflows.UpdateInstanceResult
	Upgraded workflows.UpgradeInstanceResult
}

// RunState is where a workflow is in its life.
type RunState int

// The states of a workflow, as far as they matter here.
const (
	RunAbsent    RunState = iota // there is none of this operation
	RunOpen                      // it goes on
	RunCompleted                 // it has done what it should
	RunBroken                    // it ended otherwise
)

// A call to a Temporal that does not answer must not hold up the sweep.
const callTimeout = 10 * time.Second

// Temporal is [Workflows] of a real Temporal server.
type Temporal struct {
	Client client.Client
}

// Look says RunAbsent also where the instance's workflow is another
// operation's.
func (t Temporal) Look(ctx context.Context, op toygres.Operation) (Run, error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	d, err := t.Client.DescribeWorkflowExecution(ctx, op.WorkflowID, "")
	var none *serviceerror.NotFound
	switch {
	case errors.As(err, &none):
		return Run{State: RunAbsent, Why: "Temporal no longer knows its workflow"}, nil
	case err != nil:
		return Run{}, fmt.Errorf("describe workflow %s: %w", op.WorkflowID, err)
	}
	info := d.GetWorkflowExecutionInfo()
	marked, err := workflows.OperationOf(info)
	if err != nil {
		return Run{}, err
	}
	if marked != op.ID {
		return Run{State: RunAbsent, Why: "Temporal no longer knows its workflow"}, nil
	}
	run := runOf(info.GetStatus())
	if run.State == RunCompleted {
		workflow := t.Client.GetWorkflow(ctx, op.WorkflowID, info.GetExecution().GetRunId())
		switch op.Kind {
		case toygres.KindCreate, toygres.KindFork:
			err = workflow.Get(ctx, &run.Created)
		case toygres.KindResize, toygres.KindUpdate:
			err = workflow.Get(ctx, &run.Updated)
		case toygres.KindUpgrade:
			err = workflow.Get(ctx, &run.Upgraded)
		}
	}
	return run, err
}

// runOf is how a workflow with this status is.
func runOf(status enumspb.WorkflowExecutionStatus) Run {
	switch status {
	case enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING, enumspb.WORKFLOW_EXECUTION_STATUS_PAUSED, enumspb.WORKFLOW_EXECUTION_STATUS_CONTINUED_AS_NEW:
		return Run{State: RunOpen}
	case enumspb.WORKFLOW_EXECUTION_STATUS_COMPLETED:
		return Run{State: RunCompleted}
	case enumspb.WORKFLOW_EXECUTION_STATUS_TERMINATED:
		return Run{State: RunBroken, Why: "its workflow was terminated in Temporal"}
	case enumspb.WORKFLOW_EXECUTION_STATUS_TIMED_OUT:
		return Run{State: RunBroken, Why: "its workflow timed out in Temporal"}
	default:
		return Run{State: RunBroken, Why: "its workflow met a defect; the worker's log has the details"}
	}
}

// LookAtBatch describes the workflow of a batch.
func (t Temporal) LookAtBatch(ctx context.Context, batch toygres.Batch) (Run, error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	d, err := t.Client.DescribeWorkflowExecution(ctx, workflows.RunBatchID(batch.ID), "")
	var none *serviceerror.NotFound
	switch {
	case errors.As(err, &none):
		return Run{State: RunAbsent}, nil
	case err != nil:
		return Run{}, fmt.Errorf("describe the workflow of batch %s: %w", batch.ID, err)
	}
	return runOf(d.GetWorkflowExecutionInfo().GetStatus()), nil
}

// StartBatch starts the workflow of a batch.
func (t Temporal) StartBatch(ctx context.Context, batch toygres.Batch) error {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	return workflows.StartBatch(ctx, t.Client, batch)
}

// Start starts the operation's workflow.
func (t Temporal) Start(ctx context.Context, op toygres.Operation, spec toygres.Spec) error {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	_, err := workflows.Start(ctx, t.Client, op, spec)
	var already *serviceerror.WorkflowExecutionAlreadyStarted
	if errors.As(err, &already) {
		return nil
	}
	return err
}

// Cancel asks the operation's workflow to cancel.
func (t Temporal) Cancel(ctx context.Context, op toygres.Operation) error {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	return cancelled(t.Client.CancelWorkflow(ctx, op.WorkflowID, op.RunID))
}

// CancelBatch asks whichever run of the batch's workflow goes on to cancel.
func (t Temporal) CancelBatch(ctx context.Context, batch toygres.Batch) error {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	return cancelled(t.Client.CancelWorkflow(ctx, workflows.RunBatchID(batch.ID), ""))
}

// cancelled is nil for what needs no cancellation any more.
func cancelled(err error) error {
	var over *serviceerror.NotFound
	var asked *serviceerror.CancellationAlreadyRequested
	if errors.As(err, &over) || errors.As(err, &asked) {
		return nil
	}
	return err
}

// Open lists what goes on.
func (t Temporal) Open(ctx context.Context, longer time.Duration) ([]toygres.Operation, error) {
	var open []toygres.Operation
	query := fmt.Sprintf("WorkflowId STARTS_WITH '%s' AND ExecutionStatus = 'Running' AND StartTime < '%s'", workflows.ID(""),
		time.Now().Add(-longer).UTC().Format(time.RFC3339Nano))
	for page := []byte(nil); ; {
		found, err := t.list(ctx, query, page)
		if err != nil {
			return nil, err
		}
		for _, info := range found.GetExecutions() {
			op, err := operationOf(info)
			if err != nil {
				return nil, err
			}
			if op.ID != "" {
				open = append(open, op)
			}
		}
		if page = found.GetNextPageToken(); len(page) == 0 {
			return open, nil
		}
	}
}

func (t Temporal) list(ctx context.Context, query string, page []byte) (*workflowservice.ListWorkflowExecutionsResponse, error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	return t.Client.ListWorkflow(ctx, &workflowservice.ListWorkflowExecutionsRequest{Query: query, NextPageToken: page})
}

// operationOf is what a workflow says of its operation.
func operationOf(info *workflowpb.WorkflowExecutionInfo) (toygres.Operation, error) {
	id, err := workflows.OperationOf(info)
	workflowID := info.GetExecution().GetWorkflowId()
	instance, _ := strings.CutPrefix(workflowID, workflows.ID(""))
	op := toygres.Operation{ID: id, InstanceID: toygres.InstanceID(instance), WorkflowID: workflowID, RunID: info.GetExecution().GetRunId()}
	if name := info.GetSearchAttributes().GetIndexedFields()[workflows.InstanceAttribute.GetName()]; name != nil && err == nil {
		err = converter.GetDefaultDataConverter().FromPayload(name, &op.InstanceName)
	}
	return op, err
}

package workflows

import (
	"context"
	"fmt"

	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"

	"github.com/toygres/toygres"
)

// OperationOf returns the operation that a workflow is marked with, "" for none.
// All operations of an instance share one workflow id, and an operator's reset
// gives a run a new id: only this tells whose a workflow is.
func OperationOf(info *workflowpb.WorkflowExecutionInfo) (id toygres.OperationID, err error) {
	payload := info.GetSearchAttributes().GetIndexedFields()[OperationAttribute.GetName()]
	if payload == nil {
		return "", nil
	}
	if err := converter.GetDefaultDataConverter().FromPayload(payload, &id); err != nil {
		return "", fmt.Errorf("read the operation of workflow %s: %w", info.GetExecution().GetWorkflowId(), err)
	}
	return id, nil
}

// RetryNow ends the pause before the next attempt of a step of a durable
// operation, and reports whether there was one. Attempts count from 1 again, so
// that a step which was about to be given up gets all of its tries once more. An
// attempt that goes on is left alone. Errors are the client's; without a workflow
// in progress it is a serviceerror.NotFound.
func RetryNow(ctx context.Context, c client.Client, namespace string, op toygres.Operation) (retried bool, err error) {
	described, err := c.DescribeWorkflowExecution(ctx, op.WorkflowID, "")
	if err != nil {
		return false, err
	}
	info := described.GetWorkflowExecutionInfo()
	of, err := OperationOf(info)
	if err != nil {
		return false, err
	}
	if of != op.ID || info.GetCloseTime() != nil {
		return false, serviceerror.NewNotFound("no workflow of this operation is in progress")
	}
	for _, step := range described.GetPendingActivities() {
		if !waits(step) {
			continue
		}
		_, err := c.WorkflowService().ResetActivity(ctx, &workflowservice.ResetActivityRequest{
			Namespace: namespace,
			Execution: &commonpb.WorkflowExecution{WorkflowId: op.WorkflowID, RunId: info.GetExecution().GetRunId()},
			Activity:  &workflowservice.ResetActivityRequest_Id{Id: step.GetActivityId()},
		})
		if err != nil {
			return retried, err
		}
		retried = true
	}
	return retried, nil
}

// waits reports whether a step is between two attempts, or was paused there by
// an operator.
func waits(step *workflowpb.PendingActivityInfo) bool {
	return step.GetState() == enumspb.PENDING_ACTIVITY_STATE_SCHEDULED && step.GetNextAttemptScheduleTime() != nil ||
		step.GetState() == enumspb.PENDING_ACTIVITY_STATE_PAUSED
}

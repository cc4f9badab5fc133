package main

import (
	"errors"
	"fmt"
	"os"
	"testing"

	"github.com/stretchr/testify/require"
	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"

	"github.com/toygres/toygres"
	"github.com/toygres/toygres/dev/temporaltest"
	"github.com/toygres/toygres/internal/catalog"
)

// forgets removes an operation's workflow from Temporal, as the end of the
// retention does.
func (w *world) forgets(op toygres.Operation) {
	w.t.Helper()
	_, err := w.client.WorkflowService().DeleteWorkflowExecution(w.t.Context(), &workflowservice.DeleteWorkflowExecutionRequest{
		Namespace: temporaltest.Namespace, WorkflowExecution: &commonpb.WorkflowExecution{WorkflowId: op.WorkflowID}})
	require.NoError(w.t, err)
	await(w.t, func() (struct{}, error) {
		_, err := w.client.DescribeWorkflowExecution(w.t.Context(), op.WorkflowID, "")
		var gone *serviceerror.NotFound
		switch {
		case err == nil:
			return struct{}{}, errors.New("it is still there")
		case errors.As(err, &gone):
			return struct{}{}, nil
		default:
			return struct{}{}, fmt.Errorf("look whether it is gone: %w", err)
		}
	})
}

// An operation outlives its workflow: it can be cancelled, read and retried when
// Temporal knows nothing of it any more.
func TestOperationsOutliveTheirWorkflows(t *testing.T) {
	w := newWorld(t)
	stop := w.work()
	created := w.create("demo")
	w.reaches(created.Operation.ID, toygres.StepProvision)
	stop()
	w.forgets(created.Operation)
	_, err := w.catalog.AskCancel(t.Context(), created.Operation.ID, w.owner)
	require.NoError(t, err)

	w.work()
	op := w.ends(created.Operation.ID)
	require.Equal(t, toygres.OperationCancelled, op.State, op.Error)

	// What it left may just be being removed.
	again := await(t, func() (catalog.Begun, error) { return w.catalog.BeginRetry(t.Context(), op.ID, 0, w.owner) })
	w.start(again)
	op = w.ends(again.Operation.ID)
	require.Equal(t, toygres.OperationSucceeded, op.State, op.Error)
	instance, err := w.catalog.Instance(t.Context(), "demo")
	require.NoError(t, err)
	require.Equal(t, created.Instance.ID, instance.ID)
	require.NoError(t, w.query(instance))
	for _, step := range op.Steps[:3] {
		require.Contains(t, step.Worker, fmt.Sprintf("%d@", os.Getpid()), step.Name)
		require.NotEmpty(t, step.Build, step.Name)
	}
}

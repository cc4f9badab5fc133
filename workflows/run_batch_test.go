package workflows_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/workflow"

	"github.com/toygres/toygres"
	"github.com/toygres/toygres/activities"
	"github.com/toygres/toygres/workflows"
	"github.com/toygres/toygres/workflows/internal/memory"
)

const batchID = toygres.BatchID("0190c3a0-0000-7000-8000-00000000000c")

// batch is a batch in a test environment, whose operations last until told.
func batch(t *testing.T, items, window int) (*memory.Batch, *testsuite.TestWorkflowEnvironment) {
	t.Helper()
	var suite testsuite.WorkflowTestSuite
	suite.SetLogger(quiet)
	env := suite.NewTestWorkflowEnvironment()
	b := memory.NewBatch(items)
	env.RegisterWorkflow(workflows.RunBatch)
	env.RegisterWorkflowWithOptions(func(ctx workflow.Context, in workflows.DeleteInstanceInput) (workflows.DeleteInstanceResult, error) {
		b.Ends(in.OperationID, workflow.Sleep(ctx, 1e9))
		return workflows.DeleteInstanceResult{}, nil
	}, workflow.RegisterOptions{Name: "DeleteInstance"})
	env.RegisterActivity(&activities.Batches{Catalog: b, Window: window})
	return b, env
}

func TestABatchHasNoMoreInProgressThanItsWindow(t *testing.T) {
	t.Parallel()
	b, env := batch(t, 7, 3)
	env.ExecuteWorkflow(workflows.RunBatch, workflows.RunBatchInput{BatchID: batchID})
	require.NoError(t, env.GetWorkflowError())
	require.True(t, b.Finished())
	require.Equal(t, 7, b.Succeeded())
	require.Equal(t, 3, b.Most())
}

func TestABatchPassesOverWhatIsRefusedOrOver(t *testing.T) {
	t.Parallel()
	b, env := batch(t, 4, 2)
	b.Refuse(2)
	env.ExecuteWorkflow(workflows.RunBatch, workflows.RunBatchInput{BatchID: batchID})
	require.NoError(t, env.GetWorkflowError())
	require.Equal(t, 3, b.Succeeded())

	// Another run, for example after a reset, begins nothing twice.
	_, again := batch(t, 0, 2)
	again.RegisterActivity(&activities.Batches{Catalog: b, Window: 2})
	again.ExecuteWorkflow(workflows.RunBatch, workflows.RunBatchInput{BatchID: batchID})
	require.NoError(t, again.GetWorkflowError())
	require.Equal(t, 3, b.Succeeded())
}

func TestABigBatchGoesOnInAnotherRun(t *testing.T) {
	t.Parallel()
	b, env := batch(t, 150, 10)
	env.ExecuteWorkflow(workflows.RunBatch, workflows.RunBatchInput{BatchID: batchID})
	require.True(t, workflow.IsContinueAsNewError(env.GetWorkflowError()), "%v", env.GetWorkflowError())
	require.Equal(t, 100, b.Succeeded(), "it leaves nothing behind that nobody waits for")
	require.False(t, b.Finished())
}

func TestACancelledBatchWaitsForWhatIsUndone(t *testing.T) {
	t.Parallel()
	b, env := batch(t, 9, 2)
	env.RegisterDelayedCallback(env.CancelWorkflow, 1.5e9)
	env.ExecuteWorkflow(workflows.RunBatch, workflows.RunBatchInput{BatchID: batchID})
	require.True(t, temporal.IsCanceledError(env.GetWorkflowError()), "%v", env.GetWorkflowError())
	require.Equal(t, 2, b.Succeeded())
	require.Equal(t, 2, b.Cancelled())
	require.True(t, b.Finished())
}

func TestABatchOutlastsItsCatalog(t *testing.T) {
	t.Parallel()
	b, env := batch(t, 3, 2)
	b.Meet(memory.Times(3, func(context.Context) error { return toygres.Errorf(toygres.CodeUnavailable, "it is down") })...)
	env.ExecuteWorkflow(workflows.RunBatch, workflows.RunBatchInput{BatchID: batchID})
	require.NoError(t, env.GetWorkflowError())
	require.Equal(t, 3, b.Succeeded())
}

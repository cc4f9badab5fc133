package workflows_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/workflow"

	"github.com/toygres/toygres"
	"github.com/toygres/toygres/activities"
	"github.com/toygres/toygres/workflows"
)

// watched is a shard that fails some times before it is let go of.
type watched struct {
	troubles int
	over     bool
	tries    int
}

func (w *watched) WatchShard(context.Context, int) (bool, error) {
	if w.tries++; w.tries <= w.troubles {
		return false, toygres.Errorf(toygres.CodeUnavailable, "the worker was stopped")
	}
	return w.over, nil
}

func watch(w *watched) error {
	var suite testsuite.WorkflowTestSuite
	suite.SetLogger(quiet)
	env := suite.NewTestWorkflowEnvironment()
	workflows.Register(env)
	env.RegisterActivity(&activities.Monitor{Shards: w})
	env.ExecuteWorkflow(workflows.MonitorShard, workflows.MonitorShardInput{Shard: 1})
	return env.GetWorkflowError()
}

func TestAShardIsWatchedAgainAndAgainAlsoWhenWorkersLetGoOfIt(t *testing.T) {
	t.Parallel()
	const lost = 5 // the test environment gives up after ten
	w := &watched{troubles: lost}
	var anew *workflow.ContinueAsNewError
	require.ErrorAs(t, watch(w), &anew)
	require.Equal(t, lost+1, w.tries)
}

func TestAShardThatIsNotWantedAnyMoreEnds(t *testing.T) {
	t.Parallel()
	require.NoError(t, watch(&watched{over: true}))
}

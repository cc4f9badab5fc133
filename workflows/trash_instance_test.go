package workflows_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"

	"github.com/toygres/toygres"
	"github.com/toygres/toygres/activities"
	"github.com/toygres/toygres/workflows"
	"github.com/toygres/toygres/workflows/internal/memory"
)

func TestTrashStopsAndSetsATimer(t *testing.T) {
	t.Parallel()
	tests := map[string]func(w *memory.World, cancel func()){
		"at once":                         func(*memory.World, func()) {},
		"stopped already":                 func(w *memory.World, _ func()) { w.Stopped() },
		"after the catalog came back":     func(w *memory.World, _ func()) { w.Meet(memory.AtBegin, memory.Times(3, unavailable)...) },
		"after the provider came back":    func(w *memory.World, _ func()) { w.Meet(memory.AtStop, memory.Times(3, broken)...) },
		"although nothing is there":       func(w *memory.World, _ func()) { w.Meet(memory.AtStop, absent) },
		"although the end was hard":       func(w *memory.World, _ func()) { w.Meet(memory.AtFinish, memory.Times(3, unavailable)...) },
		"although the timer was hard":     func(w *memory.World, _ func()) { w.Meet(memory.AtTimer, memory.Times(3, unavailable)...) },
		"cancelled after it was recorded": func(w *memory.World, cancel func()) { w.Meet(memory.AtFinish, memory.After(cancel)) },
	}
	for name, arrange := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, err := carryOut(t, toygres.KindTrash, arrange)
			require.NoError(t, err)
			require.Equal(t, toygres.OperationSucceeded, w.Operation().State)
			require.Equal(t, toygres.StateTrashed, w.Instance().State)
			require.NotEqual(t, toygres.PhaseAbsent, w.Server(), "its data is kept")
			require.Equal(t, memory.Until, w.Timer())
			require.Equal(t, map[toygres.StepName]toygres.StepState{
				toygres.StepStop: toygres.StepSucceeded, toygres.StepTrash: toygres.StepSucceeded}, steps(w))
		})
	}
}

// The sweep purges what has no timer.
func TestTrashSucceedsWithoutATimer(t *testing.T) {
	t.Parallel()
	w, err := carryOut(t, toygres.KindTrash, func(w *memory.World, _ func()) { w.Meet(memory.AtTimer, memory.Times(often, unavailable)...) })
	require.NoError(t, err)
	require.Equal(t, toygres.StateTrashed, w.Instance().State)
	require.Zero(t, w.Timer())
}

func TestTrashThatDoesNotSucceedChangesNothing(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		arrange func(w *memory.World, cancel func())
		state   toygres.OperationState
		message string
		now     toygres.State
		server  toygres.Phase
	}{
		{"cancelled before it began", func(w *memory.World, cancel func()) { w.Meet(memory.AtBegin, memory.After(cancel)) },
			toygres.OperationCancelled, "it was cancelled before anything was changed", toygres.StateRunning, toygres.PhaseReady},
		{"cancelled while it stops", func(w *memory.World, cancel func()) { w.Meet(memory.AtObserve, memory.Hang(cancel)) },
			toygres.OperationCancelled, "it was cancelled; it is as before", toygres.StateRunning, toygres.PhaseReady},
		{"can't be stopped", func(w *memory.World, _ func()) { w.Meet(memory.AtStop, memory.Times(5, broken)...) },
			toygres.OperationFailed, "it is broken; it is as before", toygres.StateRunning, toygres.PhaseReady},
		{"the catalog refuses the result", func(w *memory.World, _ func()) { w.Meet(memory.AtFinish, conflict) },
			toygres.OperationFailed, "something else is there; it is as before", toygres.StateRunning, toygres.PhaseReady},
		{"it was stopped before", func(w *memory.World, _ func()) {
			w.Stopped()
			w.Meet(memory.AtFinish, conflict)
			w.Meet(memory.AtStart, func(context.Context) error { panic("it did not run") })
		}, toygres.OperationFailed, "something else is there; nothing was changed", toygres.StateStopped, toygres.PhaseStopped},
		{"does not start again", func(w *memory.World, _ func()) {
			w.Meet(memory.AtStop, memory.Times(5, broken)...)
			w.Meet(memory.AtObserve, w.Failing)
		}, toygres.OperationFailed,
			"it is broken; it does not start again (the disk is full) and is stopped, with its data: start it when that is mended",
			toygres.StateStopped, toygres.PhaseStopped},
		{"can't be started again", func(w *memory.World, _ func()) {
			w.Meet(memory.AtStop, memory.After(func() {}))
			w.Meet(memory.AtFinish, conflict)
			w.Meet(memory.AtStart, invalid)
		}, toygres.OperationFailed,
			"something else is there; it could not be started again (it can never succeed): start it when that is mended",
			toygres.StateStopped, toygres.PhaseStopped},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			w, err := carryOut(t, toygres.KindTrash, test.arrange)
			require.Error(t, err)
			require.Equal(t, test.state == toygres.OperationCancelled, temporal.IsCanceledError(err))
			require.Equal(t, test.state, w.Operation().State)
			require.Equal(t, test.message, w.Operation().Error)
			require.Equal(t, test.now, w.Instance().State)
			require.Equal(t, test.server, w.Server())
			require.Zero(t, w.Timer())
		})
	}
}

// purge carries the timer's workflow out, with the removal that it starts.
func purge(t *testing.T, arrange func(w *memory.World)) (*memory.World, *testsuite.TestWorkflowEnvironment) {
	t.Helper()
	var suite testsuite.WorkflowTestSuite
	suite.SetLogger(quiet)
	env := suite.NewTestWorkflowEnvironment()
	w := memory.New(toygres.KindDelete, operationID, instanceID)
	workflows.Register(env)
	env.RegisterActivity(&activities.Operations{Catalog: w})
	env.RegisterActivity(&activities.Servers{Provider: w, Journal: w})
	env.RegisterActivity(&activities.Trash{Catalog: w, Timers: w})
	arrange(w)
	env.ExecuteWorkflow(workflows.PurgeInstance, workflows.PurgeInstanceInput{InstanceID: instanceID})
	require.True(t, env.IsWorkflowCompleted(), "the workflow must end")
	return w, env
}

func TestPurgeBeginsTheRemoval(t *testing.T) {
	t.Parallel()
	for name, arrange := range map[string]func(w *memory.World){
		"at once":                     func(*memory.World) {},
		"after the catalog came back": func(w *memory.World) { w.Meet(memory.AtDue, memory.Times(3, unavailable)...) },
		"when its time has come":      func(w *memory.World) { w.Waits(time.Minute, time.Second) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, env := purge(t, arrange)
			require.NoError(t, env.GetWorkflowError())
			var result workflows.PurgeInstanceResult
			require.NoError(t, env.GetWorkflowResult(&result))
			require.Equal(t, operationID, result.OperationID)
		})
	}
}

func TestPurgeLeavesAloneWhatHasLeftTheTrash(t *testing.T) {
	t.Parallel()
	w, env := purge(t, func(w *memory.World) { w.Undeleted() })
	require.NoError(t, env.GetWorkflowError())
	require.Equal(t, toygres.PhaseReady, w.Server())
}

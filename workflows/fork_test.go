package workflows_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"

	"github.com/toygres/toygres"
	"github.com/toygres/toygres/workflows/internal/memory"
)

func TestForkMakesAnInstanceRunWithTheDataOfAnotherOne(t *testing.T) {
	t.Parallel()
	w, err := carryOut(t, toygres.KindFork, func(w *memory.World, _ func()) { w.Meet(memory.AtProvision, memory.Times(2, broken)...) })
	require.NoError(t, err)
	require.Equal(t, toygres.StateRunning, w.Instance().State)
	require.Equal(t, toygres.PhaseReady, w.Server())
	require.Equal(t, map[toygres.StepName]toygres.StepState{
		toygres.StepCopy: toygres.StepSucceeded, toygres.StepAwaitReady: toygres.StepSucceeded,
		toygres.StepConnect: toygres.StepSucceeded, toygres.StepFinish: toygres.StepSucceeded,
	}, steps(w))
	require.Equal(t, 3, step(t, w, toygres.StepCopy).Attempt)
}

func TestAForkThatFailsOrIsCancelledLeavesNothing(t *testing.T) {
	t.Parallel()
	t.Run("its source stops", func(t *testing.T) {
		t.Parallel()
		w, err := carryOut(t, toygres.KindFork, func(w *memory.World, _ func()) { w.Meet(memory.AtProvision, conflict) })
		require.Error(t, err)
		requireUndone(t, w, toygres.OperationFailed, toygres.CodeConflict, "something else is there")
		require.Equal(t, 1, step(t, w, toygres.StepCopy).Attempt)
	})
	t.Run("cancelled", func(t *testing.T) {
		t.Parallel()
		w, err := carryOut(t, toygres.KindFork, func(w *memory.World, cancel func()) { w.Meet(memory.AtProvision, memory.Hang(cancel)) })
		require.True(t, temporal.IsCanceledError(err))
		requireUndone(t, w, toygres.OperationCancelled, toygres.CodeCancelled, "it was cancelled")
	})
}

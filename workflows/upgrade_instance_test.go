package workflows_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"

	"github.com/toygres/toygres"
	"github.com/toygres/toygres/workflows/internal/memory"
)

func TestUpgradeBringsTheNewerRelease(t *testing.T) {
	t.Parallel()
	for name, arrange := range map[string]func(w *memory.World, cancel func()){
		"at once":                         func(*memory.World, func()) {},
		"after the provider came back":    func(w *memory.World, _ func()) { w.Meet(memory.AtRestart, memory.Times(3, broken)...) },
		"although the query took long":    func(w *memory.World, _ func()) { w.Meet(memory.AtQuery, memory.Times(2, broken)...) },
		"although the end was hard":       func(w *memory.World, _ func()) { w.Meet(memory.AtFinish, memory.Times(3, unavailable)...) },
		"cancelled after it was recorded": func(w *memory.World, cancel func()) { w.Meet(memory.AtFinish, memory.After(cancel)) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, err := carryOut(t, toygres.KindUpgrade, arrange)
			require.NoError(t, err)
			require.Equal(t, toygres.OperationSucceeded, w.Operation().State)
			require.Equal(t, toygres.StateRunning, w.Instance().State)
			require.Equal(t, memory.Version, w.Instance().ServerVersion)
			require.Equal(t, map[toygres.StepName]toygres.StepState{
				toygres.StepRestart: toygres.StepSucceeded, toygres.StepAwaitReady: toygres.StepSucceeded,
				toygres.StepConnect: toygres.StepSucceeded, toygres.StepRecordRelease: toygres.StepSucceeded}, steps(w))
		})
	}
}

// There is no release to go back to, so what matters is that the server runs.
func TestAnUpgradeThatFailsOrIsCancelledLeavesTheServerRunningOrSaysWhyNot(t *testing.T) {
	t.Parallel()
	const runs = "; it is running"
	for name, test := range map[string]struct {
		arrange  func(w *memory.World, cancel func())
		state    toygres.OperationState
		instance toygres.State
		message  string
	}{
		"refused":      {func(w *memory.World, _ func()) { w.Meet(memory.AtRestart, conflict) }, toygres.OperationFailed, toygres.StateRunning, "something else is there" + runs},
		"stays older":  {func(w *memory.World, _ func()) { w.StaysOlder() }, toygres.OperationFailed, toygres.StateRunning, "its server was started anew and is PostgreSQL 18.3, not 18.4" + runs},
		"fails once":   {func(w *memory.World, _ func()) { w.Meet(memory.AtObserve, w.Failing) }, toygres.OperationFailed, toygres.StateRunning, "the server failed to start: the disk is full" + runs},
		"fails again":  {func(w *memory.World, _ func()) { w.Meet(memory.AtObserve, w.Failing, w.Failing) }, toygres.OperationFailed, toygres.StateStopped, "the server failed to start: the disk is full; it does not start again (the disk is full) and is stopped, with its data: start it when that is mended"},
		"not answered": {func(w *memory.World, _ func()) { w.Meet(memory.AtQuery, memory.Times(often, broken)...) }, toygres.OperationFailed, toygres.StateRunning, "it is broken" + runs},
		"cancelled":    {func(w *memory.World, cancel func()) { w.Meet(memory.AtQuery, memory.Hang(cancel)) }, toygres.OperationCancelled, toygres.StateRunning, "it was cancelled" + runs},
		"cancelled first": {func(w *memory.World, cancel func()) {
			w.Meet(memory.AtBegin, memory.After(cancel))
			w.Meet(memory.AtRestart, func(context.Context) error { panic("must not be restarted") })
		}, toygres.OperationCancelled, toygres.StateRunning, "it was cancelled before anything was changed"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, err := carryOut(t, toygres.KindUpgrade, test.arrange)
			require.Error(t, err)
			require.Equal(t, test.state == toygres.OperationCancelled, temporal.IsCanceledError(err))
			require.Equal(t, test.state, w.Operation().State)
			require.Equal(t, test.message, w.Operation().Error)
			require.Equal(t, test.instance, w.Instance().State)
		})
	}
}

package workflows_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"

	"github.com/toygres/toygres"
	"github.com/toygres/toygres/workflows/internal/memory"
)

func TestRotateChangesThePassword(t *testing.T) {
	t.Parallel()
	for name, arrange := range map[string]func(w *memory.World, cancel func()){
		"at once":                         func(*memory.World, func()) {},
		"after the server came back":      func(w *memory.World, _ func()) { w.Meet(memory.AtRotate, memory.Times(3, unavailable)...) },
		"although the end was hard":       func(w *memory.World, _ func()) { w.Meet(memory.AtFinish, memory.Times(3, unavailable)...) },
		"cancelled after it was recorded": func(w *memory.World, cancel func()) { w.Meet(memory.AtFinish, memory.After(cancel)) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, err := carryOut(t, toygres.KindRotate, arrange)
			require.NoError(t, err)
			require.Equal(t, toygres.OperationSucceeded, w.Operation().State)
			require.Equal(t, toygres.StateRunning, w.Instance().State)
			require.Equal(t, string(operationID), w.Rotated(), "a repeat must be known as one")
			require.Equal(t, map[toygres.StepName]toygres.StepState{
				toygres.StepRotate: toygres.StepSucceeded, toygres.StepFinish: toygres.StepSucceeded}, steps(w))
		})
	}
}

func TestARotateThatFailsOrIsCancelledLeavesTheInstanceRunning(t *testing.T) {
	t.Parallel()
	const holds = "; the password that is revealed works, be it the old or the new one"
	for name, test := range map[string]struct {
		arrange func(w *memory.World, cancel func())
		state   toygres.OperationState
		message string
	}{
		"refused":   {func(w *memory.World, _ func()) { w.Meet(memory.AtRotate, conflict) }, toygres.OperationFailed, "something else is there" + holds},
		"broken":    {func(w *memory.World, _ func()) { w.Meet(memory.AtRotate, memory.Times(often, broken)...) }, toygres.OperationFailed, "it is broken" + holds},
		"down":      {func(w *memory.World, _ func()) { w.Meet(memory.AtRotate, memory.Times(1000, unavailable)...) }, toygres.OperationFailed, "it is down" + holds},
		"cancelled": {func(w *memory.World, cancel func()) { w.Meet(memory.AtRotate, memory.Hang(cancel)) }, toygres.OperationCancelled, "it was cancelled" + holds},
		"cancelled first": {func(w *memory.World, cancel func()) {
			w.Meet(memory.AtBegin, memory.After(cancel))
			w.Meet(memory.AtRotate, func(context.Context) error { panic("must not be rotated") })
		}, toygres.OperationCancelled, "it was cancelled before anything was changed"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, err := carryOut(t, toygres.KindRotate, test.arrange)
			require.Error(t, err)
			require.Equal(t, test.state == toygres.OperationCancelled, temporal.IsCanceledError(err))
			require.Equal(t, test.state, w.Operation().State)
			require.Equal(t, test.message, w.Operation().Error)
			require.Equal(t, toygres.StateRunning, w.Instance().State)
		})
	}
}

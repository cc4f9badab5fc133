package workflows_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"

	"github.com/toygres/toygres"
	"github.com/toygres/toygres/workflows/internal/memory"
)

func TestDeleteLeavesNothing(t *testing.T) {
	t.Parallel()
	tests := map[string]func(w *memory.World, cancel func()){
		"at once":                         func(*memory.World, func()) {},
		"after the catalog came back":     func(w *memory.World, _ func()) { w.Meet(memory.AtBegin, memory.Times(3, unavailable)...) },
		"after the provider came back":    func(w *memory.World, _ func()) { w.Meet(memory.AtDelete, memory.Times(8, broken)...) },
		"although the end was hard":       func(w *memory.World, _ func()) { w.Meet(memory.AtFinish, memory.Times(3, unavailable)...) },
		"cancelled after it was recorded": func(w *memory.World, cancel func()) { w.Meet(memory.AtFinish, memory.After(cancel)) },
	}
	for name, arrange := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, err := carryOut(t, toygres.KindDelete, arrange)
			require.NoError(t, err)
			require.Equal(t, toygres.OperationSucceeded, w.Operation().State)
			require.Equal(t, toygres.StateDeleted, w.Instance().State)
			require.Equal(t, toygres.PhaseAbsent, w.Server())
			require.Equal(t, map[toygres.StepName]toygres.StepState{
				toygres.StepRemove: toygres.StepSucceeded, toygres.StepForget: toygres.StepSucceeded}, steps(w))
		})
	}
}

func TestDeleteCancelledBeforeItTouchedAnythingChangesNothing(t *testing.T) {
	t.Parallel()
	w, err := carryOut(t, toygres.KindDelete, func(w *memory.World, cancel func()) {
		w.Meet(memory.AtBegin, memory.After(cancel))
		w.Meet(memory.AtDelete, func(context.Context) error { panic("must not be removed") })
	})
	require.True(t, temporal.IsCanceledError(err))
	require.Equal(t, toygres.OperationCancelled, w.Operation().State)
	require.Equal(t, "it was cancelled before anything was removed", w.Operation().Error)
	require.Equal(t, toygres.StateRunning, w.Instance().State)
	require.Empty(t, w.Instance().Message)
	require.Equal(t, toygres.PhaseReady, w.Server())
}

// Something may be gone already, so there is no way back.
func TestDeleteThatBeganAndDidNotEndCanBeAskedForAgain(t *testing.T) {
	t.Parallel()
	const hint = "; a part of the instance may be gone already: delete it again to finish"
	tests := []struct {
		name    string
		arrange func(w *memory.World, cancel func())
		state   toygres.OperationState
		code    toygres.ErrorCode
		message string
	}{
		{"cancelled while it removes", func(w *memory.World, cancel func()) { w.Meet(memory.AtDelete, memory.Hang(cancel)) },
			toygres.OperationCancelled, toygres.CodeCancelled, "it was cancelled" + hint},
		{"cancelled while it is tried again", func(w *memory.World, cancel func()) { w.Meet(memory.AtDelete, broken, broken, memory.Hang(cancel)) },
			toygres.OperationCancelled, toygres.CodeCancelled, "it was cancelled" + hint},
		{"fails for ever", func(w *memory.World, _ func()) { w.Meet(memory.AtDelete, memory.Times(often, broken)...) },
			toygres.OperationFailed, toygres.CodeProvider, "it is broken" + hint},
		{"can't succeed", func(w *memory.World, _ func()) { w.Meet(memory.AtDelete, invalid) },
			toygres.OperationFailed, toygres.CodeInvalid, "it can never succeed" + hint},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			w, err := carryOut(t, toygres.KindDelete, test.arrange)
			require.Error(t, err)
			require.Equal(t, test.state == toygres.OperationCancelled, temporal.IsCanceledError(err))
			require.Equal(t, test.state, w.Operation().State)
			require.Equal(t, test.code, w.Operation().ErrorCode)
			require.Equal(t, toygres.StateFailed, w.Instance().State)
			require.Equal(t, test.message, w.Instance().Message)
			require.True(t, w.Instance().State.CanBecome(toygres.StateDeleting))
		})
	}
}

func TestDeleteOfAnOperationThatIsOverTouchesNothing(t *testing.T) {
	t.Parallel()
	w, err := carryOut(t, toygres.KindDelete, func(w *memory.World, _ func()) { w.Meet(memory.AtBegin, conflict) })
	require.Error(t, err)
	require.Equal(t, toygres.PhaseReady, w.Server())
}

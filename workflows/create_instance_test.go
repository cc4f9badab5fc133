package workflows_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"

	"github.com/toygres/toygres"
	"github.com/toygres/toygres/workflows/internal/memory"
)

func TestCreateMakesInstanceRun(t *testing.T) {
	t.Parallel()
	w, err := carryOut(t, toygres.KindCreate, func(*memory.World, func()) {})
	require.NoError(t, err)
	require.Equal(t, toygres.OperationSucceeded, w.Operation().State)
	require.Equal(t, toygres.StateRunning, w.Instance().State)
	require.Equal(t, memory.Endpoint, w.Instance().Endpoint)
	require.Equal(t, memory.Version, w.Instance().ServerVersion)
	require.Equal(t, toygres.PhaseReady, w.Server())
	require.Equal(t, map[toygres.StepName]toygres.StepState{
		toygres.StepProvision: toygres.StepSucceeded, toygres.StepAwaitReady: toygres.StepSucceeded,
		toygres.StepConnect: toygres.StepSucceeded, toygres.StepFinish: toygres.StepSucceeded,
	}, steps(w))
}

// What passes by itself costs time and nothing else.
func TestCreateOutlivesTroubleThatPasses(t *testing.T) {
	t.Parallel()
	for place, trouble := range map[memory.Place]memory.Trouble{
		memory.AtBegin: unavailable, memory.AtProvision: broken, memory.AtObserve: broken, memory.AtQuery: broken, memory.AtFinish: unavailable,
	} {
		t.Run(string(place), func(t *testing.T) {
			t.Parallel()
			w, err := carryOut(t, toygres.KindCreate, func(w *memory.World, _ func()) { w.Meet(place, memory.Times(2, trouble)...) })
			require.NoError(t, err)
			require.Equal(t, toygres.OperationSucceeded, w.Operation().State)
			require.Equal(t, toygres.StateRunning, w.Instance().State)
			require.Equal(t, toygres.PhaseReady, w.Server())
		})
	}
}

// Whatever fails a create, nothing stays behind but a failed record that says
// why.
func TestFailedCreateLeavesNothingButTheReason(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name     string
		at       memory.Place
		trouble  []memory.Trouble
		code     toygres.ErrorCode
		message  string
		step     toygres.StepName
		attempts int
	}{
		{"provision fails for ever", memory.AtProvision, memory.Times(often, broken), toygres.CodeProvider, "it is broken", toygres.StepProvision, 5},
		{"no capacity", memory.AtProvision, memory.Times(often, exhausted), toygres.CodeExhausted, "no port is free", toygres.StepProvision, 3},
		{"provision can't succeed", memory.AtProvision, memory.Times(1, invalid), toygres.CodeInvalid, "it can never succeed", toygres.StepProvision, 1},
		{"provider stays away", memory.AtProvision, memory.Times(often, unavailable), toygres.CodeUnavailable, "it is down", toygres.StepProvision, 10},
		{"provision panics", memory.AtProvision, memory.Times(often, func(context.Context) error { panic(memory.Password) }), toygres.CodeInternal,
			"a defect of Toygres was met; the worker's log has the details", toygres.StepProvision, 5},
		{"server fails to start", memory.AtObserve, nil, toygres.CodeProvider, "the server failed to start: the disk is full", toygres.StepAwaitReady, 1},
		{"observing fails for ever", memory.AtObserve, memory.Times(often, broken), toygres.CodeProvider, "it is broken", toygres.StepAwaitReady, 5},
		{"query fails for ever", memory.AtQuery, memory.Times(often, broken), toygres.CodeProvider, "it is broken", toygres.StepConnect, 5},
		{"query can't succeed", memory.AtQuery, memory.Times(1, invalid), toygres.CodeInvalid, "it can never succeed", toygres.StepConnect, 1},
		{"catalog refuses the result", memory.AtFinish, memory.Times(1, conflict), toygres.CodeConflict, "something else is there", toygres.StepConnect, 1},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			w, err := carryOut(t, toygres.KindCreate, func(w *memory.World, _ func()) {
				if test.trouble == nil {
					test.trouble = []memory.Trouble{w.Failing}
				}
				w.Meet(test.at, test.trouble...)
			})
			var app *temporal.ApplicationError
			require.ErrorAs(t, err, &app)
			require.Equal(t, string(test.code), app.Type())
			requireUndone(t, w, toygres.OperationFailed, test.code, test.message)
			require.Equal(t, test.attempts, step(t, w, test.step).Attempt)
			require.Zero(t, step(t, w, test.step).NextRetryAt, "nobody waits for a retry that never comes")
		})
	}
}

func TestCancelledCreateLeavesNothing(t *testing.T) {
	t.Parallel()
	for _, place := range []memory.Place{memory.AtProvision, memory.AtObserve, memory.AtQuery} {
		t.Run("during "+string(place), func(t *testing.T) {
			t.Parallel()
			w, err := carryOut(t, toygres.KindCreate, func(w *memory.World, cancel func()) { w.Meet(place, memory.Hang(cancel)) })
			require.True(t, temporal.IsCanceledError(err))
			requireUndone(t, w, toygres.OperationCancelled, toygres.CodeCancelled, "it was cancelled")
		})
		t.Run("while tried again at "+string(place), func(t *testing.T) {
			t.Parallel()
			w, err := carryOut(t, toygres.KindCreate, func(w *memory.World, cancel func()) {
				w.Meet(place, broken, memory.Fail(toygres.Errorf(toygres.CodeUnavailable, "down")), memory.Hang(cancel))
			})
			require.True(t, temporal.IsCanceledError(err))
			requireUndone(t, w, toygres.OperationCancelled, toygres.CodeCancelled, "it was cancelled")
		})
	}
}

func TestCreateCancelledBeforeItBeganTouchesNothing(t *testing.T) {
	t.Parallel()
	w, err := carryOut(t, toygres.KindCreate, func(w *memory.World, cancel func()) {
		w.Meet(memory.AtBegin, memory.After(cancel))
		w.Meet(memory.AtProvision, func(context.Context) error { panic("must not be provisioned") })
		w.Meet(memory.AtDelete, func(context.Context) error { panic("there is nothing to undo") })
	})
	require.True(t, temporal.IsCanceledError(err))
	require.Equal(t, toygres.OperationCancelled, w.Operation().State)
	require.Equal(t, toygres.StateFailed, w.Instance().State)
	require.Equal(t, "it was cancelled before anything was made", w.Instance().Message)
	require.Equal(t, toygres.StepSkipped, steps(w)[toygres.StepProvision])
	require.NotContains(t, steps(w), toygres.StepUndo)
}

func TestCancelAfterTheResultWasRecordedComesTooLate(t *testing.T) {
	t.Parallel()
	w, err := carryOut(t, toygres.KindCreate, func(w *memory.World, cancel func()) { w.Meet(memory.AtFinish, memory.After(cancel)) })
	require.NoError(t, err)
	require.Equal(t, toygres.OperationSucceeded, w.Operation().State)
	require.Equal(t, toygres.PhaseReady, w.Server())
}

func TestCreateOfAnOperationThatIsOverTouchesNothing(t *testing.T) {
	t.Parallel()
	w, err := carryOut(t, toygres.KindCreate, func(w *memory.World, _ func()) {
		w.Meet(memory.AtBegin, conflict)
		w.Meet(memory.AtProvision, func(context.Context) error { panic("must not be provisioned") })
	})
	require.Error(t, err)
	require.Equal(t, toygres.OperationPending, w.Operation().State)
	require.Equal(t, toygres.PhaseAbsent, w.Server())
}

func TestUndoIsTriedUntilItSucceeds(t *testing.T) {
	t.Parallel()
	w, err := carryOut(t, toygres.KindCreate, func(w *memory.World, _ func()) {
		w.Meet(memory.AtQuery, invalid)
		w.Meet(memory.AtDelete, memory.Times(7, broken)...)
	})
	require.Error(t, err)
	requireUndone(t, w, toygres.OperationFailed, toygres.CodeInvalid, "it can never succeed")
	require.Equal(t, 8, step(t, w, toygres.StepUndo).Attempt)
}

func TestUndoThatCannotSucceedSaysWhatToDo(t *testing.T) {
	t.Parallel()
	w, err := carryOut(t, toygres.KindCreate, func(w *memory.World, cancel func()) {
		w.Meet(memory.AtQuery, memory.Hang(cancel))
		w.Meet(memory.AtDelete, memory.Times(often, broken)...)
	})
	require.True(t, temporal.IsCanceledError(err))
	require.Equal(t, toygres.OperationCancelled, w.Operation().State)
	require.Equal(t, toygres.StateFailed, w.Instance().State)
	require.Equal(t, "it was cancelled; what had been made could not be removed yet (it is broken): delete the instance to try again", w.Instance().Message)
	require.Equal(t, toygres.StepFailed, steps(w)[toygres.StepUndo])
}

func requireUndone(t *testing.T, w *memory.World, state toygres.OperationState, code toygres.ErrorCode, message string) {
	t.Helper()
	require.Equal(t, toygres.PhaseAbsent, w.Server())
	require.Equal(t, toygres.StateFailed, w.Instance().State)
	require.Equal(t, message, w.Instance().Message)
	op := w.Operation()
	require.Equal(t, state, op.State)
	require.Equal(t, code, op.ErrorCode)
	require.Equal(t, message, op.Error)
	require.Equal(t, toygres.StepSucceeded, steps(w)[toygres.StepUndo])
}

func TestCreateWaitsForItsPlace(t *testing.T) {
	t.Parallel()
	for name, calls := range map[string]bool{"until it is called in": true, "also when nobody calls it in": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, err := carryOut(t, toygres.KindCreate, func(w *memory.World, _ func()) {
				w.Queue(2, calls)
				w.Meet(memory.AtPlace, unavailable)
			})
			require.NoError(t, err)
			require.Equal(t, toygres.StateRunning, w.Instance().State)
			require.Equal(t, 1, w.Left(), "it lets the next one in")
		})
	}
}

func TestCreateThatFailsLeavesItsPlace(t *testing.T) {
	t.Parallel()
	w, err := carryOut(t, toygres.KindCreate, func(w *memory.World, _ func()) { w.Meet(memory.AtProvision, invalid) })
	require.Error(t, err)
	require.Equal(t, 1, w.Left())
}

func TestCreateCancelledBeforeItHasAPlaceMakesNothing(t *testing.T) {
	t.Parallel()
	w, err := carryOut(t, toygres.KindCreate, func(w *memory.World, cancel func()) {
		w.Queue(1000, false)
		w.Meet(memory.AtPlace, memory.After(func() {}), memory.After(cancel))
		w.Meet(memory.AtProvision, func(context.Context) error { panic("it has no place") })
	})
	require.True(t, temporal.IsCanceledError(err))
	require.Equal(t, toygres.OperationCancelled, w.Operation().State)
	require.Equal(t, "it was cancelled before anything was made", w.Operation().Error)
	require.Equal(t, toygres.PhaseAbsent, w.Server())
}

package workflows_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"

	"github.com/toygres/toygres"
	"github.com/toygres/toygres/workflows/internal/memory"
)

var smaller = toygres.Spec{}.WithDefaults().Size() // what an instance has before it is resized

func TestResizeGivesTheNewSize(t *testing.T) {
	t.Parallel()
	tests := map[string]func(w *memory.World, cancel func()){
		"at once":                         func(*memory.World, func()) {},
		"after the catalog came back":     func(w *memory.World, _ func()) { w.Meet(memory.AtBegin, memory.Times(3, unavailable)...) },
		"after the provider came back":    func(w *memory.World, _ func()) { w.Meet(memory.AtResize, memory.Times(3, broken)...) },
		"although it was hard to see":     func(w *memory.World, _ func()) { w.Meet(memory.AtObserve, memory.Times(2, broken)...) },
		"although the query took long":    func(w *memory.World, _ func()) { w.Meet(memory.AtQuery, memory.Times(2, broken)...) },
		"although the end was hard":       func(w *memory.World, _ func()) { w.Meet(memory.AtFinish, memory.Times(3, unavailable)...) },
		"cancelled after it was recorded": func(w *memory.World, cancel func()) { w.Meet(memory.AtFinish, memory.After(cancel)) },
	}
	for name, arrange := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, err := carryOut(t, toygres.KindResize, arrange)
			require.NoError(t, err)
			require.Equal(t, toygres.OperationSucceeded, w.Operation().State)
			require.Equal(t, toygres.StateRunning, w.Instance().State)
			require.Equal(t, memory.Bigger, w.Instance().Spec.Size())
			require.Equal(t, memory.Bigger, w.Size())
			require.Equal(t, memory.Endpoint, w.Instance().Endpoint)
			require.Equal(t, map[toygres.StepName]toygres.StepState{
				toygres.StepResize: toygres.StepSucceeded, toygres.StepAwaitReady: toygres.StepSucceeded,
				toygres.StepConnect: toygres.StepSucceeded, toygres.StepRecord: toygres.StepSucceeded}, steps(w))
		})
	}
}

func TestResizeOfAStoppedInstanceLeavesItStopped(t *testing.T) {
	t.Parallel()
	w, err := carryOut(t, toygres.KindResize, func(w *memory.World, _ func()) {
		w.Stopped()
		w.Meet(memory.AtQuery, func(context.Context) error { panic("there is nothing to connect to") })
	})
	require.NoError(t, err)
	require.Equal(t, toygres.StateStopped, w.Instance().State)
	require.Equal(t, toygres.PhaseStopped, w.Server())
	require.Equal(t, memory.Bigger, w.Instance().Spec.Size())
	require.Equal(t, toygres.StepSkipped, steps(w)[toygres.StepConnect])
}

// Whatever fails a resize, the instance is as it was, but for storage that has
// grown.
func TestFailedResizeGivesBackWhatTheInstanceHad(t *testing.T) {
	t.Parallel()
	const back = "; it has the CPU and memory from before"
	const grown = "; its storage has grown to 20 GiB and can't shrink"
	after := smaller
	after.StorageGiB = memory.Bigger.StorageGiB
	tests := []struct {
		name     string
		at       memory.Place
		trouble  []memory.Trouble
		code     toygres.ErrorCode
		message  string
		step     toygres.StepName
		attempts int
		size     toygres.Size
	}{
		{"it is refused", memory.AtResize, memory.Times(1, invalid), toygres.CodeInvalid, "it can never succeed" + back, toygres.StepResize, 1, smaller},
		{"no capacity", memory.AtResize, memory.Times(3, exhausted), toygres.CodeExhausted, "no port is free" + back, toygres.StepResize, 3, smaller},
		{"provider fails", memory.AtResize, memory.Times(5, broken), toygres.CodeProvider, "it is broken" + back, toygres.StepResize, 5, smaller},
		{"server fails to start", memory.AtObserve, nil, toygres.CodeProvider, "the server failed to start: the disk is full" + back + grown, toygres.StepAwaitReady, 1, after},
		{"query fails for ever", memory.AtQuery, memory.Times(often, broken), toygres.CodeProvider, "it is broken" + back + grown, toygres.StepConnect, 5, after},
		{"catalog refuses the result", memory.AtFinish, memory.Times(1, conflict), toygres.CodeConflict, "something else is there" + back + grown, toygres.StepConnect, 1, after},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			w, err := carryOut(t, toygres.KindResize, func(w *memory.World, _ func()) {
				if test.trouble == nil {
					test.trouble = []memory.Trouble{w.Failing}
				}
				w.Meet(test.at, test.trouble...)
			})
			var app *temporal.ApplicationError
			require.ErrorAs(t, err, &app)
			require.Equal(t, string(test.code), app.Type())
			requireBack(t, w, toygres.OperationFailed, test.code, test.message, test.size)
			require.Equal(t, test.attempts, step(t, w, test.step).Attempt)
		})
	}
}

func TestCancelledResizeGivesBackWhatTheInstanceHad(t *testing.T) {
	t.Parallel()
	after := smaller
	after.StorageGiB = memory.Bigger.StorageGiB
	for place, size := range map[memory.Place]toygres.Size{memory.AtResize: smaller, memory.AtObserve: after, memory.AtQuery: after} {
		t.Run("during "+string(place), func(t *testing.T) {
			t.Parallel()
			w, err := carryOut(t, toygres.KindResize, func(w *memory.World, cancel func()) { w.Meet(place, memory.Hang(cancel)) })
			require.True(t, temporal.IsCanceledError(err))
			message := "it was cancelled; it has the CPU and memory from before"
			if size == after {
				message += "; its storage has grown to 20 GiB and can't shrink"
			}
			requireBack(t, w, toygres.OperationCancelled, toygres.CodeCancelled, message, size)
		})
	}
}

func requireBack(t *testing.T, w *memory.World, state toygres.OperationState, code toygres.ErrorCode, message string, size toygres.Size) {
	t.Helper()
	op := w.Operation()
	require.Equal(t, message, op.Error)
	require.Equal(t, state, op.State)
	require.Equal(t, code, op.ErrorCode)
	require.Equal(t, toygres.StepSucceeded, steps(w)[toygres.StepUndo])
	require.Equal(t, toygres.StateRunning, w.Instance().State)
	require.Equal(t, toygres.PhaseReady, w.Server())
	require.Equal(t, size, w.Size())
	require.Equal(t, size, w.Instance().Spec.Size(), "the catalog must know what there is")
}

func TestResizeCancelledBeforeItTouchedAnythingChangesNothing(t *testing.T) {
	t.Parallel()
	w, err := carryOut(t, toygres.KindResize, func(w *memory.World, cancel func()) {
		w.Stopped()
		w.Meet(memory.AtBegin, memory.After(cancel))
		w.Meet(memory.AtResize, func(context.Context) error { panic("must not be resized") })
	})
	require.True(t, temporal.IsCanceledError(err))
	require.Equal(t, toygres.OperationCancelled, w.Operation().State)
	require.Equal(t, toygres.StateStopped, w.Instance().State, "it is what it was before")
	require.Equal(t, smaller, w.Instance().Spec.Size())
	require.NotContains(t, steps(w), toygres.StepUndo)
}

// Nobody but its user may give up the data.
func TestServerThatDoesNotComeBackIsLeftStopped(t *testing.T) {
	t.Parallel()
	w, err := carryOut(t, toygres.KindResize, func(w *memory.World, _ func()) { w.Meet(memory.AtObserve, w.Failing, w.Failing) })
	require.Error(t, err)
	require.Equal(t, toygres.StateStopped, w.Instance().State)
	require.Equal(t, toygres.PhaseStopped, w.Server())
	require.Equal(t, "the server failed to start: the disk is full; it does not start with the CPU and memory that it had either (the disk is full) "+
		"and is stopped, with its data: start it when that is mended; its storage has grown to 20 GiB and can't shrink", w.Operation().Error)
}

func TestResizeThatCannotBeUndoneSaysSo(t *testing.T) {
	t.Parallel()
	w, err := carryOut(t, toygres.KindResize, func(w *memory.World, cancel func()) {
		w.Meet(memory.AtResize, invalid, invalid)
	})
	require.Error(t, err)
	require.Equal(t, toygres.StateFailed, w.Instance().State)
	require.Equal(t, "it can never succeed; it could not be given back the CPU and memory that it had (it can never succeed)", w.Instance().Message)
	require.Equal(t, toygres.StepFailed, steps(w)[toygres.StepUndo])
}

func TestResizeOfAnOperationThatIsOverTouchesNothing(t *testing.T) {
	t.Parallel()
	w, err := carryOut(t, toygres.KindResize, func(w *memory.World, _ func()) {
		w.Meet(memory.AtBegin, conflict)
		w.Meet(memory.AtResize, func(context.Context) error { panic("must not be resized") })
	})
	require.Error(t, err)
	require.Equal(t, toygres.OperationPending, w.Operation().State)
}

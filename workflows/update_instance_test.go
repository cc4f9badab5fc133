package workflows_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"

	"github.com/toygres/toygres"
	"github.com/toygres/toygres/activities"
	"github.com/toygres/toygres/workflows/internal/memory"
)

func TestUpdateRestartsOnceAndOnlyWhereThatIsNeeded(t *testing.T) {
	t.Parallel()
	done := toygres.StepSucceeded
	loaded := map[toygres.StepName]toygres.StepState{toygres.StepConfigure: done, toygres.StepReload: done, toygres.StepRecordSettings: done}
	with := func(more map[toygres.StepName]toygres.StepState) map[toygres.StepName]toygres.StepState {
		all := map[toygres.StepName]toygres.StepState{toygres.StepRestart: toygres.StepSkipped,
			toygres.StepAwaitReady: toygres.StepSkipped, toygres.StepConnect: toygres.StepSkipped}
		for _, states := range []map[toygres.StepName]toygres.StepState{loaded, more} {
			for name, state := range states {
				all[name] = state
			}
		}
		return all
	}
	anew := map[toygres.StepName]toygres.StepState{toygres.StepRestart: done, toygres.StepAwaitReady: done, toygres.StepConnect: done}
	for name, test := range map[string]struct {
		arrange  func(w *memory.World, cancel func())
		restarts int
		steps    map[toygres.StepName]toygres.StepState
	}{
		"for a parameter that needs it": {func(*memory.World, func()) {}, 1, with(anew)},
		"although everything was hard": {func(w *memory.World, _ func()) {
			w.Meet(memory.AtBegin, unavailable)
			w.Meet(memory.AtConfigure, memory.Times(3, broken)...)
			w.Meet(memory.AtReload, memory.Times(3, broken)...)
			w.Meet(memory.AtRestart, memory.Times(3, broken)...)
			w.Meet(memory.AtFinish, memory.Times(3, unavailable)...)
		}, 1, with(anew)},
		"for nothing": {func(w *memory.World, _ func()) { w.WithoutRestart() }, 0, with(nil)},
		"for another size": {func(w *memory.World, _ func()) { w.AlsoBigger() }, 1, with(map[toygres.StepName]toygres.StepState{
			toygres.StepResize: done, toygres.StepAwaitReady: done, toygres.StepConnect: done})},
		"for nothing that is stopped": {func(w *memory.World, _ func()) { w.Stopped() }, 0, with(nil)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, err := carryOut(t, toygres.KindUpdate, test.arrange)
			require.NoError(t, err)
			op := w.Operation()
			require.Equal(t, toygres.OperationSucceeded, op.State)
			require.Equal(t, op.Previous, w.Instance().State)
			require.Equal(t, op.Configuration, w.Instance().Spec.Configuration())
			require.Equal(t, op.Size, w.Instance().Spec.Size())
			require.Equal(t, op.Size, w.Size())
			files, restarts := w.Configuration()
			require.Equal(t, op.Configuration, files)
			require.Equal(t, test.restarts, restarts)
			require.Equal(t, test.steps, steps(w))
		})
	}
}

// Whatever fails or ends an update, the instance is as it was.
func TestUpdateThatDoesNotSucceedGivesBackWhatTheInstanceHad(t *testing.T) {
	t.Parallel()
	const back = "; it has the settings from before"
	for name, test := range map[string]struct {
		arrange func(w *memory.World, cancel func())
		code    toygres.ErrorCode
		message string
	}{
		"its provider refuses":   {meets(memory.AtConfigure, invalid), toygres.CodeInvalid, "it can never succeed" + back},
		"its server refuses":     {meets(memory.AtReload, invalid), toygres.CodeInvalid, "it can never succeed" + back},
		"no restart":             {meets(memory.AtRestart, memory.Times(5, broken)...), toygres.CodeProvider, "it is broken" + back},
		"query fails":            {meets(memory.AtQuery, invalid), toygres.CodeInvalid, "it can never succeed" + back},
		"result is refused":      {meets(memory.AtFinish, conflict), toygres.CodeConflict, "something else is there" + back},
		"cancelled configuring":  {cancelledAt(memory.AtConfigure), toygres.CodeCancelled, "it was cancelled" + back},
		"cancelled reloading":    {cancelledAt(memory.AtReload), toygres.CodeCancelled, "it was cancelled" + back},
		"cancelled restarting":   {cancelledAt(memory.AtRestart), toygres.CodeCancelled, "it was cancelled" + back},
		"cancelled while tested": {cancelledAt(memory.AtQuery), toygres.CodeCancelled, "it was cancelled" + back},
		"server fails to start": {func(w *memory.World, _ func()) { w.Meet(memory.AtObserve, memory.After(func() {}), w.Failing) },
			toygres.CodeProvider, "the server failed to start: the disk is full" + back},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, err := carryOut(t, toygres.KindUpdate, test.arrange)
			require.Error(t, err)
			op := w.Operation()
			require.Equal(t, test.message, op.Error)
			require.Equal(t, test.code, op.ErrorCode)
			require.Equal(t, toygres.StateRunning, w.Instance().State)
			require.Equal(t, toygres.PhaseReady, w.Server())
			files, _ := w.Configuration()
			require.True(t, files.Equal(toygres.Configuration{}), "%v", files)
			require.True(t, w.Instance().Spec.Configuration().Equal(files), "the catalog must know what there is")
			loaded, err := w.Load(t.Context(), toygres.Endpoint{}, toygres.Credentials{}, activities.Loading{})
			require.NoError(t, err)
			require.Empty(t, loaded.Pending, "the server has what is in its files")
		})
	}
}

func meets(at memory.Place, troubles ...memory.Trouble) func(*memory.World, func()) {
	return func(w *memory.World, _ func()) { w.Meet(at, troubles...) }
}

func cancelledAt(at memory.Place) func(*memory.World, func()) {
	return func(w *memory.World, cancel func()) { w.Meet(at, memory.Hang(cancel)) }
}

func TestUpdateCancelledBeforeItTouchedAnythingChangesNothing(t *testing.T) {
	t.Parallel()
	w, err := carryOut(t, toygres.KindUpdate, func(w *memory.World, cancel func()) {
		w.Meet(memory.AtBegin, memory.After(cancel))
		w.Meet(memory.AtConfigure, func(context.Context) error { panic("must not be configured") })
	})
	require.True(t, temporal.IsCanceledError(err))
	require.Equal(t, toygres.StateRunning, w.Instance().State)
	require.NotContains(t, steps(w), toygres.StepUndo)
}

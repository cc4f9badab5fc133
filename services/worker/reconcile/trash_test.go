package reconcile_test

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/toygres/toygres"
	"github.com/toygres/toygres/internal/catalog"
	"github.com/toygres/toygres/services/worker/reconcile"
)

// trashing records that a running instance goes into the trash, and begins it.
func (w *world) trashing(name string) catalog.Begun {
	w.t.Helper()
	begun, err := w.catalog.BeginDelete(w.t.Context(), name, time.Hour, w.owner)
	require.NoError(w.t, err)
	require.Equal(w.t, toygres.KindTrash, begun.Operation.Kind)
	require.NoError(w.t, w.catalog.StartOperation(w.t.Context(), begun.Operation.ID, "run"))
	return begun
}

// trashed puts a running instance into the trash.
func (w *world) trashed(name string) toygres.Instance {
	w.t.Helper()
	w.running(name)
	begun := w.trashing(name)
	w.stop(begun.Instance.ID)
	require.NoError(w.t, w.catalog.FinishOperation(w.t.Context(), toygres.Outcome{Operation: begun.Operation.ID,
		State: toygres.OperationSucceeded, InstanceState: toygres.StateTrashed, Step: toygres.StepTrash}))
	return begun.Instance
}

func (w *world) stop(id toygres.InstanceID) {
	w.t.Helper()
	require.NoError(w.t, w.provider.Stop(w.t.Context(), id))
	w.eventually(func() error {
		if phase := w.phase(id); phase != toygres.PhaseStopped {
			return errors.New("it is " + string(phase))
		}
		return nil
	})
}

func TestInstanceWhoseTrashLostItsWorkflowIsTakenAsItIsFound(t *testing.T) {
	t.Parallel()
	for name, stopped := range map[string]bool{"before it was stopped": false, "when it was stopped": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.running("demo")
			begun := w.trashing("demo")
			state := toygres.StateRunning
			if stopped {
				state = toygres.StateStopped
				w.stop(begun.Instance.ID)
			}
			w.workflows.is(begun.Operation.ID, reconcile.Run{State: reconcile.RunBroken, Why: "it was terminated"})
			w.reconcile(2, often)
			op := w.ends(begun.Operation.ID, toygres.OperationFailed, state)
			require.Equal(t, "it was terminated; the instance is as it was found", op.Error)
		})
	}
}

func TestTrashThatTheCatalogForgotIsRecorded(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.running("demo")
	begun := w.trashing("demo")
	w.stop(begun.Instance.ID)
	w.workflows.is(begun.Operation.ID, reconcile.Run{State: reconcile.RunCompleted})
	w.reconcile(2, often)
	w.ends(begun.Operation.ID, toygres.OperationSucceeded, toygres.StateTrashed)
}

// Of what is due, its timer was lost; what is not, is left alone.
func TestWhatShouldHaveLeftTheTrashIsRemoved(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	due, young := w.trashed("due"), w.trashed("young")
	_, err := w.sql.Exec(t.Context(), `UPDATE instances SET purge_at = now() - interval '1 hour' WHERE id = $1`, due.ID)
	require.NoError(t, err)
	w.reconcile(2, often)
	w.eventually(func() error {
		i, err := w.catalog.Instance(t.Context(), "due")
		if err == nil && (i.State != toygres.StateDeleting || !w.workflows.started(i.Operation)) {
			err = errors.New("its removal has not been started")
		}
		return err
	})
	i, err := w.catalog.Instance(t.Context(), "young")
	require.NoError(t, err)
	require.Equal(t, toygres.StateTrashed, i.State)
	require.Equal(t, toygres.PhaseStopped, w.phase(young.ID), "its data is kept")
}

// Both ways back, of which the API has made only the record.
func TestAnUndeletionIsSettledAsTheProviderShowsIt(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.trashed("ran")
	w.running("stood")
	stop := w.begin("stood", toygres.KindStop)
	w.stop(stop.Instance.ID)
	require.NoError(t, w.catalog.FinishOperation(t.Context(), toygres.Outcome{Operation: stop.Operation.ID,
		State: toygres.OperationSucceeded, InstanceState: toygres.StateStopped}))
	stood := w.trashing("stood")
	require.NoError(t, w.catalog.FinishOperation(t.Context(), toygres.Outcome{Operation: stood.Operation.ID,
		State: toygres.OperationSucceeded, InstanceState: toygres.StateTrashed}))

	for name, state := range map[string]toygres.State{"ran": toygres.StateRunning, "stood": toygres.StateStopped} {
		begun, err := w.catalog.BeginUndelete(t.Context(), name, w.owner)
		require.NoError(t, err)
		defer w.ends(begun.Operation.ID, toygres.OperationSucceeded, state)
	}
	w.reconcile(2, often)
}

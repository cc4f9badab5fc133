package reconcile_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/toygres/toygres"
	"github.com/toygres/toygres/internal/catalog"
	"github.com/toygres/toygres/services/worker/reconcile"
	"github.com/toygres/toygres/workflows"
)

var often = reconcile.Options{SweepEvery: 100 * time.Millisecond, Grace: 100 * time.Millisecond, DriftEvery: 100 * time.Millisecond}

func TestOperationThatTheAPIDidNotStartIsStarted(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	recorded := w.recorded("demo")
	w.reconcile(2, often)
	w.eventually(func() error {
		if !w.workflows.started(recorded.Operation.ID) {
			return errors.New("it has not been started")
		}
		return nil
	})
}

func TestYoungOperationIsLeftToTheAPI(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	young := w.recorded("young")
	old := w.recorded("old")
	_, err := w.sql.Exec(t.Context(), `UPDATE operations SET created_at = now() - interval '1 hour' WHERE id = $1`, old.Operation.ID)
	require.NoError(t, err)
	w.reconcile(1, reconcile.Options{SweepEvery: 100 * time.Millisecond, Grace: time.Minute})
	w.eventually(func() error {
		if !w.workflows.started(old.Operation.ID) {
			return errors.New("it has not been started")
		}
		return nil
	})
	require.False(t, w.workflows.started(young.Operation.ID))
}

func TestCancellationThatWasNotDeliveredIsDelivered(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	begun := w.provisioned("begun")
	w.workflows.is(begun.Operation.ID, reconcile.Run{State: reconcile.RunOpen})
	pending := w.recorded("pending")
	for _, op := range []toygres.OperationID{begun.Operation.ID, pending.Operation.ID} {
		_, err := w.catalog.AskCancel(t.Context(), op, w.owner)
		require.NoError(t, err)
	}
	w.reconcile(1, often)
	w.eventually(func() error {
		if !w.workflows.toldToCancel(begun.Operation.ID) || !w.workflows.toldToCancel(pending.Operation.ID) {
			return errors.New("it has not been told")
		}
		return nil
	})
}

func TestCreateThatLostItsWorkflowIsUndone(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		run    reconcile.Run
		cancel bool
		state  toygres.OperationState
		code   toygres.ErrorCode
	}{
		"terminated": {run: reconcile.Run{State: reconcile.RunBroken, Why: "it was terminated"}, state: toygres.OperationFailed, code: toygres.CodeInternal},
		"lost":       {run: reconcile.Run{State: reconcile.RunAbsent, Why: "it is not there"}, state: toygres.OperationFailed, code: toygres.CodeInternal},
		"terminated after cancellation was asked for": {run: reconcile.Run{State: reconcile.RunBroken, Why: "it was terminated"}, cancel: true,
			state: toygres.OperationCancelled, code: toygres.CodeCancelled},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			begun := w.provisioned("demo")
			if test.cancel {
				_, err := w.catalog.AskCancel(t.Context(), begun.Operation.ID, w.owner)
				require.NoError(t, err)
			}
			w.workflows.is(begun.Operation.ID, test.run)
			w.reconcile(2, often)
			op := w.ends(begun.Operation.ID, test.state, toygres.StateFailed)
			require.Equal(t, test.code, op.ErrorCode)
			require.Equal(t, test.run.Why+"; what had been made was removed", op.Error)
			require.Equal(t, toygres.PhaseAbsent, w.phase(begun.Instance.ID))
			require.Equal(t, toygres.StepUndo, op.Steps[len(op.Steps)-1].Name)
		})
	}
}

func TestDeleteThatLostItsWorkflowCanBeAskedForAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.running("demo")
	begun := w.begin("demo", toygres.KindDelete)
	require.NoError(t, w.catalog.StartOperation(t.Context(), begun.Operation.ID, "run"))
	w.workflows.is(begun.Operation.ID, reconcile.Run{State: reconcile.RunBroken, Why: "it was terminated"})
	w.reconcile(2, often)
	op := w.ends(begun.Operation.ID, toygres.OperationFailed, toygres.StateFailed)
	require.Equal(t, "it was terminated; a part of the instance may be gone already: delete it again to finish", op.Error)
	w.begin("demo", toygres.KindDelete)
}

// resizing records the resize of a running instance, and begins it.
func (w *world) resizing(name string, to toygres.Size) catalog.Begun {
	w.t.Helper()
	instance, err := w.catalog.Instance(w.t.Context(), name)
	require.NoError(w.t, err)
	begun, err := w.catalog.BeginUpdate(w.t.Context(), name, catalog.Update{From: instance.Spec.Settings(), To: instance.Spec.Resized(to).Settings()}, w.owner)
	require.NoError(w.t, err)
	require.NoError(w.t, w.catalog.StartOperation(w.t.Context(), begun.Operation.ID, "run"))
	return begun
}

var bigger = toygres.Size{CPUMillis: 2000, MemoryMiB: 2048, StorageGiB: 20}

// However far it has got, the catalog says afterwards what there is.
func TestInstanceWhoseResizeLostItsWorkflowIsTakenAsItIsFound(t *testing.T) {
	t.Parallel()
	lost := reconcile.Run{State: reconcile.RunBroken, Why: "it was terminated"}
	tests := map[string]struct {
		resized, stopped, failing bool
		state                     toygres.State
		message                   string
	}{
		"before anything changed": {state: toygres.StateRunning, message: "it was terminated; the instance has 1000m CPU, 1024 MiB of memory, 10 GiB of storage"},
		"while it starts anew":    {resized: true, state: toygres.StateRunning, message: "it was terminated; the instance has " + bigger.String()},
		"while it is stopped":     {resized: true, stopped: true, state: toygres.StateStopped, message: "it was terminated; the instance has " + bigger.String()},
		"when it does not start": {failing: true, state: toygres.StateStopped,
			message: "it was terminated; the instance has 1000m CPU, 1024 MiB of memory, 10 GiB of storage and was stopped, because the server failed to start: the disk is full"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			id := w.running("demo").Instance.ID
			begun := w.resizing("demo", bigger)
			if test.stopped {
				require.NoError(t, w.provider.Stop(t.Context(), id))
				w.eventually(func() error {
					if phase := w.phase(id); phase != toygres.PhaseStopped {
						return errors.New("it is " + string(phase))
					}
					return nil
				})
			}
			size := begun.Instance.Spec.Size()
			if test.resized {
				size = bigger
				require.NoError(t, w.provider.Resize(t.Context(), id, bigger))
			}
			w.workflows.is(begun.Operation.ID, lost)
			options, reconcilers := often, 2
			if test.failing { // of two, the other one could find it stopped already
				options.Provider, reconcilers = failing{w.provider}, 1
			}
			w.reconcile(reconcilers, options)
			op := w.ends(begun.Operation.ID, toygres.OperationFailed, test.state)
			require.Equal(t, test.message, op.Error)
			instance, err := w.catalog.Instance(t.Context(), "demo")
			require.NoError(t, err)
			require.Equal(t, size, instance.Spec.Size())
		})
	}
}

func TestResizeThatTheCatalogForgotIsRecorded(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.running("demo")
	begun := w.resizing("demo", bigger)
	w.workflows.is(begun.Operation.ID, reconcile.Run{State: reconcile.RunCompleted,
		Updated: workflows.UpdateInstanceResult{Endpoint: toygres.Endpoint{Host: "127.0.0.1", Port: 20000}, ServerVersion: "18.4"}})
	w.reconcile(1, often)
	w.ends(begun.Operation.ID, toygres.OperationSucceeded, toygres.StateRunning)
	instance, err := w.catalog.Instance(t.Context(), "demo")
	require.NoError(t, err)
	require.Equal(t, bigger, instance.Spec.Size())
}

// As after the catalog was restored from a backup.
func TestSuccessThatTheCatalogForgotIsRecorded(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	begun := w.provisioned("demo")
	endpoint := toygres.Endpoint{Host: "127.0.0.1", Port: 20000}
	w.workflows.is(begun.Operation.ID, reconcile.Run{State: reconcile.RunCompleted,
		Created: workflows.CreateInstanceResult{Endpoint: endpoint, ServerVersion: "18.4"}})
	w.reconcile(1, often)
	w.ends(begun.Operation.ID, toygres.OperationSucceeded, toygres.StateRunning)
	instance, err := w.catalog.Instance(t.Context(), "demo")
	require.NoError(t, err)
	require.Equal(t, endpoint, instance.Endpoint)
	require.NotEqual(t, toygres.PhaseAbsent, w.phase(begun.Instance.ID))
}

func TestNothingIsGivenUpWhileTemporalIsDown(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	begun := w.provisioned("demo")
	w.workflows.down = true
	r := often
	w.reconcile(1, r)
	// A stop that is settled shows that sweeps went by.
	w.running("other")
	stop := w.begin("other", toygres.KindStop)
	w.ends(stop.Operation.ID, toygres.OperationSucceeded, toygres.StateStopped)
	op, err := w.catalog.Operation(t.Context(), begun.Operation.ID)
	require.NoError(t, err)
	require.Equal(t, toygres.OperationRunning, op.State)
}

func TestOnlyWhatNobodyCanWantIsRemoved(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	// Deleted, and something came back; failed while it was created; failed
	// after it ran; running; not known here.
	deleted, neverRan, ran, running := w.provisioned("deleted"), w.provisioned("never-ran"), w.running("ran"), w.running("running")
	unknown := toygres.InstanceID("01a20a00-0000-7000-8000-000000000001")
	require.NoError(t, w.provider.Provision(t.Context(), unknown, deleted.Instance.Spec))
	for _, failed := range []toygres.OperationID{deleted.Operation.ID, neverRan.Operation.ID} {
		require.NoError(t, w.catalog.FinishOperation(t.Context(), toygres.Outcome{
			Operation: failed, State: toygres.OperationFailed, InstanceState: toygres.StateFailed, Code: toygres.CodeProvider, Message: "no"}))
	}
	forget := w.begin("deleted", toygres.KindDelete)
	require.NoError(t, w.catalog.FinishOperation(t.Context(), toygres.Outcome{
		Operation: forget.Operation.ID, State: toygres.OperationSucceeded, InstanceState: toygres.StateDeleted}))
	broken := w.begin("ran", toygres.KindDelete)
	require.NoError(t, w.catalog.FinishOperation(t.Context(), toygres.Outcome{
		Operation: broken.Operation.ID, State: toygres.OperationFailed, InstanceState: toygres.StateFailed, Code: toygres.CodeProvider, Message: "no"}))

	w.reconcile(2, often)
	w.eventually(func() error {
		if w.phase(deleted.Instance.ID) != toygres.PhaseAbsent || w.phase(neverRan.Instance.ID) != toygres.PhaseAbsent {
			return errors.New("they are still there")
		}
		return nil
	})
	left, err := w.provider.List(t.Context())
	require.NoError(t, err)
	require.ElementsMatch(t, []toygres.InstanceID{ran.Instance.ID, running.Instance.ID, unknown}, left)
}

// However far it has got, the provider knows which password holds; and a server
// runs one release or the other.
func TestInstanceWhoseRotationOrUpgradeLostItsWorkflowGoesOnRunning(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		run   reconcile.Run
		state toygres.OperationState
		why   string
	}{
		"it was terminated":         {reconcile.Run{State: reconcile.RunBroken, Why: "it was terminated"}, toygres.OperationFailed, "it was terminated; the instance is as it was found"},
		"the catalog has forgot it": {reconcile.Run{State: reconcile.RunCompleted}, toygres.OperationSucceeded, ""},
	} {
		for _, kind := range []toygres.Kind{toygres.KindRotate, toygres.KindUpgrade} {
			t.Run(string(kind)+": "+name, func(t *testing.T) {
				t.Parallel()
				w := newWorld(t)
				w.running("demo")
				begun := w.begin("demo", kind)
				require.NoError(t, w.catalog.StartOperation(t.Context(), begun.Operation.ID, "run"))
				w.workflows.is(begun.Operation.ID, test.run)
				w.reconcile(2, often)
				require.Equal(t, test.why, w.ends(begun.Operation.ID, test.state, toygres.StateRunning).Error)
			})
		}
	}
}

// endless is a provider that can't remove anything, and says so only when it is
// told to give up.
type endless struct {
	toygres.Provider
	bounded, unbounded atomic.Int64
}

func (e *endless) Delete(ctx context.Context, _ toygres.InstanceID) error {
	if _, ok := ctx.Deadline(); ok {
		e.bounded.Add(1)
		return context.DeadlineExceeded // as it would be in the end
	}
	e.unbounded.Add(1)
	<-ctx.Done()
	return ctx.Err()
}

// Else one instance that can't be removed would keep all others waiting.
func TestWhatCanNotBeRemovedDoesNotStopTheSweep(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	lost, leftover := w.recorded("lost"), w.provisioned("leftover")
	require.NoError(t, w.catalog.StartOperation(t.Context(), lost.Operation.ID, "run"))
	require.NoError(t, w.catalog.FinishOperation(t.Context(), toygres.Outcome{Operation: leftover.Operation.ID,
		State: toygres.OperationFailed, InstanceState: toygres.StateFailed, Code: toygres.CodeProvider, Message: "no"}))
	provider := &endless{Provider: w.provider}
	options := often
	options.Provider = provider
	w.reconcile(1, options)
	w.eventually(func() error {
		if provider.bounded.Load() < 4 {
			return errors.New("it is not asked for again")
		}
		return nil
	})
	w.findings(map[toygres.InstanceID]toygres.DriftKind{leftover.Instance.ID: toygres.DriftLeftover})
	require.Zero(t, provider.unbounded.Load())
	op, err := w.catalog.Operation(t.Context(), lost.Operation.ID)
	require.NoError(t, err)
	require.False(t, op.State.Done())
}

// impatient is a provider that calls meanwhile before it removes something.
type impatient struct {
	toygres.Provider
	meanwhile func()
}

func (p *impatient) Delete(ctx context.Context, id toygres.InstanceID) error {
	p.meanwhile()
	return p.Provider.Delete(ctx, id)
}

// Else what the retry has made would be removed, under the same id.
func TestCreateIsNotRetriedWhileItIsUndone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	begun := w.provisioned("demo")
	w.workflows.is(begun.Operation.ID, reconcile.Run{State: reconcile.RunBroken, Why: "it was terminated"})
	refused := make(chan error, 1)
	options := often
	options.Provider = &impatient{Provider: w.provider, meanwhile: sync.OnceFunc(func() {
		err := w.catalog.FinishOperation(t.Context(), toygres.Outcome{Operation: begun.Operation.ID, // as another worker would
			State: toygres.OperationFailed, InstanceState: toygres.StateFailed, Code: toygres.CodeInternal, Message: "no"})
		if err == nil {
			_, err = w.catalog.BeginRetry(t.Context(), begun.Operation.ID, 0, w.owner)
		}
		refused <- err
	})}
	w.reconcile(1, options)
	require.Equal(t, toygres.CodeUnavailable, toygres.CodeOf(<-refused))
	w.eventually(func() error {
		_, err := w.catalog.BeginRetry(t.Context(), begun.Operation.ID, 0, w.owner)
		return err
	})
}

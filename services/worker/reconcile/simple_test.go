package reconcile_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/toygres/toygres"
	"github.com/toygres/toygres/services/worker/reconcile"
)

// Two workers see the same change; the sweep is too rare to help.
func TestStopAndStartAreSettledAsTheProviderShowsThem(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	created := w.running("demo")
	w.reconcile(2, reconcile.Options{SweepEvery: time.Hour})

	stop := w.begin("demo", toygres.KindStop)
	require.NoError(t, w.provider.Stop(t.Context(), created.Instance.ID))
	op := w.ends(stop.Operation.ID, toygres.OperationSucceeded, toygres.StateStopped)
	require.Equal(t, toygres.StepSucceeded, op.Steps[0].State)

	start := w.begin("demo", toygres.KindStart)
	require.NoError(t, w.provider.Start(t.Context(), created.Instance.ID))
	w.ends(start.Operation.ID, toygres.OperationSucceeded, toygres.StateRunning)
	instance, err := w.catalog.Instance(t.Context(), "demo")
	require.NoError(t, err)
	require.False(t, instance.Endpoint.IsZero())
	require.Equal(t, w.provider.Release(instance.Spec), toygres.ParseRelease(instance.ServerVersion), "the server that was started tells")
}

// The API died after it recorded the request and before it called.
func TestSweepCallsTheProviderInPlaceOfACrashedAPI(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.running("demo")
	w.reconcile(1, reconcile.Options{SweepEvery: 100 * time.Millisecond, Grace: 100 * time.Millisecond})
	stop := w.begin("demo", toygres.KindStop)
	w.ends(stop.Operation.ID, toygres.OperationSucceeded, toygres.StateStopped)
	start := w.begin("demo", toygres.KindStart)
	w.ends(start.Operation.ID, toygres.OperationSucceeded, toygres.StateRunning)
	restart := w.begin("demo", toygres.KindRestart)
	w.ends(restart.Operation.ID, toygres.OperationSucceeded, toygres.StateRunning)
	seen, err := w.provider.Observe(t.Context(), restart.Instance.ID)
	require.NoError(t, err)
	require.Equal(t, string(restart.Operation.ID), seen.Restart)
}

func TestRestartIsSettledWhenTheNewServerIsReady(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	created := w.running("demo")
	w.reconcile(2, reconcile.Options{SweepEvery: time.Hour})
	restart := w.begin("demo", toygres.KindRestart)
	require.NoError(t, w.provider.Restart(t.Context(), created.Instance.ID, string(restart.Operation.ID)))
	op := w.ends(restart.Operation.ID, toygres.OperationSucceeded, toygres.StateRunning)
	require.Equal(t, toygres.StepRestart, op.Steps[0].Name)
	require.Equal(t, toygres.StepSucceeded, op.Steps[0].State)
}

// looked counts how often somebody looks.
type looked struct {
	toygres.Provider
	times atomic.Int64
}

func (l *looked) Observe(ctx context.Context, id toygres.InstanceID) (toygres.Observation, error) {
	l.times.Add(1)
	return l.Provider.Observe(ctx, id)
}

// While nobody has asked the provider, the old server is ready, which proves
// nothing, however often somebody looks.
func TestRestartIsNotSettledByTheServerFromBefore(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	created := w.running("demo")
	restart := w.begin("demo", toygres.KindRestart)
	provider := &looked{Provider: w.provider}
	w.reconcile(1, reconcile.Options{Provider: provider, SweepEvery: 20 * time.Millisecond, Grace: time.Hour})
	w.eventually(func() error {
		if provider.times.Load() < 5 {
			return errors.New("it has hardly been looked at")
		}
		return nil
	})
	op, err := w.catalog.Operation(t.Context(), restart.Operation.ID)
	require.NoError(t, err)
	require.False(t, op.State.Done(), "the server from before settled it")
	require.NoError(t, w.provider.Restart(t.Context(), created.Instance.ID, string(restart.Operation.ID)))
	w.ends(restart.Operation.ID, toygres.OperationSucceeded, toygres.StateRunning)
}

func TestFailedRestartSaysWhyAndLeavesTheInstanceStopped(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	created := w.running("demo")
	restart := w.begin("demo", toygres.KindRestart)
	require.NoError(t, w.provider.Restart(t.Context(), created.Instance.ID, string(restart.Operation.ID)))
	w.reconcile(1, reconcile.Options{Provider: failing{w.provider}, SweepEvery: 100 * time.Millisecond})
	op := w.ends(restart.Operation.ID, toygres.OperationFailed, toygres.StateStopped)
	require.Equal(t, "the server failed to start: the disk is full", op.Error)
	require.Equal(t, toygres.StepFailed, op.Steps[0].State)
	w.eventually(func() error {
		if phase := w.phase(created.Instance.ID); phase != toygres.PhaseStopped {
			return errors.New("at the provider it is " + string(phase))
		}
		return nil
	})
	w.begin("demo", toygres.KindStart)
}

// failing shows servers that should run as failed for good.
type failing struct{ toygres.Provider }

func (f failing) Observe(ctx context.Context, id toygres.InstanceID) (toygres.Observation, error) {
	seen, err := f.Provider.Observe(ctx, id)
	if seen.Phase == toygres.PhaseStarting || seen.Phase == toygres.PhaseReady {
		seen.Phase, seen.Message = toygres.PhaseFailed, "the disk is full"
	}
	return seen, err
}

func TestFailedStartSaysWhyAndCanBeTriedAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	created := w.running("demo")
	w.reconcile(1, reconcile.Options{Provider: failing{w.provider}, SweepEvery: 100 * time.Millisecond})
	stop := w.begin("demo", toygres.KindStop)
	require.NoError(t, w.provider.Stop(t.Context(), created.Instance.ID))
	w.ends(stop.Operation.ID, toygres.OperationSucceeded, toygres.StateStopped)

	start := w.begin("demo", toygres.KindStart)
	require.NoError(t, w.provider.Start(t.Context(), created.Instance.ID))
	op := w.ends(start.Operation.ID, toygres.OperationFailed, toygres.StateStopped)
	require.Equal(t, toygres.CodeProvider, op.ErrorCode)
	require.Equal(t, "the server failed to start: the disk is full", op.Error)
	require.Equal(t, toygres.StepFailed, op.Steps[0].State)
	require.Equal(t, "the server failed to start: the disk is full", op.Steps[0].Error)
	w.begin("demo", toygres.KindStart)
}

func TestStopOfAServerThatVanishedFails(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	created := w.running("demo")
	require.NoError(t, w.provider.Delete(t.Context(), created.Instance.ID))
	w.reconcile(1, reconcile.Options{SweepEvery: 100 * time.Millisecond})
	stop := w.begin("demo", toygres.KindStop)
	op := w.ends(stop.Operation.ID, toygres.OperationFailed, toygres.StateFailed)
	require.Equal(t, "the server and its data no longer exist where instances live", op.Error)
}

// slow shows servers that should run as starting, and counts how often they
// are asked to.
type slow struct {
	toygres.Provider
	asked atomic.Int64
}

func (s *slow) Observe(ctx context.Context, id toygres.InstanceID) (toygres.Observation, error) {
	seen, err := s.Provider.Observe(ctx, id)
	if seen.Phase == toygres.PhaseReady {
		seen.Phase = toygres.PhaseStarting
	}
	return seen, err
}

func (s *slow) Start(ctx context.Context, id toygres.InstanceID) error {
	s.asked.Add(1)
	return s.Provider.Start(ctx, id)
}

// A start that is repeated forgives the failures so far, and would hide for
// ever that the server can't start.
func TestSweepDoesNotRepeatAStartThatIsUnderWay(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	created := w.running("demo")
	other := w.recorded("other") // shows that sweeps go by
	provider := &slow{Provider: w.provider}
	w.reconcile(1, reconcile.Options{Provider: provider, SweepEvery: 50 * time.Millisecond, Grace: time.Millisecond})
	stop := w.begin("demo", toygres.KindStop)
	w.ends(stop.Operation.ID, toygres.OperationSucceeded, toygres.StateStopped)
	start := w.begin("demo", toygres.KindStart)
	w.eventually(func() error {
		if provider.asked.Load() == 0 || w.phase(created.Instance.ID) != toygres.PhaseReady {
			return errors.New("it has not been started")
		}
		return nil
	})
	_, err := w.catalog.AskCancel(t.Context(), other.Operation.ID, w.owner)
	require.NoError(t, err)
	for range 3 {
		w.workflows.forget()
		w.eventually(func() error {
			if !w.workflows.toldToCancel(other.Operation.ID) {
				return errors.New("no sweep yet")
			}
			return nil
		})
	}
	require.EqualValues(t, 1, provider.asked.Load())
	op, err := w.catalog.Operation(t.Context(), start.Operation.ID)
	require.NoError(t, err)
	require.False(t, op.State.Done())
}

// overtaken is a provider with running servers. While it is asked how one is,
// somebody else settles the instance's operation.
type overtaken struct {
	toygres.Provider
	settle  func()
	stopped atomic.Int64
}

func (o *overtaken) Observe(context.Context, toygres.InstanceID) (toygres.Observation, error) {
	o.settle()
	return toygres.Observation{Phase: toygres.PhaseReady}, nil
}

func (o *overtaken) Stop(context.Context, toygres.InstanceID) error {
	o.stopped.Add(1)
	return nil
}

func (o *overtaken) Watch(ctx context.Context) (<-chan toygres.InstanceID, error) {
	nothing := make(chan toygres.InstanceID)
	context.AfterFunc(ctx, func() { close(nothing) })
	return nothing, nil
}

func TestSweepDoesNotCarryOutWhatWasSettledMeanwhile(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	created, other := w.recorded("demo"), w.recorded("other") // which shows that sweeps go by
	require.NoError(t, w.catalog.FinishOperation(t.Context(), toygres.Outcome{Operation: created.Operation.ID,
		State: toygres.OperationSucceeded, InstanceState: toygres.StateRunning, ServerVersion: "18.4"}))
	stop := w.begin("demo", toygres.KindStop)
	_, err := w.catalog.AskCancel(t.Context(), other.Operation.ID, w.owner)
	require.NoError(t, err)
	provider := &overtaken{Provider: w.provider, settle: sync.OnceFunc(func() {
		assert.NoError(t, w.catalog.FinishOperation(t.Context(), toygres.Outcome{Operation: stop.Operation.ID,
			State: toygres.OperationFailed, InstanceState: toygres.StateRunning, Code: toygres.CodeProvider, Message: "no"}))
	})}
	w.reconcile(1, reconcile.Options{Provider: provider, SweepEvery: 50 * time.Millisecond, Grace: time.Nanosecond})
	w.ends(stop.Operation.ID, toygres.OperationFailed, toygres.StateRunning)
	for range 3 {
		w.workflows.forget()
		w.eventually(func() error {
			if !w.workflows.toldToCancel(other.Operation.ID) {
				return errors.New("no sweep yet")
			}
			return nil
		})
	}
	require.Zero(t, provider.stopped.Load())
}

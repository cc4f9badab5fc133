package reconcile_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/toygres/toygres"
	"github.com/toygres/toygres/internal/catalog"
	"github.com/toygres/toygres/services/worker/reconcile"
)

// altered is a provider of which some instances were changed by hand.
type altered struct {
	toygres.Provider
	mu    sync.Mutex
	shows map[toygres.InstanceID]toygres.Observation
}

func (a *altered) Observe(ctx context.Context, id toygres.InstanceID) (toygres.Observation, error) {
	a.mu.Lock()
	seen, ok := a.shows[id]
	a.mu.Unlock()
	if ok {
		return seen, nil
	}
	return a.Provider.Observe(ctx, id)
}

func (a *altered) List(context.Context) ([]toygres.InstanceID, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	var ids []toygres.InstanceID
	for id, seen := range a.shows {
		if seen.Phase != toygres.PhaseAbsent {
			ids = append(ids, id)
		}
	}
	return ids, nil
}

func (a *altered) set(id toygres.InstanceID, seen toygres.Observation) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.shows[id] = seen
}

// findings waits for what is found and not resolved, by instance.
func (w *world) findings(want map[toygres.InstanceID]toygres.DriftKind) {
	w.t.Helper()
	w.eventually(func() error {
		page, err := w.catalog.Findings(w.t.Context(), catalog.FindingFilter{})
		if err != nil {
			return err
		}
		got := map[toygres.InstanceID]toygres.DriftKind{}
		for _, f := range page.Findings {
			got[f.InstanceID] = f.Kind
		}
		if fmt.Sprint(got) != fmt.Sprint(want) {
			return fmt.Errorf("it is %v and not %v", got, want)
		}
		return nil
	})
}

func TestEachKindOfDriftIsFoundAndResolved(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	provider := &altered{Provider: w.provider, shows: map[toygres.InstanceID]toygres.Observation{}}
	size := toygres.Spec{}.WithDefaults().Size()
	bigger := size
	bigger.StorageGiB += 10
	ready := toygres.Observation{Phase: toygres.PhaseReady, Size: size}
	stopped := toygres.Observation{Phase: toygres.PhaseStopped, Size: size}
	want := map[toygres.InstanceID]toygres.DriftKind{}
	settled := func(name string, state toygres.State, shows toygres.Observation, kind toygres.DriftKind) toygres.InstanceID {
		t.Helper()
		begun := w.recorded(name)
		require.NoError(t, w.catalog.FinishOperation(t.Context(), toygres.Outcome{Operation: begun.Operation.ID,
			State: toygres.OperationSucceeded, InstanceState: toygres.StateRunning, ServerVersion: "18.4"}))
		_, err := w.sql.Exec(t.Context(), `UPDATE instances SET state = $2 WHERE id = $1`, begun.Instance.ID, state)
		require.NoError(t, err)
		provider.set(begun.Instance.ID, shows)
		if kind != "" {
			want[begun.Instance.ID] = kind
		}
		return begun.Instance.ID
	}
	settled("well", toygres.StateRunning, ready, "")
	settled("at-rest", toygres.StateStopped, stopped, "")
	settled("missing", toygres.StateRunning, toygres.Observation{Phase: toygres.PhaseAbsent}, toygres.DriftMissing)
	settled("gone-from-trash", toygres.StateTrashed, toygres.Observation{Phase: toygres.PhaseAbsent}, toygres.DriftMissing)
	settled("idle", toygres.StateRunning, stopped, toygres.DriftNotRunning)
	settled("crashed", toygres.StateRunning, toygres.Observation{Phase: toygres.PhaseFailed, Message: "no memory"}, toygres.DriftFailing)
	settled("awake", toygres.StateStopped, ready, toygres.DriftNotStopped)
	grown := settled("grown", toygres.StateRunning, toygres.Observation{Phase: toygres.PhaseReady, Size: bigger}, toygres.DriftSize)
	stranger := toygres.InstanceID(uuid.NewString())
	provider.set(stranger, ready)
	want[stranger] = toygres.DriftUnknown
	over := settled("over", toygres.StateStopped, stopped, toygres.DriftUnknownWorkflow)
	page, err := w.catalog.Operations(t.Context(), catalog.OperationFilter{Instance: over})
	require.NoError(t, err)
	w.workflows.open = page.Operations
	w.workflows.is(page.Operations[0].ID, reconcile.Run{State: reconcile.RunOpen})

	w.reconcile(2, reconcile.Options{SweepEvery: 100 * time.Millisecond, Grace: time.Minute, DriftEvery: 100 * time.Millisecond, Provider: provider})
	w.findings(want)

	// It is mended by hand.
	provider.set(grown, ready)
	delete(want, grown)
	w.workflows.mu.Lock()
	w.workflows.open = nil
	w.workflows.mu.Unlock()
	delete(want, over)
	w.findings(want)
}

// One must not have to wait for the next comparison to be due.
func TestAComparisonThatIsAskedForIsMadeAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.reconcile(2, reconcile.Options{SweepEvery: time.Hour, DriftEvery: time.Hour})
	ended := func(check toygres.DriftCheck) toygres.DriftCheck {
		t.Helper()
		w.eventually(func() error {
			var err error
			if check, err = w.catalog.DriftCheck(t.Context(), check.ID); err == nil && check.EndedAt.IsZero() {
				err = fmt.Errorf("it has not ended")
			}
			return err
		})
		return check
	}
	for range 2 {
		asked, err := w.catalog.RequestDriftCheck(t.Context(), w.owner)
		require.NoError(t, err)
		require.Empty(t, ended(asked).Error)
	}
	w.workflows.mu.Lock()
	w.workflows.down = true
	w.workflows.mu.Unlock()
	asked, err := w.catalog.RequestDriftCheck(t.Context(), w.owner)
	require.NoError(t, err)
	require.Contains(t, ended(asked).Error, "Temporal")
}

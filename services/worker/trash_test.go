package main

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"

	"github.com/toygres/toygres"
	"github.com/toygres/toygres/internal/catalog"
	"github.com/toygres/toygres/workflows"
)

// trash puts an instance into the trash for that long.
func (w *world) trash(name string, keep time.Duration) catalog.Begun {
	w.t.Helper()
	begun, err := w.catalog.BeginDelete(w.t.Context(), name, keep, w.owner)
	require.NoError(w.t, err)
	require.Equal(w.t, toygres.KindTrash, begun.Operation.Kind)
	w.start(begun)
	op := w.ends(begun.Operation.ID)
	require.Equal(w.t, toygres.OperationSucceeded, op.State, op.Error)
	return begun
}

// purged waits until nothing of the instance is left.
func (w *world) purged(id toygres.InstanceID) {
	w.t.Helper()
	await(w.t, func() (toygres.Instance, error) {
		i, err := w.catalog.InstanceByID(w.t.Context(), id)
		if err == nil && i.State != toygres.StateDeleted {
			err = fmt.Errorf("it is %s", i.State)
		}
		return i, err
	})
	seen, err := w.provider.Observe(w.t.Context(), id)
	require.NoError(w.t, err)
	require.Equal(w.t, toygres.PhaseAbsent, seen.Phase)
}

// timerOf waits until the instance has its timer, and returns for how long it
// still waits and whether some release is bound to it.
func (w *world) timerOf(id toygres.InstanceID) (left time.Duration, bound bool) {
	w.t.Helper()
	type timer struct {
		left  time.Duration
		bound bool
	}
	found := await(w.t, func() (timer, error) {
		d, err := w.client.DescribeWorkflowExecution(w.t.Context(), workflows.PurgeID(id), "")
		if err != nil {
			return timer{}, err
		}
		info := d.GetWorkflowExecutionInfo()
		if info.GetStatus() != enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING {
			return timer{}, fmt.Errorf("it is %s", info.GetStatus())
		}
		return timer{time.Until(info.GetExecutionTime().AsTime()), info.GetVersioningInfo().GetDeploymentVersion() != nil}, nil
	})
	return found.left, found.bound
}

func TestATimerEndsTheTimeInTheTrash(t *testing.T) {
	w := newWorld(t)
	w.work()
	created := w.create("demo")
	require.Equal(t, toygres.OperationSucceeded, w.ends(created.Operation.ID).State)
	id := created.Instance.ID

	w.trash("demo", 24*time.Hour)
	seen, err := w.provider.Observe(t.Context(), id)
	require.NoError(t, err)
	require.Equal(t, toygres.PhaseStopped, seen.Phase)
	left, _ := w.timerOf(id)
	require.InDelta(t, 24*time.Hour, left, float64(time.Minute))

	// Brought back, and deleted for a shorter time: that is what counts.
	back, err := w.catalog.BeginUndelete(t.Context(), "demo", w.owner)
	require.NoError(t, err)
	require.Equal(t, toygres.StateStarting, back.Instance.State)
	require.NoError(t, w.provider.Start(t.Context(), id))
	require.Equal(t, toygres.OperationSucceeded, w.ends(back.Operation.ID).State)
	instance, err := w.catalog.Instance(t.Context(), "demo")
	require.NoError(t, err)
	require.NoError(t, w.query(instance))

	w.trash("demo", time.Second)
	w.purged(id)
}

// A timer may last longer than releases do.
func TestATimerIsBoundToNoReleaseBeforeItsTime(t *testing.T) {
	r := newReleases(t)
	r.wants("v1")
	stop := r.start("v1")
	created := r.create("demo")
	r.succeeds(created)
	id := created.Instance.ID
	r.trash("demo", time.Minute)
	_, bound := r.timerOf(id)
	require.False(t, bound)

	r.wants("v2")
	r.start("v2")
	stop() // it would stay for as long as something is bound to it
	left, _ := r.timerOf(id)
	require.Positive(t, left, "the old release has waited for the timer")
	r.purged(id)
	operations, err := r.catalog.Operations(t.Context(), catalog.OperationFilter{Instance: id, Kind: toygres.KindDelete})
	require.NoError(t, err)
	require.Len(t, operations.Operations, 1)
	r.boundTo(catalog.Begun{Operation: operations.Operations[0]}, "v2")
}

package providertest

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/toygres/toygres"
)

// watchShowsEveryChange leads an instance through its life and looks at it
// only when the watch says so: a change that is not told of is never seen.
func watchShowsEveryChange(t *testing.T, w *world) {
	ctx, cancel := context.WithTimeout(w.ctx, 4*patience)
	defer cancel()
	changes, err := w.p.Watch(ctx)
	require.NoError(t, err)
	id := w.newID()
	until := func(phase toygres.Phase) {
		t.Helper()
		for changed := range changes {
			if changed == id && w.observe(id).Phase == phase {
				return
			}
		}
		t.Fatalf("the watch ended before it told that the instance is %s; it is %s", phase, w.observe(id).Phase)
	}
	require.NoError(t, w.p.Provision(w.ctx, id, w.spec()))
	until(toygres.PhaseReady)
	require.NoError(t, w.p.Stop(w.ctx, id))
	until(toygres.PhaseStopped)
	require.NoError(t, w.p.Start(w.ctx, id))
	until(toygres.PhaseReady)
	require.NoError(t, w.p.Restart(w.ctx, id, "request"))
	until(toygres.PhaseReady)
	require.NoError(t, w.p.Delete(w.ctx, id))
	until(toygres.PhaseAbsent)
}

func watchBeginsWithWhatExists(t *testing.T, w *world) {
	running, stopped := w.provision(), w.provision()
	require.NoError(t, w.p.Stop(w.ctx, stopped))
	w.await(stopped, toygres.PhaseStopped)

	for range 2 { // a second watch beside the first one gets the same
		ctx, cancel := context.WithTimeout(w.ctx, patience)
		defer cancel()
		changes, err := w.p.Watch(ctx)
		require.NoError(t, err)
		missing := map[toygres.InstanceID]bool{running: true, stopped: true}
		for len(missing) > 0 {
			id, open := <-changes
			require.True(t, open, "the watch ended before it named %v", missing)
			delete(missing, id)
		}
		defer func() {
			cancel()
			for range changes { // it must be closed soon, or this hangs
			}
		}()
	}
}

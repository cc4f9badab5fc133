package providertest

import (
	"fmt"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/toygres/toygres"
)

// settingsOf are settings of the server that follow from its size.
func (w *world) settingsOf(id toygres.InstanceID) string {
	w.Helper()
	return w.text(w.connect(id), `SELECT string_agg(name || '=' || current_setting(name), ' ' ORDER BY name)
		FROM unnest('{max_connections,shared_buffers}'::text[]) AS name`)
}

// startOf tells one start of the server from another.
func (w *world) startOf(id toygres.InstanceID) string {
	w.Helper()
	return w.text(w.connect(id), `SELECT pg_postmaster_start_time()::text`)
}

func resizeRestartsWithTheNewSize(t *testing.T, w *world) {
	id := w.provision()
	before, credentials := w.observe(id), w.credentials(id)
	require.Equal(t, w.spec().Size(), before.Size)
	w.exec(w.connect(id), `CREATE TABLE kept AS SELECT 'still here' AS v`)
	oldSettings, oldStart := w.settingsOf(id), w.startOf(id)

	// What is refused has changed nothing.
	for _, bad := range []toygres.Size{{MemoryMiB: 512, StorageGiB: -1}, {CPUMillis: 1}, {MemoryMiB: toygres.MaxMemoryMiB + 1}} {
		require.Equal(t, toygres.CodeInvalid, toygres.CodeOf(w.p.Resize(w.ctx, id, bad)), "%v", bad)
	}
	// Nor has what it has already.
	require.NoError(t, w.p.Resize(w.ctx, id, before.Size))
	require.NoError(t, w.p.Resize(w.ctx, id, toygres.Size{}))
	require.Equal(t, before, w.observe(id))
	require.Equal(t, oldStart, w.startOf(id), "a resize that changes nothing restarted the server")

	to := toygres.Size{CPUMillis: 150, MemoryMiB: 384, StorageGiB: 2}
	var all sync.WaitGroup
	errs := make([]error, 3)
	for i := range errs {
		all.Go(func() { errs[i] = w.p.Resize(w.ctx, id, to) })
	}
	all.Wait()
	for _, err := range errs {
		require.NoError(t, err)
	}
	after := w.await(id, toygres.PhaseReady) // never the old server
	newSettings, newStart := w.settingsOf(id), w.startOf(id)
	require.NotEqual(t, oldStart, newStart)
	require.NotEqual(t, oldSettings, newSettings)
	require.Equal(t, to, after.Size)
	require.Equal(t, before.Endpoint, after.Endpoint)
	require.Equal(t, credentials, w.credentials(id))
	require.Equal(t, "still here", w.text(w.connect(id), `SELECT v FROM kept`))

	err := w.p.Resize(w.ctx, id, toygres.Size{StorageGiB: 1})
	require.Equal(t, toygres.CodeInvalid, toygres.CodeOf(err), "storage can shrink: %v", err)
	require.Equal(t, after, w.observe(id))

	// What is not named stays as it is.
	require.NoError(t, w.p.Resize(w.ctx, id, toygres.Size{CPUMillis: before.Size.CPUMillis, MemoryMiB: before.Size.MemoryMiB}))
	require.Equal(t, toygres.Size{CPUMillis: 100, MemoryMiB: 256, StorageGiB: 2}, w.await(id, toygres.PhaseReady).Size)
	require.Equal(t, oldSettings, w.settingsOf(id))
}

func resizeLeavesAStoppedInstanceStopped(t *testing.T, w *world) {
	id := w.provision()
	oldSettings := w.settingsOf(id)
	require.NoError(t, w.p.Stop(w.ctx, id))
	w.await(id, toygres.PhaseStopped)
	to := toygres.Size{CPUMillis: 150, MemoryMiB: 384, StorageGiB: 2}
	require.NoError(t, w.p.Resize(w.ctx, id, to))
	seen := w.await(id, toygres.PhaseStopped)
	require.Equal(t, to, seen.Size)

	require.NoError(t, w.p.Start(w.ctx, id))
	require.Equal(t, to, w.await(id, toygres.PhaseReady).Size)
	require.NotEqual(t, oldSettings, w.settingsOf(id))
}

// stopWhileResizing shows that what is asked of an instance at the same time
// does not get lost.
func stopWhileResizing(t *testing.T, w *world) {
	id := w.provision()
	to := toygres.Size{CPUMillis: 100, MemoryMiB: 384, StorageGiB: 1}
	var all sync.WaitGroup
	var resized, stopped error
	all.Go(func() { resized = w.p.Resize(w.ctx, id, to) })
	all.Go(func() { stopped = w.p.Stop(w.ctx, id) })
	all.Wait()
	require.NoError(t, resized)
	require.NoError(t, stopped)
	w.await(id, toygres.PhaseStopped)
	require.NoError(t, w.p.Start(w.ctx, id))
	require.Equal(t, to, w.await(id, toygres.PhaseReady).Size)
	require.Contains(t, w.settingsOf(id), fmt.Sprintf("shared_buffers=%dMB", to.MemoryMiB/4))
}

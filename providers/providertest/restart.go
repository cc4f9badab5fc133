package providertest

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/toygres/toygres"
)

// startedAt is when the instance's server was started, by its own clock.
func (w *world) startedAt(id toygres.InstanceID) string {
	w.Helper()
	return w.text(w.connect(id), `SELECT pg_postmaster_start_time()::text`)
}

func restartIsANewServerWithTheSameData(t *testing.T, w *world) {
	id := w.provision()
	before := w.observe(id)
	require.Empty(t, before.Restart)
	credentials, started := w.credentials(id), w.startedAt(id)
	conn := w.connect(id)
	w.exec(conn, `CREATE TABLE kept (v text)`)
	w.exec(conn, `INSERT INTO kept VALUES ('still here')`)

	require.NoError(t, w.p.Restart(w.ctx, id, "first")) // with a connection open, which must not hold it up
	// Whenever it is shown as ready, it is a new server.
	if seen := w.observe(id); seen.Phase == toygres.PhaseReady {
		require.NotEqual(t, started, w.startedAt(id), "the old server is shown as ready")
	} else {
		require.Equal(t, toygres.PhaseStarting, seen.Phase, "a restarting instance should run")
		require.NotEmpty(t, seen.Message, "a restarting instance says so")
	}
	after := w.await(id, toygres.PhaseReady)
	require.Equal(t, "first", after.Restart)
	require.Equal(t, before.Endpoint, after.Endpoint, "the endpoint changed")
	require.Equal(t, credentials, w.credentials(id), "restart changed the credentials")
	require.Equal(t, "still here", w.text(w.connect(id), `SELECT v FROM kept`))
	require.NotEqual(t, started, w.startedAt(id), "it is still the same server")
	soon, cancel := context.WithTimeout(w.ctx, 5*time.Second) // its end may have got lost
	defer cancel()
	require.Error(t, conn.Ping(soon), "a connection to the old server lives on")

	// What comes later forgets neither.
	require.NoError(t, w.p.Stop(w.ctx, id))
	require.Equal(t, "first", w.await(id, toygres.PhaseStopped).Restart)
	require.NoError(t, w.p.Start(w.ctx, id))
	require.Equal(t, "first", w.await(id, toygres.PhaseReady).Restart)
}

func aRestartIsDoneOnceForEachRequest(t *testing.T, w *world) {
	id := w.provision()
	for range 2 {
		require.NoError(t, w.p.Restart(w.ctx, id, "first"))
	}
	w.await(id, toygres.PhaseReady)
	started := w.startedAt(id)
	require.NoError(t, w.p.Restart(w.ctx, id, "first"))
	require.NoError(t, w.p.Start(w.ctx, id))
	require.NoError(t, w.p.Provision(w.ctx, id, w.spec()))
	require.Equal(t, toygres.PhaseReady, w.observe(id).Phase, "the same request disturbed the server")
	require.Equal(t, started, w.startedAt(id), "the same request restarted it once more")

	require.NoError(t, w.p.Restart(w.ctx, id, "second"))
	require.Equal(t, "second", w.await(id, toygres.PhaseReady).Restart)
	require.NotEqual(t, started, w.startedAt(id), "another request did nothing")
}

func restartsAtTheSameTimeAndStop(t *testing.T, w *world) {
	id := w.provision()
	started := w.startedAt(id)
	requests := []string{"a", "b", "a", "c"}
	errs := make([]error, len(requests))
	var all sync.WaitGroup
	for i, request := range requests {
		all.Go(func() { errs[i] = w.p.Restart(w.ctx, id, request) })
	}
	all.Wait()
	for _, err := range errs {
		require.NoError(t, err)
	}
	require.Contains(t, requests, w.await(id, toygres.PhaseReady).Restart)
	require.NotEqual(t, started, w.startedAt(id))

	// The last wish counts.
	require.NoError(t, w.p.Restart(w.ctx, id, "d"))
	require.NoError(t, w.p.Stop(w.ctx, id))
	w.await(id, toygres.PhaseStopped)
	require.NoError(t, w.p.Start(w.ctx, id))
	require.NoError(t, w.p.Restart(w.ctx, id, "e"))
	require.Equal(t, "e", w.await(id, toygres.PhaseReady).Restart)
	require.NoError(t, w.p.Restart(w.ctx, id, "f"))
	require.NoError(t, w.p.Delete(w.ctx, id))
	w.requireGone(id)
}

func restartOfAStoppedInstanceIsAConflict(t *testing.T, w *world) {
	id := w.provision()
	require.NoError(t, w.p.Stop(w.ctx, id))
	for range 2 { // while it ends, and when it has
		require.Equal(t, toygres.CodeConflict, toygres.CodeOf(w.p.Restart(w.ctx, id, "request")))
		require.Empty(t, w.await(id, toygres.PhaseStopped).Restart)
	}
}

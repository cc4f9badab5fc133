package providertest

import (
	"sync"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/toygres/toygres"
)

// forkSpec is a fork of the source, or a skipped test where there are none.
func (w *world) forkSpec(source toygres.InstanceID) toygres.Spec {
	w.Helper()
	offer, err := w.p.Offer(w.ctx)
	require.NoError(w, err)
	spec := w.spec()
	spec.Source = source
	if !offer.Forks {
		require.Equal(w, toygres.CodeInvalid, toygres.CodeOf(w.p.Provision(w.ctx, w.newID(), spec)), "what is not offered is refused")
		w.Skip("this provider makes no forks")
	}
	return spec
}

func aForkHasTheDataOfItsSourceWhichGoesOn(t *testing.T, w *world) {
	source := w.provision()
	spec := w.forkSpec(source)
	conn := w.connect(source)
	w.exec(conn, `CREATE TABLE kept AS SELECT n, repeat('x', 1000) AS filler FROM generate_series(1, 5000) n`)
	w.exec(conn, `CREATE TABLE written (n int PRIMARY KEY)`)
	w.exec(conn, `CREATE ROLE somebody LOGIN PASSWORD 'theirs'`)
	start := w.startOf(source)

	// The source is written to all the time.
	over := make(chan struct{})
	var writing sync.WaitGroup
	var failed error
	begun := make(chan struct{})
	writing.Go(func() {
		for n := 0; failed == nil; n++ {
			select {
			case <-over:
				return
			default:
			}
			if _, failed = conn.Exec(w.ctx, `INSERT INTO written VALUES ($1)`, n); n == 100 {
				close(begun)
			}
		}
	})
	<-begun
	spec.MemoryMiB, spec.StorageGiB = 384, 2
	fork := w.newID()
	require.NoError(t, w.p.Provision(w.ctx, fork, spec))
	seen := w.await(fork, toygres.PhaseReady)
	close(over)
	writing.Wait()
	require.NoError(t, failed, "the source did not go on")
	require.Equal(t, spec.Size(), seen.Size)

	forked := w.connect(fork)
	require.Equal(t, "5000", w.text(forked, `SELECT count(*)::text FROM kept`))
	require.Equal(t, "true", w.text(forked, `SELECT (count(*) > 100 AND count(*) = max(n) + 1)::text FROM written`), "all that was committed, in order")
	require.Equal(t, "false", w.text(forked, `SELECT pg_is_in_recovery()::text`))
	require.Equal(t, "96MB", w.text(forked, `SELECT current_setting('shared_buffers')`), "its settings are not the source's")
	w.exec(forked, `DROP TABLE kept`)
	require.Equal(t, "5000", w.text(w.connect(source), `SELECT count(*)::text FROM kept`))
	require.Equal(t, start, w.startOf(source), "the source was restarted")

	// Each has a password of its own, and other roles theirs.
	require.NotEqual(t, w.credentials(source).Password, w.credentials(fork).Password)
	require.True(t, wrongPassword(w.tryPassword(seen.Endpoint, w.credentials(source))), "the source's password opens the fork")
	theirs := w.credentials(fork)
	theirs.User, theirs.Password = "somebody", "theirs"
	require.NoError(t, w.tryPassword(seen.Endpoint, theirs))

	// It stands on its own: without its source, and over a restart.
	require.NoError(t, w.p.Delete(w.ctx, source))
	require.NoError(t, w.p.Provision(w.ctx, fork, spec), "asked again it changes nothing")
	require.NoError(t, w.p.Restart(w.ctx, fork, "restart"))
	w.await(fork, toygres.PhaseReady)
	require.Equal(t, "true", w.text(w.connect(fork), `SELECT (count(*) > 100)::text FROM written`))
	require.NoError(t, w.p.RotatePassword(w.ctx, fork, "request"))
	w.connect(fork)
}

func aForkOfWhatDoesNotRunIsRefused(t *testing.T, w *world) {
	source := w.provision()
	spec := w.forkSpec(source)
	require.NoError(t, w.p.Stop(w.ctx, source))
	w.await(source, toygres.PhaseStopped)
	unknown := spec
	unknown.Source = toygres.InstanceID(uuid.NewString())
	for _, spec := range []toygres.Spec{spec, unknown} {
		fork := w.newID()
		require.Equal(t, toygres.CodeConflict, toygres.CodeOf(w.p.Provision(w.ctx, fork, spec)))
		require.NoError(t, w.p.Delete(w.ctx, fork))
		w.requireGone(fork)
	}
}

package local

import (
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/toygres/toygres"
)

func TestARestartWhoseCallerDiedIsFinished(t *testing.T) {
	t.Parallel()
	for died, before := range map[string]func(*testing.T, directory){
		"before the server was asked to end": func(*testing.T, directory) {},
		"before that was noted": func(t *testing.T, d directory) {
			require.NoError(t, syscall.Kill(d.server().pid, syscall.SIGINT))
		},
	} {
		for finisher, finish := range map[string]func(*testing.T, *Provider, toygres.InstanceID){
			"Keep": func(t *testing.T, p *Provider, _ toygres.InstanceID) { keep(t, p) },
			"the same request": func(t *testing.T, p *Provider, id toygres.InstanceID) {
				keep(t, p)
				require.NoError(t, p.Restart(t.Context(), id, "request"))
			},
		} {
			t.Run(died+", by "+finisher, func(t *testing.T) {
				t.Parallel()
				p := newProvider(t, newConfig(t, newDir(t)))
				id := provision(t, p)
				d := directoryOf(p, id)
				old := d.server()
				r, err := d.read()
				require.NoError(t, err)
				r.Restart = restart{"request", incarnationOf(old.pid)}
				require.NoError(t, d.write(r))
				require.NotEqual(t, toygres.PhaseReady, observe(t, p, id).Phase, "the old server is shown as ready")
				before(t, d)
				finish(t, p, id)
				require.Equal(t, "request", await(t, p, id, toygres.PhaseReady).Restart)
				require.NotEqual(t, old.pid, d.server().pid)
				connect(t, p, id)
				require.Zero(t, d.status().Failures, "an end that was asked for counts as a failure")
			})
		}
	}
}

func TestRestartOfAFailedServerTriesAgain(t *testing.T) {
	t.Parallel()
	p := newProvider(t, newConfig(t, newDir(t)))
	id := provision(t, p)
	d := directoryOf(p, id)
	require.NoError(t, d.signal(d.server().pid, syscall.SIGKILL))
	held, err := d.lock(t.Context())
	require.NoError(t, err)
	require.Eventually(t, func() bool { return !d.server().alive() }, patience, 10*time.Millisecond)
	st := d.status()
	st.PID, st.Failed, st.Failures, st.Message = 0, true, 8, "it failed"
	require.NoError(t, d.setStatus(st))
	held.release()
	require.Equal(t, toygres.PhaseFailed, observe(t, p, id).Phase)

	require.NoError(t, p.Restart(t.Context(), id, "request"))
	await(t, p, id, toygres.PhaseReady)
	require.Zero(t, d.status().Failures)
}

// A process of the same number that began at another time is another one.
func TestARestartMeansOneServerAndNotItsNumber(t *testing.T) {
	t.Parallel()
	p := newProvider(t, newConfig(t, newDir(t)))
	id := provision(t, p)
	s := directoryOf(p, id).server()
	require.NotZero(t, began(s.pid))
	require.True(t, restart{"request", incarnationOf(s.pid)}.concerns(s))
	require.False(t, restart{"request", incarnation{s.pid, began(s.pid) - 1}}.concerns(s))
	require.False(t, restart{}.concerns(s))
	require.False(t, restart{}.concerns(server{}))
	require.Zero(t, began(1<<30))
}

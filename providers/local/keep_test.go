package local

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/toygres/toygres"
)

// brokenInstallation is the prefix of a PostgreSQL that can make a data
// directory, and whose server ends with a FATAL message when it is started.
func brokenInstallation(t *testing.T, dir, genuine, lastWords string) string {
	t.Helper()
	prefix := filepath.Join(dir, "broken")
	require.NoError(t, os.MkdirAll(filepath.Join(prefix, "bin"), 0o755))
	require.NoError(t, os.Symlink(filepath.Join(genuine, "bin/initdb"), filepath.Join(prefix, "bin/initdb")))
	require.NoError(t, os.Symlink(filepath.Join(genuine, "lib"), filepath.Join(prefix, "lib")))
	interpreter := filepath.Join(dir, "postgres") // by its name, a script's process is known as a server
	script := "#!" + interpreter + "\n[ \"$1\" = --version ] && exec " + genuine + "/bin/postgres --version\necho '" + lastWords + "' >&2\nexit 1\n"
	// By another process: a file that any child of ours still has open for writing can't be run.
	out, err := exec.Command("sh", "-c", `cp /bin/sh "$1" && printf %s "$2" >"$3" && chmod +x "$3"`,
		"sh", interpreter, script, filepath.Join(prefix, "bin/postgres")).CombinedOutput()
	require.NoError(t, err, "%s", out)
	return prefix
}

func TestFailedFirstStartIsShownAtOnceWithItsReason(t *testing.T) {
	t.Parallel()
	for _, kept := range []bool{false, true} {
		dir := newDir(t)
		config := newConfig(t, dir)
		config.Prefixes = []string{brokenInstallation(t, dir, config.Prefixes[0], "2026-01-01 [1] FATAL:  could not do the impossible")}
		p := newProvider(t, config)
		p.timing.firstRetry, p.timing.lastRetry = time.Hour, time.Hour // no later start fails instead
		if kept {
			keep(t, p)
		}
		id, spec := newInstance(18)
		require.NoError(t, p.Provision(t.Context(), id, spec))
		require.Contains(t, await(t, p, id, toygres.PhaseFailed).Message, "could not do the impossible")
		require.NoError(t, p.Delete(t.Context(), id))
	}
}

func TestAFirstStartThatAKeeperSawFailIsFinalOnlyIfItsStarterLives(t *testing.T) {
	t.Parallel()
	p := newProvider(t, newConfig(t, newDir(t)))
	id := provision(t, p)
	d := directoryOf(p, id)
	require.NoError(t, p.Shutdown(t.Context()))
	gone := exec.Command("true")
	require.NoError(t, gone.Run())
	for starter, final := range map[incarnation]bool{incarnationOf(os.Getpid()): true, {PID: gone.Process.Pid, Began: 1}: false, {}: false} {
		// After several failures there is a pause, so that nothing is started here.
		require.NoError(t, d.setStatus(status{PID: gone.Process.Pid, Starter: starter, Failures: 5}))
		_, err := p.settle(t.Context(), id)
		require.NoError(t, err)
		require.Equal(t, final, d.status().Failed)
		require.Equal(t, 6, d.status().Failures)
	}
}

func TestServerThatCantStartFailsAfterSomeTriesAndRecoversWhenRepaired(t *testing.T) {
	t.Parallel()
	p := newProvider(t, newConfig(t, newDir(t)))
	p.timing.firstRetry, p.timing.lastRetry, p.timing.giveUp = 10*time.Millisecond, 100*time.Millisecond, 3
	keep(t, p)
	id := provision(t, p)
	d := directoryOf(p, id)
	_, err := connect(t, p, id).Exec(t.Context(), "ALTER SYSTEM SET shared_preload_libraries = 'no_such_library'")
	require.NoError(t, err)
	require.NoError(t, p.Stop(t.Context(), id))
	await(t, p, id, toygres.PhaseStopped)
	require.NoError(t, p.Start(t.Context(), id))
	require.Contains(t, await(t, p, id, toygres.PhaseFailed).Message, "no_such_library")
	require.GreaterOrEqual(t, d.status().Failures, 3)

	require.NoError(t, os.WriteFile(d.file("data/postgresql.auto.conf"), nil, 0o600))
	require.Eventually(t, func() bool { return d.server().ready() }, patience, 10*time.Millisecond)
	await(t, p, id, toygres.PhaseReady)
}

func TestPausesBetweenRestartsGrowAndAreForgiven(t *testing.T) {
	t.Parallel()
	p := &Provider{timing: timing{firstRetry: time.Second, lastRetry: time.Minute, stable: time.Minute, giveUp: 8}}
	st := status{WasReady: true}
	var pauses []time.Duration
	for range 9 {
		p.noteFailure(&st, true)
		pauses = append(pauses, time.Until(st.RetryAt).Round(time.Second))
		require.Equal(t, st.Failures >= 8, st.Failed)
	}
	s := time.Second
	require.Equal(t, []time.Duration{0, s, 2 * s, 4 * s, 8 * s, 16 * s, 32 * s, 60 * s, 60 * s}, pauses)

	st.ReadyAt = time.Now().Add(-2 * time.Minute)
	p.noteFailure(&st, true)
	require.Equal(t, 1, st.Failures)
	require.False(t, st.Failed)
}

func TestServerThatIgnoresAStopIsForced(t *testing.T) {
	t.Parallel()
	for name, kept := range map[string]bool{"by the one who asked": false, "by a keeper": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			config := newConfig(t, newDir(t))
			config.StopTimeout = 100 * time.Millisecond
			p := newProvider(t, config)
			id := provision(t, p)
			d := directoryOf(p, id)
			require.NoError(t, syscall.Kill(d.server().pid, syscall.SIGSTOP)) // deaf to all but SIGKILL
			if kept {
				r, err := d.read()
				require.NoError(t, err)
				r.Wants = stopped
				require.NoError(t, d.write(r)) // and then its asker died
				keep(t, p)
			} else {
				require.NoError(t, p.Stop(t.Context(), id))
			}
			await(t, p, id, toygres.PhaseStopped)
			require.NoError(t, p.Start(t.Context(), id))
			await(t, p, id, toygres.PhaseReady)
		})
	}
}

func TestDeleteEndsADeafServer(t *testing.T) {
	t.Parallel()
	config := newConfig(t, newDir(t))
	config.StopTimeout = 100 * time.Millisecond
	p := newProvider(t, config)
	id := provision(t, p)
	require.NoError(t, syscall.Kill(directoryOf(p, id).server().pid, syscall.SIGSTOP))
	require.NoError(t, p.Delete(t.Context(), id))
	require.Equal(t, toygres.PhaseAbsent, observe(t, p, id).Phase)
}

func TestShutdownEndsAllAndKeepBringsBackWhatWasWanted(t *testing.T) {
	t.Parallel()
	config := newConfig(t, newDir(t))
	p := newProvider(t, config)
	stop := keep(t, p)
	a, b, c := provision(t, p), provision(t, p), provision(t, p)
	require.NoError(t, p.Stop(t.Context(), c))
	await(t, p, c, toygres.PhaseStopped)
	require.Eventually(t, func() bool { return directoryOf(p, a).status().WasReady }, patience, time.Millisecond)
	stop()

	require.NoError(t, newProvider(t, config).Shutdown(t.Context()))
	require.Empty(t, processesUnder(t, config.Dir))
	require.NoError(t, p.Shutdown(t.Context()), "a second shutdown has nothing to do")

	later := newProvider(t, config)
	keep(t, later)
	for _, id := range []toygres.InstanceID{a, b} {
		await(t, later, id, toygres.PhaseReady)
		require.Zero(t, directoryOf(later, id).status().Failures, "a shutdown was taken for a failure")
	}
	require.Equal(t, toygres.PhaseStopped, observe(t, later, c).Phase)
}

func TestSeveralKeepersDoNotDisturbEachOther(t *testing.T) {
	t.Parallel()
	config := newConfig(t, newDir(t))
	p := newProvider(t, config)
	for range 3 {
		keep(t, newProvider(t, config))
	}
	id := provision(t, p)
	d := directoryOf(p, id)
	for range 3 {
		old := d.server().pid
		require.NoError(t, syscall.Kill(old, syscall.SIGKILL))
		require.Eventually(t, func() bool { s := d.server(); return s.ready() && s.pid != old }, patience, 10*time.Millisecond)
	}
	require.LessOrEqual(t, d.status().Failures, 3, "one end was counted more than once")
	require.NoError(t, p.Stop(t.Context(), id))
	await(t, p, id, toygres.PhaseStopped)
}

// A watch tells of the end of a server that nobody keeps, by SIGKILL even.
func TestWatchTellsOfAKill(t *testing.T) {
	t.Parallel()
	config := newConfig(t, newDir(t))
	p, other := newProvider(t, config), newProvider(t, config)
	p.timing.resync, other.timing.resync = time.Hour, time.Hour // no help from there
	id := provision(t, p)
	changes, err := other.Watch(t.Context())
	require.NoError(t, err)
	require.Equal(t, id, <-changes)
	require.NoError(t, syscall.Kill(directoryOf(p, id).server().pid, syscall.SIGKILL))
	for observe(t, other, id).Phase == toygres.PhaseReady {
		select {
		case <-changes:
		case <-time.After(patience):
			t.Fatal("the watch did not tell")
		}
	}
}

func TestAHundredWatchesShareOneInotifyInstance(t *testing.T) {
	p := newProvider(t, newConfig(t, newDir(t)))
	before := inotifyInstances(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var all []<-chan toygres.InstanceID
	for range 100 {
		changes, err := p.Watch(ctx)
		require.NoError(t, err)
		all = append(all, changes)
	}
	require.Equal(t, before+1, inotifyInstances(t))
	id := provision(t, p)
	for _, changes := range all {
		require.Equal(t, id, <-changes)
	}
	cancel()
	for _, changes := range all {
		for range changes { // until it is closed
		}
	}
	require.Eventually(t, func() bool { return inotifyInstances(t) == before }, patience, time.Millisecond)
}

func inotifyInstances(t *testing.T) int {
	t.Helper()
	fds, err := filepath.Glob("/proc/self/fd/*")
	require.NoError(t, err)
	n := 0
	for _, fd := range fds {
		if target, err := os.Readlink(fd); err == nil && target == "anon_inode:inotify" {
			n++
		}
	}
	return n
}

func TestEndedServersLeaveNoZombies(t *testing.T) {
	t.Parallel()
	p := newProvider(t, newConfig(t, newDir(t)))
	id := provision(t, p)
	pid := directoryOf(p, id).server().pid
	require.NoError(t, syscall.Kill(pid, syscall.SIGKILL))
	require.Eventually(t, func() bool { return !exists(pid) }, patience, time.Millisecond)
}

package local

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/toygres/toygres"
)

// matches reports whether the pattern matches any file.
func matches(t *testing.T, pattern string) bool {
	t.Helper()
	found, err := filepath.Glob(pattern)
	require.NoError(t, err)
	return len(found) > 0
}

// awaitFile waits as closely as it can until the pattern matches: what is to
// be killed then goes on meanwhile.
func awaitFile(t *testing.T, pattern string) {
	t.Helper()
	for begin := time.Now(); !matches(t, pattern); runtime.Gosched() {
		require.Less(t, time.Since(begin), patience, "%s never appeared", pattern)
	}
}

// awaitPoint waits until a provisioning process has come to one of
// provisionPoints, or is past all of them: on a busy machine what exists for a
// moment only may come and go unseen.
func awaitPoint(t *testing.T, dir, file string) {
	t.Helper()
	last := filepath.Join(dir, "*/data", postmasterPID)
	for begin := time.Now(); !matches(t, filepath.Join(dir, file)) && !matches(t, last); runtime.Gosched() {
		require.Less(t, time.Since(begin), patience, "%s never appeared", file)
	}
}

// The points at which a provisioning process is killed: as soon as the file
// exists, relative to the directory of instances.
var provisionPoints = map[string]string{
	"at the beginning":                     "ports.lock",
	"while it makes the directory":         unbornPrefix + "*",
	"when the directory exists":            "*/" + specFile,
	"when initdb begins":                   "*/data.new",
	"while initdb runs":                    "*/data.new/PG_VERSION",
	"while initdb fills the database":      "*/data.new/global/pg_control",
	"when initdb is nearly done":           "*/data.new/base/5",
	"when the data directory is complete":  "*/data",
	"when the configuration is written":    "*/config/pg_hba.conf",
	"when the server's log exists":         "*/log/postgresql.log",
	"when the server's start is on record": "*/" + statusFile,
	"when the server runs":                 "*/data/" + postmasterPID,
}

func TestProvisionGoesOnAfterAKill(t *testing.T) {
	t.Parallel()
	for name, file := range provisionPoints {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			config := newConfig(t, newDir(t))
			p := newProvider(t, config)
			id, spec := newInstance(18)
			cmd := helper(t, order{Do: "provision", Config: config, ID: id, Spec: spec})
			require.NoError(t, cmd.Start())
			awaitPoint(t, config.Dir, file)
			killGroup(t, cmd)

			require.NoError(t, p.Provision(t.Context(), id, spec))
			await(t, p, id, toygres.PhaseReady)
			connect(t, p, id)
			require.False(t, matches(t, filepath.Join(config.Dir, "*/data.new")))
			require.False(t, matches(t, filepath.Join(config.Dir, unbornPrefix+"*")))
		})
	}
}

func TestDeleteRemovesWhatAKilledProvisionLeft(t *testing.T) {
	t.Parallel()
	for name, file := range provisionPoints {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			config := newConfig(t, newDir(t))
			p := newProvider(t, config)
			id, spec := newInstance(18)
			cmd := helper(t, order{Do: "provision", Config: config, ID: id, Spec: spec})
			require.NoError(t, cmd.Start())
			awaitPoint(t, config.Dir, file)
			killGroup(t, cmd)

			require.NoError(t, p.Delete(t.Context(), id))
			require.Equal(t, toygres.PhaseAbsent, observe(t, p, id).Phase)
			require.False(t, matches(t, filepath.Join(config.Dir, string(id))))
			// Killed between fork and exec, it leaves a process that becomes a server without data, and ends.
			require.Eventually(t, func() bool { return len(processesUnder(t, filepath.Join(config.Dir, string(id)))) == 0 },
				time.Minute, time.Millisecond)
		})
	}
}

func TestServerOutlivesItsStarter(t *testing.T) {
	t.Parallel()
	config := newConfig(t, newDir(t))
	p := newProvider(t, config)
	id, spec := newInstance(18)
	cmd := helper(t, order{Do: "provision", Config: config, ID: id, Spec: spec})
	require.NoError(t, cmd.Start())
	await(t, p, id, toygres.PhaseReady)
	conn := connect(t, p, id)
	killGroup(t, cmd)

	var one int
	require.NoError(t, conn.QueryRow(t.Context(), "SELECT 1").Scan(&one))
	require.Equal(t, toygres.PhaseReady, observe(t, p, id).Phase)

	// Who comes later has full power over it.
	require.NoError(t, p.Stop(t.Context(), id))
	await(t, p, id, toygres.PhaseStopped)
}

func TestDeleteGoesOnAfterAKill(t *testing.T) {
	t.Parallel()
	for name, gone := range map[string]string{
		"when it is marked":             specFile,
		"when the server has ended":     "data/" + postmasterPID,
		"when the password is removed":  "password",
		"when the data begins to go":    "data/PG_VERSION",
		"when little is left":           "data",
		"when nothing but the mark is":  statusFile,
		"when the directory is removed": "",
	} {
		for finisher, finish := range map[string]func(*testing.T, *Provider, toygres.InstanceID){
			"Delete": func(t *testing.T, p *Provider, id toygres.InstanceID) { require.NoError(t, p.Delete(t.Context(), id)) },
			"Keep":   func(t *testing.T, p *Provider, id toygres.InstanceID) { keep(t, p) },
		} {
			t.Run(name+", finished by "+finisher, func(t *testing.T) {
				t.Parallel()
				config := newConfig(t, newDir(t))
				p := newProvider(t, config)
				id := provision(t, p)
				cmd := helper(t, order{Do: "delete", Config: config, ID: id})
				require.NoError(t, cmd.Start())
				for matches(t, filepath.Join(config.Dir, string(id), gone)) {
					runtime.Gosched()
				}
				killGroup(t, cmd)
				if matches(t, filepath.Join(config.Dir, string(id))) {
					ids, err := p.List(t.Context())
					require.NoError(t, err)
					require.Contains(t, ids, id, "a half-deleted instance must be found")
					require.Equal(t, toygres.PhaseStopping, observe(t, p, id).Phase)
					_, spec := newInstance(18)
					require.Error(t, p.Start(t.Context(), id))
					if err := p.Provision(t.Context(), id, spec); err != nil { // an empty directory is as good as none
						require.Equal(t, toygres.CodeConflict, toygres.CodeOf(err))
					}
				}
				finish(t, p, id)
				if _, err := os.Stat(filepath.Join(config.Dir, string(id), specFile)); err != nil {
					await(t, p, id, toygres.PhaseAbsent)
				}
			})
		}
	}
}

func TestKeepRestartsAKilledServer(t *testing.T) {
	t.Parallel()
	p := newProvider(t, newConfig(t, newDir(t)))
	keep(t, p)
	id := provision(t, p)
	d := directoryOf(p, id)
	conn := connect(t, p, id)
	_, err := conn.Exec(t.Context(), "CREATE TABLE kept AS SELECT 'still here' AS v")
	require.NoError(t, err)
	// A session that is deep in work notices late that its postmaster is gone,
	// and nothing can start beside it.
	busy := connect(t, p, id)
	go func() {
		_, _ = busy.Exec(t.Context(), "DO $$ BEGIN LOOP PERFORM 1; END LOOP; END $$") // ends with its server
	}()
	watch := connect(t, p, id)
	require.Eventually(t, func() bool {
		var n int
		err := watch.QueryRow(t.Context(), "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query LIKE 'DO %'").Scan(&n)
		return err == nil && n == 1
	}, patience, 10*time.Millisecond)

	old := d.server().pid
	require.NoError(t, syscall.Kill(old, syscall.SIGKILL))
	require.Eventually(t, func() bool { s := d.server(); return s.ready() && s.pid != old }, patience, 10*time.Millisecond)
	await(t, p, id, toygres.PhaseReady)
	var v string
	require.NoError(t, connect(t, p, id).QueryRow(t.Context(), "SELECT v FROM kept").Scan(&v))
	require.Equal(t, "still here", v)
}

func TestKeepStartsEverythingAfterAReboot(t *testing.T) {
	t.Parallel()
	config := newConfig(t, newDir(t))
	p := newProvider(t, config)
	runs, stays := provision(t, p), provision(t, p)
	require.NoError(t, p.Stop(t.Context(), stays))
	await(t, p, stays, toygres.PhaseStopped)
	// What is on disk after a power cut: lock files and notes of processes
	// that are no more.
	for _, pid := range mustProcesses(t, directoryOf(p, runs)) {
		_ = syscall.Kill(pid, syscall.SIGKILL) // the first takes the others along
	}
	later := newProvider(t, config)
	keep(t, later)
	await(t, later, runs, toygres.PhaseReady)
	require.Equal(t, toygres.PhaseStopped, observe(t, later, stays).Phase)
}

func mustProcesses(t *testing.T, d directory) []int {
	t.Helper()
	pids, err := d.processes()
	require.NoError(t, err)
	return pids
}

// After a crash the number in PostgreSQL's lock file may belong to a process
// of the same user, such as another instance's server.
func TestStalePidOfALivingStrangerIsNoObstacle(t *testing.T) {
	t.Parallel()
	p := newProvider(t, newConfig(t, newDir(t)))
	id, stranger := provision(t, p), provision(t, p)
	d := directoryOf(p, id)
	require.NoError(t, p.Stop(t.Context(), id))
	await(t, p, id, toygres.PhaseStopped)

	lockFile := d.file("data/" + postmasterPID)
	content, err := os.ReadFile(directoryOf(p, stranger).file("data/" + postmasterPID))
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(lockFile, content, 0o600))
	if p.account.switches {
		require.NoError(t, os.Chown(lockFile, int(p.account.uid), int(p.account.gid)))
	}
	require.NoError(t, d.setStatus(status{PID: directoryOf(p, stranger).server().pid}))
	require.Equal(t, toygres.PhaseStopped, observe(t, p, id).Phase, "a stranger is taken for the server")

	require.NoError(t, p.Start(t.Context(), id))
	await(t, p, id, toygres.PhaseReady)
	connect(t, p, id)
	require.Equal(t, toygres.PhaseReady, observe(t, p, stranger).Phase)
}

// Somebody killed between the start of a server and the note of it leaves a
// server that only its lock file tells of.
func TestServerThatNobodyNotedIsFoundByItsLockFile(t *testing.T) {
	t.Parallel()
	p := newProvider(t, newConfig(t, newDir(t)))
	id := provision(t, p)
	d := directoryOf(p, id)
	pid := d.server().pid
	require.NoError(t, os.Remove(d.file(statusFile)))
	require.NoError(t, p.Start(t.Context(), id))
	require.Equal(t, pid, d.server().pid)
	require.Equal(t, toygres.PhaseReady, observe(t, p, id).Phase)
}

// A child that outlives its postmaster for a moment has the postmaster's
// arguments as long as it has not changed its title.
func TestChildOfADeadServerIsNotTakenForAServer(t *testing.T) {
	t.Parallel()
	p := newProvider(t, newConfig(t, newDir(t)))
	id := provision(t, p)
	d := directoryOf(p, id)
	require.NoError(t, p.Stop(t.Context(), id))
	await(t, p, id, toygres.PhaseStopped)

	shell, err := os.ReadFile("/bin/sh")
	require.NoError(t, err)
	child := exec.Command(filepath.Join(t.TempDir(), "postgres"), "-c", "read never", "postgres", "-D", d.data())
	require.NoError(t, os.WriteFile(child.Path, shell, 0o700)) //nolint:gosec // a program must be executable
	child.Dir = d.data()
	blocks, err := child.StdinPipe()
	require.NoError(t, err)
	defer blocks.Close()
	require.NoError(t, child.Start())
	over := make(chan error, 1)
	go func() { over <- child.Wait() }()
	require.Equal(t, []int{child.Process.Pid}, mustProcesses(t, d))

	require.NoError(t, p.Start(t.Context(), id))
	require.ErrorContains(t, <-over, "killed")
	await(t, p, id, toygres.PhaseReady)
	require.Zero(t, d.status().Failures, "its end was counted as a server's")
}

// Whoever observes without a lock must not mistake the moments of making and
// removing for trouble.
func TestObserveIsNotDeceivedByMakingAndRemoving(t *testing.T) {
	t.Parallel()
	p := newProvider(t, newConfig(t, newDir(t)))
	id, spec := newInstance(18)
	d := directoryOf(p, id)
	over := make(chan struct{})
	bad := make(chan toygres.Observation, 1)
	go func() {
		defer close(bad)
		for {
			if o := p.observe(id); o.Phase == toygres.PhaseFailed {
				bad <- o
				return
			}
			select {
			case <-over:
				return
			default:
			}
		}
	}()
	for range 200 {
		require.NoError(t, p.create(t.Context(), d, spec))
		require.NoError(t, p.Delete(t.Context(), id))
	}
	close(over)
	o, deceived := <-bad
	require.False(t, deceived, o.Message)
}

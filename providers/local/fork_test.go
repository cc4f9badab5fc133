package local

import (
	"context"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/toygres/toygres"
)

// forkPoints are where a process is killed that makes a fork.
var forkPoints = map[string]string{
	"when the copy begins":                "data.new",
	"while it is copied":                  "data.new/base/5",
	"while the copy is recovered":         "data.new/" + postmasterPID,
	"when the data directory is complete": "data",
}

// awaitFork waits until the file appears, or the fork is past it.
func awaitFork(t *testing.T, d directory, file string) {
	t.Helper()
	for begin := time.Now(); !matches(t, d.file(file)) && !matches(t, d.file("data/"+postmasterPID)); runtime.Gosched() {
		require.Less(t, time.Since(begin), patience, "%s never appeared", file)
	}
}

func TestAForkGoesOnAfterAKill(t *testing.T) {
	t.Parallel()
	config := newConfig(t, newDir(t))
	p := newProvider(t, config)
	source := provision(t, p)
	for name, file := range forkPoints {
		t.Run(name, func(t *testing.T) {
			id, spec := newInstance(18)
			spec.Source = source
			cmd := helper(t, order{Do: "provision", Config: config, ID: id, Spec: spec})
			require.NoError(t, cmd.Start())
			awaitFork(t, directoryOf(p, id), file)
			killGroup(t, cmd)

			require.NoError(t, p.Provision(t.Context(), id, spec))
			await(t, p, id, toygres.PhaseReady)
			connect(t, p, id)
			d := directoryOf(p, id)
			require.NoDirExists(t, d.newData())
			require.NoFileExists(t, d.file(copyFile))
			require.NoError(t, p.Delete(t.Context(), id))
		})
	}
}

// The walsender is stopped, so that nothing is over before its server ends.
func TestAForkWhoseSourceStopsFailsWithThatReasonAndLeavesNothing(t *testing.T) {
	t.Parallel()
	config := newConfig(t, newDir(t))
	p := newProvider(t, config)
	source := provision(t, p)
	conn := connect(t, p, source)
	id, spec := newInstance(18)
	spec.Source = source
	forked := make(chan error, 1)
	pid := 0
	for begin := time.Now(); pid == 0; {
		require.Less(t, time.Since(begin), patience)
		go func() { forked <- p.Provision(t.Context(), id, spec) }()
		for err := error(nil); pid == 0 && err == nil; {
			err = conn.QueryRow(t.Context(), `SELECT coalesce(max(pid), 0) FROM pg_stat_activity WHERE backend_type = 'walsender'`).Scan(&pid)
			require.NoError(t, err)
			if pid == 0 && observe(t, p, id).Phase == toygres.PhaseReady { // it was over too soon
				require.NoError(t, <-forked)
				require.NoError(t, p.Delete(t.Context(), id))
				break
			}
		}
	}
	require.NoError(t, syscall.Kill(pid, syscall.SIGSTOP))
	require.NoError(t, p.Stop(t.Context(), source))
	require.NoError(t, syscall.Kill(pid, syscall.SIGCONT))
	err := <-forked
	require.Equal(t, toygres.CodeConflict, toygres.CodeOf(err), "%v", err)
	require.Contains(t, toygres.MessageOf(err), string(source)+", is stop")
	d := directoryOf(p, id)
	require.NoDirExists(t, d.newData())
	require.NoDirExists(t, d.data())
	require.NoError(t, p.Delete(t.Context(), id))
	require.NoDirExists(t, d.path)
}

func TestACancelledForkEndsAtOnceAndCanBeFinished(t *testing.T) {
	t.Parallel()
	config := newConfig(t, newDir(t))
	p := newProvider(t, config)
	source := provision(t, p)
	id, spec := newInstance(18)
	spec.Source = source
	ctx, cancel := context.WithCancel(t.Context())
	forked := make(chan error, 1)
	go func() { forked <- p.Provision(ctx, id, spec) }()
	awaitFork(t, directoryOf(p, id), "data.new/base")
	cancel()
	if err := <-forked; err != nil { // on a busy machine it may be over by then
		require.Equal(t, toygres.CodeCancelled, toygres.CodeOf(err), "%v", err)
	}
	require.NoError(t, p.Provision(t.Context(), id, spec))
	await(t, p, id, toygres.PhaseReady)
	connect(t, p, id)
}

func TestASourceWithATablespaceIsRefused(t *testing.T) {
	t.Parallel()
	config := newConfig(t, newDir(t))
	p := newProvider(t, config)
	source := provision(t, p)
	outside := filepath.Join(filepath.Dir(config.Dir), "space")
	require.NoError(t, p.makeOwned(outside))
	_, err := connect(t, p, source).Exec(t.Context(), `CREATE TABLESPACE outside LOCATION '`+outside+`'`)
	require.NoError(t, err)
	id, spec := newInstance(18)
	spec.Source = source
	err = p.Provision(t.Context(), id, spec)
	require.Equal(t, toygres.CodeInvalid, toygres.CodeOf(err))
	require.Contains(t, toygres.MessageOf(err), outside)
	require.NoError(t, p.Delete(t.Context(), id))
}

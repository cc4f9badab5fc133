package supervisor

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// stack is a supervisor under test whose parts are shell scripts.
type stack struct {
	t      *testing.T
	dir    string
	parts  []Part
	reload chan struct{}
	stop   context.CancelFunc
	ended  chan error
}

func newStack(t *testing.T, parts ...Part) *stack {
	t.Helper()
	return &stack{t: t, dir: t.TempDir(), parts: parts, reload: make(chan struct{}), ended: make(chan error, 1)}
}

// script is a part that runs a shell script, in which $DIR is the stack's directory.
func (s *stack) script(name, body string) Part {
	s.t.Helper()
	file := filepath.Join(s.dir, name+".sh")
	s.write(file, body)
	return Part{Name: name, StartTimeout: time.Minute, StopTimeout: 5 * time.Second, Command: func() *exec.Cmd {
		cmd := exec.Command(file)
		cmd.Env = append(os.Environ(), "DIR="+s.dir)
		return cmd
	}}
}

func (s *stack) write(file, body string) {
	s.t.Helper()
	// By way of another name: a script that runs must not change under its shell, nor be open for writing.
	require.NoError(s.t, os.WriteFile(file+".new", []byte("#!/bin/sh\n"+body+"\n"), 0o755))
	require.NoError(s.t, os.Rename(file+".new", file))
}

func (s *stack) start(parts ...Part) {
	s.t.Helper()
	s.parts = parts
	ctx, cancel := context.WithCancel(context.Background())
	s.stop = cancel
	supervisor := &Supervisor{
		Parts:     func() ([]Part, error) { return s.parts, nil },
		StateFile: s.stateFile(), Logs: s.dir, Log: slog.New(slog.DiscardHandler),
		Pace: Pace{First: time.Millisecond, Longest: 5 * time.Millisecond, Healthy: time.Minute, GiveUp: 3},
	}
	ended := sync.OnceFunc(func() { s.ended <- supervisor.Run(ctx, s.reload) })
	done := make(chan struct{})
	go func() { defer close(done); ended() }()
	s.t.Cleanup(func() { cancel(); <-done })
}

func (s *stack) stateFile() string { return filepath.Join(s.dir, "state.json") }

func (s *stack) state() State {
	state, err := ReadState(s.stateFile())
	require.NoError(s.t, err)
	return state
}

func (s *stack) part(name string) PartState {
	for _, part := range s.state().Parts {
		if part.Name == name {
			return part
		}
	}
	return PartState{}
}

func (s *stack) eventually(what string, condition func() bool) {
	s.t.Helper()
	require.Eventually(s.t, condition, time.Minute, 5*time.Millisecond, what)
}

func (s *stack) running() {
	s.t.Helper()
	s.eventually("running", func() bool { return s.state().Phase == Running })
}

const forever = "echo up; exec sleep 1000"

func TestPartsStartInOrderAndStopInReverse(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	record := `trap 'echo "stop $NAME" >>"$DIR/record"; exit 0' TERM; echo "start $NAME" >>"$DIR/record"; touch "$DIR/$NAME.ready"
		while :; do sleep 0.01; done`
	var parts []Part
	for _, name := range []string{"first", "second"} {
		part := s.script(name, "NAME="+name+"\n"+record)
		part.Ready = func(context.Context) error {
			_, err := os.Stat(filepath.Join(s.dir, name+".ready"))
			return err
		}
		parts = append(parts, part)
	}
	s.start(parts...)
	s.running()
	s.stop()
	require.NoError(t, <-s.ended)
	content, err := os.ReadFile(filepath.Join(s.dir, "record"))
	require.NoError(t, err)
	require.Equal(t, "start first\nstart second\nstop second\nstop first\n", string(content))
	require.Equal(t, Stopped, s.state().Phase)
	require.Equal(t, PartStopped, s.part("first").Phase)
}

func TestDiedPartIsRestarted(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	s.start(s.script("database", forever), s.script("api", forever))
	s.running()
	before, database := s.part("api").Process, s.part("database").Process
	require.NoError(t, syscall.Kill(before.PID, syscall.SIGKILL))
	s.eventually("restarted", func() bool {
		now := s.part("api")
		return now.Phase == PartReady && now.Process != before && now.Restarts == 1
	})
	require.False(t, before.Alive())
	require.True(t, s.part("api").Process.Alive())
	require.Equal(t, database, s.part("database").Process, "the other part must not be touched")
}

func TestPartThatKeepsDyingIsGivenUpAndTriedAgainAtReload(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	api := s.script("api", `rm -f "$DIR/ready"; if [ -e "$DIR/broken" ]; then echo "FATAL: broken"; exit 3; fi; touch "$DIR/ready"; `+forever)
	api.Ready = func(context.Context) error {
		_, err := os.Stat(filepath.Join(s.dir, "ready"))
		return err
	}
	s.start(api, s.script("other", forever))
	s.running()
	require.NoError(t, os.WriteFile(filepath.Join(s.dir, "broken"), nil, 0o600))
	require.NoError(t, syscall.Kill(s.part("api").Process.PID, syscall.SIGKILL))
	s.eventually("given up", func() bool { return s.part("api").Phase == PartFailed })
	require.Contains(t, s.part("api").Error, "exit status 3: FATAL: broken")
	require.Equal(t, PartReady, s.part("other").Phase)
	require.Equal(t, Running, s.state().Phase)

	require.NoError(t, os.Remove(filepath.Join(s.dir, "broken")))
	s.reload <- struct{}{}
	s.eventually("tried again", func() bool { return s.part("api").Phase == PartReady })
}

func TestPartThatGetsReadyIsNotGivenUpHoweverOftenItIsKilled(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	s.start(s.script("api", forever))
	s.running()
	for range 10 {
		killed := s.part("api").Process
		require.NoError(t, syscall.Kill(killed.PID, syscall.SIGKILL))
		s.eventually("ready again", func() bool {
			now := s.part("api")
			return now.Phase == PartReady && now.Process != killed
		})
	}
}

func TestFailingPartStopsEverythingAndSaysWhy(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	failing := s.script("migrate", "echo starting; echo 'ERROR: no such table'; echo bye; exit 1")
	failing.Once = true
	s.start(s.script("catalog", forever), failing, s.script("api", forever))
	require.EqualError(t, <-s.ended, "migrate: exit status 1: ERROR: no such table")
	state := s.state()
	require.Equal(t, Failed, state.Phase)
	require.Equal(t, "migrate: exit status 1: ERROR: no such table", state.Error)
	require.Equal(t, PartStopped, s.part("catalog").Phase)
	require.Equal(t, PartFailed, s.part("migrate").Phase)
	require.Equal(t, PartWaiting, s.part("api").Phase)
	require.FileExists(t, s.part("migrate").Log)
}

func TestPartThatIsNeverReadyFails(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	slow := s.script("api", forever)
	slow.StartTimeout = 200 * time.Millisecond
	slow.Ready = func(context.Context) error { return fmt.Errorf("connection refused") }
	s.start(slow)
	require.EqualError(t, <-s.ended, "api: not ready after 200ms: connection refused: up")
	require.False(t, s.part("api").Process.Alive())
}

func TestPartThatIgnoresItsSignalIsKilled(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	stubborn := s.script("stubborn", `trap '' TERM; touch "$DIR/trapped"; while :; do sleep 0.01; done`)
	stubborn.StopTimeout = 50 * time.Millisecond
	stubborn.Ready = func(context.Context) error {
		_, err := os.Stat(filepath.Join(s.dir, "trapped"))
		return err
	}
	s.start(stubborn)
	s.running()
	process := s.part("stubborn").Process
	s.stop()
	require.NoError(t, <-s.ended)
	require.False(t, process.Alive())
}

func TestReloadRestartsOnlyWhatChanged(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	migrate := s.script("migrate", `echo run >>"$DIR/migrations"`)
	migrate.Once = true
	s.start(s.script("catalog", forever), migrate, s.script("api", forever))
	s.running()
	catalog, api := s.part("catalog").Process, s.part("api").Process

	s.write(filepath.Join(s.dir, "api.sh"), forever+" # changed")
	s.write(filepath.Join(s.dir, "migrate.sh"), `echo again >>"$DIR/migrations"`)
	s.reload <- struct{}{}
	s.eventually("reloaded", func() bool { return s.state().Reloads == 1 && s.state().Phase == Running })
	require.Equal(t, catalog, s.part("catalog").Process)
	require.NotEqual(t, api, s.part("api").Process)
	require.False(t, api.Alive())
	content, err := os.ReadFile(filepath.Join(s.dir, "migrations"))
	require.NoError(t, err)
	require.Equal(t, "run\nagain\n", string(content))
}

func TestStaleProcessesAreEndedAndStrangersLeftAlone(t *testing.T) {
	t.Parallel()
	stale := exec.Command("sleep", "1000")
	require.NoError(t, stale.Start())
	go func() { _ = stale.Wait() }()
	stranger := exec.Command("sleep", "1000")
	require.NoError(t, stranger.Start())
	t.Cleanup(func() { _ = stranger.Process.Kill(); _ = stranger.Wait() })

	left, err := Identify(stale.Process.Pid)
	require.NoError(t, err)
	reused, err := Identify(stranger.Process.Pid)
	require.NoError(t, err)
	same := reused
	same.Started-- // the PID was another process's when the state was written

	file := filepath.Join(t.TempDir(), "state.json")
	state := State{Phase: Running, Parts: []PartState{
		{Name: "api", Process: left, StopSignal: int(syscall.SIGTERM), StopTimeout: time.Second},
		{Name: "worker", Process: same, StopSignal: int(syscall.SIGTERM), StopTimeout: time.Second},
	}}
	require.NoError(t, state.write(file))
	ended, err := EndStale(t.Context(), file)
	require.NoError(t, err)
	require.Equal(t, []string{"api"}, ended)
	require.False(t, left.Alive())
	require.True(t, reused.Alive())

	again, err := ReadState(file)
	require.NoError(t, err)
	require.Equal(t, Stopped, again.Phase)
}

func TestPauseDoublesUpToTheLongest(t *testing.T) {
	t.Parallel()
	pace := Pace{First: time.Second, Longest: 5 * time.Second}
	for failures, want := range map[int]time.Duration{1: 1, 2: 2, 3: 4, 4: 5, 50: 5} {
		require.Equal(t, want*time.Second, pace.pause(failures), "after %d failures", failures)
	}
}

package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"syscall"

	"github.com/toygres/toygres/dev/stack/supervisor"
)

// supervise is the command that runs in the background. It holds the lock for as long as it lives, which is how other
// processes know that the stack runs.
func supervise(ctx context.Context, c config, _ []string) error {
	lock, err := c.lockSupervisor()
	if err != nil {
		return err
	}
	defer func() { _ = lock.Close() }()
	c, found, err := c.remembered()
	if err != nil || !found {
		return errors.Join(err, errors.New("there is no configuration"))
	}

	hangups := make(chan os.Signal, 1)
	signal.Notify(hangups, syscall.SIGHUP)
	reload := make(chan struct{})
	go func() {
		for range hangups {
			select {
			case reload <- struct{}{}:
			case <-ctx.Done():
			}
		}
	}()
	s := supervisor.Supervisor{
		Parts: func() ([]supervisor.Part, error) {
			now, _, err := c.remembered() // up may have written new paths
			if err != nil {
				return nil, err
			}
			return now.parts()
		},
		StateFile: c.stateFile(), Logs: c.logs(), Pace: supervisor.DefaultPace,
		Log: slog.New(slog.NewTextHandler(os.Stderr, nil)),
	}
	return s.Run(ctx, reload)
}

var errRunning = errors.New("Toygres is running already")

// lockSupervisor takes the lock that the supervisor holds, or returns errRunning.
func (c config) lockSupervisor() (*os.File, error) {
	lock, err := os.OpenFile(c.supervisorLock(), os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, err
	}
	err = syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return nil, errors.Join(errRunning, lock.Close())
	}
	if err != nil {
		return nil, errors.Join(err, lock.Close())
	}
	return lock, nil
}

// running tells whether a supervisor runs.
func (c config) running() (bool, error) {
	lock, err := c.lockSupervisor()
	switch {
	case errors.Is(err, errRunning):
		return true, nil
	case errors.Is(err, os.ErrNotExist):
		return false, nil // there is not even a directory
	case err != nil:
		return false, err
	}
	return false, lock.Close()
}

// spawnSupervisor starts the supervisor in a session of its own and returns a channel that is closed when it ends.
func (c config) spawnSupervisor() (process supervisor.Process, ended <-chan struct{}, err error) {
	self, err := os.Executable()
	if err != nil {
		return process, nil, err
	}
	log, err := os.OpenFile(c.supervisorLog(), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return process, nil, err
	}
	defer func() { _ = log.Close() }()
	cmd := exec.Command(self, "supervise")
	cmd.Dir = c.State
	cmd.Env = append(os.Environ(), "TOYGRES_PROJECT="+c.Project, "TOYGRES_STATE="+c.State, "TOYGRES_CACHE="+c.Cache)
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := cmd.Start(); err != nil {
		return process, nil, fmt.Errorf("start the supervisor: %w", err)
	}
	process, err = supervisor.Identify(cmd.Process.Pid)
	done := make(chan struct{})
	go func() {
		_ = cmd.Wait() // what went wrong is in the state
		close(done)
	}()
	return process, done, err
}

func (c config) supervisorLog() string { return filepath.Join(c.logs(), "supervisor.log") }

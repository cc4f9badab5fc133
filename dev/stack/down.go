package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/toygres/toygres/dev/stack/progress"
	"github.com/toygres/toygres/dev/stack/supervisor"
	"github.com/toygres/toygres/providers/kubernetes"
	"github.com/toygres/toygres/providers/local"
)

// down is the command down.
func down(ctx context.Context, c config, args []string) error {
	if err := noArguments(args); err != nil {
		return err
	}
	return c.stopAll(ctx, progress.New(os.Stdout), true)
}

// clean is the command clean.
func clean(ctx context.Context, c config, args []string) error {
	if err := noArguments(args); err != nil {
		return err
	}
	p := progress.New(os.Stdout)
	if _, err := os.Stat(c.path("run")); errors.Is(err, os.ErrNotExist) {
		p.Title("There is nothing to remove")
		return c.remove() // but for what an interrupted clean has left
	}
	if err := c.stopAll(ctx, p, true); err != nil {
		return err
	}
	if before, _, err := c.remembered(); err != nil {
		return err
	} else if before.Provider == kubernetes.Name {
		if err := before.cleanCluster(ctx, p); err != nil {
			return err
		}
	}
	if err := c.remove(); err != nil {
		return err
	}
	p.Title("Removed the data, logs and secrets in %s", shown(c.State))
	return nil
}

// stopAll stops the supervisor with all parts, what a killed one has left, and the instances' servers, which outlive the
// parts on purpose. The data stays.
func (c config) stopAll(ctx context.Context, p *progress.Printer, tell bool) error {
	if _, err := os.Stat(c.path("run")); errors.Is(err, os.ErrNotExist) {
		if tell {
			p.Title("Toygres is not running")
		}
		return nil
	}
	if before, found, err := c.remembered(); err != nil {
		return err
	} else if found {
		c = before // an instance's server must be looked for where it was started
	}
	running, err := c.running()
	if err != nil {
		return err
	}
	if running {
		if err := c.stopSupervisor(ctx, p); err != nil {
			return err
		}
	}
	stale, err := c.endStale(ctx, p)
	if err != nil {
		return err
	}
	ran := running || stale
	if c.Provider == kubernetes.Name {
		err = c.closeCluster(ctx, p)
	} else {
		err = c.stopInstances(ctx, p, ran)
	}
	if err != nil { // in any case: they may have outlived an earlier attempt
		return err
	}
	if tell && ran {
		p.Title("Toygres is stopped; its data is kept")
	} else if tell {
		p.Title("Toygres is not running")
	}
	return nil
}

// stopSupervisor asks the supervisor to end, and waits for that while telling what it waits for.
func (c config) stopSupervisor(ctx context.Context, p *progress.Printer) error {
	state, err := supervisor.ReadState(c.stateFile())
	if err != nil {
		return err
	}
	for !state.Supervisor.Alive() { // it has the lock, but has not written its state yet
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(20 * time.Millisecond):
		}
		if running, err := c.running(); err != nil || !running {
			return err
		}
		if state, err = supervisor.ReadState(c.stateFile()); err != nil {
			return err
		}
	}
	if err := syscall.Kill(state.Supervisor.PID, syscall.SIGTERM); err != nil && !errors.Is(err, syscall.ESRCH) {
		return fmt.Errorf("stop the supervisor: %w", err)
	}
	return p.Step(ctx, "supervisor", "stopping all parts", func(ctx context.Context) (string, error) {
		for state.Supervisor.Alive() {
			select {
			case <-ctx.Done():
				return "", ctx.Err()
			case <-time.After(20 * time.Millisecond):
			}
		}
		return "stopped all parts", nil
	})
}

// stopInstances stops the instances' servers. What each instance wants does not change, so the next up starts again
// those that run now.
func (c config) stopInstances(ctx context.Context, p *progress.Printer, tell bool) error {
	dir := filepath.Join(c.Data, "instances")
	if entries, err := os.ReadDir(dir); errors.Is(err, os.ErrNotExist) || err == nil && len(entries) == 0 {
		return nil
	}
	first, last, err := local.ParsePorts(c.InstancePorts)
	if err != nil {
		return err
	}
	provider, err := local.New(local.Config{
		Dir: dir, Prefixes: c.Postgres, FirstPort: first, LastPort: last, Host: "127.0.0.1",
		User: os.Getenv("TOYGRES_LOCAL_USER"), Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		return fmt.Errorf("stop the instances: %w", err)
	}
	return p.Step(ctx, "instances", "stopping their servers", func(ctx context.Context) (string, error) {
		if err := provider.Shutdown(ctx); err != nil || !tell {
			return "", err
		}
		return "stopped", nil
	})
}

// remove removes what we have made, and nothing else: the state directory may be any directory.
func (c config) remove() error {
	if c.Data != c.State {
		if err := os.RemoveAll(c.Data); err != nil {
			return err
		}
	}
	for _, name := range append(dataDirs, "temporal", "secrets", "logs", "run") { // run last: while it is there, so are we
		if err := os.RemoveAll(c.path(name)); err != nil {
			return err
		}
	}
	err := os.Remove(c.State)
	if errors.Is(err, os.ErrNotExist) || errors.Is(err, syscall.ENOTEMPTY) {
		return nil
	}
	return err
}

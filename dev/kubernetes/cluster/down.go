package cluster

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// Down ends the cluster in a state directory and puts back what it changed on this machine. If keep is true,
// containers get time to end, and the cluster can be started again with all it had; otherwise everything is killed and
// the state directory removed. It is fine if the cluster does not run, or was killed, or is only partly there.
//
// To put back there is: the interface (with its addresses and routes), the control groups and the state directory.
// Everything else ended with the node's namespaces.
func Down(ctx context.Context, state string, keep bool) error {
	c, err := Load(state)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if os.Geteuid() != 0 {
		return errors.New("the cluster was started by root and must be stopped by root")
	}
	unlock, err := lock(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	if err := c.stopNode(keep); err != nil {
		return err
	}
	if err := errors.Join(c.disconnect(), c.removeCgroups(ctx)); err != nil {
		return err
	}
	if keep {
		return nil
	}
	// The configuration goes last: with it, this can be done again.
	entries, err := os.ReadDir(c.state)
	if err != nil {
		return err
	}
	for _, entry := range entries {
		if entry.Name() != "config.json" {
			err = errors.Join(err, os.RemoveAll(c.path(entry.Name())))
		}
	}
	if err != nil {
		return err
	}
	return errors.Join(os.Remove(c.path("config.json")), os.Remove(c.state))
}

// stopNode ends the node and all that runs in it.
func (c Config) stopNode(gracefully bool) error {
	process, pidfd, running, err := c.openNode()
	if err != nil || !running {
		return err
	}
	defer func() { _ = unix.Close(pidfd) }()
	if gracefully {
		if err := unix.PidfdSendSignal(pidfd, unix.SIGTERM, nil, 0); err != nil && !errors.Is(err, unix.ESRCH) {
			return err
		}
		if ended(pidfd, time.Minute) {
			return nil
		}
	}
	// The kernel kills all other processes of the namespace before the first one counts as ended.
	if err := unix.PidfdSendSignal(pidfd, unix.SIGKILL, nil, 0); err != nil && !errors.Is(err, unix.ESRCH) {
		return err
	}
	if !ended(pidfd, time.Minute) {
		return fmt.Errorf("the node (process %d) does not end although it was killed", process.PID)
	}
	return nil
}

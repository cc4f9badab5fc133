package cluster

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// nodeProcess is the node as the host sees it. With the time of its start it can't be mistaken for another process
// that got its PID later.
type nodeProcess struct {
	PID   int    `json:"pid"`
	Start uint64 `json:"start"` // clock ticks since the machine's start
	Boot  string `json:"boot"`
}

func (c Config) nodeFile() string { return c.path("node.json") }

func identify(pid int) (nodeProcess, error) {
	boot, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return nodeProcess{}, err
	}
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return nodeProcess{}, err
	}
	// The second field is a name in parentheses that may have anything in it; the start is field 22.
	fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
	if len(fields) < 20 {
		return nodeProcess{}, fmt.Errorf("/proc/%d/stat has %d fields", pid, len(fields))
	}
	start, err := strconv.ParseUint(fields[19], 10, 64)
	return nodeProcess{PID: pid, Start: start, Boot: strings.TrimSpace(string(boot))}, err
}

// openNode returns a descriptor of the node's process, or running false if it has ended. The caller closes it.
func (c Config) openNode() (process nodeProcess, pidfd int, running bool, err error) {
	content, err := os.ReadFile(c.nodeFile())
	if errors.Is(err, fs.ErrNotExist) {
		return nodeProcess{}, -1, false, nil
	}
	if err != nil {
		return nodeProcess{}, -1, false, err
	}
	if err := json.Unmarshal(content, &process); err != nil {
		return process, -1, false, fmt.Errorf("%s: %w", c.nodeFile(), err)
	}
	pidfd, err = unix.PidfdOpen(process.PID, 0)
	if errors.Is(err, unix.ESRCH) {
		return process, -1, false, nil
	}
	if err != nil {
		return process, -1, false, err
	}
	now, err := identify(process.PID)
	if err == nil && now == process && !ended(pidfd, 0) {
		return process, pidfd, true, nil
	}
	_ = unix.Close(pidfd)
	if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	return process, -1, false, err
}

// ended waits for a process to end.
func ended(pidfd int, atMost time.Duration) bool {
	for deadline := time.Now().Add(atMost); ; {
		n, err := unix.Poll([]unix.PollFd{{Fd: int32(pidfd), Events: unix.POLLIN}}, int(max(0, time.Until(deadline)).Milliseconds()))
		if !errors.Is(err, unix.EINTR) {
			return err == nil && n > 0
		}
	}
}

// cgroupRoots are the mounted hierarchies of control groups, those of version 1 by what they control.
func cgroupRoots() (roots []string, err error) {
	mounts, err := os.Open("/proc/self/mounts")
	if err != nil {
		return nil, err
	}
	defer mounts.Close()
	lines := bufio.NewScanner(mounts)
	for lines.Scan() {
		if fields := strings.Fields(lines.Text()); len(fields) > 2 && (fields[2] == "cgroup" || fields[2] == "cgroup2") {
			roots = append(roots, fields[1])
		}
	}
	return roots, lines.Err()
}

// makeCgroups makes the control groups below which the kubelet makes its own.
func (c Config) makeCgroups() error {
	roots, err := cgroupRoots()
	if err != nil {
		return err
	}
	for _, root := range roots {
		group := filepath.Join(root, c.cgroup())
		if err := os.Mkdir(group, 0o755); err != nil && !errors.Is(err, fs.ErrExist) {
			return err
		}
		// Of version 1: without processors and memory of its own, nothing can run in it.
		for _, file := range []string{"cpuset.cpus", "cpuset.mems"} {
			content, err := os.ReadFile(filepath.Join(root, file))
			if errors.Is(err, fs.ErrNotExist) {
				continue
			}
			if err == nil {
				err = os.WriteFile(filepath.Join(group, file), content, 0)
			}
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// removeCgroups removes what makeCgroups made and all below. Ended processes may take a moment to leave.
func (c Config) removeCgroups(ctx context.Context) error {
	roots, err := cgroupRoots()
	if err != nil {
		return err
	}
	for _, root := range roots {
		err := await(ctx, "remove the control groups", func(context.Context) error {
			return removeCgroup(filepath.Join(root, c.cgroup()))
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func removeCgroup(dir string) error {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, entry := range entries { // the files in it go with it
		if entry.IsDir() {
			if err := removeCgroup(filepath.Join(dir, entry.Name())); err != nil {
				return err
			}
		}
	}
	if err := unix.Rmdir(dir); err != nil && !errors.Is(err, unix.ENOENT) {
		return &fs.PathError{Op: "rmdir", Path: dir, Err: err}
	}
	return nil
}

package supervisor

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// Process identifies a process for good: a PID alone may belong to another one by now.
type Process struct {
	PID     int    `json:"pid"`
	Started uint64 `json:"started"` // in clock ticks since the machine booted
	Boot    string `json:"boot"`    // which boot
}

// Identify returns the identity of a process that exists.
func Identify(pid int) (Process, error) {
	started, _, err := stat(pid)
	if err != nil {
		return Process{}, err
	}
	boot, err := bootID()
	return Process{PID: pid, Started: started, Boot: boot}, err
}

// Alive tells whether this very process still runs.
func (p Process) Alive() bool {
	if p.PID == 0 {
		return false
	}
	if boot, err := bootID(); err != nil || boot != p.Boot {
		return false
	}
	started, state, err := stat(p.PID)
	return err == nil && started == p.Started && state != 'Z'
}

// End asks the process to end by the given signal, kills it if it has not ended after the time-out or when ctx is done,
// and returns when it is gone.
func (p Process) End(ctx context.Context, signal syscall.Signal, timeout time.Duration) error {
	kill := time.NewTimer(timeout)
	defer kill.Stop()
	for next := signal; p.Alive(); {
		if next != 0 {
			if err := syscall.Kill(p.PID, next); err != nil && !errors.Is(err, syscall.ESRCH) {
				return fmt.Errorf("send %v to process %d: %w", next, p.PID, err)
			}
			next = 0
		}
		select {
		case <-time.After(20 * time.Millisecond):
		case <-kill.C:
			next = syscall.SIGKILL
		case <-ctx.Done():
			next = syscall.SIGKILL
			ctx = context.WithoutCancel(ctx)
		}
	}
	return nil
}

// stat reads when a process started and which state it is in.
func stat(pid int) (started uint64, state byte, err error) {
	content, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, 0, err
	}
	// The program's name, in parentheses, may hold anything, so count from its end.
	_, rest, found := bytes.Cut(content[bytes.LastIndexByte(content, ')')+1:], []byte(" "))
	fields := strings.Fields(string(rest))
	if !found || len(fields) < 20 {
		return 0, 0, fmt.Errorf("/proc/%d/stat is not as expected", pid)
	}
	started, err = strconv.ParseUint(fields[19], 10, 64)
	return started, fields[0][0], err
}

func bootID() (string, error) {
	id, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	return strings.TrimSpace(string(id)), err
}

package local

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// server is the postmaster of an instance, as it is at this moment.
type server struct {
	pid   int    // 0 when none runs
	state string // what postmaster.pid says: starting, stopping, ready, standby; "" in the first moments
}

func (s server) alive() bool { return s.pid != 0 }
func (s server) ready() bool { return s.alive() && s.state == "ready" }

// postmasterPID is PostgreSQL's lock file in its data directory.
const postmasterPID = "postmaster.pid"

// claimed returns the server that PostgreSQL's lock file speaks of, which may
// be long dead. It is zero when there is none, or it is incomplete.
func (d directory) claimed() server {
	b, err := readSmall(d.file("data/" + postmasterPID))
	if err != nil {
		return server{}
	}
	lines := strings.Split(string(b), "\n")
	pid, err := strconv.Atoi(strings.TrimSpace(lines[0]))
	if err != nil || pid <= 0 {
		return server{}
	}
	s := server{pid: pid}
	if len(lines) >= 8 {
		s.state = strings.TrimSpace(lines[7])
	}
	return s
}

// server finds the instance's server: by PostgreSQL's lock file, or in the
// moments before it has written that, by what its starter noted.
func (d directory) server() server {
	if s := d.claimed(); s.pid != 0 && d.owns(s.pid) {
		return s
	}
	if pid := d.status().PID; pid != 0 && d.owns(pid) {
		return server{pid: pid}
	}
	return server{}
}

// owns reports whether the process is a living PostgreSQL on our data
// directory, and not a stranger who got the same number later. A dead process
// that nobody has reaped has no working directory any more.
func (d directory) owns(pid int) bool {
	proc := filepath.Join("/proc", strconv.Itoa(pid))
	there, err := os.Stat(filepath.Join(proc, "cwd"))
	if err != nil {
		return false
	}
	data, err := os.Stat(d.data())
	if err != nil || !os.SameFile(there, data) {
		return false
	}
	program, err := os.Readlink(filepath.Join(proc, "exe"))
	if errors.Is(err, fs.ErrNotExist) {
		return true // it is dying: its memory has gone, its files and its port may not have
	}
	return err == nil && filepath.Base(strings.TrimSuffix(program, " (deleted)")) == "postgres"
}

// processes returns every PostgreSQL process on our data directory.
func (d directory) processes() ([]int, error) {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return nil, err
	}
	var pids []int
	for _, e := range entries {
		if pid, err := strconv.Atoi(e.Name()); err == nil && d.owns(pid) {
			pids = append(pids, pid)
		}
	}
	return pids, nil
}

// process is a process held by a pidfd: it can be signalled and waited for
// without ever meaning another one.
type process struct {
	file *os.File
	conn syscall.RawConn
}

// hold opens the process if it is ours. It returns nil if it is not, or is
// gone.
func (d directory) hold(pid int) (*process, error) {
	fd, err := unix.PidfdOpen(pid, unix.PIDFD_NONBLOCK)
	if errors.Is(err, unix.ESRCH) || errors.Is(err, unix.EINVAL) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("opening process %d: %w", pid, err)
	}
	f := os.NewFile(uintptr(fd), "pidfd")
	conn, err := f.SyscallConn()
	if err != nil || !d.owns(pid) { // asked after opening: now it can't change
		return nil, errors.Join(err, f.Close())
	}
	return &process{file: f, conn: conn}, nil
}

func (p *process) close() error { return p.file.Close() }

// signal sends a signal; to a process that is gone, it does nothing.
func (p *process) signal(s syscall.Signal) error {
	var err error
	if err2 := p.conn.Control(func(fd uintptr) { err = unix.PidfdSendSignal(int(fd), s, nil, 0) }); err2 != nil {
		return err2
	}
	if errors.Is(err, unix.ESRCH) {
		return nil
	}
	return err
}

// wait returns when the process has ended, or with an error when ctx ends or
// the process is closed.
func (p *process) wait(ctx context.Context) error {
	stop := context.AfterFunc(ctx, func() { _ = p.file.SetReadDeadline(time.Unix(1, 0)) })
	defer stop()
	var failed error
	err := p.conn.Read(func(fd uintptr) bool {
		fds := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}
		n, err := unix.Poll(fds, 0)
		if err != nil && !errors.Is(err, unix.EINTR) {
			failed = err
			return true
		}
		return n > 0
	})
	if ctx.Err() != nil && err != nil {
		return ctx.Err()
	}
	return errors.Join(err, failed)
}

// signal sends a signal to the instance's server, if it is still that one.
func (d directory) signal(pid int, s syscall.Signal) error {
	proc, err := d.hold(pid)
	if proc == nil || err != nil {
		return err
	}
	return errors.Join(proc.signal(s), proc.close())
}

// killAll ends every process on our data directory at once and waits until
// they are gone: a server that did not obey, or what a killed one left behind.
func (d directory) killAll(ctx context.Context) error {
	for {
		pids, err := d.processes()
		if err != nil || len(pids) == 0 {
			return err
		}
		for _, pid := range pids {
			proc, err := d.hold(pid)
			if err != nil {
				return err
			}
			if proc == nil {
				continue
			}
			err = proc.signal(syscall.SIGKILL)
			if err == nil {
				err = proc.wait(ctx)
			}
			if err := errors.Join(err, proc.close()); err != nil {
				return err
			}
		}
	}
}

// endOrphans ends what a killed postmaster has left, which may work on for a
// while. A server that ended properly takes its lock file along. The caller
// holds the lock and knows that no server runs.
func (d directory) endOrphans(ctx context.Context) error {
	if d.claimed().pid == 0 {
		return nil
	}
	return d.killAll(ctx)
}

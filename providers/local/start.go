package local

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"syscall"
	"time"

	"github.com/toygres/toygres"
)

// Start wants the instance to run and starts it, or leaves that to whoever
// sees the end of a server that is still stopping.
func (p *Provider) Start(ctx context.Context, id toygres.InstanceID) error {
	d, r, held, err := p.open(ctx, id)
	if err != nil {
		return err
	}
	defer held.release()
	in, err := p.installation(r.Version)
	if err != nil {
		return err
	}
	if !d.initialised() {
		return toygres.Errorf(toygres.CodeConflict, "the instance %s is still being made", id)
	}
	return p.want(ctx, d, r, in)
}

// open returns the locked directory and the record of an instance that exists.
func (p *Provider) open(ctx context.Context, id toygres.InstanceID) (directory, record, lock, error) {
	d, ok := p.directory(id)
	if !ok {
		return d, record{}, lock{}, notFound(id)
	}
	held, err := d.lock(ctx)
	if errors.Is(err, fs.ErrNotExist) {
		return d, record{}, lock{}, notFound(id)
	}
	if err != nil {
		return d, record{}, lock{}, p.failure("locking the instance's directory", err)
	}
	r, err := d.read()
	if err == nil {
		return d, r, held, nil
	}
	held.release()
	switch {
	case d.deleting():
		err = beingDeleted(id)
	case errors.Is(err, fs.ErrNotExist):
		err = notFound(id)
	default:
		err = p.failure("reading the instance's record", err)
	}
	return d, record{}, lock{}, err
}

// want records that the instance should run, forgives what went wrong before,
// and starts the server unless it runs. The caller holds the lock.
func (p *Provider) want(ctx context.Context, d directory, r record, in installation) error {
	if r.Wants != running {
		r.Wants = running
		if err := d.write(r); err != nil {
			return p.failure("recording that the instance should run", err)
		}
	}
	st := d.status()
	if s := d.server(); s.alive() {
		if !st.StoppingSince.IsZero() {
			p.follow(d.id) // it is on its way down, and must come up again
		}
		return nil
	}
	st.Failures, st.Failed, st.RetryAt, st.Message = 0, false, time.Time{}, ""
	return p.launch(ctx, d, r, in, st)
}

// launch starts the server. That the process exists is all it waits for. The
// caller holds the lock and knows that none runs.
func (p *Provider) launch(ctx context.Context, d directory, r record, in installation, st status) error {
	if err := d.clear(ctx); err != nil {
		return p.failure("ending what an earlier server left", err)
	}
	if err := p.awaitPort(r.Port); err != nil {
		st.Message = fmt.Sprintf("port %d of %s can't be used (%v); end the other program that has it", r.Port, p.config.Host, errors.Unwrap(err))
		p.noteFailure(&st, true)
		return p.failure("recording that the port is taken", d.setStatus(st))
	}
	if err := d.configure(r); err != nil {
		return p.failure("writing the server's configuration", err)
	}
	log, offset, err := d.openLog()
	if err != nil {
		return p.failure("opening the server's log", err)
	}
	defer log.Close()

	cmd := exec.Command(in.path("postgres"), p.arguments(d, r)...)
	cmd.Env = in.environment()
	cmd.Dir = d.data() // by this we know the server from the first moment on
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Credential: p.account.credential(),
		Setsid:     true, // what ends us, or our process group, must not end it
	}
	if err := cmd.Start(); err != nil {
		if unreachable := p.account.canReach(d.data()); unreachable != nil {
			err = unreachable
		}
		return p.failure("starting PostgreSQL", err)
	}
	pid := cmd.Process.Pid
	go p.attend(d, cmd)
	p.log.Info("server started", "instance", d.id, "pid", pid, "port", r.Port)
	st.PID, st.Starter, st.LogOffset = pid, incarnationOf(os.Getpid()), offset
	st.ReadyAt, st.StoppingSince = time.Time{}, time.Time{}
	now, mark := size(r.spec().Size()), r.spec().Configuration().Mark()
	if st.Size != now || st.Configuration != mark && st.Configuration != "" {
		st.WasReady = false // it has not shown that it can start like this
	}
	st.Size, st.Configuration = now, mark
	return p.failure("recording that the server was started", d.setStatus(st))
}

// clear takes away what an earlier server has left that could hinder the next
// one: the children of a killed postmaster, beside which none can start, and a
// server in its first moments whose starter was killed before he could note
// it. The two can't be told apart, because a child looks like its postmaster
// until it has changed its title. The caller holds the lock and knows that no
// server runs that has got as far as its lock file.
func (d directory) clear(ctx context.Context) error {
	if err := d.killAll(ctx); err != nil {
		return err
	}
	// PostgreSQL refuses to start if the process in its lock file exists, even
	// when that is a stranger who got the number after a crash.
	if f := d.claimed(); f.pid != 0 && exists(f.pid) {
		return os.Remove(d.file("data/" + postmasterPID))
	}
	return nil
}

func exists(pid int) bool { return !errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) }

// attend reaps a server that we have started, and notes how it ended.
func (p *Provider) attend(d directory, cmd *exec.Cmd) {
	err := cmd.Wait()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		p.log.Error("waiting for a server failed", "instance", d.id, "error", err)
	}
	if err := p.noteEnd(context.Background(), d, cmd.Process.Pid, cmd.ProcessState); err != nil {
		p.log.Error("a server's end could not be noted", "instance", d.id, "error", err)
	}
}

// noteEnd notes in the status that the server has ended.
func (p *Provider) noteEnd(ctx context.Context, d directory, pid int, how *os.ProcessState) error {
	held, err := d.lock(ctx)
	if errors.Is(err, fs.ErrNotExist) {
		return nil // deleted meanwhile
	}
	if err != nil {
		return err
	}
	defer held.release()
	r, err := d.read()
	if err != nil {
		return nil // being deleted, or damaged: nobody will start it
	}
	st := d.status()
	if st.PID != pid {
		return nil // somebody else has noted it
	}
	return p.ended(d, r, st, how.Success())
}

// ended changes the status after the end of the server that is in it. orderly
// means that it ended on request.
func (p *Provider) ended(d directory, r record, st status, orderly bool) error {
	wasReady := !st.ReadyAt.IsZero() || d.claimed().state == "ready"
	st.WasReady = st.WasReady || wasReady
	if r.Wants == running && !orderly && st.StoppingSince.IsZero() {
		words, err := d.lastWords(st.LogOffset)
		if err != nil {
			p.log.Warn("a server's log could not be read", "instance", d.id, "error", err)
		}
		st.Message = "PostgreSQL ended unexpectedly"
		if words != "" {
			st.Message += ": " + words
		}
		if saysDiskFull(words) {
			st.Message += "; free space on the disk of " + p.config.Dir + " or enlarge it"
		}
		p.noteFailure(&st, st.Starter.lives())
		p.log.Warn("server ended", "instance", d.id, "pid", st.PID, "failures", st.Failures, "reason", words)
	}
	st.PID, st.ReadyAt, st.StoppingSince = 0, time.Time{}, time.Time{}
	return d.setStatus(st)
}

// noteFailure counts a failure and decides when the next start is due. A
// server that was never ready and failed alone, not together with who started
// it as when the machine goes down, would fail again: who asked for it should
// hear that at once.
func (p *Provider) noteFailure(st *status, alone bool) {
	if !st.ReadyAt.IsZero() && time.Since(st.ReadyAt) >= p.timing.stable {
		st.Failures = 0
	}
	st.Failures++
	st.Failed = st.Failures >= p.timing.giveUp || (alone && !st.WasReady)
	var wait time.Duration
	if st.Failures > 1 {
		wait = min(p.timing.firstRetry<<min(st.Failures-2, 20), p.timing.lastRetry)
	}
	st.RetryAt = now().Add(wait)
}

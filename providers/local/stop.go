package local

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"sync"
	"syscall"
	"time"

	"github.com/toygres/toygres"
)

// Stop wants the instance stopped and asks its server to end: connections are
// cut, transactions rolled back, data written.
func (p *Provider) Stop(ctx context.Context, id toygres.InstanceID) error {
	d, r, held, err := p.open(ctx, id)
	if err != nil {
		return err
	}
	defer held.release()
	if r.Wants != stopped {
		r.Wants = stopped
		if err := d.write(r); err != nil {
			return p.failure("recording that the instance should stop", err)
		}
	}
	alive, err := p.askToEnd(d)
	if err != nil {
		return p.failure("ending the server", err)
	}
	if alive {
		p.follow(id)
	}
	return nil
}

// askToEnd asks the server to end, less politely the longer it takes. It
// reports whether one was there. The caller holds the lock.
func (p *Provider) askToEnd(d directory) (bool, error) {
	s := d.server()
	if !s.alive() {
		return false, nil
	}
	st := d.status()
	if st.StoppingSince.IsZero() || st.PID != s.pid {
		st.PID, st.StoppingSince = s.pid, now()
		if err := d.signal(s.pid, syscall.SIGINT); err != nil {
			return true, err
		}
		return true, d.setStatus(st)
	}
	switch patience := time.Since(st.StoppingSince); {
	case patience >= 2*p.timing.stop:
		return true, d.signal(s.pid, syscall.SIGKILL)
	case patience >= p.timing.stop:
		p.log.Warn("server does not end by itself; cutting it off", "instance", d.id, "pid", s.pid)
		return true, d.signal(s.pid, syscall.SIGQUIT)
	}
	return true, nil
}

// endNow ends the server without saving anything, and waits until it is gone.
// PostgreSQL itself kills processes that do not obey after five seconds.
func (p *Provider) endNow(ctx context.Context, d directory, pid int) error {
	proc, err := d.hold(pid)
	if proc == nil || err != nil {
		return err
	}
	defer proc.close()
	if err := proc.signal(syscall.SIGQUIT); err != nil {
		return err
	}
	soon, cancel := context.WithTimeout(ctx, min(p.timing.stop, 10*time.Second))
	defer cancel()
	if err := proc.wait(soon); err == nil || ctx.Err() != nil {
		return err
	}
	return nil // killAll comes next
}

// Delete ends the server and removes the instance's directory.
func (p *Provider) Delete(ctx context.Context, id toygres.InstanceID) error {
	d, ok := p.directory(id)
	if !ok {
		return nil
	}
	held, err := d.lock(ctx)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return p.failure("locking the instance's directory", err)
	}
	defer held.release()
	return p.remove(ctx, d)
}

// Shutdown ends all servers, in parallel, and does not change what each
// instance wants: the next [Provider.Keep] starts them again. It returns when
// all have ended, or an error when ctx ends before.
func (p *Provider) Shutdown(ctx context.Context) error {
	ids, err := p.list()
	if err != nil {
		return p.failure("listing the instances", err)
	}
	errs := make([]error, len(ids))
	var all sync.WaitGroup
	for i, id := range ids {
		all.Go(func() {
			if err := p.shutdown(ctx, id); err != nil {
				errs[i] = fmt.Errorf("instance %s: %w", id, err)
			}
		})
	}
	all.Wait()
	return p.failure("ending all servers", errors.Join(errs...))
}

func (p *Provider) shutdown(ctx context.Context, id toygres.InstanceID) error {
	d, _ := p.directory(id)
	held, err := d.lock(ctx)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer held.release()
	proc, err := d.hold(d.server().pid)
	if err != nil {
		return err
	}
	if proc == nil {
		return d.endOrphans(ctx)
	}
	defer proc.close()
	for _, s := range []syscall.Signal{syscall.SIGINT, syscall.SIGQUIT, syscall.SIGKILL} {
		if err := proc.signal(s); err != nil {
			return err
		}
		patience, cancel := context.WithTimeout(ctx, p.timing.stop)
		err := proc.wait(patience)
		cancel()
		if err == nil {
			break
		}
		if ctx.Err() != nil {
			return err
		}
	}
	if err := d.endOrphans(ctx); err != nil {
		return err
	}
	// Nobody shall take this end for a failure.
	st := d.status()
	st.PID, st.ReadyAt, st.StoppingSince = 0, time.Time{}, time.Time{}
	return d.setStatus(st)
}

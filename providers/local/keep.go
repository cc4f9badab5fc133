package local

import (
	"context"
	"errors"
	"io/fs"
	"time"

	"github.com/toygres/toygres"
)

// Keep does what a kubelet does elsewhere, until ctx ends: it starts servers
// that should run and don't, with growing pauses after failures; it presses
// those that should have ended; it finishes deletions that were interrupted.
// Any number of processes may do so at once.
func (p *Provider) Keep(ctx context.Context) error {
	k := keeper{provider: p, busy: map[toygres.InstanceID]bool{}, done: make(chan settled)}
	changes, err := p.Watch(ctx)
	if err != nil {
		return err
	}
	k.run(ctx, changes)
	return nil
}

// keeper settles instances side by side, each by one goroutine at a time.
type keeper struct {
	provider *Provider
	busy     map[toygres.InstanceID]bool // being settled; true when it must be done again
	done     chan settled
}

type settled struct {
	id    toygres.InstanceID
	again time.Duration // 0: not before something changes
}

// logPause is how often the logs of running servers are looked at.
const logPause = 10 * time.Minute

// retryPause is how long a keeper waits after it could not even look.
const retryPause = 10 * time.Second

func (k *keeper) run(ctx context.Context, changes <-chan toygres.InstanceID) {
	due := map[toygres.InstanceID]*time.Timer{}
	later := make(chan toygres.InstanceID)
	for changes != nil || len(k.busy) > 0 {
		select {
		case id, open := <-changes:
			if !open {
				changes = nil // ctx has ended; wait for what is under way
				continue
			}
			k.settle(ctx, id)
		case id := <-later:
			k.settle(ctx, id)
		case s := <-k.done:
			repeat := k.busy[s.id]
			delete(k.busy, s.id)
			if t := due[s.id]; t != nil {
				t.Stop()
				delete(due, s.id)
			}
			switch {
			case ctx.Err() != nil:
			case repeat:
				k.settle(ctx, s.id)
			case s.again > 0:
				due[s.id] = time.AfterFunc(s.again, func() {
					select {
					case later <- s.id:
					case <-ctx.Done():
					}
				})
			}
		}
	}
	for _, t := range due {
		t.Stop()
	}
}

func (k *keeper) settle(ctx context.Context, id toygres.InstanceID) {
	if _, under := k.busy[id]; under {
		k.busy[id] = true
		return
	}
	k.busy[id] = false
	go func() {
		again, err := k.provider.settle(ctx, id)
		if err != nil && ctx.Err() == nil {
			k.provider.log.Error("instance could not be kept as it should be", "instance", id, "error", err)
			again = retryPause
		}
		k.done <- settled{id, again}
	}()
}

// follow settles one instance until its server is not stopping any more: for
// processes that change what an instance wants without keeping instances.
func (p *Provider) follow(id toygres.InstanceID) {
	go func() {
		ctx, cancel := context.WithTimeout(context.Background(), 3*p.timing.stop)
		defer cancel()
		d, _ := p.directory(id)
		for ctx.Err() == nil {
			before := d.status()
			again, err := p.settle(ctx, id)
			if err != nil {
				p.log.Error("instance could not be followed", "instance", id, "error", err)
				return
			}
			// Whoever notes the end while this settles does not start it again,
			// so that must be seen once more.
			after := d.status()
			if before.StoppingSince.IsZero() || after.StoppingSince.IsZero() && after.PID != 0 {
				return
			}
			p.awaitEnd(ctx, d, before.PID, again)
		}
	}()
}

// awaitEnd waits until this server of the instance has ended, at most so long.
func (p *Provider) awaitEnd(ctx context.Context, d directory, pid int, most time.Duration) {
	ctx, cancel := context.WithTimeout(ctx, most)
	defer cancel()
	proc, err := d.hold(pid)
	if err != nil || proc == nil {
		return
	}
	defer proc.close()
	if err := proc.wait(ctx); err != nil && ctx.Err() == nil {
		p.log.Warn("waiting for a server's end failed", "instance", d.id, "error", err)
	}
}

// settle does the next thing that brings the instance to where it should be.
// It returns after which time there will be more to do; 0 means nothing unless
// something changes.
func (p *Provider) settle(ctx context.Context, id toygres.InstanceID) (time.Duration, error) {
	d, ok := p.directory(id)
	if !ok {
		return 0, nil
	}
	held, err := d.lock(ctx)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	defer held.release()
	r, err := d.read()
	switch {
	case d.deleting():
		return 0, p.remove(ctx, d)
	case errors.Is(err, fs.ErrNotExist):
		return 0, nil // nothing that we made: left alone
	case err != nil:
		return 0, nil // shown by Observe
	case r.Wants == stopped:
		return p.settleStopped(ctx, d, r)
	case !d.initialised():
		return 0, nil // whoever provisions it comes again
	default:
		return p.settleRunning(ctx, d, r)
	}
}

func (p *Provider) settleStopped(ctx context.Context, d directory, r record) (time.Duration, error) {
	alive, err := p.askToEnd(d)
	if err != nil || alive {
		return p.timing.stop, err
	}
	if err := d.endOrphans(ctx); err != nil {
		return 0, err
	}
	if st := d.status(); st.PID != 0 {
		return 0, p.ended(d, r, st, true)
	}
	return 0, nil
}

func (p *Provider) settleRunning(ctx context.Context, d directory, r record) (time.Duration, error) {
	s, st := d.server(), d.status()
	if s.alive() {
		return p.settleAlive(d, r, s, st)
	}
	if st.PID != 0 { // it has ended, and its starter has not noted it yet, or did not live to
		if err := p.ended(d, r, st, false); err != nil {
			return 0, err
		}
		st = d.status()
	}
	if wait := time.Until(st.RetryAt); wait > 0 {
		return wait, nil
	}
	in, err := p.installation(r.Version)
	if err != nil {
		return 0, err
	}
	return 0, p.launch(ctx, d, r, in, st)
}

// settleAlive notes what a living server has shown: that it is ready, which
// forgives what was before. One that has an outdated size, or is older than a
// restart, is asked to end.
func (p *Provider) settleAlive(d directory, r record, s server, st status) (time.Duration, error) {
	if st.PID != s.pid { // started by hand, or by somebody who was killed before he could note it
		st.PID, st.ReadyAt, st.Size = s.pid, time.Time{}, size{}
	}
	if !st.StoppingSince.IsZero() || r.Restart.concerns(s) || st.outdated(s, r) { // to be started again
		_, err := p.askToEnd(d)
		return p.timing.stop, err
	}
	if s.ready() && st.ReadyAt.IsZero() {
		st.ReadyAt, st.WasReady, st.Failed, st.Message = now(), true, false, ""
	}
	if err := d.setStatus(st); err != nil {
		return 0, err
	}
	return logPause, d.trimLog()
}

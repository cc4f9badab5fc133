package local

import (
	"context"
	"time"

	"github.com/toygres/toygres"
)

// Resize records the size, from which the server's settings follow, and starts
// a server that should run anew. Storage is only recorded: a directory has no
// size.
func (p *Provider) Resize(ctx context.Context, id toygres.InstanceID, to toygres.Size) error {
	d, r, held, err := p.open(ctx, id)
	if err != nil {
		return err
	}
	defer held.release()
	has := r.spec().Size()
	to = to.Or(has)
	if err := to.ValidateResize(has); err != nil {
		return err
	}
	in, err := p.installation(r.Version)
	if err != nil {
		return err
	}
	if !d.initialised() {
		return toygres.Errorf(toygres.CodeConflict, "the instance %s is still being made", id)
	}
	if to != has {
		if err := p.resize(d, r, to); err != nil {
			return err
		}
		if r, err = d.read(); err != nil {
			return p.failure("reading the instance's record", err)
		}
	}
	if r.Wants == stopped {
		return nil
	}
	if s, st := d.server(), d.status(); s.alive() && st.outdated(s, r) {
		if _, err := p.askToEnd(d); err != nil {
			return p.failure("ending the server", err)
		}
	}
	return p.want(ctx, d, r, in)
}

// resize records another size. What a running server was started with is noted
// before, in case its starter has not: nothing else would tell that it is
// outdated.
func (p *Provider) resize(d directory, r record, to toygres.Size) error {
	if s, st := d.server(), d.status(); s.alive() && (st.Size == size{} || st.PID != s.pid) {
		if st.PID != s.pid {
			st.PID, st.ReadyAt, st.StoppingSince = s.pid, time.Time{}, time.Time{}
		}
		st.Size = size(r.spec().Size())
		if err := d.setStatus(st); err != nil {
			return p.failure("noting the size of the running server", err)
		}
	}
	r.CPUMillis, r.MemoryMiB, r.StorageGiB = to.CPUMillis, to.MemoryMiB, to.StorageGiB
	return p.failure("recording the instance's size", d.write(r))
}

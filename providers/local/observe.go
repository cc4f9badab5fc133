package local

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"time"

	"github.com/toygres/toygres"
	"github.com/toygres/toygres/providers/internal/basebackup"
)

// Observe returns what really runs, and takes no lock: it answers at once,
// whatever is going on.
func (p *Provider) Observe(_ context.Context, id toygres.InstanceID) (toygres.Observation, error) {
	return p.observe(id), nil
}

func (p *Provider) observe(id toygres.InstanceID) toygres.Observation {
	d, ok := p.directory(id)
	if !ok {
		return toygres.Observation{Phase: toygres.PhaseAbsent}
	}
	r, err := d.read()
	for errors.Is(err, fs.ErrNotExist) {
		o, again := d.observeWithoutRecord()
		if !again {
			return o
		}
		r, err = d.read()
	}
	if err != nil {
		return toygres.Observation{Phase: toygres.PhaseFailed, Message: printable(err.Error())}
	}
	o := toygres.Observation{Endpoint: toygres.Endpoint{Host: p.config.Host, Port: r.Port}, Restart: r.Restart.Request, Size: r.spec().Size()}
	s, st := d.server(), d.status()
	ending := !st.StoppingSince.IsZero() || r.Restart.concerns(s) || st.outdated(s, r)
	switch {
	case r.Wants == stopped && s.alive():
		o.Phase, o.Message = toygres.PhaseStopping, "the server is writing its data and ending"
	case r.Wants == stopped:
		o.Phase = toygres.PhaseStopped
	case s.ready() && !ending:
		o.Phase = toygres.PhaseReady
	case !d.initialised():
		o.Phase, o.Message = toygres.PhaseStarting, d.making(r)
	case st.Failed:
		o.Phase, o.Message = toygres.PhaseFailed, st.Message
	case s.alive() && (s.state == "stopping" || ending):
		o.Phase, o.Message = toygres.PhaseStarting, "the server is ending and will be started again"
	case s.alive():
		o.Phase, o.Message = toygres.PhaseStarting, "PostgreSQL is starting"
	case st.Message != "":
		o.Phase, o.Message = toygres.PhaseStarting, st.Message
		if time.Until(st.RetryAt) > time.Second {
			o.Message += fmt.Sprintf("; trying again at %s", st.RetryAt.UTC().Format("15:04:05 UTC"))
		}
	default:
		o.Phase, o.Message = toygres.PhaseStarting, "the server is about to be started"
	}
	return o
}

// making says how far the data directory is.
func (d directory) making(r record) string {
	if r.Source == "" {
		return "the data directory is being made"
	}
	var copied basebackup.Progress
	if err := readJSON(d.file(copyFile), &copied); err != nil {
		copied = basebackup.Progress{} // not begun, or over
	}
	return copied.String()
}

// observeWithoutRecord says what the lack of spec.json means, or that it has
// appeared meanwhile. It looks once, so that no change in the midst deceives it.
func (d directory) observeWithoutRecord() (o toygres.Observation, again bool) {
	entries, err := os.ReadDir(d.path)
	has := func(name string) bool {
		return slices.ContainsFunc(entries, func(e fs.DirEntry) bool { return e.Name() == name })
	}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		o.Phase = toygres.PhaseAbsent
	case err != nil:
		o.Phase, o.Message = toygres.PhaseFailed, printable(err.Error())
	case has(deletedFile) || len(entries) == 0:
		o.Phase, o.Message = toygres.PhaseStopping, "the instance is being deleted"
	case has(specFile):
		return o, true
	default:
		o.Phase, o.Message = toygres.PhaseFailed, d.file(specFile)+" is missing; restore it, or delete the instance"
	}
	return o, false
}

// List returns every instance that has a directory.
func (p *Provider) List(context.Context) ([]toygres.InstanceID, error) {
	ids, err := p.list()
	return ids, p.failure("listing the instances", err)
}

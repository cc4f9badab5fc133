package local

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strconv"

	"github.com/toygres/toygres"
)

// restart is the last wish for a restart. It is carried out when the server
// that it is about has ended: by then nothing of it is left to be undone or
// repeated, whoever was killed on the way.
type restart struct {
	Request     string `json:"request"`
	incarnation        // the server that ran when the wish was recorded; zero when there was none
}

// concerns reports whether s is the server that has to end.
func (r restart) concerns(s server) bool {
	return s.alive() && r.PID == s.pid && r.lives()
}

// incarnation is one process, and never a later one that got its number.
type incarnation struct {
	PID   int   `json:"pid,omitempty"`
	Began int64 `json:"began,omitempty"`
}

func incarnationOf(pid int) incarnation { return incarnation{pid, began(pid)} }

func (i incarnation) lives() bool { return i.PID != 0 && i.Began == began(i.PID) }

// began is when a process began, in the kernel's clock ticks since it was
// booted; 0 when there is no such process.
func began(pid int) int64 {
	b, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "stat"))
	if err != nil {
		return 0
	}
	// The program's name, in brackets, may hold anything. What follows it
	// begins with field 3; this is field 22.
	fields := bytes.Fields(b[bytes.LastIndexByte(b, ')')+1:])
	if len(fields) < 20 {
		return 0
	}
	ticks, err := strconv.ParseInt(string(fields[19]), 10, 64)
	if err != nil {
		return 0
	}
	return ticks
}

// Restart ends the instance's server as [Provider.Stop] does and starts it
// again when it has ended. A server that has failed is started at once.
func (p *Provider) Restart(ctx context.Context, id toygres.InstanceID, request string) error {
	d, r, held, err := p.open(ctx, id)
	if err != nil {
		return err
	}
	defer held.release()
	switch {
	case r.Wants == stopped:
		return toygres.Errorf(toygres.CodeConflict, "the instance %s is stopped; start it", id)
	case !d.initialised():
		return toygres.Errorf(toygres.CodeConflict, "the instance %s is still being made", id)
	}
	in, err := p.installation(r.Version)
	if err != nil {
		return err
	}
	s := d.server()
	fresh := r.Restart.Request != request
	if fresh {
		r.Restart = restart{Request: request}
		if s.alive() {
			r.Restart.incarnation = incarnationOf(s.pid)
		}
		if err := d.write(r); err != nil {
			return p.failure("recording that the instance should be restarted", err)
		}
	}
	switch {
	case r.Restart.concerns(s):
		if _, err := p.askToEnd(d); err != nil {
			return p.failure("ending the server", err)
		}
		p.follow(id)
		return nil
	case !fresh:
		return nil // it has been done, or whoever sees the end of the server does it
	default:
		return p.want(ctx, d, r, in)
	}
}

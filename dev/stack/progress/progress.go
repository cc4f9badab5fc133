// Package progress tells on plain lines what a long command is doing, so that people and logs of CI can follow it.
package progress

import (
	"context"
	"fmt"
	"io"
	"sync"
	"time"
)

// heartbeat is how often a step that is still going on says so.
const heartbeat = 15 * time.Second

// Printer prints steps. It can be used by several goroutines.
type Printer struct {
	mu    sync.Mutex
	out   io.Writer
	began time.Time
}

// New returns a printer whose time begins now.
func New(out io.Writer) *Printer { return &Printer{out: out, began: time.Now()} }

// Elapsed is the time since New.
func (p *Printer) Elapsed() time.Duration { return time.Since(p.began) }

// Line prints a line about a part.
func (p *Printer) Line(part, format string, args ...any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	fmt.Fprintf(p.out, "  %-14s %s\n", part, fmt.Sprintf(format, args...))
}

// Title prints what the next lines are about.
func (p *Printer) Title(format string, args ...any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	fmt.Fprintf(p.out, format+"\n", args...)
}

// Step runs f. If that takes a while, it prints doing with the time that has passed, now and then. Afterwards it prints
// what f returned, if anything, and how long it took; nothing if f failed.
func (p *Printer) Step(ctx context.Context, part, doing string, f func(context.Context) (done string, err error)) error {
	began := time.Now()
	finished := make(chan struct{})
	var beats sync.WaitGroup
	beats.Go(func() {
		tick := time.NewTicker(heartbeat)
		defer tick.Stop()
		announce := time.NewTimer(2 * time.Second) // what is quick needs no announcement
		defer announce.Stop()
		for {
			select {
			case <-finished:
				return
			case <-announce.C:
				p.Line(part, "%s …", doing)
			case <-tick.C:
				p.Line(part, "%s … %s", doing, Seconds(time.Since(began)))
			}
		}
	})
	done, err := f(ctx)
	close(finished)
	beats.Wait()
	if err != nil {
		return err
	}
	if done != "" {
		p.Line(part, "%s", done+took(time.Since(began)))
	}
	return nil
}

func took(d time.Duration) string {
	if d < 500*time.Millisecond {
		return ""
	}
	return " in " + Seconds(d)
}

// Seconds formats a duration for people: 0.4 s, 12 s, 3 min 20 s.
func Seconds(d time.Duration) string {
	switch {
	case d < 10*time.Second:
		return fmt.Sprintf("%.1f s", d.Seconds())
	case d < 2*time.Minute:
		return fmt.Sprintf("%.0f s", d.Seconds())
	default:
		d = d.Round(time.Second)
		return fmt.Sprintf("%d min %d s", int(d.Minutes()), int(d.Seconds())%60)
	}
}

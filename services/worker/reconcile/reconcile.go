// Package reconcile settles what catalog, Temporal and provider disagree
// about, because each of them can be lost, restarted or changed by hand while
// the others go on. It looks at how things are and never at how they came to
// be, so it may run in several workers at once and be killed at any time.
package reconcile

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/toygres/toygres"
	"github.com/toygres/toygres/internal/catalog"
)

// Options are what a [Reconciler] works with.
type Options struct {
	Catalog   *catalog.Store
	Provider  toygres.Provider
	Workflows Workflows
	Log       *slog.Logger

	// SweepEvery is the time between two sweeps. Default 30 seconds.
	SweepEvery time.Duration
	// Grace is how long the API may take from recording an operation to
	// starting it, before the sweep takes its place. Default 15 seconds.
	Grace time.Duration
	// DriftEvery is the time between two comparisons of everything that catalog,
	// provider and Temporal have, by whichever worker. Default 5 minutes.
	DriftEvery time.Duration
	// TimerGrace is how late the timer may be that ends an instance's time in
	// the trash, before the sweep takes its place. Default 1 minute.
	TimerGrace time.Duration
}

// Reconciler settles what disagrees. Make one with [New].
type Reconciler struct {
	Options

	asked chan struct{} // somebody wants a comparison
}

// New returns a reconciler that does nothing until [Reconciler.Run].
func New(options Options) *Reconciler {
	if options.SweepEvery == 0 {
		options.SweepEvery = 30 * time.Second
	}
	if options.Grace == 0 {
		options.Grace = 15 * time.Second
	}
	if options.DriftEvery == 0 {
		options.DriftEvery = 5 * time.Minute
	}
	if options.TimerGrace == 0 {
		options.TimerGrace = time.Minute
	}
	return &Reconciler{Options: options, asked: make(chan struct{}, 1)}
}

// Run settles until ctx ends: stops and starts as soon as the provider shows
// a change, everything else in sweeps, the first of them at once.
func (r *Reconciler) Run(ctx context.Context) error {
	var parts sync.WaitGroup
	parts.Go(func() { r.watch(ctx) })
	parts.Go(func() { r.sweeps(ctx) })
	parts.Go(func() { r.checks(ctx) })
	parts.Go(func() { r.listen(ctx) })
	parts.Wait()
	return nil
}

func (r *Reconciler) sweeps(ctx context.Context) {
	for ctx.Err() == nil {
		r.sweepBatches(ctx)
		r.sweepDurable(ctx)
		r.sweepSimple(ctx)
		r.sweepTrash(ctx)
		// Not quite regular, so that workers started together drift apart.
		pause(ctx, r.SweepEvery*3/4+rand.N(r.SweepEvery/2))
	}
}

// remove removes an instance's server and data. What can't be removed now must
// not keep the rest from being looked at: it is asked for again.
func (r *Reconciler) remove(ctx context.Context, id toygres.InstanceID) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	return r.Provider.Delete(ctx, id)
}

// trouble logs an error that the next sweep may not meet again.
func (r *Reconciler) trouble(ctx context.Context, what string, err error, args ...any) {
	if ctx.Err() == nil {
		r.Log.WarnContext(ctx, what, append(args, "error", err)...)
	}
}

func pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

package memory

import (
	"context"
	"sync"

	"github.com/toygres/toygres"
)

// queue is what an operation waits for.
type queue struct {
	mu     sync.Mutex
	before int
	deaf   bool // nobody calls in
	left   int  // how often a place was left
}

// Queue puts so many before the operation, each of which leaves when it asks
// for a place. When they do not call in, it finds out by itself.
func (w *World) Queue(before int, calls bool) {
	w.queue.mu.Lock()
	defer w.queue.mu.Unlock()
	w.queue.before, w.queue.deaf = before, !calls
}

// Left returns how often a place was left.
func (w *World) Left() int {
	w.queue.mu.Lock()
	defer w.queue.mu.Unlock()
	return w.queue.left
}

// TakePlace gives a place when nobody is before the operation.
func (w *World) TakePlace(ctx context.Context, _ toygres.OperationID, _ int) (toygres.Place, []toygres.InstanceID, error) {
	if err := w.meet(ctx, AtPlace); err != nil {
		return toygres.Place{}, nil, err
	}
	w.queue.mu.Lock()
	defer w.queue.mu.Unlock()
	if w.queue.before == 0 {
		return toygres.Place{Taken: true}, nil, nil
	}
	place := toygres.Place{Before: w.queue.before}
	w.queue.before--
	if w.queue.deaf {
		return place, nil, nil
	}
	return place, []toygres.InstanceID{w.Instance().ID}, nil
}

// FreePlaces notes that a place was left.
func (w *World) FreePlaces(context.Context, int) ([]toygres.InstanceID, error) {
	w.queue.mu.Lock()
	defer w.queue.mu.Unlock()
	w.queue.left++
	return nil, nil
}

// StepWaits says what a step waits for that has not begun.
func (w *World) StepWaits(_ context.Context, _ toygres.OperationID, step toygres.StepName, message string) error {
	return w.mark(step, func(s *toygres.Step) { s.Message = message })
}

// Doors are those of a world whose workflows are told by a function.
type Doors func() error

// CallIn tells the workflow.
func (d Doors) CallIn(context.Context, toygres.InstanceID) error { return d() }

// Package memory is a catalog with one operation and a provider with one
// server, both in memory, that meet trouble when told to. Workflows are tested
// and their histories are recorded with it.
package memory

import (
	"context"
	"sync"
	"time"

	"github.com/toygres/toygres"
)

// World is all there is outside of a workflow. It is what tests look at in the
// end.
type World struct {
	queue     queue
	mu        sync.Mutex
	instance  toygres.Instance
	operation toygres.Operation
	previous  toygres.State // of the instance, before the operation
	server    toygres.Phase
	size      toygres.Size          // of the server
	files     toygres.Configuration // that the server reads
	started   toygres.Configuration // that it was started with
	restarts  int
	older     bool   // a server that is started is no newer release
	rotated   string // the request that last changed the password
	troubles  map[Place][]Trouble
	watchers  []chan toygres.InstanceID
	timer     time.Time       // when the instance is purged; zero when no timer is set
	waits     []time.Duration // what BeginDue answers before the time has come
}

// Password is the server's. It must not be found in any history.
const Password = "correct-horse-battery-staple"

// Bigger is the size that a resize asks for.
var Bigger = toygres.Size{CPUMillis: 2000, MemoryMiB: 4096, StorageGiB: 20}

// Source is whose data a fork begins with.
const Source = toygres.InstanceID("0190c3a0-0000-7000-8000-00000000000c")

// Version is what the server says it is; Older, before an upgrade to that.
const (
	Version = "18.4"
	Older   = "18.3"
)

// New returns a world in which an operation of the kind is recorded and has
// not begun. For all but a create or fork, there is a running server.
func New(kind toygres.Kind, operation toygres.OperationID, instance toygres.InstanceID) *World {
	w := &World{
		instance: toygres.Instance{
			ID: instance, Spec: toygres.Spec{Name: "demo"}.WithDefaults(), State: toygres.StateCreating, Operation: operation,
		},
		operation: toygres.Operation{
			ID: operation, Kind: kind, InstanceID: instance, InstanceName: "demo", State: toygres.OperationPending,
		},
		server:   toygres.PhaseAbsent,
		troubles: map[Place][]Trouble{},
	}
	if kind == toygres.KindFork {
		w.instance.Spec.Source = Source
	}
	if kind == toygres.KindDelete {
		w.instance.State, w.previous, w.server = toygres.StateDeleting, toygres.StateRunning, toygres.PhaseReady
	}
	if kind == toygres.KindTrash {
		w.instance.State, w.previous, w.server = toygres.StateDeleting, toygres.StateRunning, toygres.PhaseReady
	}
	w.operation.Previous = w.previous
	w.size = w.instance.Spec.Size()
	if kind == toygres.KindUpdate {
		w.instance.State, w.previous, w.server = toygres.StateUpdating, toygres.StateRunning, toygres.PhaseReady
		w.operation.Size, w.operation.Configuration, w.operation.Previous = w.size, Configured, w.previous
	}
	if kind == toygres.KindResize {
		w.instance.State, w.previous, w.server = toygres.StateUpdating, toygres.StateRunning, toygres.PhaseReady
		w.operation.Size, w.operation.Previous = Bigger, w.previous
	}
	if kind == toygres.KindUpgrade {
		w.operation.Release = toygres.ParseRelease(Version)
	}
	if kind == toygres.KindRotate || kind == toygres.KindUpgrade {
		w.instance.State, w.previous, w.server = toygres.StateUpdating, toygres.StateRunning, toygres.PhaseReady
		w.operation.Previous = w.previous
	}
	for _, name := range toygres.PlannedSteps(kind) {
		w.operation.Steps = append(w.operation.Steps, toygres.Step{Name: name, State: toygres.StepPending})
	}
	return w
}

// Stopped makes it a stopped instance of which the operation is.
func (w *World) Stopped() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.previous, w.server = toygres.StateStopped, toygres.PhaseStopped
	w.operation.Previous = w.previous
}

// StaysOlder makes an upgrade find that the server is what it was.
func (w *World) StaysOlder() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.older = true
}

// Rotated returns the request that last changed the password; "" for none.
func (w *World) Rotated() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.rotated
}

// Size returns the size of the server.
func (w *World) Size() toygres.Size {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.size
}

// Instance returns the instance as the catalog knows it.
func (w *World) Instance() toygres.Instance {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.instance
}

// Operation returns the operation as the catalog knows it, with its steps.
func (w *World) Operation() toygres.Operation {
	w.mu.Lock()
	defer w.mu.Unlock()
	op := w.operation
	op.Steps = append([]toygres.Step(nil), op.Steps...)
	return op
}

// Server returns what the provider shows.
func (w *World) Server() toygres.Phase {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.server
}

// Place is where trouble can be met.
type Place string

// The places, one for each call that leaves the worker.
const (
	AtBegin     Place = "begin"
	AtPlace     Place = "place"
	AtProvision Place = "provision"
	AtObserve   Place = "observe"
	AtResize    Place = "resize"
	AtRotate    Place = "rotate"
	AtConfigure Place = "configure"
	AtReload    Place = "reload"
	AtRestart   Place = "restart"
	AtStop      Place = "stop"
	AtStart     Place = "start"
	AtTimer     Place = "timer"
	AtDue       Place = "due"
	AtQuery     Place = "query"
	AtDelete    Place = "delete"
	AtFinish    Place = "finish"
)

// Trouble is what one call meets before it does its work, which it does only
// if the trouble returns nil.
type Trouble func(context.Context) error

// Meet lets the next calls at a place meet these troubles, one each. If the
// last one is for ever, so do all later calls.
func (w *World) Meet(at Place, troubles ...Trouble) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.troubles[at] = append(w.troubles[at], troubles...)
}

// Fail is trouble that is over when met again.
func Fail(err error) Trouble { return func(context.Context) error { return err } }

// Times is the same trouble n times.
func Times(n int, t Trouble) []Trouble {
	var all []Trouble
	for range n {
		all = append(all, t)
	}
	return all
}

// Hang calls reached, then blocks until the call's context ends.
func Hang(reached func()) Trouble {
	return func(ctx context.Context) error {
		reached()
		<-ctx.Done()
		return ctx.Err()
	}
}

// After calls reached and is no trouble.
func After(reached func()) Trouble {
	return func(context.Context) error { reached(); return nil }
}

func (w *World) meet(ctx context.Context, at Place) error {
	w.mu.Lock()
	var next Trouble
	if waiting := w.troubles[at]; len(waiting) > 0 {
		next, w.troubles[at] = waiting[0], waiting[1:]
	}
	w.mu.Unlock()
	if next == nil {
		return nil
	}
	return next(ctx)
}

package memory

import (
	"context"

	"github.com/toygres/toygres"
)

// Endpoint is where the server can be reached, if anybody tried.
var Endpoint = toygres.Endpoint{Host: "127.0.0.1", Port: 15500}

// Provision makes the server, which is ready at once.
func (w *World) Provision(ctx context.Context, id toygres.InstanceID, _ toygres.Spec) error {
	if err := w.meet(ctx, AtProvision); err != nil {
		return err
	}
	w.show(id, toygres.PhaseReady)
	return nil
}

// Delete removes the server.
func (w *World) Delete(ctx context.Context, id toygres.InstanceID) error {
	if err := w.meet(ctx, AtDelete); err != nil {
		return err
	}
	w.show(id, toygres.PhaseAbsent)
	return nil
}

// Resize gives the server another size, with which it is ready at once if it
// should run.
func (w *World) Resize(ctx context.Context, id toygres.InstanceID, size toygres.Size) error {
	if err := w.meet(ctx, AtResize); err != nil {
		return err
	}
	w.mu.Lock()
	same := size.Or(w.size) == w.size
	w.size = size.Or(w.size)
	phase := w.server
	w.mu.Unlock()
	if same && phase != toygres.PhaseFailed {
		return nil
	}
	if phase != toygres.PhaseStopped {
		phase = toygres.PhaseReady
		w.anew()
	}
	w.show(id, phase)
	return nil
}

// RotatePassword changes the password.
func (w *World) RotatePassword(ctx context.Context, _ toygres.InstanceID, request string) error {
	if err := w.meet(ctx, AtRotate); err != nil {
		return err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.rotated = request
	return nil
}

// Stop stops the server.
func (w *World) Stop(ctx context.Context, id toygres.InstanceID) error {
	if err := w.meet(ctx, AtStop); err != nil {
		return err
	}
	w.show(id, toygres.PhaseStopped)
	return nil
}

// Start makes the server ready.
func (w *World) Start(ctx context.Context, id toygres.InstanceID) error {
	if err := w.meet(ctx, AtStart); err != nil {
		return err
	}
	w.show(id, toygres.PhaseReady)
	return nil
}

// show makes the provider show the server in a phase from now on.
func (w *World) show(id toygres.InstanceID, phase toygres.Phase) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.server = phase
	for _, watcher := range w.watchers {
		select {
		case watcher <- id:
		default: // merged with the change that is waiting
		}
	}
}

// Failing is trouble for [AtObserve]: the server fails to start.
func (w *World) Failing(context.Context) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.server = toygres.PhaseFailed
	return nil
}

// Observe shows the server.
func (w *World) Observe(ctx context.Context, _ toygres.InstanceID) (toygres.Observation, error) {
	if err := w.meet(ctx, AtObserve); err != nil {
		return toygres.Observation{}, err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	seen := toygres.Observation{Phase: w.server, Endpoint: Endpoint, Size: w.size}
	switch w.server {
	case toygres.PhaseFailed:
		seen.Message = "the disk is full"
	case toygres.PhaseAbsent:
		seen.Endpoint = toygres.Endpoint{}
	}
	return seen, nil
}

// Watch tells of changes until ctx ends.
func (w *World) Watch(ctx context.Context) (<-chan toygres.InstanceID, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	changes := make(chan toygres.InstanceID, 1)
	w.watchers = append(w.watchers, changes)
	context.AfterFunc(ctx, func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		for i, other := range w.watchers {
			if other == changes {
				w.watchers = append(w.watchers[:i], w.watchers[i+1:]...)
				close(changes)
				return
			}
		}
	})
	return changes, nil
}

// Credentials reveals the password.
func (w *World) Credentials(context.Context, toygres.InstanceID) (toygres.Credentials, error) {
	return toygres.Credentials{User: "postgres", Password: Password, Database: "postgres"}, nil
}

// Query is a query to the server.
func (w *World) Query(ctx context.Context, _ toygres.Endpoint, _ toygres.Credentials) (string, error) {
	if err := w.meet(ctx, AtQuery); err != nil {
		return "", err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.operation.Kind == toygres.KindUpgrade && (w.older || w.restarts == 0) {
		return Older, nil
	}
	return Version, nil
}

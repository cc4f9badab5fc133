package memory

import (
	"context"
	"time"

	"github.com/toygres/toygres"
)

// Until is when the instance's time in the trash is over, once it is there.
var Until = time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC)

// Waits makes the time in the trash be over only after these waits.
func (w *World) Waits(waits ...time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.waits = waits
}

// Undeleted makes it an instance that has left the trash.
func (w *World) Undeleted() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.instance.State, w.operation = toygres.StateRunning, toygres.Operation{}
}

// Timer returns when the instance is purged.
func (w *World) Timer() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.timer
}

// InTrash says until when the instance is in the trash.
func (w *World) InTrash(context.Context, toygres.InstanceID) (string, time.Time, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.instance.State != toygres.StateTrashed {
		return "", time.Time{}, nil
	}
	return w.instance.Spec.Name, Until, nil
}

// SetPurge sets the timer.
func (w *World) SetPurge(ctx context.Context, _ toygres.InstanceID, _ string, at time.Time) error {
	if err := w.meet(ctx, AtTimer); err != nil {
		return err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.timer = at
	return nil
}

// BeginDue answers the operation that removes the instance, when that is due.
func (w *World) BeginDue(ctx context.Context, _ toygres.InstanceID) (toygres.Operation, time.Duration, error) {
	if err := w.meet(ctx, AtDue); err != nil {
		return toygres.Operation{}, 0, err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.waits) > 0 {
		wait := w.waits[0]
		w.waits = w.waits[1:]
		return toygres.Operation{}, wait, nil
	}
	return w.operation, 0, nil
}

package activities

import (
	"context"
	"time"

	"github.com/toygres/toygres"
)

// StopInput says what to stop.
type StopInput struct {
	OperationID toygres.OperationID
	InstanceID  toygres.InstanceID
}

// StopResult says nothing yet.
type StopResult struct{}

// Stop ends the server, keeps its data, and waits until nothing runs any more.
// That there is no server is as good.
func (s *Servers) Stop(ctx context.Context, in StopInput) (StopResult, error) {
	step := step{journal: s.Journal, operation: in.OperationID, name: toygres.StepStop, tries: bounded}
	return StopResult{}, step.do(ctx, func(ctx context.Context) error {
		err := s.Provider.Stop(ctx, in.InstanceID)
		if toygres.CodeOf(err) == toygres.CodeNotFound {
			return nil
		}
		if err != nil {
			return err
		}
		seen, err := s.await(ctx, in.InstanceID, stopped, func(message string) { step.progress(ctx, message) })
		if err == nil && seen.Phase == toygres.PhaseFailed {
			return toygres.Errorf(toygres.CodeProvider, "the server did not stop: %s", orNothing(seen.Message))
		}
		return err
	})
}

// UndoStopInput says what to start again.
type UndoStopInput struct {
	OperationID toygres.OperationID
	InstanceID  toygres.InstanceID
}

// UndoStopResult is how the server came out of it.
type UndoStopResult struct {
	Stopped  bool // it does not run
	Endpoint toygres.Endpoint
	Failure  string // why a server that should run was stopped instead; "" otherwise
}

// UndoStop starts a server again that an operation has stopped, and waits until
// it is ready. One that does not start is left stopped, with its data.
func (s *Servers) UndoStop(ctx context.Context, in UndoStopInput) (UndoStopResult, error) {
	step := step{journal: s.Journal, operation: in.OperationID, name: toygres.StepUndo, tries: stubborn}
	var result UndoStopResult
	err := step.do(ctx, func(ctx context.Context) error {
		if err := s.Provider.Start(ctx, in.InstanceID); err != nil {
			return err
		}
		seen, failure, err := s.comeBack(ctx, in.InstanceID, step)
		if err != nil {
			return err
		}
		result = UndoStopResult{Stopped: seen.Phase != toygres.PhaseReady, Endpoint: seen.Endpoint, Failure: failure}
		return nil
	})
	return result, err
}

// TrashCatalog is what ending an instance's time in the trash needs of the
// catalog.
type TrashCatalog interface {
	// InTrash returns the instance's name and when its time in the trash is
	// over; the zero time when it is not there (any more).
	InTrash(ctx context.Context, id toygres.InstanceID) (name string, until time.Time, err error)

	// BeginDue records the operation that removes the instance, if its time in
	// the trash is over. Otherwise the operation is zero, and wait says how long
	// that will take; 0 when it is not in the trash.
	BeginDue(ctx context.Context, id toygres.InstanceID) (op toygres.Operation, wait time.Duration, err error)
}

// Timers wake us up at a time, also if all our programs have been replaced
// until then.
type Timers interface {
	// SetPurge makes the instance be purged at that time. An earlier timer of
	// the instance is forgotten.
	SetPurge(ctx context.Context, id toygres.InstanceID, name string, at time.Time) error
}

// Trash ends the time of instances in the trash.
type Trash struct {
	Catalog TrashCatalog
	Timers  Timers
}

// SetTimerInput says whose time is limited.
type SetTimerInput struct {
	InstanceID toygres.InstanceID
}

// SetTimerResult says nothing yet.
type SetTimerResult struct{}

// SetTimer sets the timer that ends the instance's time in the trash.
func (t *Trash) SetTimer(ctx context.Context, in SetTimerInput) (SetTimerResult, error) {
	name, until, err := t.Catalog.InTrash(ctx, in.InstanceID)
	if err == nil && !until.IsZero() {
		err = t.Timers.SetPurge(ctx, in.InstanceID, name, until)
	}
	if err != nil {
		return SetTimerResult{}, stubborn.failure(ctx, err)
	}
	return SetTimerResult{}, nil
}

// BeginPurgeInput says whose time in the trash may be over.
type BeginPurgeInput struct {
	InstanceID toygres.InstanceID
}

// BeginPurgeResult says what to do now.
type BeginPurgeResult struct {
	OperationID  toygres.OperationID // the removal to carry out; "" for none
	InstanceName string
	Wait         time.Duration // after which to ask again; 0 for never
}

// BeginPurge records the removal of an instance whose time in the trash is over.
func (t *Trash) BeginPurge(ctx context.Context, in BeginPurgeInput) (BeginPurgeResult, error) {
	op, wait, err := t.Catalog.BeginDue(ctx, in.InstanceID)
	if err != nil {
		return BeginPurgeResult{}, stubborn.failure(ctx, err)
	}
	return BeginPurgeResult{OperationID: op.ID, InstanceName: op.InstanceName, Wait: wait}, nil
}

package memory

import (
	"context"
	"time"

	"github.com/toygres/toygres"
)

// StartOperation says that the operation runs.
func (w *World) StartOperation(ctx context.Context, _ toygres.OperationID, runID string) error {
	if err := w.meet(ctx, AtBegin); err != nil {
		return err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.operation.State.Done() {
		return over()
	}
	w.operation.State, w.operation.RunID = toygres.OperationRunning, runID
	return nil
}

// FinishOperation ends the operation, by the same rules as the real catalog.
func (w *World) FinishOperation(ctx context.Context, o toygres.Outcome) error {
	if err := w.meet(ctx, AtFinish); err != nil {
		return err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	becomes := o.InstanceState
	if becomes == "" {
		becomes = w.previous
	}
	switch {
	case w.operation.State == o.State:
		return nil
	case w.operation.State.Done():
		return over()
	case !w.instance.State.CanBecome(becomes):
		return toygres.Errorf(toygres.CodeConflict, "an instance that is %s can't become %s", w.instance.State, becomes)
	}
	w.operation.State, w.operation.ErrorCode, w.operation.Error = o.State, o.Code, o.Message
	w.instance.State, w.instance.Operation = becomes, ""
	w.instance.Endpoint, w.instance.ServerVersion = o.Endpoint, o.ServerVersion
	w.instance.Spec = w.instance.Spec.Resized(o.Size.Or(w.instance.Spec.Size()))
	if o.Configuration != nil {
		w.instance.Spec = w.instance.Spec.Configured(*o.Configuration)
	}
	if becomes == toygres.StateFailed {
		w.instance.Message = o.Message
	}
	for i := range w.operation.Steps {
		step := &w.operation.Steps[i]
		step.NextRetryAt = time.Time{}
		switch {
		case step.Name == o.Step:
			step.State = toygres.StepSucceeded
		case step.State == toygres.StepPending:
			step.State = toygres.StepSkipped
		case step.State == toygres.StepRunning:
			step.State = toygres.StepFailed
		}
	}
	return nil
}

// StepStarted marks a step.
func (w *World) StepStarted(_ context.Context, _ toygres.OperationID, step toygres.StepName, attempt int) error {
	return w.mark(step, func(s *toygres.Step) { s.State, s.Attempt = toygres.StepRunning, attempt })
}

// StepProgress says what a step waits for.
func (w *World) StepProgress(_ context.Context, _ toygres.OperationID, step toygres.StepName, message string) error {
	return w.mark(step, func(s *toygres.Step) { s.Message = message })
}

// StepFailed marks a step.
func (w *World) StepFailed(_ context.Context, _ toygres.OperationID, step toygres.StepName, attempt int, message string, nextRetry time.Time) error {
	return w.mark(step, func(s *toygres.Step) {
		s.State, s.Attempt, s.Error, s.NextRetryAt = toygres.StepFailed, attempt, message, nextRetry
	})
}

// StepSucceeded marks a step.
func (w *World) StepSucceeded(_ context.Context, _ toygres.OperationID, step toygres.StepName, attempt int) error {
	return w.mark(step, func(s *toygres.Step) {
		s.State, s.Attempt, s.NextRetryAt = toygres.StepSucceeded, attempt, time.Time{}
	})
}

func (w *World) mark(name toygres.StepName, change func(*toygres.Step)) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.operation.State.Done() {
		return over()
	}
	for i := range w.operation.Steps {
		if w.operation.Steps[i].Name == name {
			change(&w.operation.Steps[i])
			return nil
		}
	}
	w.operation.Steps = append(w.operation.Steps, toygres.Step{Name: name})
	change(&w.operation.Steps[len(w.operation.Steps)-1])
	return nil
}

func over() error { return toygres.Errorf(toygres.CodeConflict, "the operation is over") }

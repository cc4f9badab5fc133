package activities

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/temporal"

	"github.com/toygres/toygres"
)

// Journal is where users see how far a step has got. nextRetry is zero when
// the step is not tried again. Errors are [toygres.Error]s; CodeConflict and
// CodeNotFound mean that the operation is over.
type Journal interface {
	StepStarted(ctx context.Context, op toygres.OperationID, step toygres.StepName, attempt int) error
	StepProgress(ctx context.Context, op toygres.OperationID, step toygres.StepName, message string) error
	StepFailed(ctx context.Context, op toygres.OperationID, step toygres.StepName, attempt int, message string, nextRetry time.Time) error
	StepSucceeded(ctx context.Context, op toygres.OperationID, step toygres.StepName, attempt int) error
}

// step is one attempt at one step of an operation.
type step struct {
	journal   Journal
	operation toygres.OperationID
	name      toygres.StepName
	tries     tries
}

// Writing must not hang on to a catalog that is away: the attempt fails
// instead, and is tried again.
const writeTimeout = 5 * time.Second

// An attempt ends this long before Temporal would give it up, so that its own
// account of what it waited for reaches the user.
const deadlineMargin = 2 * time.Second

// do runs job as this attempt of the step: it marks the step in the catalog,
// sends heartbeats, ends job's context when the operation is cancelled or the
// worker stops, and turns job's error into what Temporal must know.
func (s step) do(ctx context.Context, job func(context.Context) error) (err error) {
	defer func(begun time.Time) { s.measure(ctx, time.Since(begun), err) }(time.Now())
	attempt := int(activity.GetInfo(ctx).Attempt)
	err = write(ctx, func(ctx context.Context) error {
		return s.journal.StepStarted(ctx, s.operation, s.name, attempt)
	})
	if err != nil {
		return s.tries.failure(ctx, err)
	}
	if err := guarded(ctx, job); err != nil {
		return s.failed(ctx, err)
	}
	err = write(ctx, func(ctx context.Context) error {
		return s.journal.StepSucceeded(ctx, s.operation, s.name, attempt)
	})
	if err != nil {
		return s.tries.failure(ctx, err)
	}
	return nil
}

// measure counts and times the attempt.
func (s step) measure(ctx context.Context, took time.Duration, err error) {
	outcome := "succeeded"
	switch {
	case temporal.IsCanceledError(err):
		outcome = "cancelled"
	case err != nil:
		outcome = "failed"
	}
	activity.GetMetricsHandler(ctx).WithTags(map[string]string{"step": string(s.name), "outcome": outcome}).
		Timer("toygres_step_attempt_duration").Record(took)
}

// progress tells the user what the step waits for. It is no reason to fail.
func (s step) progress(ctx context.Context, message string) {
	err := write(ctx, func(ctx context.Context) error {
		return s.journal.StepProgress(ctx, s.operation, s.name, message)
	})
	if err != nil {
		activity.GetLogger(ctx).Warn("a step's progress was not recorded", "step", s.name, "error", err)
	}
}

func (s step) failed(ctx context.Context, err error) error {
	failure := s.tries.failure(ctx, err)
	message, nextRetry := "it was cancelled", time.Time{}
	var app *temporal.ApplicationError
	if errors.As(failure, &app) {
		message = app.Message()
		if !app.NonRetryable() {
			nextRetry = time.Now().Add(app.NextRetryDelay())
		}
	}
	activity.GetLogger(ctx).Warn("a step failed", "operation", s.operation, "step", s.name, "error", err, "next_retry", nextRetry)
	markErr := write(ctx, func(ctx context.Context) error {
		return s.journal.StepFailed(ctx, s.operation, s.name, int(activity.GetInfo(ctx).Attempt), message, nextRetry)
	})
	if markErr != nil {
		activity.GetLogger(ctx).Warn("a step's failure was not recorded", "step", s.name, "error", markErr)
	}
	return failure
}

// write writes to the catalog also when ctx is over, be it that the operation
// was cancelled or that the worker stops: what happened has happened.
func write(ctx context.Context, to func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), writeTimeout)
	defer cancel()
	return to(ctx)
}

// guarded runs job under heartbeats and turns a panic into an error. If job
// fails because its context ended, the error says why that was.
func guarded(ctx context.Context, job func(context.Context) error) (err error) {
	ctx, stop := alive(ctx)
	defer stop()
	defer func() {
		if p := recover(); p != nil {
			err = &toygres.Error{
				Code:    toygres.CodeInternal,
				Message: "a defect of Toygres was met; the worker's log has the details",
				Err:     fmt.Errorf("panic: %v\n%s", p, debug.Stack()),
			}
		}
	}()
	if err := job(ctx); err != nil {
		return interrupted(ctx, err)
	}
	return nil
}

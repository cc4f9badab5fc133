package server

import (
	"context"
	"errors"
	"time"

	"go.temporal.io/api/serviceerror"

	"github.com/toygres/toygres"
	"github.com/toygres/toygres/internal/catalog"
	"github.com/toygres/toygres/workflows"
)

// temporalTime bounds what a request waits for Temporal.
const temporalTime = 3 * time.Second

// settleTime bounds what is done for a request after its client may have
// gone: what is recorded must be started or taken back all the same.
const settleTime = 10 * time.Second

// launch starts the workflow of an operation that the catalog has just
// recorded. If that fails, abandon takes the record back, so that nothing is
// left behind and the client may simply try again.
//
// A time-out is ambiguous: the workflow may run. Then either abandon finds
// the operation begun, and the request has succeeded, or the workflow finds
// its operation gone and ends without touching anything.
func (s *Server) launch(ctx context.Context, begun catalog.Begun, abandon func(context.Context, toygres.OperationID) error) (toygres.Operation, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleTime)
	defer cancel()
	operation := begun.Operation
	runID, cause := s.startWorkflow(ctx, begun)
	if cause == nil {
		operation.RunID = runID
		return operation, nil
	}
	switch err := abandon(ctx, operation.ID); toygres.CodeOf(err) {
	case "":
		return toygres.Operation{}, cause
	case toygres.CodeConflict: // it has begun after all
		return s.options.Catalog.Operation(ctx, operation.ID)
	default:
		// Neither started nor taken back: the worker's sweep will start it.
		s.log.ErrorContext(ctx, "an operation was recorded, but neither started nor taken back",
			"request_id", callOf(ctx).requestID, "operation", operation.ID, "cause", cause, "error", err)
		return toygres.Operation{}, cause
	}
}

// startWorkflow starts the workflow. One instance has one workflow at a time;
// the one of the operation before may need a moment to close after it has
// recorded its result, and is waited for.
func (s *Server) startWorkflow(ctx context.Context, begun catalog.Begun) (runID string, err error) {
	ctx, cancel := context.WithTimeout(ctx, temporalTime)
	defer cancel()
	for {
		runID, err := workflows.Start(ctx, s.options.Temporal, begun.Operation, begun.Instance.Spec)
		var running *serviceerror.WorkflowExecutionAlreadyStarted
		switch {
		case err == nil:
			return runID, nil
		case !errors.As(err, &running):
			return "", temporalDown(err, "nothing was begun; try again in a moment")
		}
		// How it ends does not matter, only that it does.
		closed := s.options.Temporal.GetWorkflow(ctx, begun.Operation.WorkflowID, running.RunId).Get(ctx, nil)
		if ctx.Err() != nil {
			return "", &toygres.Error{Code: toygres.CodeUnavailable, RetryAfter: temporalTime, Err: errors.Join(err, closed),
				Message: "the operation before has not quite ended; nothing was begun; try again in a moment"}
		}
	}
}

func temporalDown(err error, message string) error {
	return &toygres.Error{Code: toygres.CodeUnavailable, RetryAfter: defaultRetryAfter, Err: err,
		Message: "Temporal can't be reached: " + message}
}

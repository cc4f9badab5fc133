package server

import (
	"context"
	"errors"

	"go.temporal.io/api/serviceerror"

	"github.com/toygres/toygres"
	"github.com/toygres/toygres/internal/catalog"
	"github.com/toygres/toygres/openapi"
	"github.com/toygres/toygres/workflows"
)

// RetryOperation starts a new operation that does what a failed one should have
// done.
func (s *Server) RetryOperation(ctx context.Context, request openapi.RetryOperationRequestObject) (openapi.RetryOperationResponseObject, error) {
	begun, err := s.options.Catalog.BeginRetry(ctx, toygres.OperationID(request.Id.String()), s.options.KeepDeleted, callOf(ctx).principal.User.ID)
	if err != nil {
		return nil, err
	}
	operation := begun.Operation
	if operation.WorkflowID == "" {
		_, err = s.carryOut(ctx, begun, s.power)
	} else {
		operation, err = s.launch(ctx, begun, s.options.Catalog.Abandon)
	}
	if err != nil {
		return nil, err
	}
	return openapi.RetryOperation202JSONResponse{OperationJSONResponse: openapi.OperationJSONResponse(s.operation(operation))}, nil
}

// RetryStep tries a step at once that waits for its next attempt.
func (s *Server) RetryStep(ctx context.Context, request openapi.RetryStepRequestObject) (openapi.RetryStepResponseObject, error) {
	operation, err := s.options.Catalog.Operation(ctx, toygres.OperationID(request.Id.String()))
	if err != nil {
		return nil, err
	}
	if operation.State.Done() {
		return nil, toygres.Errorf(toygres.CodeConflict, "the operation is over; if it failed, retry it as a whole")
	}
	if operation.WorkflowID == "" {
		err = s.retryPower(ctx, operation)
	} else {
		err = s.retryActivity(ctx, operation)
	}
	if err != nil {
		return nil, err
	}
	return openapi.RetryStep202JSONResponse{OperationJSONResponse: openapi.OperationJSONResponse(s.operation(operation))}, nil
}

func (s *Server) retryActivity(ctx context.Context, operation toygres.Operation) error {
	ctx, cancel := context.WithTimeout(ctx, temporalTime)
	defer cancel()
	retried, err := workflows.RetryNow(ctx, s.options.Temporal, s.options.TemporalNamespace, operation)
	var gone *serviceerror.NotFound
	switch {
	case errors.As(err, &gone):
		return &toygres.Error{Code: toygres.CodeConflict, Err: err,
			Message: "no workflow of this operation is in progress at this moment; look at it again, the worker settles it within a minute"}
	case err != nil:
		return temporalDown(err, "nothing was changed; try again in a moment")
	case !retried:
		return nothingWaits()
	}
	return nil
}

// retryPower calls the provider once more, if the call before has failed. One
// that has not must not be repeated: a start forgives earlier failures.
func (s *Server) retryPower(ctx context.Context, operation toygres.Operation) error {
	if len(operation.Steps) == 0 || operation.Steps[0].NextRetryAt.IsZero() {
		return nothingWaits()
	}
	instance, err := s.options.Catalog.InstanceByID(ctx, operation.InstanceID)
	if err != nil {
		return err
	}
	if instance.Operation != operation.ID { // the worker has settled it meanwhile
		return nothingWaits()
	}
	return ofProvider(s.power(ctx, catalog.Begun{Instance: instance, Operation: operation}))
}

func nothingWaits() error {
	return toygres.Errorf(toygres.CodeConflict, "no step of this operation waits for its next attempt; look at it again")
}

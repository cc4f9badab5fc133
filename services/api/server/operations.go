package server

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strconv"

	"go.temporal.io/api/serviceerror"

	"github.com/toygres/toygres"
	"github.com/toygres/toygres/internal/catalog"
	"github.com/toygres/toygres/openapi"
)

// ListOperations answers a page of operations with their steps.
func (s *Server) ListOperations(ctx context.Context, request openapi.ListOperationsRequestObject) (openapi.ListOperationsResponseObject, error) {
	p := request.Params
	filter := catalog.OperationFilter{
		InstanceName: or(p.Instance), Kind: toygres.Kind(or(p.Kind)), Cursor: or(p.Cursor), Limit: or(p.Limit),
	}
	if p.Batch != nil {
		filter.Batch = toygres.BatchID(p.Batch.String())
	}
	if p.Since != nil {
		filter.Since = *p.Since
	}
	if p.Until != nil {
		filter.Until = *p.Until
	}
	for _, state := range or(p.State) {
		filter.States = append(filter.States, toygres.OperationState(state))
	}
	page, err := s.options.Catalog.Operations(ctx, filter)
	if err != nil {
		return nil, err
	}
	items := make([]openapi.Operation, len(page.Operations))
	for i, o := range page.Operations {
		items[i] = s.operation(o)
	}
	return openapi.ListOperations200JSONResponse{Items: items, NextCursor: optional(page.Next)}, nil
}

// GetOperation answers one operation with its steps.
func (s *Server) GetOperation(ctx context.Context, request openapi.GetOperationRequestObject) (openapi.GetOperationResponseObject, error) {
	operation, err := s.options.Catalog.Operation(ctx, toygres.OperationID(request.Id.String()))
	if err != nil {
		return nil, err
	}
	out := s.operation(operation)
	if err := s.addFailures(ctx, operation.ID, out.Steps); err != nil {
		return nil, err
	}
	return openapi.GetOperation200JSONResponse{OperationJSONResponse: openapi.OperationJSONResponse(out)}, nil
}

// mostFailures are told of one operation. A step tried for days has had more.
const mostFailures = 100

// addFailures adds to the steps of an operation the latest of their attempts
// that failed: only events tell of those before the last.
func (s *Server) addFailures(ctx context.Context, id toygres.OperationID, steps []openapi.Step) error {
	failed := catalog.EventFilter{Operation: id, Types: []toygres.EventType{toygres.EventStepFailed}}
	events, err := s.options.Catalog.LatestEvents(ctx, failed, mostFailures)
	if err != nil {
		return err
	}
	for i := range steps {
		var failures []openapi.StepFailure
		for _, e := range slices.Backward(events) {
			if e.Data["step"] != steps[i].Name {
				continue
			}
			attempt, _ := strconv.Atoi(e.Data["attempt"])
			failures = append(failures, openapi.StepFailure{Attempt: attempt, FailedAt: e.CreatedAt,
				Error: cmp.Or(e.Data["error"], e.Message)}) // which older releases did not note
		}
		if len(failures) > 0 {
			steps[i].Failures = &failures
		}
	}
	return nil
}

// CancelOperation asks the operation's workflow to undo what it has begun. Of one
// that has not begun, or that Temporal has forgotten, the wish is recorded, and
// the worker's sweep fulfils it.
func (s *Server) CancelOperation(ctx context.Context, request openapi.CancelOperationRequestObject) (openapi.CancelOperationResponseObject, error) {
	id := toygres.OperationID(request.Id.String())
	operation, err := s.options.Catalog.Operation(ctx, id)
	if err != nil {
		return nil, err
	}
	if operation.WorkflowID == "" && !operation.State.Done() {
		return nil, toygres.Errorf(toygres.CodeConflict, "a %s can't be cancelled; it is over in a moment", operation.Kind)
	}
	if operation, err = s.options.Catalog.AskCancel(ctx, id, callOf(ctx).principal.User.ID); err != nil {
		return nil, err
	}
	if operation, err = s.cancelWorkflow(ctx, operation); err != nil {
		return nil, err
	}
	return openapi.CancelOperation202JSONResponse{OperationJSONResponse: openapi.OperationJSONResponse(s.operation(operation))}, nil
}

func (s *Server) cancelWorkflow(ctx context.Context, operation toygres.Operation) (toygres.Operation, error) {
	asking, cancel := context.WithTimeout(ctx, temporalTime)
	defer cancel()
	err := s.options.Temporal.CancelWorkflow(asking, operation.WorkflowID, operation.RunID)
	var none *serviceerror.NotFound
	switch {
	case err == nil:
		return operation, nil
	case errors.As(err, &none):
		// Perhaps it has just ended: that is recorded before its workflow closes.
		return s.options.Catalog.AskCancel(ctx, operation.ID, callOf(ctx).principal.User.ID)
	default:
		return operation, temporalDown(err, "cancellation is recorded, but not on its way; ask for it again in a moment")
	}
}

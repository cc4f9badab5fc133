package server

import (
	"cmp"
	"context"
	"fmt"

	"github.com/toygres/toygres"
	"github.com/toygres/toygres/openapi"
	"github.com/toygres/toygres/services/api/durable"
)

const executionsShown = 50

// durableFunctions calls do with the durable functions of an instance.
func (s *Server) durableFunctions(ctx context.Context, name string, do func(durable.Functions, toygres.Instance) error) error {
	instance, credentials, done, err := s.serverOf(ctx, name, durable.MaxBytes)
	if err != nil {
		return err
	}
	defer done()
	return do(durable.Functions{At: instance.Endpoint, As: credentials}, instance)
}

// ListDurableFunctions answers a page of the functions of all roles.
func (s *Server) ListDurableFunctions(ctx context.Context, request openapi.ListDurableFunctionsRequestObject) (openapi.ListDurableFunctionsResponseObject, error) {
	var list openapi.DurableFunctionList
	err := s.durableFunctions(ctx, request.Name, func(f durable.Functions, _ toygres.Instance) (err error) {
		p := request.Params
		list, err = f.List(ctx, durable.Filter{Status: string(or(p.Status)), Label: or(p.Label), Cursor: or(p.Cursor), Limit: cmp.Or(or(p.Limit), 50)})
		return err
	})
	return openapi.ListDurableFunctions200JSONResponse(list), err
}

// GetDurableFunctionMetrics answers what the extension counts.
func (s *Server) GetDurableFunctionMetrics(ctx context.Context, request openapi.GetDurableFunctionMetricsRequestObject) (openapi.GetDurableFunctionMetricsResponseObject, error) {
	var metrics openapi.DurableFunctionMetrics
	err := s.durableFunctions(ctx, request.Name, func(f durable.Functions, _ toygres.Instance) (err error) {
		metrics, err = f.Metrics(ctx)
		return err
	})
	return openapi.GetDurableFunctionMetrics200JSONResponse(metrics), err
}

// GetDurableFunction answers one function.
func (s *Server) GetDurableFunction(ctx context.Context, request openapi.GetDurableFunctionRequestObject) (openapi.GetDurableFunctionResponseObject, error) {
	var info openapi.DurableFunction
	err := s.durableFunctions(ctx, request.Name, func(f durable.Functions, _ toygres.Instance) (err error) {
		info, err = f.Info(ctx, request.Id)
		return err
	})
	return openapi.GetDurableFunction200JSONResponse{DurableFunctionJSONResponse: openapi.DurableFunctionJSONResponse(info)}, err
}

// ListDurableFunctionNodes answers the graph of a function.
func (s *Server) ListDurableFunctionNodes(ctx context.Context, request openapi.ListDurableFunctionNodesRequestObject) (openapi.ListDurableFunctionNodesResponseObject, error) {
	var list openapi.DurableFunctionNodeList
	err := s.durableFunctions(ctx, request.Name, func(f durable.Functions, _ toygres.Instance) (err error) {
		list, err = f.Nodes(ctx, request.Id)
		return err
	})
	return openapi.ListDurableFunctionNodes200JSONResponse(list), err
}

// ListDurableFunctionExecutions answers the last executions of a function.
func (s *Server) ListDurableFunctionExecutions(ctx context.Context, request openapi.ListDurableFunctionExecutionsRequestObject) (openapi.ListDurableFunctionExecutionsResponseObject, error) {
	var list openapi.DurableFunctionExecutionList
	err := s.durableFunctions(ctx, request.Name, func(f durable.Functions, _ toygres.Instance) (err error) {
		list, err = f.Executions(ctx, request.Id, cmp.Or(or(request.Params.Limit), executionsShown))
		return err
	})
	return openapi.ListDurableFunctionExecutions200JSONResponse(list), err
}

// ExplainDurableFunction draws the graph of a function.
func (s *Server) ExplainDurableFunction(ctx context.Context, request openapi.ExplainDurableFunctionRequestObject) (openapi.ExplainDurableFunctionResponseObject, error) {
	var drawing openapi.DurableFunctionExplanationJSONResponse
	err := s.durableFunctions(ctx, request.Name, func(f durable.Functions, _ toygres.Instance) (err error) {
		drawing.Text, err = f.Explain(ctx, request.Id)
		return err
	})
	return openapi.ExplainDurableFunction200JSONResponse{DurableFunctionExplanationJSONResponse: drawing}, err
}

// PreviewDurableFunction draws the graph of what is not started.
func (s *Server) PreviewDurableFunction(ctx context.Context, request openapi.PreviewDurableFunctionRequestObject) (openapi.PreviewDurableFunctionResponseObject, error) {
	var drawing openapi.DurableFunctionExplanationJSONResponse
	err := s.durableFunctions(ctx, request.Name, func(f durable.Functions, _ toygres.Instance) (err error) {
		drawing.Text, err = f.Preview(ctx, or(request.Body.Role), request.Body.Function)
		return err
	})
	return openapi.PreviewDurableFunction200JSONResponse{DurableFunctionExplanationJSONResponse: drawing}, err
}

// StartDurableFunction starts a function. That it was started becomes an event,
// without what it does.
func (s *Server) StartDurableFunction(ctx context.Context, request openapi.StartDurableFunctionRequestObject) (openapi.StartDurableFunctionResponseObject, error) {
	var info openapi.DurableFunction
	err := s.durableFunctions(ctx, request.Name, func(f durable.Functions, instance toygres.Instance) (err error) {
		if info, err = f.Start(ctx, *request.Body); err == nil {
			s.recordFunction(ctx, instance, toygres.EventFunctionStarted, info.Id, "started", map[string]string{"role": or(request.Body.Role), "label": or(info.Label)})
		}
		return err
	})
	return openapi.StartDurableFunction201JSONResponse(info), err
}

// CancelDurableFunction ends a function.
func (s *Server) CancelDurableFunction(ctx context.Context, request openapi.CancelDurableFunctionRequestObject) (openapi.CancelDurableFunctionResponseObject, error) {
	var info openapi.DurableFunction
	err := s.durableFunctions(ctx, request.Name, func(f durable.Functions, instance toygres.Instance) (err error) {
		reason := cmp.Or(or(request.Body.Reason), "Cancelled by "+callOf(ctx).principal.User.Name)
		if info, err = f.Cancel(ctx, request.Id, reason); err == nil {
			s.recordFunction(ctx, instance, toygres.EventFunctionCancelled, request.Id, "cancelled", map[string]string{"label": or(info.Label)})
		}
		return err
	})
	return openapi.CancelDurableFunction200JSONResponse{DurableFunctionJSONResponse: openapi.DurableFunctionJSONResponse(info)}, err
}

// SignalDurableFunction sends a signal to a function.
func (s *Server) SignalDurableFunction(ctx context.Context, request openapi.SignalDurableFunctionRequestObject) (openapi.SignalDurableFunctionResponseObject, error) {
	err := s.durableFunctions(ctx, request.Name, func(f durable.Functions, instance toygres.Instance) error {
		err := f.Signal(ctx, request.Id, request.Body.Name, cmp.Or(or(request.Body.Data), "{}"))
		if err == nil {
			s.recordFunction(ctx, instance, toygres.EventFunctionSignalled, request.Id, "signalled", map[string]string{"signal": request.Body.Name})
		}
		return err
	})
	return openapi.SignalDurableFunction204Response{}, err
}

// recordFunction writes the event of what was done, also when the client has
// gone.
func (s *Server) recordFunction(ctx context.Context, instance toygres.Instance, kind toygres.EventType, id, what string, data map[string]string) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), answerTime)
	defer cancel()
	user := callOf(ctx).principal.User
	data["function"] = id
	for key, value := range data {
		if value == "" {
			delete(data, key)
		}
	}
	_, err := s.options.Catalog.RecordEvent(ctx, toygres.Event{Type: kind, InstanceID: instance.ID, Actor: user.ID, Data: data,
		Message: fmt.Sprintf("The durable function %s was %s by %s.", id, what, user.Name)})
	if err != nil {
		s.log.ErrorContext(ctx, "a durable function was "+what+" and that left no event", "request_id", callOf(ctx).requestID,
			"instance", instance.ID, "function", id, "user", user.Name, "error", err)
	}
}

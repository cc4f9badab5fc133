package server

import (
	"context"
	"errors"
	"strconv"

	"go.temporal.io/api/serviceerror"

	"github.com/toygres/toygres"
	"github.com/toygres/toygres/openapi"
	"github.com/toygres/toygres/workflows"
)

// ListBatches answers a page of batches without their items.
func (s *Server) ListBatches(ctx context.Context, request openapi.ListBatchesRequestObject) (openapi.ListBatchesResponseObject, error) {
	page, err := s.options.Catalog.Batches(ctx, or(request.Params.Cursor), or(request.Params.Limit))
	if err != nil {
		return nil, err
	}
	items := make([]openapi.Batch, len(page.Batches))
	for i, batch := range page.Batches {
		items[i] = s.batch(batch)
	}
	return openapi.ListBatches200JSONResponse{Items: items, NextCursor: optional(page.Next)}, nil
}

// GetBatch answers a batch with a page of its items. The cursor is the last
// item's position.
func (s *Server) GetBatch(ctx context.Context, request openapi.GetBatchRequestObject) (openapi.GetBatchResponseObject, error) {
	id := toygres.BatchID(request.Id.String())
	after, err := eventCursor(or(request.Params.Cursor))
	if err != nil {
		return nil, err
	}
	batch, err := s.options.Catalog.Batch(ctx, id)
	if err != nil {
		return nil, err
	}
	var states []toygres.ItemState
	for _, state := range or(request.Params.State) {
		states = append(states, toygres.ItemState(state))
	}
	limit := or(request.Params.Limit)
	if limit == 0 {
		limit = 50
	}
	items, err := s.options.Catalog.BatchItems(ctx, id, states, int(min(after, toygres.MaxBatch)), limit)
	if err != nil {
		return nil, err
	}
	out := s.batch(batch)
	list := make([]openapi.BatchItem, len(items))
	for i, item := range items {
		list[i] = batchItem(item)
	}
	out.Items = &list
	if len(items) == limit && items[limit-1].Position < batch.Counts.Total {
		out.NextCursor = optional(strconv.Itoa(items[limit-1].Position))
	}
	return openapi.GetBatch200JSONResponse{BatchJSONResponse: openapi.BatchJSONResponse(out)}, nil
}

// CancelBatch asks the batch's workflow to begin no more and to cancel what is
// in progress.
func (s *Server) CancelBatch(ctx context.Context, request openapi.CancelBatchRequestObject) (openapi.CancelBatchResponseObject, error) {
	batch, err := s.options.Catalog.AskBatchCancel(ctx, toygres.BatchID(request.Id.String()), callOf(ctx).principal.User.ID)
	if err != nil {
		return nil, err
	}
	cancelling, cancel := context.WithTimeout(ctx, temporalTime)
	defer cancel()
	err = s.options.Temporal.CancelWorkflow(cancelling, workflows.RunBatchID(batch.ID), "")
	var gone *serviceerror.NotFound // it has just ended, or the worker starts it and cancels it then
	if err != nil && !errors.As(err, &gone) {
		return nil, temporalDown(err, "cancellation is recorded, and the worker sees to it when Temporal is back")
	}
	return openapi.CancelBatch202JSONResponse{BatchJSONResponse: openapi.BatchJSONResponse(s.batch(batch))}, nil
}

// RetryBatch starts a new batch of what another one has left undone.
func (s *Server) RetryBatch(ctx context.Context, request openapi.RetryBatchRequestObject) (openapi.RetryBatchResponseObject, error) {
	recorded, replayed, err := s.options.Catalog.BeginBatchRetry(ctx, toygres.BatchID(request.Id.String()), callOf(ctx).principal.User.ID)
	if err != nil {
		return nil, err
	}
	batch, err := s.startBatch(ctx, recorded, replayed)
	if err != nil {
		return nil, err
	}
	return openapi.RetryBatch202JSONResponse{BatchJSONResponse: openapi.BatchJSONResponse(batch)}, nil
}

func (s *Server) batch(b toygres.Batch) openapi.Batch {
	out := openapi.Batch{
		Id: id(b.ID), Kind: openapi.OperationKind(b.Kind), State: openapi.OperationState(b.State), CancelAsked: b.CancelAsked,
		Counts: openapi.BatchCounts{Total: b.Counts.Total, Waiting: b.Counts.Waiting, Running: b.Counts.Running,
			Succeeded: b.Counts.Succeeded, Failed: b.Counts.Failed, Cancelled: b.Counts.Cancelled},
		ErrorCode: optionalCode(b.ErrorCode), Error: optional(b.Error), RetryOf: optionalID(b.RetryOf), RetriedBy: optionalID(b.RetriedBy),
		TemporalUrl: optional(s.workflowURL(workflows.RunBatchID(b.ID), b.RunID)),
		CreatedAt:   b.CreatedAt, StartedAt: optionalTime(b.StartedAt), EndedAt: optionalTime(b.EndedAt),
	}
	return out
}

func batchItem(i toygres.BatchItem) openapi.BatchItem {
	return openapi.BatchItem{Position: i.Position, Name: i.Name, State: openapi.BatchItemState(i.State),
		OperationId: optionalID(i.Operation), ErrorCode: optionalCode(i.ErrorCode), Error: optional(i.Error)}
}

func optionalCode(code toygres.ErrorCode) *openapi.ErrorCode {
	if code == "" {
		return nil
	}
	out := openapi.ErrorCode(code)
	return &out
}

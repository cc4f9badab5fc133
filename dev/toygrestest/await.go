package toygrestest

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/google/uuid"

	"github.com/toygres/toygres/internal/cli/sse"
	"github.com/toygres/toygres/openapi"
)

// Await follows an operation until it is over, also while parts of it
// are killed and come back. An operation that failed is an answer, too; the
// error is that ctx ended first.
func (r *Toygres) Await(ctx context.Context, id uuid.UUID) (openapi.Operation, error) {
	for {
		operation, err := r.follow(ctx, id)
		if err == nil {
			return operation, nil
		}
		select {
		case <-ctx.Done():
			return operation, fmt.Errorf("operation %s is not over: %w, after %w", id, ctx.Err(), err)
		case <-time.After(100 * time.Millisecond): // the API may be restarting
		}
	}
}

// follow opens the stream before it reads the operation, so that the end
// can't fall in between.
func (r *Toygres) follow(ctx context.Context, id uuid.UUID) (openapi.Operation, error) {
	stream, err := r.Client.StreamEvents(ctx, &openapi.StreamEventsParams{Operation: &id})
	if err != nil {
		return openapi.Operation{}, err
	}
	defer stream.Body.Close()
	if stream.StatusCode != http.StatusOK {
		return openapi.Operation{}, fmt.Errorf("the event stream answered %s", stream.Status)
	}
	events := sse.NewReader(stream.Body)
	for {
		response, err := r.Client.GetOperationWithResponse(ctx, id)
		if err != nil {
			return openapi.Operation{}, err
		}
		if response.JSON200 == nil {
			return openapi.Operation{}, fmt.Errorf("the operation was answered with %s: %s", response.Status(), response.Body)
		}
		if response.JSON200.EndedAt != nil {
			return *response.JSON200, nil
		}
		for event := (sse.Event{}); event.Type != "operation.ended"; {
			if event, err = events.Next(); err != nil {
				return *response.JSON200, fmt.Errorf("the event stream ended: %w", err)
			}
		}
	}
}

package server

import (
	"context"
	"strconv"

	"github.com/toygres/toygres"
	"github.com/toygres/toygres/internal/catalog"
	"github.com/toygres/toygres/openapi"
)

// ListInstanceEvents answers a page of what happened to an instance. The
// cursor is the last event's id.
func (s *Server) ListInstanceEvents(ctx context.Context, request openapi.ListInstanceEventsRequestObject) (openapi.ListInstanceEventsResponseObject, error) {
	instance, err := s.options.Catalog.Instance(ctx, request.Name)
	if err != nil {
		return nil, err
	}
	filter := catalog.EventFilter{Instance: instance.ID}
	if filter.Before, err = eventCursor(or(request.Params.Cursor)); err != nil {
		return nil, err
	}
	limit := or(request.Params.Limit)
	if limit == 0 {
		limit = 50
	}
	events, err := s.options.Catalog.LatestEvents(ctx, filter, limit)
	if err != nil {
		return nil, err
	}
	page := openapi.ListInstanceEvents200JSONResponse{Items: make([]openapi.Event, len(events))}
	for i, e := range events {
		page.Items[i] = event(e, s.userName(ctx, e.Actor))
	}
	if len(events) == limit {
		filter.Before = events[limit-1].ID
		older, err := s.options.Catalog.LatestEvents(ctx, filter, 1)
		if err != nil {
			return nil, err
		}
		if len(older) > 0 {
			page.NextCursor = optional(strconv.FormatInt(int64(filter.Before), 10))
		}
	}
	return page, nil
}

func eventCursor(text string) (toygres.EventID, error) {
	if text == "" {
		return 0, nil
	}
	id, err := strconv.ParseInt(text, 10, 64)
	if err != nil || id <= 0 {
		const message = "is not one that this list gave out; leave it out to start from the beginning"
		return 0, &toygres.Error{Code: toygres.CodeInvalid, Message: "cursor " + message,
			Fields: []toygres.FieldError{{Field: "cursor", Rule: "cursor", Message: message}}}
	}
	return toygres.EventID(id), nil
}

// userName returns what a user is called. Names don't change, so that each is
// looked up once. A name that can't be had now is replaced by the id.
func (s *Server) userName(ctx context.Context, id toygres.UserID) string {
	if id == "" {
		return ""
	}
	if name, ok := s.userNames.Load(id); ok {
		return name.(string)
	}
	user, err := s.options.Catalog.User(ctx, id)
	if err != nil {
		s.log.DebugContext(ctx, "no name for a user", "user", id, "error", err)
		return string(id)
	}
	s.userNames.Store(id, user.Name)
	return user.Name
}

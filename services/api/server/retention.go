package server

import (
	"context"
	"time"

	"github.com/toygres/toygres"
	"github.com/toygres/toygres/openapi"
)

// ListRetentionRuns answers a page of what was removed because it had been kept
// for long enough.
func (s *Server) ListRetentionRuns(ctx context.Context, request openapi.ListRetentionRunsRequestObject) (openapi.ListRetentionRunsResponseObject, error) {
	page, err := s.options.Catalog.RetentionRuns(ctx, or(request.Params.Cursor), or(request.Params.Limit))
	if err != nil {
		return nil, err
	}
	list := openapi.ListRetentionRuns200JSONResponse{Items: make([]openapi.RetentionRun, len(page.Runs)), NextCursor: optional(page.Next)}
	for i, run := range page.Runs {
		list.Items[i] = retentionRun(run)
	}
	return list, nil
}

func retentionRun(run toygres.RetentionRun) openapi.RetentionRun {
	out := openapi.RetentionRun{Id: id(run.ID), StartedAt: run.StartedAt, EndedAt: optionalTime(run.EndedAt),
		KeepSeconds: map[string]int64{}, Removed: map[string]int{}, Error: optional(run.Error)}
	for kind, keep := range run.Keep {
		out.KeepSeconds[string(kind)] = int64(keep / time.Second)
	}
	for kind, removed := range run.Removed {
		out.Removed[string(kind)] = removed
	}
	return out
}

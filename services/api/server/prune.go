package server

import (
	"context"
	"time"
)

// pruneEvery is the time between two looks for what has no effect any more.
const pruneEvery = time.Hour

// prune removes sessions and tokens that have ended and failed sign-ins that
// are forgotten, until ctx ends. Several API servers do not disturb each other.
func (s *Server) prune(ctx context.Context) {
	ticker := time.NewTicker(pruneEvery)
	defer ticker.Stop()
	for {
		if _, err := s.options.Catalog.PruneSessions(ctx); err != nil && ctx.Err() == nil {
			s.log.WarnContext(ctx, "sessions that have ended were not removed", "error", err, "again_in", pruneEvery)
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

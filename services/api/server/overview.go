package server

import (
	"context"

	"github.com/toygres/toygres/openapi"
)

// GetOverview answers how all instances are, and what needs attention.
func (s *Server) GetOverview(ctx context.Context, _ openapi.GetOverviewRequestObject) (openapi.GetOverviewResponseObject, error) {
	overview, err := s.options.Catalog.Overview(ctx)
	if err != nil {
		return nil, err
	}
	out := openapi.GetOverview200JSONResponse{States: map[string]int{}, Health: map[string]int{},
		OperationsInProgress: overview.InProgress, Attention: make([]openapi.Attention, len(overview.Attention))}
	for state, n := range overview.States {
		out.States[string(state)] = n
	}
	for health, n := range overview.Health {
		out.Health[string(health)] = n
	}
	for i, a := range overview.Attention {
		out.Attention[i] = openapi.Attention{Kind: openapi.AttentionKind(a.Kind), Count: a.Count, Names: a.Names}
	}
	return out, nil
}

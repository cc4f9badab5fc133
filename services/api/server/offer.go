package server

import (
	"context"
	"slices"

	"github.com/toygres/toygres"
	"github.com/toygres/toygres/openapi"
)

// GetOffer answers what the provider can deliver now, with the bounds of each
// size.
func (s *Server) GetOffer(ctx context.Context, _ openapi.GetOfferRequestObject) (openapi.GetOfferResponseObject, error) {
	offer, err := s.options.Provider.Offer(ctx)
	if err != nil {
		return nil, err
	}
	types := make([]openapi.ImageType, len(offer.ImageTypes))
	for i, t := range offer.ImageTypes {
		types[i] = openapi.ImageType(t)
	}
	return openapi.GetOffer200JSONResponse{
		Provider:       s.options.Provider.Name(),
		Versions:       slices.Clone(offer.Versions),
		DefaultVersion: defaultVersion(offer),
		ImageTypes:     types,
		Public:         offer.Public,
		Forks:          &offer.Forks,
		CpuMillis:      openapi.Range{Min: toygres.MinCPUMillis, Max: toygres.MaxCPUMillis, Default: toygres.DefaultCPUMillis},
		MemoryMib:      openapi.Range{Min: toygres.MinMemoryMiB, Max: toygres.MaxMemoryMiB, Default: toygres.DefaultMemoryMiB},
		StorageGib:     openapi.Range{Min: toygres.MinStorageGiB, Max: toygres.MaxStorageGiB, Default: toygres.DefaultStorageGiB},

		RuntimeRegistry:    optional(offer.RuntimeRegistry),
		KeepDeletedSeconds: int64(s.options.KeepDeleted.Seconds()),
	}, nil
}

// defaultVersion is what a request without a version gets: the usual one, or
// the newest that is really there.
func defaultVersion(offer toygres.Offer) int {
	if len(offer.Versions) == 0 || slices.Contains(offer.Versions, toygres.DefaultVersion) {
		return toygres.DefaultVersion
	}
	return offer.Versions[0]
}

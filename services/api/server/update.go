package server

import (
	"context"

	"github.com/toygres/toygres"
	"github.com/toygres/toygres/openapi"
)

// UpdateInstance changes what is said of an instance at once, and starts a
// resize, unless the instance has the size that is asked for.
func (s *Server) UpdateInstance(ctx context.Context, request openapi.UpdateInstanceRequestObject) (openapi.UpdateInstanceResponseObject, error) {
	instance, err := s.options.Catalog.Instance(ctx, request.Name)
	if err != nil {
		return nil, err
	}
	has, metadata := instance.Spec.Size(), metadataOf(*request.Body)
	to := sizeOf(*request.Body, has)
	if err := to.ValidateResize(has); err != nil {
		return nil, err
	}
	if !metadata.IsZero() {
		if instance, err = s.options.Catalog.ChangeMetadata(ctx, request.Name, metadata, callOf(ctx).principal.User.ID); err != nil {
			return nil, err
		}
		if to == has {
			return openapi.UpdateInstance200JSONResponse{InstanceJSONResponse: openapi.InstanceJSONResponse(s.instance(instance))}, nil
		}
	}
	begun, err := s.options.Catalog.BeginResize(ctx, request.Name, has, to, callOf(ctx).principal.User.ID)
	if err != nil {
		return nil, err
	}
	if begun.Operation.ID == "" {
		return openapi.UpdateInstance200JSONResponse{InstanceJSONResponse: openapi.InstanceJSONResponse(s.instance(begun.Instance))}, nil
	}
	operation, err := s.launch(ctx, begun, s.options.Catalog.Abandon)
	if err != nil {
		return nil, err
	}
	return openapi.UpdateInstance202JSONResponse{OperationJSONResponse: openapi.OperationJSONResponse(s.operation(operation))}, nil
}

// sizeOf is the size that is asked for. A zero that was sent stays one, for
// the rules to refuse.
func sizeOf(body openapi.UpdateInstanceRequest, has toygres.Size) toygres.Size {
	for _, field := range []struct {
		of   *int
		sent *int
	}{{&has.CPUMillis, body.CpuMillis}, {&has.MemoryMiB, body.MemoryMib}, {&has.StorageGiB, body.StorageGib}} {
		if field.sent != nil {
			*field.of = *field.sent
		}
	}
	return has
}

func metadataOf(body openapi.UpdateInstanceRequest) toygres.MetadataChange {
	return toygres.MetadataChange{DisplayName: body.DisplayName, Description: body.Description, Tags: or(body.Tags),
		DeletionProtection: body.DeletionProtection, Monitored: body.Monitored}
}

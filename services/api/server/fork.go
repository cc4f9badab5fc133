package server

import (
	"context"
	"fmt"

	"github.com/toygres/toygres"
	"github.com/toygres/toygres/openapi"
)

// ForkInstance records a new instance that begins with the data of another one,
// and starts its creation.
func (s *Server) ForkInstance(ctx context.Context, request openapi.ForkInstanceRequestObject) (openapi.ForkInstanceResponseObject, error) {
	source, err := s.options.Catalog.Instance(ctx, request.Name)
	if err != nil {
		return nil, err
	}
	if source.State != toygres.StateRunning && source.State != toygres.StateUpdating {
		return nil, &toygres.Error{Code: toygres.CodeConflict, Operation: source.Operation,
			Message: fmt.Sprintf("%q is %s; only a running instance can be forked", source.Spec.Name, source.State)}
	}
	offer, err := s.options.Provider.Offer(ctx)
	if err != nil {
		return nil, err
	}
	spec := forkOf(source, *request.Body)
	if err := spec.Validate(offer); err != nil {
		return nil, err
	}
	if has := source.Spec.StorageGiB; spec.StorageGiB < has {
		message := fmt.Sprintf("must not be less than the %d GiB that the source has", has)
		return nil, &toygres.Error{Code: toygres.CodeInvalid, Message: "the instance can't be forked as asked: storage_gib " + message,
			Fields: []toygres.FieldError{{Field: "storage_gib", Rule: "min", Message: message}}}
	}
	key, err := idempotencyKey(request.Params.IdempotencyKey, "fork "+request.Name, *request.Body)
	if err != nil {
		return nil, err
	}
	operation, err := s.create(ctx, spec, toygres.MetadataChange{}, key)
	if err != nil {
		return nil, err
	}
	return openapi.ForkInstance202JSONResponse{OperationJSONResponse: openapi.OperationJSONResponse(s.operation(operation))}, nil
}

// forkOf is what is asked for: what the source was, but for what the request
// says.
func forkOf(source toygres.Instance, body openapi.ForkInstanceRequest) toygres.Spec {
	spec := source.Spec.Resized(sizeOf(openapi.UpdateInstanceRequest{
		CpuMillis: body.CpuMillis, MemoryMib: body.MemoryMib, StorageGib: body.StorageGib}, source.Spec.Size()))
	spec.Name, spec.Source = body.Name, source.ID
	return spec
}

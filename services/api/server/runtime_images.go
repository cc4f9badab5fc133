package server

import (
	"context"
	"fmt"

	"github.com/toygres/toygres"
	"github.com/toygres/toygres/openapi"
)

// ListRuntimeImages answers every image that instances may run.
func (s *Server) ListRuntimeImages(ctx context.Context, _ openapi.ListRuntimeImagesRequestObject) (openapi.ListRuntimeImagesResponseObject, error) {
	images, err := s.options.Catalog.RuntimeImages(ctx)
	if err != nil {
		return nil, err
	}
	items := make([]openapi.RuntimeImage, len(images))
	for i, image := range images {
		items[i] = runtimeImage(image)
	}
	return openapi.ListRuntimeImages200JSONResponse{Items: items}, nil
}

// GetRuntimeImage answers one image.
func (s *Server) GetRuntimeImage(ctx context.Context, request openapi.GetRuntimeImageRequestObject) (openapi.GetRuntimeImageResponseObject, error) {
	image, err := s.options.Catalog.RuntimeImage(ctx, request.Name)
	if err != nil {
		return nil, err
	}
	return openapi.GetRuntimeImage200JSONResponse{RuntimeImageJSONResponse: openapi.RuntimeImageJSONResponse(runtimeImage(image))}, nil
}

// RegisterRuntimeImage lets instances run an image, if the provider can.
func (s *Server) RegisterRuntimeImage(ctx context.Context, request openapi.RegisterRuntimeImageRequestObject) (openapi.RegisterRuntimeImageResponseObject, error) {
	offer, err := s.options.Provider.Offer(ctx)
	if err != nil {
		return nil, err
	}
	asked := toygres.RuntimeImage{Name: request.Body.Name, Reference: request.Body.Reference, Digest: request.Body.Digest,
		Description: or(request.Body.Description)}
	if err := asked.Validate(offer); err != nil {
		return nil, err
	}
	image, added, err := s.options.Catalog.RegisterRuntimeImage(ctx, asked)
	if err != nil {
		return nil, err
	}
	if !added {
		return openapi.RegisterRuntimeImage200JSONResponse{RuntimeImageJSONResponse: openapi.RuntimeImageJSONResponse(runtimeImage(image))}, nil
	}
	return openapi.RegisterRuntimeImage201JSONResponse(runtimeImage(image)), nil
}

// DeleteRuntimeImage takes an image that no instance uses from the catalog.
func (s *Server) DeleteRuntimeImage(ctx context.Context, request openapi.DeleteRuntimeImageRequestObject) (openapi.DeleteRuntimeImageResponseObject, error) {
	if err := s.options.Catalog.DeleteRuntimeImage(ctx, request.Name); err != nil {
		return nil, err
	}
	return openapi.DeleteRuntimeImage204Response{}, nil
}

// withRuntimeImage completes a spec that names an image with its reference.
// Where none can be run the spec itself is refused, whatever the image.
func (s *Server) withRuntimeImage(ctx context.Context, spec toygres.Spec, offer toygres.Offer) (toygres.Spec, error) {
	if spec.RuntimeImageName == "" || offer.RuntimeRegistry == "" {
		return spec, nil
	}
	image, err := s.options.Catalog.RuntimeImage(ctx, spec.RuntimeImageName)
	if toygres.CodeOf(err) == toygres.CodeNotFound {
		message := fmt.Sprintf("there is no runtime image %q; /api/runtime-images lists what there is", spec.RuntimeImageName)
		return spec, &toygres.Error{Code: toygres.CodeInvalid, Message: message,
			Fields: []toygres.FieldError{{Field: "runtime_image", Rule: "exists", Message: "is not the name of a runtime image"}}}
	}
	spec.RuntimeImage = image.Pinned()
	return spec, err
}

func runtimeImage(i toygres.RuntimeImage) openapi.RuntimeImage {
	return openapi.RuntimeImage{Name: i.Name, Reference: i.Reference, Digest: i.Digest, Description: i.Description,
		Instances: i.Instances, CreatedAt: i.CreatedAt}
}

package server

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"

	"github.com/toygres/toygres"
	"github.com/toygres/toygres/internal/catalog"
	"github.com/toygres/toygres/openapi"
)

// ListInstances answers a page of instances.
func (s *Server) ListInstances(ctx context.Context, request openapi.ListInstancesRequestObject) (openapi.ListInstancesResponseObject, error) {
	p := request.Params
	filter := catalog.InstanceFilter{Version: or(p.Version), Search: or(p.Search), Health: toygres.Health(or(p.Health)), Public: p.Public,
		Tags: or(p.Tag), Image: or(p.RuntimeImage), Sort: string(or(p.Sort)), Cursor: or(p.Cursor), Limit: or(p.Limit), Trashed: or(p.Deleted)}
	for _, state := range or(p.State) {
		filter.States = append(filter.States, toygres.State(state))
	}
	page, err := s.options.Catalog.Instances(ctx, filter)
	if err != nil {
		return nil, err
	}
	items := make([]openapi.Instance, len(page.Instances))
	for i, instance := range page.Instances {
		items[i] = s.instance(instance)
	}
	return openapi.ListInstances200JSONResponse{Items: items, NextCursor: optional(page.Next)}, nil
}

// GetInstance answers one instance.
func (s *Server) GetInstance(ctx context.Context, request openapi.GetInstanceRequestObject) (openapi.GetInstanceResponseObject, error) {
	instance, err := s.options.Catalog.Instance(ctx, request.Name)
	if err != nil {
		return nil, err
	}
	return openapi.GetInstance200JSONResponse{InstanceJSONResponse: openapi.InstanceJSONResponse(s.instance(instance))}, nil
}

// CreateInstance records a new instance and starts its creation.
func (s *Server) CreateInstance(ctx context.Context, request openapi.CreateInstanceRequestObject) (openapi.CreateInstanceResponseObject, error) {
	offer, err := s.options.Provider.Offer(ctx)
	if err != nil {
		return nil, err
	}
	spec, err := s.withRuntimeImage(ctx, specOf(*request.Body, offer), offer)
	if err != nil {
		return nil, err
	}
	metadata := metadataOfNew(*request.Body)
	if err := checkNew(spec, metadata, offer); err != nil {
		return nil, err
	}
	if or(request.Params.DryRun) {
		return s.planCreate(ctx, spec)
	}
	key, err := idempotencyKey(request.Params.IdempotencyKey, "", *request.Body)
	if err != nil {
		return nil, err
	}
	operation, err := s.create(ctx, spec, metadata, key)
	if err != nil {
		return nil, err
	}
	return openapi.CreateInstance202JSONResponse{OperationJSONResponse: openapi.OperationJSONResponse(s.operation(operation))}, nil
}

// planCreate answers what a create would make, if nothing is in its way.
func (s *Server) planCreate(ctx context.Context, spec toygres.Spec) (openapi.CreateInstanceResponseObject, error) {
	refused, err := s.options.Catalog.CheckCreates(ctx, callOf(ctx).principal.User.ID, []catalog.NewItem{{Name: spec.Name, Spec: &spec}})
	if err != nil {
		return nil, err
	}
	if refused[0] != nil {
		return nil, refused[0]
	}
	return openapi.CreateInstance200JSONResponse(plan(spec)), nil
}

// plan is what the creation of an instance comes to.
func plan(spec toygres.Spec) openapi.InstancePlan {
	plan := openapi.InstancePlan{Name: spec.Name, Version: spec.Version, CpuMillis: spec.CPUMillis, MemoryMib: spec.MemoryMiB,
		StorageGib: spec.StorageGiB, ImageType: openapi.ImageType(spec.ImageType), RuntimeImage: optional(spec.RuntimeImageName),
		RuntimeImageReference: optional(spec.RuntimeImage), Public: spec.Public, AllowedCidrs: spec.AllowedCIDRs, Parameters: spec.Parameters}
	for _, step := range toygres.PlannedSteps(toygres.KindCreate) {
		plan.Steps = append(plan.Steps, string(step))
	}
	return plan
}

// create records an instance that can be made, and starts that.
func (s *Server) create(ctx context.Context, spec toygres.Spec, metadata toygres.MetadataChange, key *catalog.IdempotencyKey) (toygres.Operation, error) {
	begun, err := s.options.Catalog.BeginCreate(ctx, catalog.NewInstance{
		Spec: spec, Metadata: metadata, Owner: callOf(ctx).principal.User.ID, Provider: s.options.Provider.Name(), Idempotency: key,
	})
	if err != nil || begun.Replayed { // then it was started, or the worker's sweep will do it
		return begun.Operation, err
	}
	return s.launch(ctx, begun, s.options.Catalog.AbandonCreate)
}

// specOf fills what the request left out with defaults. A zero that was sent
// stays one, for the rules to refuse.
func specOf(body openapi.CreateInstanceRequest, offer toygres.Offer) toygres.Spec {
	spec := toygres.Spec{Name: body.Name, Version: defaultVersion(offer)}.WithDefaults()
	set := func(field *int, sent *int) {
		if sent != nil {
			*field = *sent
		}
	}
	set(&spec.Version, body.Version)
	set(&spec.CPUMillis, body.CpuMillis)
	set(&spec.MemoryMiB, body.MemoryMib)
	set(&spec.StorageGiB, body.StorageGib)
	if body.ImageType != nil {
		spec.ImageType = toygres.ImageType(*body.ImageType)
	}
	spec.RuntimeImageName = or(body.RuntimeImage)
	spec.Public = or(body.Public)
	if body.AllowedCidrs != nil {
		spec.AllowedCIDRs = *body.AllowedCidrs
	}
	if body.Parameters != nil {
		spec.Parameters = *body.Parameters
	}
	return spec
}

func metadataOfNew(body openapi.CreateInstanceRequest) toygres.MetadataChange {
	tags := map[string]*string{}
	for name, value := range or(body.Tags) {
		tags[name] = &value
	}
	return toygres.MetadataChange{DisplayName: body.DisplayName, Description: body.Description, Tags: tags,
		DeletionProtection: body.DeletionProtection, Monitored: body.Monitored}
}

// idempotencyKey ties the client's key to what was asked, as it was sent:
// defaults may change between a request and its repeat. what tells requests
// apart whose bodies may be equal.
func idempotencyKey(key *string, what string, body any) (*catalog.IdempotencyKey, error) {
	if key == nil {
		return nil, nil
	}
	canonical, err := json.Marshal(body)
	if err != nil {
		return nil, fmt.Errorf("hash the request: %w", err)
	}
	sum := sha256.Sum256(append([]byte(what), canonical...))
	return &catalog.IdempotencyKey{Key: *key, RequestHash: sum[:]}, nil
}

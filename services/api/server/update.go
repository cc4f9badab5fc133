package server

import (
	"context"
	"fmt"
	"maps"
	"strings"

	"github.com/toygres/toygres"
	"github.com/toygres/toygres/internal/catalog"
	"github.com/toygres/toygres/openapi"
)

// UpdateInstance changes what is said of an instance at once, and starts the
// operation that changes its server, unless nothing of that is asked, or the
// instance has it. A dry run only says what would be done.
func (s *Server) UpdateInstance(ctx context.Context, request openapi.UpdateInstanceRequestObject) (openapi.UpdateInstanceResponseObject, error) {
	instance, err := s.options.Catalog.Instance(ctx, request.Name)
	if err != nil {
		return nil, err
	}
	body, actor := *request.Body, callOf(ctx).principal.User.ID
	metadata, update := metadataOf(body), catalog.Update{From: instance.Spec.Settings(), To: settingsOf(body, instance.Spec)}
	plan, err := s.plan(ctx, instance, update.To, metadata)
	if err != nil {
		return nil, err
	}
	if or(request.Params.DryRun) {
		return planned(plan)
	}
	if request.Params.Plan != nil {
		if differs := plan.Differs(*request.Params.Plan); len(differs) > 0 {
			return nil, outdated(instance, differs)
		}
		update.State = instance.State
	}
	if update.To.Equal(update.From) && !metadata.IsZero() {
		if instance, err = s.options.Catalog.ChangeMetadata(ctx, request.Name, metadata, actor); err != nil {
			return nil, err
		}
		return s.updated(instance)
	}
	update.Metadata, update.Steps = metadata, plan.Steps
	begun, err := s.options.Catalog.BeginUpdate(ctx, request.Name, update, actor)
	if err != nil {
		return nil, err
	}
	if begun.Operation.ID == "" {
		return s.updated(begun.Instance)
	}
	operation, err := s.launch(ctx, begun, s.options.Catalog.Abandon)
	if err != nil {
		return nil, err
	}
	return openapi.UpdateInstance202JSONResponse{OperationJSONResponse: openapi.OperationJSONResponse(s.operation(operation))}, nil
}

func (s *Server) updated(instance toygres.Instance) (openapi.UpdateInstanceResponseObject, error) {
	var body openapi.InstanceOrPlan
	err := body.FromInstance(s.instance(instance))
	return openapi.UpdateInstance200JSONResponse(body), err
}

func planned(plan toygres.Plan) (openapi.UpdateInstanceResponseObject, error) {
	out := openapi.Plan{Changes: make([]openapi.PlannedChange, len(plan.Changes)), Steps: make([]string, len(plan.Steps)),
		Takes: openapi.Effect(plan.Takes), Interruption: plan.Interruption(), Fingerprint: plan.Fingerprint()}
	for i, c := range plan.Changes {
		out.Changes[i] = openapi.PlannedChange{Field: c.Field, From: optional(c.From), To: optional(c.To), Takes: openapi.Effect(c.Takes)}
	}
	for i, step := range plan.Steps {
		out.Steps[i] = string(step)
	}
	var body openapi.InstanceOrPlan
	err := body.FromPlan(out)
	return openapi.UpdateInstance200JSONResponse(body), err
}

// plan checks what is asked against the rules and, where parameters are to
// change, against the instance's own server.
func (s *Server) plan(ctx context.Context, instance toygres.Instance, to toygres.Settings, metadata toygres.MetadataChange) (toygres.Plan, error) {
	if err := metadata.Validate(); err != nil {
		return toygres.Plan{}, err
	}
	if err := instance.Spec.ValidateUpdate(to); err != nil {
		return toygres.Plan{}, err
	}
	changed := to.Configuration.Changed(instance.Spec.Configuration())
	var server map[string]toygres.Parameter
	if len(changed) > 0 {
		var err error
		if server, err = s.checkParameters(ctx, instance, to.Configuration, changed); err != nil {
			return toygres.Plan{}, err
		}
	}
	return toygres.PlanUpdate(instance, to, metadata, server), nil
}

// outdated says what is other than when the plan was made.
func outdated(instance toygres.Instance, differs []string) error {
	return &toygres.Error{Code: toygres.CodeConflict, Operation: instance.Operation, Message: fmt.Sprintf(
		"%q is not as it was when this was planned: other %s; nothing was changed; make a plan again and look at it", instance.Spec.Name, strings.Join(differs, ", "))}
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

// settingsOf are the settings that are asked for.
func settingsOf(body openapi.UpdateInstanceRequest, spec toygres.Spec) toygres.Settings {
	to := spec.Settings()
	to.Size = sizeOf(body, to.Size)
	if body.AllowedCidrs != nil {
		to.Configuration.AllowedCIDRs = *body.AllowedCidrs
	}
	parameters := maps.Clone(to.Configuration.Parameters)
	for name, value := range or(body.Parameters) {
		name = canonical(name, parameters)
		if delete(parameters, name); value != nil {
			parameters[name] = *value
		}
	}
	to.Configuration.Parameters = parameters
	return to
}

// canonical is the name of a parameter as it is set already, which PostgreSQL
// knows in whatever case.
func canonical(name string, set map[string]string) string {
	for known := range set {
		if strings.EqualFold(known, name) {
			return known
		}
	}
	return name
}

func metadataOf(body openapi.UpdateInstanceRequest) toygres.MetadataChange {
	return toygres.MetadataChange{DisplayName: body.DisplayName, Description: body.Description, Tags: or(body.Tags),
		DeletionProtection: body.DeletionProtection, Monitored: body.Monitored}
}

package server

import (
	"context"
	"errors"
	"fmt"

	"go.temporal.io/api/serviceerror"

	"github.com/toygres/toygres"
	"github.com/toygres/toygres/internal/catalog"
	"github.com/toygres/toygres/openapi"
	"github.com/toygres/toygres/workflows"
)

// ListDrift answers a page of what catalog, provider and Temporal do not agree
// about.
func (s *Server) ListDrift(ctx context.Context, request openapi.ListDriftRequestObject) (openapi.ListDriftResponseObject, error) {
	p := request.Params
	page, err := s.options.Catalog.Findings(ctx, catalog.FindingFilter{
		Kind: toygres.DriftKind(or(p.Kind)), Resolved: or(p.Resolved), Cursor: or(p.Cursor), Limit: or(p.Limit)})
	if err != nil {
		return nil, err
	}
	last, ok, err := s.options.Catalog.LastDriftCheck(ctx)
	if err != nil {
		return nil, err
	}
	list := openapi.ListDrift200JSONResponse{Items: make([]openapi.DriftFinding, len(page.Findings)), NextCursor: optional(page.Next)}
	for i, f := range page.Findings {
		list.Items[i] = finding(f)
	}
	if ok {
		check := s.driftCheck(ctx, last)
		list.LastCheck = &check
	}
	return list, nil
}

// CheckDrift asks the workers for a comparison.
func (s *Server) CheckDrift(ctx context.Context, _ openapi.CheckDriftRequestObject) (openapi.CheckDriftResponseObject, error) {
	check, err := s.options.Catalog.RequestDriftCheck(ctx, callOf(ctx).principal.User.ID)
	if err != nil {
		return nil, err
	}
	return openapi.CheckDrift202JSONResponse{DriftCheckJSONResponse: openapi.DriftCheckJSONResponse(s.driftCheck(ctx, check))}, nil
}

// GetDriftCheck answers how far a comparison has got.
func (s *Server) GetDriftCheck(ctx context.Context, request openapi.GetDriftCheckRequestObject) (openapi.GetDriftCheckResponseObject, error) {
	check, err := s.options.Catalog.DriftCheck(ctx, request.Id.String())
	if err != nil {
		return nil, err
	}
	return openapi.GetDriftCheck200JSONResponse{DriftCheckJSONResponse: openapi.DriftCheckJSONResponse(s.driftCheck(ctx, check))}, nil
}

// RepairDrift makes the provider or Temporal agree with the catalog again.
// Whether it does is for the next comparison to see, which is asked for.
func (s *Server) RepairDrift(ctx context.Context, request openapi.RepairDriftRequestObject) (openapi.RepairDriftResponseObject, error) {
	f, err := s.options.Catalog.Finding(ctx, toygres.FindingID(request.Id.String()))
	if err != nil {
		return nil, err
	}
	switch {
	case !f.ResolvedAt.IsZero():
		return nil, toygres.Errorf(toygres.CodeConflict, "there is nothing to repair: it agrees again since %s UTC", f.ResolvedAt.UTC().Format("2006-01-02 15:04"))
	case f.Kind.Automatic():
		return nil, toygres.Errorf(toygres.CodeConflict, "there is nothing to ask for: the worker repairs this by itself and keeps trying; its log says what is in the way")
	case !f.Kind.Repairable():
		return nil, toygres.Errorf(toygres.CodeConflict, "this can't be repaired; if its data is really gone, run `%s`", f.Command())
	case f.Kind.RemovesData() && !or(request.Params.RemoveData):
		const message = "must be true: the repair removes the server with its data, for good"
		return nil, &toygres.Error{Code: toygres.CodeInvalid, Message: "remove_data " + message,
			Fields: []toygres.FieldError{{Field: "remove_data", Rule: "required", Message: message}}}
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleTime)
	defer cancel()
	if err := s.repair(ctx, f); err != nil {
		return nil, err
	}
	if _, err := s.options.Catalog.RequestDriftCheck(ctx, callOf(ctx).principal.User.ID); err != nil {
		return nil, err
	}
	return openapi.RepairDrift202JSONResponse(finding(f)), nil
}

// repair looks again first: what was found may be as it should be by now.
func (s *Server) repair(ctx context.Context, f toygres.Finding) error {
	if f.Kind == toygres.DriftUnknownWorkflow {
		return s.endUnknownWorkflow(ctx, f)
	}
	instance, err := s.options.Catalog.InstanceByID(ctx, f.InstanceID)
	if f.Kind == toygres.DriftUnknown {
		switch {
		case err == nil:
			return toygres.Errorf(toygres.CodeConflict, "the catalog knows the instance by now; check again")
		case toygres.CodeOf(err) != toygres.CodeNotFound:
			return err
		}
		return s.options.Provider.Delete(ctx, f.InstanceID)
	}
	if err != nil {
		return err
	}
	if instance.Operation != "" {
		return &toygres.Error{Code: toygres.CodeConflict, Operation: instance.Operation,
			Message: fmt.Sprintf("operation %s of %q is in progress; wait for it and check again", instance.Operation, instance.Spec.Name)}
	}
	running := instance.State == toygres.StateRunning
	switch {
	case f.Kind == toygres.DriftSize:
		return s.repairSize(ctx, instance)
	case running && f.Kind != toygres.DriftNotStopped:
		return ofProvider(s.options.Provider.Start(ctx, instance.ID))
	case (instance.State == toygres.StateStopped || instance.State == toygres.StateTrashed) && f.Kind == toygres.DriftNotStopped:
		return ofProvider(s.options.Provider.Stop(ctx, instance.ID))
	default:
		return toygres.Errorf(toygres.CodeConflict, "%q is %s by now; check again", instance.Spec.Name, instance.State)
	}
}

// repairSize gives a server the size of the catalog, but for storage that has
// grown: nobody can make it shrink.
func (s *Server) repairSize(ctx context.Context, instance toygres.Instance) error {
	seen, err := s.options.Provider.Observe(ctx, instance.ID)
	if err != nil {
		return err
	}
	size := instance.Spec.Size()
	if seen.Size.StorageGiB > size.StorageGiB {
		if seen.Size.CPUMillis == size.CPUMillis && seen.Size.MemoryMiB == size.MemoryMiB {
			return toygres.Errorf(toygres.CodeConflict, "storage can't shrink: run `toygres resize %s --storage %dGiB` to record what there is",
				instance.Spec.Name, seen.Size.StorageGiB)
		}
		size.StorageGiB = 0
	}
	return ofProvider(s.options.Provider.Resize(ctx, instance.ID, size))
}

// endUnknownWorkflow terminates a workflow whose operation is over or unknown:
// each of its steps would be refused by the catalog anyway.
func (s *Server) endUnknownWorkflow(ctx context.Context, f toygres.Finding) error {
	ctx, cancel := context.WithTimeout(ctx, temporalTime)
	defer cancel()
	described, err := s.options.Temporal.DescribeWorkflowExecution(ctx, workflows.ID(f.InstanceID), "")
	var none *serviceerror.NotFound
	if err == nil {
		var id toygres.OperationID
		if id, err = workflows.OperationOf(described.GetWorkflowExecutionInfo()); err != nil {
			return err
		}
		switch op, err := s.options.Catalog.Operation(ctx, id); {
		case err == nil && !op.State.Done():
			return &toygres.Error{Code: toygres.CodeConflict, Operation: op.ID, Message: "the catalog knows the workflow's operation by now; check again"}
		case err != nil && toygres.CodeOf(err) != toygres.CodeNotFound:
			return err
		}
		err = s.options.Temporal.TerminateWorkflow(ctx, workflows.ID(f.InstanceID), described.GetWorkflowExecutionInfo().GetExecution().GetRunId(),
			"the catalog knows no operation of it in progress")
	}
	if err != nil && !errors.As(err, &none) {
		return temporalDown(err, "nothing was changed; try again in a moment")
	}
	return nil
}

func finding(f toygres.Finding) openapi.DriftFinding {
	out := openapi.DriftFinding{Id: id(f.ID), Kind: openapi.DriftKind(f.Kind), InstanceId: id(f.InstanceID), InstanceName: optional(f.InstanceName),
		Message: f.Message, Repair: openapi.Manual, Command: optional(f.Command()), FirstSeen: f.FirstSeen, LastSeen: f.LastSeen,
		ResolvedAt: optionalTime(f.ResolvedAt)}
	if f.Kind.Automatic() {
		out.Repair = openapi.Automatic
	}
	return out
}

func (s *Server) driftCheck(ctx context.Context, c toygres.DriftCheck) openapi.DriftCheck {
	return openapi.DriftCheck{Id: id(c.ID), RequestedBy: optional(s.userName(ctx, c.RequestedBy)), RequestedAt: c.RequestedAt,
		StartedAt: optionalTime(c.StartedAt), EndedAt: optionalTime(c.EndedAt), Found: c.Found, Resolved: c.Resolved, Error: optional(c.Error)}
}

package server

import (
	"context"
	"errors"

	"go.temporal.io/api/serviceerror"

	"github.com/toygres/toygres"
	"github.com/toygres/toygres/internal/catalog"
	"github.com/toygres/toygres/openapi"
	"github.com/toygres/toygres/workflows"
)

// DeleteInstance starts to put an instance into the trash, or to remove it with
// its data.
func (s *Server) DeleteInstance(ctx context.Context, request openapi.DeleteInstanceRequestObject) (openapi.DeleteInstanceResponseObject, error) {
	keep := s.options.KeepDeleted
	if or(request.Params.Purge) {
		keep = 0
	}
	begun, err := s.options.Catalog.BeginDelete(ctx, request.Name, keep, callOf(ctx).principal.User.ID)
	if err != nil {
		return nil, err
	}
	operation, err := s.launch(ctx, begun, s.options.Catalog.Abandon)
	if err != nil {
		return nil, err
	}
	return openapi.DeleteInstance202JSONResponse{OperationJSONResponse: openapi.OperationJSONResponse(s.operation(operation))}, nil
}

// UndeleteInstance brings an instance back from the trash. One that ran is
// started, as [Server.StartInstance] does it.
func (s *Server) UndeleteInstance(ctx context.Context, request openapi.UndeleteInstanceRequestObject) (openapi.UndeleteInstanceResponseObject, error) {
	begun, err := s.options.Catalog.BeginUndelete(ctx, request.Name, callOf(ctx).principal.User.ID)
	if err != nil {
		return nil, err
	}
	instance, err := s.carryOut(ctx, begun, func(ctx context.Context, begun catalog.Begun) error {
		if begun.Instance.State == toygres.StateStopping {
			return s.backStopped(ctx, begun)
		}
		return s.power(ctx, begun)
	})
	if err != nil {
		return nil, err
	}
	if begun.Instance.State == toygres.StateStopping {
		if instance, err = s.options.Catalog.InstanceByID(ctx, begun.Instance.ID); err != nil {
			return nil, err
		}
	}
	s.forgetPurge(ctx, begun.Instance)
	return openapi.UndeleteInstance200JSONResponse{InstanceJSONResponse: openapi.InstanceJSONResponse(s.instance(instance))}, nil
}

// backStopped ends the undeletion of an instance that did not run: nothing
// changes at the provider, so nothing would tell the worker to look.
func (s *Server) backStopped(ctx context.Context, begun catalog.Begun) error {
	err := s.options.Provider.Stop(ctx, begun.Instance.ID)
	if err != nil && toygres.CodeOf(err) != toygres.CodeNotFound {
		return err
	}
	seen, err := s.options.Provider.Observe(ctx, begun.Instance.ID)
	if err != nil {
		return err
	}
	if seen.Phase != toygres.PhaseStopped {
		return nil // the worker settles it
	}
	err = s.options.Catalog.FinishOperation(ctx, toygres.Outcome{
		Operation: begun.Operation.ID, State: toygres.OperationSucceeded, InstanceState: toygres.StateStopped})
	if toygres.CodeOf(err) == toygres.CodeConflict {
		return nil // the worker was faster
	}
	return err
}

// forgetPurge ends the timer that would have purged the instance. That is for
// those who look into Temporal only: a timer that is not ended finds nothing to
// do.
func (s *Server) forgetPurge(ctx context.Context, instance toygres.Instance) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), temporalTime)
	defer cancel()
	err := s.options.Temporal.TerminateWorkflow(ctx, workflows.PurgeID(instance.ID), "", "the instance was undeleted")
	var none *serviceerror.NotFound
	if err != nil && !errors.As(err, &none) {
		s.log.WarnContext(ctx, "the timer of an undeleted instance goes on, and will do nothing", "instance", instance.Spec.Name, "error", err)
	}
}

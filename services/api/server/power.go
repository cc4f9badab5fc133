package server

import (
	"context"

	"github.com/toygres/toygres"
	"github.com/toygres/toygres/internal/catalog"
	"github.com/toygres/toygres/openapi"
)

// Stop, start and restart are the pattern of what needs no workflow: the catalog
// records the wish, the provider is called once, and the worker settles the
// state by what the provider then shows.

// StopInstance asks for an instance to be stopped, with its data kept.
func (s *Server) StopInstance(ctx context.Context, request openapi.StopInstanceRequestObject) (openapi.StopInstanceResponseObject, error) {
	instance, err := s.switchPower(ctx, request.Name, toygres.KindStop)
	if err != nil {
		return nil, err
	}
	return openapi.StopInstance200JSONResponse{InstanceJSONResponse: openapi.InstanceJSONResponse(s.instance(instance))}, nil
}

// StartInstance asks for a stopped instance to run again.
func (s *Server) StartInstance(ctx context.Context, request openapi.StartInstanceRequestObject) (openapi.StartInstanceResponseObject, error) {
	instance, err := s.switchPower(ctx, request.Name, toygres.KindStart)
	if err != nil {
		return nil, err
	}
	return openapi.StartInstance200JSONResponse{InstanceJSONResponse: openapi.InstanceJSONResponse(s.instance(instance))}, nil
}

// RestartInstance asks for a running instance's server to be replaced by a new
// one.
func (s *Server) RestartInstance(ctx context.Context, request openapi.RestartInstanceRequestObject) (openapi.RestartInstanceResponseObject, error) {
	instance, err := s.switchPower(ctx, request.Name, toygres.KindRestart)
	if err != nil {
		return nil, err
	}
	return openapi.RestartInstance200JSONResponse{InstanceJSONResponse: openapi.InstanceJSONResponse(s.instance(instance))}, nil
}

func (s *Server) switchPower(ctx context.Context, name string, kind toygres.Kind) (toygres.Instance, error) {
	begun, err := s.options.Catalog.Begin(ctx, name, kind, callOf(ctx).principal.User.ID)
	if err != nil || begun.Operation.ID == "" { // nothing to do: it is so already
		return begun.Instance, err
	}
	return s.carryOut(ctx, begun, s.power)
}

// power calls the provider for what puts the instance into the state that it is
// in. The operation's id lets the provider tell one restart from others.
func (s *Server) power(ctx context.Context, begun catalog.Begun) error {
	switch begun.Instance.State {
	case toygres.StateStopping:
		return s.options.Provider.Stop(ctx, begun.Instance.ID)
	case toygres.StateRestarting:
		return s.options.Provider.Restart(ctx, begun.Instance.ID, string(begun.Operation.ID))
	default:
		return s.options.Provider.Start(ctx, begun.Instance.ID)
	}
}

// carryOut calls the provider for an operation that the catalog has just
// recorded, and takes that back if the call fails.
func (s *Server) carryOut(ctx context.Context, begun catalog.Begun, call func(context.Context, catalog.Begun) error) (toygres.Instance, error) {
	// The client may go; what is recorded must be carried out or taken back.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleTime)
	defer cancel()
	if cause := call(ctx, begun); cause != nil {
		undo, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleTime)
		defer cancel()
		if err := s.options.Catalog.Abandon(undo, begun.Operation.ID); err != nil {
			s.log.ErrorContext(ctx, "an operation failed and was not taken back; the worker settles it",
				"request_id", callOf(ctx).requestID, "operation", begun.Operation.ID, "error", err)
		}
		return toygres.Instance{}, ofProvider(cause)
	}
	return begun.Instance, nil
}

// ofProvider keeps a provider's "no such instance" from looking like the
// client's mistake: the catalog has the instance, so something is broken.
func ofProvider(err error) error {
	if toygres.CodeOf(err) != toygres.CodeNotFound {
		return err
	}
	return &toygres.Error{Code: toygres.CodeProvider, Err: err,
		Message: "the provider knows nothing of this instance; its data may have been removed by hand"}
}

package server

import (
	"context"
	"fmt"

	"github.com/toygres/toygres"
	"github.com/toygres/toygres/openapi"
)

// UpgradeInstance starts to make a running instance's server the newest minor
// release that there is where it lives.
func (s *Server) UpgradeInstance(ctx context.Context, request openapi.UpgradeInstanceRequestObject) (openapi.UpgradeInstanceResponseObject, error) {
	instance, err := s.options.Catalog.Instance(ctx, request.Name)
	if err != nil {
		return nil, err
	}
	to := s.options.Provider.Release(instance.Spec)
	if instance.State == toygres.StateRunning && instance.Operation == "" && !to.IsUpgradeOf(toygres.ParseRelease(instance.ServerVersion)) {
		return nil, noUpgrade(instance, to)
	}
	begun, err := s.options.Catalog.BeginUpgrade(ctx, request.Name, to, callOf(ctx).principal.User.ID)
	if err != nil {
		return nil, err
	}
	operation, err := s.launch(ctx, begun, s.options.Catalog.Abandon)
	if err != nil {
		return nil, err
	}
	return openapi.UpgradeInstance202JSONResponse{OperationJSONResponse: openapi.OperationJSONResponse(s.operation(operation))}, nil
}

// noUpgrade says why there is nothing to upgrade to.
func noUpgrade(instance toygres.Instance, to toygres.Release) error {
	why := fmt.Sprintf("it runs PostgreSQL %s, and there is no newer release of its major version where it lives", instance.ServerVersion)
	switch {
	case instance.Spec.RuntimeImage != "":
		why = "it runs a runtime image, which is one release for ever; create another instance with a newer image, and move the data there"
	case to.IsZero():
		why = "nobody knows which release its image has before it runs; restart it, and it runs what is there, or have the image named by its release, such as postgres:18.4"
	}
	return toygres.Errorf(toygres.CodeConflict, "can't upgrade %q: %s", instance.Spec.Name, why)
}

// upgradeAvailable is the newer minor release that the instance's server would
// have if it was started now; "" for none.
func (s *Server) upgradeAvailable(instance toygres.Instance) string {
	if instance.State != toygres.StateRunning && instance.State != toygres.StateStopped {
		return ""
	}
	if to := s.options.Provider.Release(instance.Spec); to.IsUpgradeOf(toygres.ParseRelease(instance.ServerVersion)) {
		return to.String()
	}
	return ""
}

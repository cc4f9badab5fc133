package server

import (
	"context"

	"github.com/toygres/toygres/internal/version"
	"github.com/toygres/toygres/openapi"
)

// Setting is a part of the configuration of the API as people may see it.
type Setting struct {
	Name    string // of the environment variable
	Value   string // in effect; "" for nothing, and for a secret
	Secret  bool   // it is set, and must not be shown
	Default bool   // it is not set
}

// GetSystem answers what the installation is made of and how its parts are. That
// Temporal does not answer is a part of it.
func (s *Server) GetSystem(ctx context.Context, _ openapi.GetSystemRequestObject) (openapi.GetSystemResponseObject, error) {
	schema, err := s.options.Catalog.SchemaVersion(ctx)
	if err != nil {
		return nil, err
	}
	places, err := s.options.Catalog.Places(ctx)
	if err != nil {
		return nil, err
	}
	monitor, err := s.monitor(ctx)
	if err != nil {
		return nil, err
	}
	out := openapi.GetSystem200JSONResponse{
		Build: version.String(), SchemaVersion: schema, Provider: s.options.Provider.Name(), Monitor: openapi.Monitor(monitor),
		Places:   openapi.Places{Used: places.Used, Waiting: places.Waiting},
		Temporal: openapi.TemporalStatus{Namespace: s.options.TemporalNamespace, Url: optional(s.options.TemporalUIURL)},
		Workers:  []openapi.Worker{}, TaskQueues: []openapi.TaskQueue{},
		Settings: make([]openapi.Setting, len(s.options.Settings)),
	}
	if s.options.Places > 0 {
		out.Places.Limit = &s.options.Places
	}
	for i, setting := range s.options.Settings {
		out.Settings[i] = openapi.Setting{Name: setting.Name, Value: optional(setting.Value), Secret: setting.Secret, Default: setting.Default}
	}
	asking, cancel := context.WithTimeout(ctx, temporalTime)
	defer cancel()
	out.Workers, out.TaskQueues, err = s.workers(asking)
	if err != nil {
		s.log.WarnContext(ctx, "Temporal does not tell of workers and task queues", "error", err)
		const message = "Temporal does not answer now; new operations can't begin, and what runs goes on when it is back"
		out.Temporal.Error, out.Workers, out.TaskQueues = optional(message), []openapi.Worker{}, []openapi.TaskQueue{}
	}
	return out, nil
}

package server

import (
	"context"
	"time"

	"github.com/toygres/toygres"
	"github.com/toygres/toygres/internal/catalog"
	"github.com/toygres/toygres/openapi"
	"github.com/toygres/toygres/workflows"
)

// behindAfter is the lag at which the monitor is called behind. A shard that
// only changes its worker has less.
const behindAfter = time.Minute

// healthWindows are how far histories go back.
var healthWindows = map[openapi.GetHealthParamsWindow]time.Duration{
	openapi.N1h: time.Hour, openapi.N24h: 24 * time.Hour, openapi.N7d: 7 * 24 * time.Hour, openapi.N30d: 30 * 24 * time.Hour,
}

// GetHealth answers the health of an instance with its history.
func (s *Server) GetHealth(ctx context.Context, request openapi.GetHealthRequestObject) (openapi.GetHealthResponseObject, error) {
	window := openapi.N1h
	if request.Params.Window != nil {
		window = *request.Params.Window
	}
	instance, err := s.options.Catalog.Instance(ctx, request.Name)
	if err != nil {
		return nil, err
	}
	history, span, err := s.options.Catalog.HealthHistory(ctx, instance.ID, healthWindows[window])
	if err != nil {
		return nil, err
	}
	shown := s.instance(instance)
	out := openapi.GetHealth200JSONResponse{Health: shown.Health, HealthMessage: shown.HealthMessage, Monitored: instance.Monitored,
		Window: string(window), SpanSeconds: int(span.Seconds()), Points: make([]openapi.HealthPoint, len(history))}
	for i, p := range history {
		out.Points[i] = openapi.HealthPoint{At: p.At, Probes: p.Count, Failures: p.Failures}
		if p.Count > p.Failures {
			out.Points[i].LatencyMinMs = milliseconds(p.Least)
			out.Points[i].LatencyMeanMs = milliseconds(p.Mean())
			out.Points[i].LatencyMaxMs = milliseconds(p.Most)
		}
	}
	return out, nil
}

func milliseconds(d time.Duration) *float64 {
	ms := float64(d.Microseconds()) / 1000
	return &ms
}

// RestartWatching makes the monitor begin anew with an instance.
func (s *Server) RestartWatching(ctx context.Context, request openapi.RestartWatchingRequestObject) (openapi.RestartWatchingResponseObject, error) {
	instance, err := s.options.Catalog.ForgetHealth(ctx, request.Name, callOf(ctx).principal.User.ID)
	if err != nil {
		return nil, err
	}
	return openapi.RestartWatching200JSONResponse{InstanceJSONResponse: openapi.InstanceJSONResponse(s.instance(instance))}, nil
}

// GetMonitor answers how the monitor is.
func (s *Server) GetMonitor(ctx context.Context, _ openapi.GetMonitorRequestObject) (openapi.GetMonitorResponseObject, error) {
	monitor, err := s.monitor(ctx)
	return openapi.GetMonitor200JSONResponse{MonitorJSONResponse: monitor}, err
}

// PauseMonitor pauses the monitor as a whole.
func (s *Server) PauseMonitor(ctx context.Context, _ openapi.PauseMonitorRequestObject) (openapi.PauseMonitorResponseObject, error) {
	if err := s.pauseMonitor(ctx, true); err != nil {
		return nil, err
	}
	monitor, err := s.monitor(ctx)
	return openapi.PauseMonitor200JSONResponse{MonitorJSONResponse: monitor}, err
}

// ResumeMonitor resumes it.
func (s *Server) ResumeMonitor(ctx context.Context, _ openapi.ResumeMonitorRequestObject) (openapi.ResumeMonitorResponseObject, error) {
	if err := s.pauseMonitor(ctx, false); err != nil {
		return nil, err
	}
	monitor, err := s.monitor(ctx)
	return openapi.ResumeMonitor200JSONResponse{MonitorJSONResponse: monitor}, err
}

func (s *Server) pauseMonitor(ctx context.Context, paused bool) error {
	if err := s.options.Catalog.PauseMonitor(ctx, paused); err != nil {
		return err
	}
	s.log.InfoContext(ctx, "the monitor was paused or resumed", "paused", paused, "user", callOf(ctx).principal.User.Name)
	return nil
}

// RestartMonitor starts the workflow of each shard anew.
func (s *Server) RestartMonitor(ctx context.Context, _ openapi.RestartMonitorRequestObject) (openapi.RestartMonitorResponseObject, error) {
	state, err := s.options.Catalog.Monitor(ctx)
	if err != nil {
		return nil, err
	}
	if state.Paused {
		return nil, toygres.Errorf(toygres.CodeConflict, "the monitor is paused; resume it first")
	}
	for _, shard := range state.Shards {
		starting, cancel := context.WithTimeout(ctx, temporalTime)
		err := workflows.StartShard(starting, s.options.Temporal, shard.Shard, true)
		cancel()
		if err != nil {
			return nil, &toygres.Error{Code: toygres.CodeUnavailable, RetryAfter: time.Second, Err: err,
				Message: "Temporal can't start the monitor now; ask again in a moment"}
		}
	}
	s.log.InfoContext(ctx, "the monitor was restarted", "user", callOf(ctx).principal.User.Name)
	monitor, err := s.monitor(ctx)
	return openapi.RestartMonitor200JSONResponse{MonitorJSONResponse: monitor}, err
}

func (s *Server) monitor(ctx context.Context) (openapi.MonitorJSONResponse, error) {
	state, err := s.options.Catalog.Monitor(ctx)
	if err != nil {
		return openapi.MonitorJSONResponse{}, err
	}
	out := openapi.MonitorJSONResponse{State: monitorState(state), LagSeconds: state.Lag().Seconds(), Shards: make([]openapi.MonitorShard, len(state.Shards))}
	for i, shard := range state.Shards {
		out.Instances += shard.Instances
		out.Shards[i] = openapi.MonitorShard{Shard: shard.Shard, Worker: optional(shard.Worker), Instances: shard.Instances,
			ReportedAt: optionalTime(shard.ReportedAt), LagSeconds: shard.Lag.Seconds()}
	}
	return out, nil
}

func monitorState(state catalog.MonitorState) openapi.MonitorState {
	switch {
	case state.Paused:
		return openapi.Paused
	case state.Lag() > behindAfter:
		return openapi.Behind
	default:
		return openapi.Watching
	}
}

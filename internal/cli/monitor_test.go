package cli

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/toygres/toygres/openapi"
)

// handleMonitor answers as a server does whose one shard is behind.
func (s *fakeServer) handleMonitor(handle func(string, http.HandlerFunc)) {
	worker := "node-1/7 (v1)"
	state := func(state openapi.MonitorState) http.HandlerFunc {
		return s.signedIn(func(w http.ResponseWriter, _ *http.Request) {
			at := testNow
			answer(w, 200, openapi.Monitor{State: state, LagSeconds: 90, Instances: 3, Shards: []openapi.MonitorShard{
				{Shard: 0, Worker: &worker, Instances: 3, ReportedAt: &at, LagSeconds: 90}, {Shard: 1}}})
		})
	}
	handle("GET /api/monitor", state(openapi.Behind))
	handle("POST /api/monitor/pause", state(openapi.Paused))
	handle("POST /api/monitor/resume", state(openapi.Watching))
	handle("POST /api/monitor/restart", state(openapi.Watching))
	handle("POST /api/instances/{name}/monitor/restart", s.signedIn(s.onInstance(func(w http.ResponseWriter, i *openapi.Instance) { answer(w, 200, i) })))
	handle("GET /api/instances/{name}/health", s.signedIn(func(w http.ResponseWriter, r *http.Request) {
		latency, reason := 1.25, "its server does not answer"
		answer(w, 200, openapi.HealthHistory{Health: openapi.Unhealthy, HealthMessage: &reason, Monitored: true, Window: r.URL.Query().Get("window"), SpanSeconds: 60,
			Points: []openapi.HealthPoint{{At: testNow, Probes: 2, Failures: 2},
				{At: testNow, Probes: 2, LatencyMinMs: &latency, LatencyMeanMs: &latency, LatencyMaxMs: &latency}}})
	}))
}

func TestHealthShowsWhyAndHowFast(t *testing.T) {
	t.Parallel()
	u := signedInTo(t, newFakeServer(t))
	r := u.run("health", "demo", "--window", "24h")
	require.Zero(t, r.code, r.err)
	require.Regexp(t, `Health +unhealthy: its server does not answer`, r.out)
	require.Regexp(t, `2 +0 +1\.2 ms +1\.2 ms +1\.2 ms`, r.out)
	require.Contains(t, u.run("health", "demo", "-o", "json").out, `"window": "1h"`)
	require.Equal(t, exitUsage, u.run("health", "demo", "--window", "2h").code)
}

func TestMonitorStatusNamesTheShardThatIsBehind(t *testing.T) {
	t.Parallel()
	r := signedInTo(t, newFakeServer(t)).run("monitor", "status")
	require.Zero(t, r.code, r.err)
	require.Regexp(t, `State +behind`, r.out)
	require.Regexp(t, `0 +3 +90s +.* node-1/7 \(v1\)`, r.out)
	require.Regexp(t, `1 +0 +0s +never`, r.out)
}

func TestMonitoringIsPausedOfOneOrOfAll(t *testing.T) {
	t.Parallel()
	s := newFakeServer(t)
	s.instances = append(s.instances, testInstance("demo"))
	u := signedInTo(t, s)
	require.Regexp(t, `State +paused`, u.run("monitor", "pause").out)
	require.Regexp(t, `State +watching`, u.run("monitor", "resume").out)
	require.Regexp(t, `State +watching`, u.run("monitor", "restart").out)
	for _, verb := range []string{"pause", "resume", "restart"} {
		r := u.run("monitor", verb, "demo")
		require.Zero(t, r.code, r.err)
		require.Contains(t, r.out, "demo is ")
	}
	require.Len(t, s.asked("POST", "/api/monitor/pause"), 1)
	require.Len(t, s.asked("PATCH", "/api/instances/demo"), 2)
	require.Len(t, s.asked("POST", "/api/instances/demo/monitor/restart"), 1)
}

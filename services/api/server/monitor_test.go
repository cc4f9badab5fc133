package server_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/toygres/toygres"
	"github.com/toygres/toygres/internal/catalog"
	"github.com/toygres/toygres/openapi"
	"github.com/toygres/toygres/services/api/server"
)

func (a answer) monitor() openapi.Monitor {
	a.t.Helper()
	require.Equal(a.t, 200, a.status, "%s", a.body)
	var m openapi.Monitor
	require.NoError(a.t, json.Unmarshal(a.body, &m))
	return m
}

func TestHealthIsShownWithItsReasonAndHistory(t *testing.T) {
	t.Parallel()
	a := start(t)
	id := a.running("demo").ID
	require.NoError(t, a.store.RecordHealth(t.Context(), []catalog.HealthChange{{Instance: id, Health: toygres.HealthUnhealthy, Reason: "it hangs"}}))
	p := catalog.InstanceProbes{Instance: id, Probes: catalog.Probes{At: time.Now()}}
	p.Add(1500*time.Microsecond, false)
	p.Add(2500*time.Microsecond, false)
	p.Add(0, true)
	require.NoError(t, a.store.RecordProbes(t.Context(), []catalog.InstanceProbes{p}))

	viewer := a.as(a.user("vera", toygres.RoleViewer))
	for window, span := range map[string]int{"": 60, "?window=1h": 60, "?window=24h": 3600, "?window=7d": 3600, "?window=30d": 3600} {
		got := viewer.get("/api/instances/demo/health" + window)
		require.Equal(t, 200, got.status, "%s", got.body)
		var h openapi.HealthHistory
		require.NoError(t, json.Unmarshal(got.body, &h))
		require.Equal(t, openapi.Unhealthy, h.Health)
		require.Equal(t, "it hangs", *h.HealthMessage)
		require.True(t, h.Monitored)
		require.Equal(t, span, h.SpanSeconds)
		require.Len(t, h.Points, 1)
		require.Equal(t, 3, h.Points[0].Probes)
		require.Equal(t, 1, h.Points[0].Failures)
		require.InDelta(t, 1.5, *h.Points[0].LatencyMinMs, 0)
		require.InDelta(t, 2, *h.Points[0].LatencyMeanMs, 0)
		require.InDelta(t, 2.5, *h.Points[0].LatencyMaxMs, 0)
	}
	problem := viewer.get("/api/instances/demo/health?window=1y").problem(400, toygres.CodeInvalid)
	require.Equal(t, "window", (*problem.Errors)[0].Field)
	viewer.get("/api/instances/other/health").problem(404, toygres.CodeNotFound)

	var i openapi.Instance
	require.NoError(t, json.Unmarshal(viewer.get("/api/instances/demo").body, &i))
	require.Equal(t, "it hangs", *i.HealthMessage)
	viewer.post("/api/instances/demo/monitor/restart", "").problem(403, toygres.CodeForbidden)
	again := a.asAdmin().post("/api/instances/demo/monitor/restart", "")
	require.Equal(t, 200, again.status, "%s", again.body)
	require.NoError(t, json.Unmarshal(again.body, &i))
	require.Equal(t, openapi.Unknown, i.Health)
}

func TestTheMonitorTellsWhenItIsBehindAndObeysAdministrators(t *testing.T) {
	t.Parallel()
	fake := &temporal{}
	a := start(t, func(o *server.Options) { o.Temporal = fake })
	admin := a.asAdmin()
	require.NoError(t, a.store.SetShards(t.Context(), 2))
	for shard, lag := range []time.Duration{0, 5 * time.Minute} {
		_, err := a.store.ReportShard(t.Context(), shard, "worker-1", 3+shard, lag)
		require.NoError(t, err)
	}
	m := a.as(a.user("vera", toygres.RoleViewer)).get("/api/monitor").monitor()
	require.Equal(t, openapi.Behind, m.State)
	require.Equal(t, 7, m.Instances)
	require.Greater(t, m.LagSeconds, 299.0)
	require.Equal(t, "worker-1", *m.Shards[1].Worker)
	metrics := a.anonymous().get("/metrics")
	require.Regexp(t, `toygres_monitor_lag_seconds 3\d\d`, string(metrics.body))

	operator := a.as(a.user("oskar", toygres.RoleOperator))
	for _, verb := range []string{"pause", "resume", "restart"} {
		operator.post("/api/monitor/"+verb, "").problem(403, toygres.CodeForbidden)
	}
	m = admin.post("/api/monitor/pause", "").monitor()
	require.Equal(t, openapi.Paused, m.State)
	require.Zero(t, m.LagSeconds)
	admin.post("/api/monitor/restart", "").problem(409, toygres.CodeConflict)
	m = admin.post("/api/monitor/resume", "").monitor()
	require.Equal(t, openapi.Watching, m.State)

	admin.post("/api/monitor/restart", "").monitor()
	fake.mu.Lock()
	defer fake.mu.Unlock()
	require.Equal(t, []string{"monitor/0", "monitor/1"}, fake.started)
}

func TestTheMonitorIsNotRestartedWithoutTemporal(t *testing.T) {
	t.Parallel()
	a := start(t)
	require.NoError(t, a.store.SetShards(t.Context(), 1))
	a.asAdmin().post("/api/monitor/restart", "").problem(503, toygres.CodeUnavailable)
}

package catalog_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/toygres/toygres"
	"github.com/toygres/toygres/internal/catalog"
)

func TestAChangeOfHealthIsOneEventAndOnlyOfWhatRuns(t *testing.T) {
	t.Parallel()
	s, ctx := open(t), t.Context()
	owner := newUser(t, s, "ann")
	a, b := running(t, s, owner, "a"), running(t, s, owner, "b")
	stopping, err := s.Begin(ctx, "b", toygres.KindStop, owner)
	require.NoError(t, err)
	last, err := s.LastEventID(ctx)
	require.NoError(t, err)

	changes := []catalog.HealthChange{
		{Instance: b.ID, Health: toygres.HealthHealthy},
		{Instance: a.ID, Health: toygres.HealthUnhealthy, Reason: "it does not answer\x00"},
	}
	require.NoError(t, s.RecordHealth(ctx, changes))
	require.NoError(t, s.RecordHealth(ctx, changes), "the same again")
	a, err = s.Instance(ctx, "a")
	require.NoError(t, err)
	require.Equal(t, toygres.HealthUnhealthy, a.Health)
	require.Equal(t, "it does not answer", a.HealthMessage)
	b, err = s.Instance(ctx, "b")
	require.NoError(t, err)
	require.Equal(t, toygres.HealthUnknown, b.Health)

	events, err := s.Events(ctx, catalog.EventFilter{After: last}, 0)
	require.NoError(t, err)
	require.Len(t, events, 1)
	require.Equal(t, toygres.EventInstanceHealth, events[0].Type)
	require.Equal(t, "The instance is unhealthy: it does not answer", events[0].Message)
	require.Equal(t, map[string]string{"from": "unknown", "to": "unhealthy", "reason": "it does not answer"}, events[0].Data)

	finish(t, s, stopping, toygres.StateStopped)
	stop, err := s.Begin(ctx, "a", toygres.KindStop, owner)
	require.NoError(t, err)
	finish(t, s, stop, toygres.StateStopped)
	a, err = s.Instance(ctx, "a")
	require.NoError(t, err)
	require.Equal(t, toygres.HealthUnknown, a.Health, "nobody knows of a stopped one")
	require.Empty(t, a.HealthMessage)
}

func TestAServerThatHasAnotherVersionIsOneEventAndChangesNoHealth(t *testing.T) {
	t.Parallel()
	s, ctx := open(t), t.Context()
	a := running(t, s, newUser(t, s, "ann"), "a")
	healthy := catalog.HealthChange{Instance: a.ID, Health: toygres.HealthHealthy, ServerVersion: "18.4"}
	require.NoError(t, s.RecordHealth(ctx, []catalog.HealthChange{healthy}))
	last, err := s.LastEventID(ctx)
	require.NoError(t, err)

	newer, unasked := healthy, healthy
	newer.ServerVersion, unasked.ServerVersion = "18.5", ""
	require.NoError(t, s.RecordHealth(ctx, []catalog.HealthChange{newer}))
	require.NoError(t, s.RecordHealth(ctx, []catalog.HealthChange{newer}), "the same again")
	require.NoError(t, s.RecordHealth(ctx, []catalog.HealthChange{unasked}), "nobody asked for the version")
	after, err := s.Instance(ctx, "a")
	require.NoError(t, err)
	require.Equal(t, "18.5", after.ServerVersion)
	require.Equal(t, toygres.HealthHealthy, after.Health)
	events, err := s.Events(ctx, catalog.EventFilter{After: last}, 0)
	require.NoError(t, err)
	require.Len(t, events, 1)
	require.Equal(t, toygres.EventInstanceUpdated, events[0].Type)
	require.Equal(t, "Its server is PostgreSQL 18.5; it was 18.4 when it was last looked at.", events[0].Message)
	require.Equal(t, map[string]string{"changed": "server_version"}, events[0].Data)
}

func TestEveryRunningInstanceIsInOneShard(t *testing.T) {
	t.Parallel()
	s, ctx := open(t), t.Context()
	owner := newUser(t, s, "ann")
	for i := range 20 {
		begun := create(t, s, owner, fmt.Sprintf("db-%d", i))
		require.NoError(t, s.FinishOperation(ctx, toygres.Outcome{Operation: begun.Operation.ID, State: toygres.OperationSucceeded,
			InstanceState: toygres.StateRunning, Endpoint: toygres.Endpoint{Host: "127.0.0.1", Port: 15500}}))
	}
	create(t, s, owner, "unfinished")
	for _, shards := range []int{3, 1, 5} {
		require.NoError(t, s.SetShards(ctx, shards))
		seen := map[toygres.InstanceID]bool{}
		for shard := range shards {
			mine, err := s.Watched(ctx, shard)
			require.NoError(t, err)
			for _, w := range mine {
				require.False(t, seen[w.ID], "it is in two shards")
				seen[w.ID] = true
			}
		}
		require.Len(t, seen, 20)
		m, err := s.Monitor(ctx)
		require.NoError(t, err)
		require.Len(t, m.Shards, shards)
	}
}

func TestAPausedMonitorIsNotBehindAndForgetsOnlyWhatItKnew(t *testing.T) {
	t.Parallel()
	s, url := openURL(t)
	ctx, pool := t.Context(), sql(t, url)
	owner := newUser(t, s, "ann")
	a := running(t, s, owner, "a")
	running(t, s, owner, "b")
	exec(t, pool, `UPDATE instances SET endpoint_host = '127.0.0.1', endpoint_port = 15500`)
	require.NoError(t, s.SetShards(ctx, 1))
	require.NoError(t, s.RecordHealth(ctx, []catalog.HealthChange{{Instance: a.ID, Health: toygres.HealthHealthy}}))
	silent, err := s.SilentShards(ctx, time.Minute)
	require.NoError(t, err)
	require.Equal(t, []int{0}, silent)
	exists, err := s.ReportShard(ctx, 0, "worker-1", 2, 90*time.Second)
	require.NoError(t, err)
	require.True(t, exists)
	silent, err = s.SilentShards(ctx, time.Minute)
	require.NoError(t, err)
	require.Empty(t, silent)
	m, err := s.Monitor(ctx)
	require.NoError(t, err)
	require.GreaterOrEqual(t, m.Lag(), 90*time.Second)

	require.NoError(t, s.PauseMonitor(ctx, true))
	m, err = s.Monitor(ctx)
	require.NoError(t, err)
	require.Zero(t, m.Lag())
	watched, err := s.Watched(ctx, 0)
	require.NoError(t, err)
	require.Equal(t, []catalog.Watched{{ID: a.ID, Endpoint: toygres.Endpoint{Host: "127.0.0.1", Port: 15500}, Health: toygres.HealthHealthy, Paused: true}}, watched)

	require.NoError(t, s.PauseMonitor(ctx, false))
	m, err = s.Monitor(ctx)
	require.NoError(t, err)
	require.Less(t, m.Lag(), 30*time.Second, "the time of the pause is no lag")
	exists, err = s.ReportShard(ctx, 1, "worker-1", 0, 0)
	require.NoError(t, err)
	require.False(t, exists)
}

// The history is counted in parts, folded in small bites and asked for in both
// spans; each probe counts once in all of it.
func TestHistoryCountsEachProbeOnceAndKeepsFewMinutes(t *testing.T) {
	t.Parallel()
	s, url := openURL(t)
	ctx, pool := t.Context(), sql(t, url)
	owner := newUser(t, s, "ann")
	id := running(t, s, owner, "a").ID
	now := time.Now().UTC().Truncate(time.Minute)
	for minutes := range 300 {
		p := catalog.InstanceProbes{Instance: id, Probes: catalog.Probes{At: now.Add(-time.Duration(minutes) * time.Minute)}}
		p.Add(3*time.Millisecond, false)
		p.Add(0, true)
		require.NoError(t, s.RecordProbes(ctx, []catalog.InstanceProbes{p}))
		part := catalog.InstanceProbes{Instance: id, Probes: catalog.Probes{At: p.At.Add(40 * time.Second)}}
		part.Add(time.Millisecond, false)
		require.NoError(t, s.RecordProbes(ctx, []catalog.InstanceProbes{part}))
	}
	sum := func(window time.Duration) (total catalog.Probes, points int, span time.Duration) {
		history, span, err := s.HealthHistory(ctx, id, window)
		require.NoError(t, err)
		for _, p := range history {
			total.Count += p.Count
			total.Failures += p.Failures
			require.Equal(t, time.Millisecond, p.Least)
			require.Equal(t, 3*time.Millisecond, p.Most)
			require.Equal(t, 2*time.Millisecond, p.Mean())
		}
		return total, len(history), span
	}
	before, _, span := sum(24 * time.Hour)
	require.Equal(t, time.Hour, span)
	require.Equal(t, 900, before.Count)
	require.Equal(t, 300, before.Failures)

	bites := 1
	for {
		more, err := s.FoldHealth(ctx, 50)
		require.NoError(t, err)
		if !more {
			break
		}
		bites++
	}
	require.Greater(t, bites, 2)
	after, points, _ := sum(24 * time.Hour)
	require.Equal(t, before, after)
	require.LessOrEqual(t, points, 6)
	last, points, span := sum(time.Hour)
	require.Equal(t, time.Minute, span)
	require.GreaterOrEqual(t, points, 60)
	require.Equal(t, points*3, last.Count)
	var minutes int
	require.NoError(t, pool.QueryRow(ctx, `SELECT count(*) FROM health_minutes`).Scan(&minutes))
	require.LessOrEqual(t, minutes, 120)
}

func TestAMinuteWithoutAnAnswerHasNoSayInTheLeastLatency(t *testing.T) {
	t.Parallel()
	s, ctx := open(t), t.Context()
	id := running(t, s, newUser(t, s, "ann"), "a").ID
	for _, latency := range []time.Duration{0, 5 * time.Millisecond, 0} {
		p := catalog.InstanceProbes{Instance: id, Probes: catalog.Probes{At: time.Now()}}
		p.Add(latency, latency == 0)
		require.NoError(t, s.RecordProbes(ctx, []catalog.InstanceProbes{p}))
	}
	history, _, err := s.HealthHistory(ctx, id, time.Hour)
	require.NoError(t, err)
	for _, p := range history { // one, or two over a minute's end
		if p.Count > p.Failures {
			require.Equal(t, 5*time.Millisecond, p.Least)
		}
	}
}

func TestWhoeverAsksBeginsAnewOnlyWithWhatRuns(t *testing.T) {
	t.Parallel()
	s, ctx := open(t), t.Context()
	owner := newUser(t, s, "ann")
	a := running(t, s, owner, "a")
	create(t, s, owner, "b")
	require.NoError(t, s.RecordHealth(ctx, []catalog.HealthChange{{Instance: a.ID, Health: toygres.HealthUnhealthy, Reason: "x"}}))
	a, err := s.ForgetHealth(ctx, "a", owner)
	require.NoError(t, err)
	require.Equal(t, toygres.HealthUnknown, a.Health)
	require.Empty(t, a.HealthMessage)
	_, err = s.ForgetHealth(ctx, "b", owner)
	requireCode(t, toygres.CodeConflict, err)
	_, err = s.ForgetHealth(ctx, "c", owner)
	requireCode(t, toygres.CodeNotFound, err)
}

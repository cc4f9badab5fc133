package main

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/toygres/toygres"
	"github.com/toygres/toygres/workflows"
)

// watchedBy waits until every shard of the monitor has reported after a moment,
// from a worker whose name ends like that.
func (w *world) watchedBy(suffix string, after time.Time) {
	w.t.Helper()
	await(w.t, func() (struct{}, error) {
		m, err := w.catalog.Monitor(w.t.Context())
		if err == nil && len(m.Shards) == 0 {
			err = fmt.Errorf("there are no shards")
		}
		for _, shard := range m.Shards {
			if !shard.ReportedAt.After(after) || !strings.HasSuffix(shard.Worker, suffix) {
				err = fmt.Errorf("shard %d was last heard of %s, from %q", shard.Shard, shard.ReportedAt, shard.Worker)
			}
		}
		return struct{}{}, err
	})
}

// healthy waits until the instance is.
func (w *world) healthy(name string) {
	w.t.Helper()
	await(w.t, func() (struct{}, error) {
		i, err := w.catalog.Instance(w.t.Context(), name)
		if err == nil && i.Health != toygres.HealthHealthy {
			err = fmt.Errorf("it is %s", i.Health)
		}
		return struct{}{}, err
	})
}

func TestWhatIsCreatedIsMonitoredWithoutATraceInHistories(t *testing.T) {
	w := newWorld(t)
	stop := w.work()
	w.watchedBy("", time.Time{})
	require.Equal(t, toygres.OperationSucceeded, w.ends(w.create("demo").Operation.ID).State)
	w.healthy("demo")

	stop()
	stopped := time.Now()
	w.work()
	w.watchedBy("", stopped)
	before := w.shardHistories()
	for range 2 {
		w.watchedBy("", time.Now())
	}
	require.Equal(t, before, w.shardHistories(), "what is watched is written into the histories")
}

// shardHistories is how many events each shard's workflow has.
func (w *world) shardHistories() (lengths []int64) {
	w.t.Helper()
	for shard := range 4 {
		d, err := w.client.DescribeWorkflowExecution(w.t.Context(), workflows.MonitorID(shard), "")
		require.NoError(w.t, err)
		lengths = append(lengths, d.GetWorkflowExecutionInfo().GetHistoryLength())
	}
	return lengths
}

// A shard is watched for as long as there are instances, and must not keep an
// old release for that long.
func TestTheMonitorMovesToTheNextReleaseAndKeepsNoOldOne(t *testing.T) {
	r := newReleases(t)
	r.wants("v1")
	stop := r.start("v1")
	r.watchedBy(", release v1", time.Time{})

	r.wants("v2")
	r.start("v2")
	begun := time.Now()
	stop() // it would stay for as long as something is bound to it
	r.watchedBy(", release v2", begun)
	for _, length := range r.shardHistories() {
		require.Less(t, length, int64(50), "it moves again and again")
	}
}

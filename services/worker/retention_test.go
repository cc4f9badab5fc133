package main

import (
	"errors"
	"os"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"

	"github.com/toygres/toygres"
	"github.com/toygres/toygres/workflows"
)

// A release may go although something is scheduled: that is for whichever is
// there when its time comes.
func TestAScheduleRemovesWhatIsOldAndBindsNoRelease(t *testing.T) {
	r := newReleases(t)
	t.Setenv("TOYGRES_KEEP_HEALTH", "1h")
	created := r.create("demo")
	conn, err := pgx.Connect(t.Context(), os.Getenv("TOYGRES_CATALOG_URL"))
	require.NoError(t, err)
	defer conn.Close(t.Context())
	_, err = conn.Exec(t.Context(), `INSERT INTO health_hours (instance_id, at, probes, failures, latency_min, latency_max, latency_sum)
		SELECT $1, now() - interval '2 hours' - nr * interval '1 second', 1, 0, 1, 1, 1 FROM generate_series(1, 2500) nr`,
		created.Instance.ID)
	require.NoError(t, err)

	r.wants("v1")
	stop := r.start("v1")
	r.ends(created.Operation.ID)
	r.wants("v2")
	r.start("v2")
	stop() // it would stay for as long as something is bound to it
	schedule := r.client.ScheduleClient().GetHandle(t.Context(), workflows.PruneSchedule)
	require.NoError(t, schedule.Trigger(t.Context(), client.ScheduleTriggerOptions{}))
	run := await(t, func() (toygres.RetentionRun, error) {
		page, err := r.catalog.RetentionRuns(t.Context(), "", 1)
		if err == nil && (len(page.Runs) == 0 || page.Runs[0].EndedAt.IsZero()) {
			err = errors.New("it has not ended")
		}
		if err != nil {
			return toygres.RetentionRun{}, err
		}
		return page.Runs[0], nil
	})
	require.Equal(t, map[toygres.Kept]int{toygres.KeptHealth: 2500}, run.Removed)
	require.Equal(t, time.Hour, run.Keep[toygres.KeptHealth])
	require.Empty(t, run.Error)
}

func TestPeriodsThatMakeNoSenseAreRefused(t *testing.T) {
	keep, err := retention{Events: time.Hour}.periods()
	require.NoError(t, err)
	require.Equal(t, map[toygres.Kept]time.Duration{toygres.KeptEvents: time.Hour}, keep)
	_, err = retention{Audit: time.Minute}.periods()
	require.ErrorContains(t, err, "TOYGRES_KEEP_AUDIT")
}

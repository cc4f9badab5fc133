package catalog_test

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/toygres/toygres"
	"github.com/toygres/toygres/internal/catalog"
)

// prune removes all of a kind that was kept for that long, in batches of that
// size, and returns how many records that were.
func prune(t *testing.T, s *catalog.Store, kind toygres.Kept, keep time.Duration, most int) int {
	t.Helper()
	run := uuid.NewString()
	require.NoError(t, s.BeginRetention(t.Context(), run, map[toygres.Kept]time.Duration{kind: keep}))
	for more := true; more; {
		var err error
		more, err = s.Prune(t.Context(), run, kind, keep, most)
		require.NoError(t, err)
	}
	require.NoError(t, s.EndRetention(t.Context(), run, ""))
	page, err := s.RetentionRuns(t.Context(), "", 1)
	require.NoError(t, err)
	require.Equal(t, run, page.Runs[0].ID)
	require.Equal(t, keep, page.Runs[0].Keep[kind])
	require.False(t, page.Runs[0].EndedAt.IsZero())
	return page.Runs[0].Removed[kind]
}

func TestOldEventsAreRemovedByThePrunerAndNobodyElse(t *testing.T) {
	t.Parallel()
	s, url := openURL(t)
	ctx, pool, owner := t.Context(), sql(t, url), newUser(t, s, "ann")
	for _, name := range []string{"a", "b", "c"} {
		running(t, s, owner, name)
	}
	total := count(t, pool, `SELECT count(*) FROM events`)
	require.Greater(t, total, 5)
	require.Zero(t, prune(t, s, toygres.KeptEvents, time.Hour, 2), "all are young")
	age := func() {
		_, err := pool.Exec(ctx, `ALTER TABLE events DISABLE TRIGGER events_append_only; UPDATE events SET created_at = created_at - interval '2 hours'; ALTER TABLE events ENABLE TRIGGER events_append_only`)
		require.NoError(t, err)
	}
	age()
	for _, statement := range []string{`DELETE FROM events`, `UPDATE events SET message = ''`, `TRUNCATE events`,
		`SELECT prune_events('1 minute', 10)`} {
		_, err := pool.Exec(ctx, statement)
		require.Error(t, err, statement)
	}
	through, err := s.PrunedEvents(ctx)
	require.NoError(t, err)
	require.Zero(t, through)
	newest, err := s.LastEventID(ctx)
	require.NoError(t, err)

	require.Equal(t, total-1, prune(t, s, toygres.KeptEvents, time.Hour, 2), "the newest stays")
	through, err = s.PrunedEvents(ctx)
	require.NoError(t, err)
	require.Equal(t, newest-1, through)
	last, err := s.LastEventID(ctx)
	require.NoError(t, err)
	require.Equal(t, newest, last)
	_, err = pool.Exec(ctx, `DELETE FROM events`)
	require.Error(t, err)
	running(t, s, owner, "d") // which adds some
	age()
	require.Positive(t, prune(t, s, toygres.KeptEvents, time.Hour, 2))
}

func TestOldAuditEntriesAreRemovedByThePrunerAndNobodyElse(t *testing.T) {
	t.Parallel()
	s, url := openURL(t)
	ctx, pool := t.Context(), sql(t, url)
	for range 3 {
		_, err := pool.Exec(ctx, `WITH entry AS (INSERT INTO audit_log (created_at, user_name, credential, token_name, address, action, target, request_id)
			VALUES (now() - interval '2 hours', 'ann', 'token', '', '', 'createInstance', '', '') RETURNING id) SELECT count(*) FROM entry`)
		require.NoError(t, err)
	}
	exec(t, pool, `INSERT INTO audit_outcomes (audit_id, status, code) SELECT id, 200, '' FROM audit_log LIMIT 2`)
	require.Zero(t, prune(t, s, toygres.KeptAudit, 3*time.Hour, 2))
	require.Equal(t, 3, prune(t, s, toygres.KeptAudit, time.Hour, 2))
	require.Zero(t, count(t, pool, `SELECT count(*) FROM audit_outcomes`))
	exec(t, pool, `INSERT INTO audit_log (user_name, credential, token_name, address, action, target, request_id) VALUES ('ann', 'token', '', '', 'x', '', '')`)
	_, err := pool.Exec(ctx, `DELETE FROM audit_log`)
	require.Error(t, err)
}

func TestOnlyWhatIsOverAndOldIsRemoved(t *testing.T) {
	t.Parallel()
	s, url := openURL(t)
	ctx, pool, owner := t.Context(), sql(t, url), newUser(t, s, "ann")
	old := func() {
		exec(t, pool, `UPDATE operations SET created_at = created_at - interval '2 hours', ended_at = ended_at - interval '2 hours'`)
		exec(t, pool, `UPDATE instances SET updated_at = updated_at - interval '2 hours'`)
	}
	kept := running(t, s, owner, "kept")
	going := create(t, s, owner, "going")
	failing := create(t, s, owner, "failing")
	fail(t, s, failing.Operation.ID, toygres.StateFailed)
	gone := running(t, s, owner, "gone")
	deletion, err := s.Begin(ctx, "gone", toygres.KindDelete, owner)
	require.NoError(t, err)
	finish(t, s, deletion, toygres.StateDeleted)
	require.Zero(t, prune(t, s, toygres.KeptOperations, time.Hour, 1))
	require.Zero(t, prune(t, s, toygres.KeptInstances, time.Hour, 1))
	old()

	require.Equal(t, 1, prune(t, s, toygres.KeptInstances, time.Hour, 1))
	_, err = s.InstanceByID(ctx, gone.ID)
	requireCode(t, toygres.CodeNotFound, err)
	require.Equal(t, 1, prune(t, s, toygres.KeptOperations, time.Hour, 1), "that of what is kept: what goes on and why it failed stay")
	for _, op := range []toygres.OperationID{going.Operation.ID, failing.Operation.ID} {
		_, err := s.Operation(ctx, op)
		require.NoError(t, err)
	}
	_, err = s.InstanceByID(ctx, kept.ID)
	require.NoError(t, err)

	// A retry whose first try is gone is still one.
	again, err := s.BeginRetry(ctx, failing.Operation.ID, 0, owner)
	require.NoError(t, err)
	finish(t, s, again, toygres.StateRunning)
	old()
	require.Equal(t, 2, prune(t, s, toygres.KeptOperations, time.Hour, 1))
}

// Without its operation an item would wait for its turn again.
func TestWhatABatchStillCountsIsKeptUntilItIsOver(t *testing.T) {
	t.Parallel()
	s, url := openURL(t)
	ctx, pool, owner := t.Context(), sql(t, url), newUser(t, s, "ann")
	b := batch(t, s, owner, "one", "two")
	_, err := s.StartBatch(ctx, b.ID, "run")
	require.NoError(t, err)
	end(t, s, turn(t, s, b, 1), toygres.OperationSucceeded, toygres.StateRunning)
	deletion, err := s.Begin(ctx, "one", toygres.KindDelete, owner)
	require.NoError(t, err)
	finish(t, s, deletion, toygres.StateDeleted)
	end(t, s, turn(t, s, b, 2), toygres.OperationSucceeded, toygres.StateRunning)
	exec(t, pool, `UPDATE operations SET ended_at = ended_at - interval '2 hours'`)
	exec(t, pool, `UPDATE instances SET updated_at = updated_at - interval '2 hours'`)

	require.Equal(t, 1, prune(t, s, toygres.KeptOperations, time.Hour, 1), "the deletion, which is in no batch")
	require.Zero(t, prune(t, s, toygres.KeptInstances, time.Hour, 1))
	now, err := s.Batch(ctx, b.ID)
	require.NoError(t, err)
	require.Equal(t, toygres.BatchCounts{Total: 2, Succeeded: 2}, now.Counts)

	require.NoError(t, s.FinishBatch(ctx, b.ID, "", ""))
	require.Equal(t, 1, prune(t, s, toygres.KeptInstances, time.Hour, 1))
	require.Equal(t, 1, prune(t, s, toygres.KeptOperations, time.Hour, 1))
}

func TestOldReportsAndHealthAreRemoved(t *testing.T) {
	t.Parallel()
	s, url := openURL(t)
	pool, demo := sql(t, url), running(t, s, newUser(t, s, "ann"), "demo")
	for _, statement := range []string{
		`INSERT INTO health_hours (instance_id, at, probes, failures, latency_min, latency_max, latency_sum) SELECT id, now() - interval '2 hours', 1, 0, 1, 1, 1 FROM instances`,
		`INSERT INTO drift_findings (id, kind, instance_id, instance_name, message, resolved_at) SELECT gen_random_uuid(), 'size', id, '', '', now() - interval '2 hours' FROM instances`,
		`INSERT INTO drift_findings (id, kind, instance_id, instance_name, message) SELECT gen_random_uuid(), 'size', id, '', '' FROM instances`,
		`INSERT INTO drift_checks (id, started_at, ended_at) VALUES (gen_random_uuid(), now(), now() - interval '2 hours')`,
		`INSERT INTO retention_runs (id, keep, ended_at) VALUES (gen_random_uuid(), '{}', now() - interval '2 hours')`,
	} {
		exec(t, pool, statement)
	}
	require.Equal(t, 1, prune(t, s, toygres.KeptHealth, time.Hour, 10))
	require.Equal(t, 3, prune(t, s, toygres.KeptReports, time.Hour, 10))
	require.Equal(t, 1, count(t, pool, `SELECT count(*) FROM drift_findings WHERE instance_id = $1`, demo.ID), "it is not resolved")
}

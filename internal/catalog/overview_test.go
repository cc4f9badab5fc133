package catalog_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/toygres/toygres"
	"github.com/toygres/toygres/internal/catalog"
)

func TestTheOverviewCountsAndNamesWhatNeedsAttentionTheWorstFirst(t *testing.T) {
	t.Parallel()
	s, url := openURL(t)
	db, owner := sql(t, url), newUser(t, s, "ann")
	overview, err := s.Overview(t.Context())
	require.NoError(t, err)
	require.Empty(t, overview.Attention)
	require.Empty(t, overview.States)

	for _, name := range []string{"well", "ill", "bad-1", "bad-2", "bad-3", "bad-4", "leaving", "staying"} {
		running(t, s, owner, name)
	}
	create(t, s, owner, "coming")
	exec(t, db, `UPDATE instances SET health = 'healthy' WHERE name = 'well'`)
	exec(t, db, `UPDATE instances SET health = 'unhealthy' WHERE name = 'ill'`)
	exec(t, db, `UPDATE instances SET state = 'failed', updated_at = now() + right(name, 1)::int * interval '1 minute' WHERE name LIKE 'bad-%'`)
	exec(t, db, `UPDATE instances SET state = 'trashed', trashed_from = 'running', purge_at = now() + interval '30 minutes' WHERE name = 'leaving'`)
	exec(t, db, `UPDATE instances SET state = 'trashed', trashed_from = 'running', purge_at = now() + interval '2 hours' WHERE name = 'staying'`)
	const finding = `INSERT INTO drift_findings (id, kind, instance_id, instance_name, message, resolved_at) SELECT gen_random_uuid(), $1, id, name, '', $2 FROM instances WHERE name = $3`
	exec(t, db, finding, "missing", nil, "well")
	exec(t, db, finding, "leftover", nil, "ill") // which is removed without being asked
	exec(t, db, finding, "size", "2026-01-01", "ill")
	const batch = `INSERT INTO batches (id, kind, state, requested_by, ended_at) VALUES ($1, 'create', $2, $3, now() - $4::interval)`
	const failed = "018f0000-0000-7000-8000-000000000001"
	exec(t, db, batch, failed, "failed", owner, "1 hour")
	exec(t, db, batch, "018f0000-0000-7000-8000-000000000002", "failed", owner, "2 days")
	exec(t, db, batch, "018f0000-0000-7000-8000-000000000003", "succeeded", owner, "1 hour")

	overview, err = s.Overview(t.Context())
	require.NoError(t, err)
	require.Equal(t, map[toygres.State]int{toygres.StateRunning: 2, toygres.StateFailed: 4, toygres.StateTrashed: 2, toygres.StateCreating: 1}, overview.States)
	require.Equal(t, map[toygres.Health]int{toygres.HealthHealthy: 1, toygres.HealthUnhealthy: 1}, overview.Health)
	require.Equal(t, 1, overview.InProgress)
	require.Equal(t, []catalog.Attention{
		{Kind: catalog.FailedInstances, Count: 4, Names: []string{"bad-4", "bad-3", "bad-2"}},
		{Kind: catalog.UnhealthyInstances, Count: 1, Names: []string{"ill"}},
		{Kind: catalog.Drift, Count: 1, Names: []string{"well"}},
		{Kind: catalog.FailedBatches, Count: 1, Names: []string{failed}},
		{Kind: catalog.PurgedSoon, Count: 1, Names: []string{"leaving"}},
	}, overview.Attention)
}

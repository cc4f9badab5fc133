package catalog

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/toygres/toygres"
)

// AttentionKind says why somebody should look at something.
type AttentionKind string

// The kinds of attention.
const (
	FailedInstances    AttentionKind = "instances_failed"
	UnhealthyInstances AttentionKind = "instances_unhealthy"
	Drift              AttentionKind = "drift"          // that nobody repairs unasked
	FailedBatches      AttentionKind = "batches_failed" // not long ago
	PurgedSoon         AttentionKind = "purged_soon"    // leaves the trash for good
)

// worstFirst is the order in which people should look.
var worstFirst = []AttentionKind{FailedInstances, UnhealthyInstances, Drift, FailedBatches, PurgedSoon}

const (
	failedLately = 24 * time.Hour // a batch, which nobody can make undone
	purgedWithin = time.Hour
	namesShown   = 3
)

// Attention is what somebody should look at.
type Attention struct {
	Kind  AttentionKind
	Count int
	Names []string // the latest few: names of instances, and of batches their ids
}

// Overview is how all instances are, in numbers.
type Overview struct {
	States     map[toygres.State]int  // without the deleted ones
	Health     map[toygres.Health]int // of those that run
	InProgress int                    // operations
	Attention  []Attention            // the worst first
}

const attentionSQL = `
WITH found (kind, name, at) AS (
    SELECT 'instances_failed', name, updated_at FROM instances WHERE state = 'failed'
    UNION ALL
    SELECT 'instances_unhealthy', name, updated_at FROM instances WHERE state = 'running' AND health = 'unhealthy'
    UNION ALL
    SELECT 'drift', coalesce(nullif(instance_name, ''), instance_id::text), first_seen
    FROM drift_findings WHERE resolved_at IS NULL AND kind <> ALL ($1)
    UNION ALL
    SELECT 'batches_failed', id::text, ended_at FROM batches WHERE state = 'failed' AND ended_at > now() - $2::interval
    UNION ALL
    SELECT 'purged_soon', name, purge_at FROM instances WHERE state = 'trashed' AND purge_at < now() + $3::interval)
SELECT kind, count(*), (array_agg(name ORDER BY at DESC, name))[:$4] FROM found GROUP BY kind`

// Overview returns how all instances are, and what somebody should look at.
func (s *Store) Overview(ctx context.Context) (Overview, error) {
	states, err := s.CountInstances(ctx)
	if err != nil {
		return Overview{}, err
	}
	overview := Overview{States: states, Health: map[toygres.Health]int{}}
	_, err = collect(ctx, s, func(row pgx.CollectableRow) (health toygres.Health, err error) {
		var n int
		err = row.Scan(&health, &n)
		overview.Health[health] = n
		return health, err
	}, `SELECT health, count(*) FROM instances WHERE state = 'running' GROUP BY health`)
	if err != nil {
		return Overview{}, err
	}
	overview.InProgress, _, err = one(ctx, s, pgx.RowTo[int], `SELECT count(*) FROM operations WHERE state IN ('pending', 'running')`)
	if err != nil {
		return Overview{}, err
	}
	unasked := slices.DeleteFunc(toygres.DriftKinds(), func(k toygres.DriftKind) bool { return !k.Automatic() })
	overview.Attention, err = collect(ctx, s, func(row pgx.CollectableRow) (a Attention, err error) {
		return a, row.Scan(&a.Kind, &a.Count, &a.Names)
	}, attentionSQL, unasked, failedLately, purgedWithin, namesShown)
	slices.SortFunc(overview.Attention, func(a, b Attention) int {
		return cmp.Compare(slices.Index(worstFirst, a.Kind), slices.Index(worstFirst, b.Kind))
	})
	return overview, err
}

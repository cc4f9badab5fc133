package catalog

import (
	"context"
	"errors"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype/zeronull"

	"github.com/toygres/toygres"
)

// prunes are the statements that remove at most $2 records that were kept for $1.
// An operation stays while it says what is left of its instance, and both while a
// batch that goes on counts them.
var prunes = map[toygres.Kept][]string{
	toygres.KeptEvents: {`SELECT prune_events($1, $2)`},
	toygres.KeptAudit:  {`SELECT prune_audit($1, $2)`},
	toygres.KeptHealth: {pruneOf(`health_hours`, `at < now() - $1::interval`)},
	toygres.KeptOperations: {
		pruneOf(`operations`, `ended_at < now() - $1::interval AND NOT EXISTS (SELECT FROM instances i WHERE i.id = instance_id AND i.state = 'failed')
			AND NOT EXISTS (SELECT FROM batch_items bi JOIN batches b ON b.id = bi.batch_id WHERE bi.operation_id = operations.id AND b.ended_at IS NULL)`),
		pruneOf(`batches`, `ended_at < now() - $1::interval`),
	},
	toygres.KeptIdempotencyKeys: {pruneOf(`idempotency_keys`, `created_at < now() - $1::interval`)},
	toygres.KeptInstances: {pruneOf(`instances`, `state = 'deleted' AND updated_at < now() - $1::interval
			AND NOT EXISTS (SELECT FROM operations o JOIN batch_items bi ON bi.operation_id = o.id JOIN batches b ON b.id = bi.batch_id
			                WHERE o.instance_id = instances.id AND b.ended_at IS NULL)`)},
	toygres.KeptReports: {
		pruneOf(`drift_findings`, `resolved_at < now() - $1::interval`),
		pruneOf(`drift_checks`, `ended_at < now() - $1::interval`),
		pruneOf(`retention_runs`, `ended_at < now() - $1::interval`),
	},
}

// pruneOf passes over rows that somebody else holds: the next run finds them.
func pruneOf(table, condition string) string {
	return `WITH gone AS (DELETE FROM ` + table + ` WHERE ctid = ANY (ARRAY(
		SELECT ctid FROM ` + table + ` WHERE ` + condition + ` LIMIT $2 FOR UPDATE SKIP LOCKED)) RETURNING 1)
		SELECT count(*) FROM gone`
}

// BeginRetention records that a removal of what was kept for so long has begun.
// Repeating it is no error.
func (s *Store) BeginRetention(ctx context.Context, run string, keep map[toygres.Kept]time.Duration) error {
	seconds := map[toygres.Kept]int64{}
	for kind, period := range keep {
		seconds[kind] = int64(period / time.Second)
	}
	_, err := s.pool.Exec(ctx, `INSERT INTO retention_runs (id, keep) VALUES ($1, $2)
		ON CONFLICT (id) DO UPDATE SET keep = excluded.keep`, run, seconds)
	return wrap(err)
}

// Prune removes at most so many records of a kind that were kept for that long,
// and notes that with the run. more says that there may be others.
func (s *Store) Prune(ctx context.Context, run string, kind toygres.Kept, keep time.Duration, most int) (more bool, err error) {
	for _, sql := range prunes[kind] {
		removed := 0
		err := pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
			if err := tx.QueryRow(ctx, sql, keep, most).Scan(&removed); err != nil || removed == 0 {
				return err
			}
			_, err := tx.Exec(ctx, `UPDATE retention_runs SET removed = removed ||
				jsonb_build_object($2::text, coalesce((removed ->> $2)::bigint, 0) + $3::bigint) WHERE id = $1`, run, kind, removed)
			return err
		})
		if err != nil {
			return false, wrap(err)
		}
		more = more || removed >= most
	}
	return more, nil
}

// EndRetention records that a run has removed everything that it should, or why
// not.
func (s *Store) EndRetention(ctx context.Context, run, problem string) error {
	_, err := s.pool.Exec(ctx, `UPDATE retention_runs SET ended_at = now(), error = $2 WHERE id = $1`, run, clean(problem))
	return wrap(err)
}

// RetentionPage is a part of the list of runs, newest first.
type RetentionPage struct {
	Runs []toygres.RetentionRun
	Next string // cursor of the next page; "" on the last
}

// RetentionRuns returns a page of runs: what they removed.
func (s *Store) RetentionRuns(ctx context.Context, after string, limit int) (RetentionPage, error) {
	startedAt, id, err := position(after, retentionList)
	if err != nil {
		return RetentionPage{}, err
	}
	size := pageSize(limit)
	found, err := collect(ctx, s, func(row pgx.CollectableRow) (toygres.RetentionRun, error) {
		run := toygres.RetentionRun{Keep: map[toygres.Kept]time.Duration{}}
		var seconds map[toygres.Kept]int64
		err := row.Scan(&run.ID, &run.StartedAt, (*zeronull.Timestamptz)(&run.EndedAt), &seconds, &run.Removed, &run.Error)
		for kind, n := range seconds {
			run.Keep[kind] = time.Duration(n) * time.Second
		}
		return run, err
	}, `SELECT id::text, started_at, ended_at, keep, removed, error FROM retention_runs WHERE (started_at, id) < ($1, $2)
		ORDER BY started_at DESC, id DESC LIMIT `+strconv.Itoa(size+1), startedAt, id)
	if err != nil {
		return RetentionPage{}, err
	}
	page := RetentionPage{Runs: found}
	if len(found) > size {
		page.Runs = found[:size]
		last := found[size-1]
		page.Next = cursor{last.StartedAt, last.ID}.encode(retentionList)
	}
	return page, nil
}

// PrunedEvents returns the id up to which all events are gone; 0 when none is.
func (s *Store) PrunedEvents(ctx context.Context) (toygres.EventID, error) {
	var through toygres.EventID
	err := s.pool.QueryRow(ctx, `SELECT through FROM pruned_events`).Scan(&through)
	if errors.Is(err, pgx.ErrNoRows) {
		return 0, nil
	}
	return through, wrap(err)
}

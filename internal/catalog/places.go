package catalog

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/toygres/toygres"
)

// lockPlaces makes those who hand out places take turns, for one round trip
// each. The key is "places" in ASCII.
const lockPlaces = `SELECT pg_advisory_xact_lock(x'706c61636573'::bigint)`

// line is who has a place or wants one. It ends with the operation, whoever
// ends that, so nothing is ever left over.
const line = `
	SELECT o.id, o.queued_at, o.admitted_at IS NOT NULL AS admitted,
	       EXISTS (SELECT FROM batch_items i WHERE i.operation_id = o.id) AS batch
	FROM operations o WHERE o.state = 'running' AND o.queued_at IS NOT NULL`

// admit hands out the places that are free: to those who were asked for by
// themselves before those of batches, which leave one place to others.
const admit = `
WITH line AS (` + line + `), taken AS (
	SELECT count(*) AS places, count(*) FILTER (WHERE batch) AS by_batches FROM line WHERE admitted
), waiting AS (
	SELECT id, batch, row_number() OVER (ORDER BY batch, queued_at, id) AS nr,
	       row_number() OVER (PARTITION BY batch ORDER BY queued_at, id) AS nr_of_its_kind
	FROM line WHERE NOT admitted
)
UPDATE operations o SET admitted_at = now()
FROM waiting, taken
WHERE o.id = waiting.id AND o.state = 'running' AND nr <= $1 - taken.places
  AND (NOT batch OR nr_of_its_kind <= greatest($1 - 1, 1) - taken.by_batches)
RETURNING o.id::text, o.instance_id::text`

// admission is who got a place.
type admission struct {
	operation toygres.OperationID
	instance  toygres.InstanceID
}

func scanAdmission(row pgx.CollectableRow) (a admission, err error) {
	return a, row.Scan(&a.operation, &a.instance)
}

// TakePlace gives an operation that runs one of so many places, for as long as
// it is in progress, or puts it in the line for one. Others may get theirs by
// the way: those instances' workflows should hear of it. Asking again is no
// error. CodeConflict says that the operation is over.
func (s *Store) TakePlace(ctx context.Context, id toygres.OperationID, places int) (place toygres.Place, others []toygres.InstanceID, err error) {
	if !isID(id) {
		return toygres.Place{}, nil, overOrGone(id)
	}
	found := false
	var turns pgx.Batch // one transaction; each statement sees what those before it have waited for
	turns.Queue(lockPlaces)
	turns.Queue(`UPDATE operations SET queued_at = now() WHERE id = $1 AND state = 'running' AND queued_at IS NULL`, id)
	turns.Queue(admit, places).Query(func(rows pgx.Rows) error {
		others, err = whoElse(rows, id)
		return err
	})
	turns.Queue(`WITH line AS (`+line+`)
		SELECT me.admitted, (SELECT count(*) FROM line WHERE NOT line.admitted AND (line.batch, line.queued_at, line.id) < (me.batch, me.queued_at, me.id))
		FROM line me WHERE me.id = $1`, id).Query(func(rows pgx.Rows) error {
		for rows.Next() {
			found = true
			if err := rows.Scan(&place.Taken, &place.Before); err != nil {
				return err
			}
		}
		return rows.Err()
	})
	if err := s.pool.SendBatch(ctx, &turns).Close(); err != nil {
		return toygres.Place{}, nil, wrap(err)
	}
	if !found {
		return toygres.Place{}, others, overOrGone(id)
	}
	return place, others, nil
}

// FreePlaces hands out the places that are free, and returns whose instances'
// workflows should hear of it.
func (s *Store) FreePlaces(ctx context.Context, places int) (admitted []toygres.InstanceID, err error) {
	var turns pgx.Batch
	turns.Queue(lockPlaces)
	turns.Queue(admit, places).Query(func(rows pgx.Rows) error {
		admitted, err = whoElse(rows, "")
		return err
	})
	return admitted, wrap(s.pool.SendBatch(ctx, &turns).Close())
}

func whoElse(rows pgx.Rows, me toygres.OperationID) (others []toygres.InstanceID, err error) {
	all, err := pgx.CollectRows(rows, scanAdmission)
	for _, a := range all {
		if a.operation != me {
			others = append(others, a.instance)
		}
	}
	return others, err
}

// Places are those that operations have, and that others wait for.
type Places struct {
	Used, Waiting int
}

// Places returns how many places are taken now, and how many are waited for.
func (s *Store) Places(ctx context.Context) (p Places, err error) {
	err = s.pool.QueryRow(ctx, `WITH line AS (`+line+`)
		SELECT count(*) FILTER (WHERE admitted), count(*) FILTER (WHERE NOT admitted) FROM line`).Scan(&p.Used, &p.Waiting)
	return p, wrap(err)
}

// StepWaits says what a step that has not begun waits for. The same message
// again writes nothing.
func (s *Store) StepWaits(ctx context.Context, id toygres.OperationID, step toygres.StepName, message string) error {
	if !isID(id) {
		return overOrGone(id)
	}
	return s.report(ctx, id, stepProgress, id, step, clean(message), toygres.StepPending)
}

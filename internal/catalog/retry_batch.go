package catalog

import (
	"context"
	"fmt"

	"github.com/toygres/toygres"
)

// retryBatch takes what failed or was cancelled into a new batch. Of what
// somebody has tried again alone since, the last attempt counts. It answers the new batch, "" if none was made, and whether there was something
// for it. Of two at once the second waits for the first at the batch that both
// would try again, and inserts nothing.
const retryBatch = `
WITH items AS (` + itemsOf + `$1), undone AS (
	SELECT i.position, i.name, i.spec, i.instance_id, last.id AS operation_id
	FROM items JOIN batch_items i ON i.batch_id = $1 AND i.position = items.position
	LEFT JOIN LATERAL (
		SELECT l.id, l.state FROM operations o JOIN operations l
		  ON l.instance_id = o.instance_id AND l.kind = o.kind AND l.created_at >= o.created_at
		WHERE o.id IN (i.operation_id, i.retry_of)
		ORDER BY o.id = i.operation_id DESC, l.created_at DESC LIMIT 1
	) last ON true
	WHERE items.state IN ('failed', 'cancelled') AND coalesce(last.state, 'failed') IN ('failed', 'cancelled')
), batch AS (
	INSERT INTO batches (id, kind, requested_by, keep, retry_of)
	SELECT $2::uuid, kind, $3::uuid, keep, id FROM batches
	WHERE id = $1 AND ended_at IS NOT NULL AND EXISTS (SELECT FROM undone)
	  AND NOT EXISTS (SELECT FROM items WHERE state = 'running')
	ON CONFLICT (retry_of) DO NOTHING
	RETURNING id
), planned AS (
	INSERT INTO batch_items (batch_id, position, name, spec, instance_id, operation_id, retry_of)
	SELECT batch.id, row_number() OVER (ORDER BY i.position), i.name, i.spec, i.instance_id, gen_random_uuid(), i.operation_id
	FROM batch, undone i
)
SELECT coalesce((SELECT id::text FROM batch), ''), EXISTS (SELECT FROM undone)`

// BeginBatchRetry records, as [Store.BeginBatch] does, a batch of the items of
// another one that failed or were cancelled. An item that had an operation tries
// that again, as [Store.BeginRetry] does; one that had none begins as if it were
// its first turn. A batch is tried again once: a repeat answers that one, and
// that it is a replay. CodeConflict says that there is nothing to try again, or
// not yet.
func (s *Store) BeginBatchRetry(ctx context.Context, id toygres.BatchID, actor toygres.UserID) (_ toygres.Batch, replayed bool, err error) {
	for range maxTries {
		of, err := s.Batch(ctx, id)
		switch {
		case err != nil:
			return toygres.Batch{}, false, err
		case of.RetriedBy != "":
			again, err := s.Batch(ctx, of.RetriedBy)
			if toygres.CodeOf(err) == toygres.CodeNotFound {
				continue // taken back meanwhile
			}
			return again, true, err
		case !of.State.Done():
			return toygres.Batch{}, false, noBatchRetry("it is " + string(of.State) + "; wait for its end, or cancel it")
		case of.Counts.Running > 0:
			return toygres.Batch{}, false, noBatchRetry(fmt.Sprintf("%d of its operations go on; wait for their end", of.Counts.Running))
		case of.Counts.Failed+of.Counts.Cancelled == 0:
			return toygres.Batch{}, false, noBatchRetry("all of it has succeeded")
		}
		var recorded toygres.BatchID
		var undone bool
		err = s.pool.QueryRow(ctx, retryBatch, id, newID(), actor).Scan(&recorded, &undone)
		switch {
		case err != nil:
			return toygres.Batch{}, false, wrap(err)
		case recorded != "":
			batch, err := s.Batch(ctx, recorded)
			return batch, false, err
		case !undone:
			return toygres.Batch{}, false, noBatchRetry("all that failed has been tried again alone since")
		}
		// Somebody else was first, or it was pruned: look again.
	}
	return toygres.Batch{}, false, busy()
}

func noBatchRetry(why string) error {
	return toygres.Errorf(toygres.CodeConflict, "can't retry the batch: %s", why)
}

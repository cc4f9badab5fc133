package catalog

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/toygres/toygres"
)

// retryBatch takes what failed or was cancelled into a new batch. Of two at
// once the second waits for the first at the batch that both would try again,
// and inserts nothing.
const retryBatch = `
WITH items AS (` + itemsOf + `$1), source AS (
	SELECT id, kind, keep FROM batches
	WHERE id = $1 AND ended_at IS NOT NULL
	  AND EXISTS (SELECT FROM items WHERE state IN ('failed', 'cancelled'))
	  AND NOT EXISTS (SELECT FROM items WHERE state = 'running')
), batch AS (
	INSERT INTO batches (id, kind, requested_by, keep, retry_of)
	SELECT $2::uuid, kind, $3::uuid, keep, id FROM source
	ON CONFLICT (retry_of) DO NOTHING
	RETURNING id
), planned AS (
	INSERT INTO batch_items (batch_id, position, name, spec, instance_id, operation_id, retry_of)
	SELECT batch.id, row_number() OVER (ORDER BY i.position), i.name, i.spec, i.instance_id, gen_random_uuid(),
	       (SELECT o.id FROM operations o WHERE o.id IN (i.operation_id, i.retry_of) ORDER BY o.id = i.operation_id DESC LIMIT 1)
	FROM batch, batch_items i JOIN items ON items.position = i.position
	WHERE i.batch_id = $1 AND items.state IN ('failed', 'cancelled')
)
SELECT id::text FROM batch`

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
		recorded, ok, err := one(ctx, s, pgx.RowTo[toygres.BatchID], retryBatch, id, newID(), actor)
		if err != nil {
			return toygres.Batch{}, false, err
		}
		if ok {
			batch, err := s.Batch(ctx, recorded)
			return batch, false, err
		}
		// Somebody else was first, or it was pruned: look again.
	}
	return toygres.Batch{}, false, busy()
}

func noBatchRetry(why string) error {
	return toygres.Errorf(toygres.CodeConflict, "can't retry the batch: %s", why)
}

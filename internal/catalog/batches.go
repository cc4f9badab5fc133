package catalog

import (
	"context"
	"strconv"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype/zeronull"

	"github.com/toygres/toygres"
)

// itemsOf are the items that the condition at its end selects. One that has
// been begun is as its operation, until the batch is over and it is as that was.
const itemsOf = `
	SELECT i.batch_id, i.position, i.name, coalesce(o.id::text, '') AS operation_id,
	       CASE WHEN i.state <> 'waiting' OR o.id IS NULL THEN i.state
	            WHEN o.state = 'pending' THEN 'running' ELSE o.state END AS state,
	       CASE WHEN i.state <> 'waiting' OR o.id IS NULL THEN i.error_code ELSE o.error_code END AS error_code,
	       CASE WHEN i.state <> 'waiting' OR o.id IS NULL THEN i.error ELSE o.error END AS error
	FROM batch_items i LEFT JOIN operations o ON o.id = i.operation_id
	WHERE i.batch_id = `

// countItems counts rows of itemsOf.
const countItems = `count(*) AS total, count(*) FILTER (WHERE state = 'waiting') AS waiting,
	count(*) FILTER (WHERE state = 'running') AS running, count(*) FILTER (WHERE state = 'succeeded') AS succeeded,
	count(*) FILTER (WHERE state = 'failed') AS failed, count(*) FILTER (WHERE state = 'cancelled') AS cancelled`

// countsAsData are the counts as an event has them.
const countsAsData = `jsonb_build_object('total', total::text, 'waiting', waiting::text, 'running', running::text,
	'succeeded', succeeded::text, 'failed', failed::text, 'cancelled', cancelled::text)`

const selectBatches = `
SELECT b.id::text, b.kind, b.state, b.run_id, b.requested_by::text, b.cancel_asked, b.error_code, b.error,
       coalesce(b.retry_of::text, ''), coalesce((SELECT r.id::text FROM batches r WHERE r.retry_of = b.id), ''),
       b.created_at, b.started_at, b.ended_at, n.total, n.waiting, n.running, n.succeeded, n.failed, n.cancelled
FROM batches b, LATERAL (SELECT ` + countItems + ` FROM (` + itemsOf + `b.id) items) n`

func scanBatch(row pgx.CollectableRow) (toygres.Batch, error) {
	var b toygres.Batch
	n := &b.Counts
	err := row.Scan(&b.ID, &b.Kind, &b.State, &b.RunID, &b.RequestedBy, &b.CancelAsked, &b.ErrorCode, &b.Error,
		&b.RetryOf, &b.RetriedBy, &b.CreatedAt, (*zeronull.Timestamptz)(&b.StartedAt), (*zeronull.Timestamptz)(&b.EndedAt),
		&n.Total, &n.Waiting, &n.Running, &n.Succeeded, &n.Failed, &n.Cancelled)
	return b, err
}

// Batch returns a batch.
func (s *Store) Batch(ctx context.Context, id toygres.BatchID) (toygres.Batch, error) {
	if !isID(id) {
		return toygres.Batch{}, notFound("batch")
	}
	batch, ok, err := one(ctx, s, scanBatch, selectBatches+` WHERE b.id = $1`, id)
	if err == nil && !ok {
		err = notFound("batch")
	}
	return batch, err
}

// BatchPage is a part of the list of batches, newest first.
type BatchPage struct {
	Batches []toygres.Batch
	Next    string // cursor of the next page; "" on the last
}

// Batches returns a page of batches, newest first: limit rows, 50 when zero, at
// most 200.
func (s *Store) Batches(ctx context.Context, after string, limit int) (BatchPage, error) {
	createdAt, id, err := position(after, batchList)
	if err != nil {
		return BatchPage{}, err
	}
	size := pageSize(limit)
	found, err := collect(ctx, s, scanBatch, selectBatches+`
		WHERE (b.created_at, b.id) < ($1, $2) ORDER BY b.created_at DESC, b.id DESC LIMIT `+strconv.Itoa(size+1), createdAt, id)
	if err != nil {
		return BatchPage{}, err
	}
	page := BatchPage{Batches: found}
	if len(found) > size {
		page.Batches = found[:size]
		last := found[size-1]
		page.Next = cursor{last.CreatedAt, string(last.ID)}.encode(batchList)
	}
	return page, nil
}

// BatchItems returns at most limit items of a batch (50 when zero, 200 at most)
// in any of the states, all when there are none, after a position.
func (s *Store) BatchItems(ctx context.Context, id toygres.BatchID, states []toygres.ItemState, after, limit int) ([]toygres.BatchItem, error) {
	if !isID(id) {
		return nil, notFound("batch")
	}
	return collect(ctx, s, func(row pgx.CollectableRow) (i toygres.BatchItem, err error) {
		return i, row.Scan(&i.Position, &i.Name, &i.State, &i.Operation, &i.ErrorCode, &i.Error)
	}, `SELECT position, name, state, operation_id, error_code, error FROM (`+itemsOf+`$1 AND i.position > $2) items
		WHERE cardinality($3::text[]) = 0 OR state = ANY ($3)
		ORDER BY position LIMIT `+strconv.Itoa(pageSize(limit)), id, after, texts(states))
}

// UnfinishedBatches returns the batches that are not over, the oldest first.
func (s *Store) UnfinishedBatches(ctx context.Context) ([]toygres.Batch, error) {
	return collect(ctx, s, scanBatch, selectBatches+` WHERE b.state IN ('pending', 'running') ORDER BY b.created_at`)
}

// texts is never nil, which PostgreSQL would take for no value at all.
func texts[T ~string](values []T) []string {
	list := make([]string, len(values))
	for i, v := range values {
		list[i] = string(v)
	}
	return list
}

package catalog

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/toygres/toygres"
)

const startBatch = `
WITH target AS (
	SELECT id, kind, state, requested_by FROM batches WHERE id = $1 AND state IN ('pending', 'running') FOR NO KEY UPDATE
), begun AS (
	UPDATE batches b SET state = 'running', run_id = $2, started_at = coalesce(started_at, now())
	FROM target WHERE b.id = target.id
), counted AS (
	SELECT count(*) AS total FROM batch_items WHERE batch_id = $1
), logged AS (
	INSERT INTO events (type, batch_id, instance_name, actor, message, data)
	SELECT 'batch.started', target.id, '', target.requested_by, format('A batch of %s began: %s.', counted.total, target.kind),
	       jsonb_build_object('kind', target.kind, 'total', counted.total::text)
	FROM target, counted WHERE target.state = 'pending'
)
SELECT counted.total FROM target, counted`

// StartBatch says that the batch's workflow runs, under Temporal's run id, and
// returns how many items there are. Another run than before goes on where that
// ended. CodeConflict says that the batch is over or was taken back.
func (s *Store) StartBatch(ctx context.Context, id toygres.BatchID, runID string) (items int, err error) {
	items, ok, err := one(ctx, s, pgx.RowTo[int], startBatch, id, runID)
	if err == nil && !ok {
		err = toygres.Errorf(toygres.CodeConflict, "the batch is over or was taken back")
	}
	return items, err
}

// turn is an item whose turn has come.
type turn struct {
	state     toygres.ItemState
	name      string
	spec      []byte
	instance  toygres.InstanceID
	operation toygres.OperationID
	again     toygres.OperationID // that it tries again; "" when it is a first try
	kind      toygres.Kind
	keep      time.Duration
	by        toygres.UserID
	over      bool // nothing is begun any more
}

// BeginItem records the operation of a batch's item, as [Store.BeginCreate],
// [Store.BeginDelete] and [Store.BeginRetry] do, or returns it when that was done before. An item that
// is refused fails alone. The zero operation says that there is nothing to carry
// out. provider is where new instances live; spec is the instance's.
func (s *Store) BeginItem(ctx context.Context, batch toygres.BatchID, position int, provider string) (op toygres.Operation, spec toygres.Spec, err error) {
	t, ok, err := one(ctx, s, func(row pgx.CollectableRow) (t turn, err error) {
		return t, row.Scan(&t.state, &t.name, &t.spec, &t.instance, &t.operation, &t.again, &t.kind, &t.keep, &t.by, &t.over)
	}, `SELECT i.state, i.name, i.spec, coalesce(i.instance_id::text, ''), i.operation_id::text, coalesce(i.retry_of::text, ''), b.kind, b.keep, b.requested_by::text,
		b.cancel_asked OR b.ended_at IS NOT NULL
		FROM batch_items i JOIN batches b ON b.id = i.batch_id WHERE i.batch_id = $1 AND i.position = $2`, batch, position)
	if err != nil || !ok || t.state != toygres.ItemWaiting {
		return toygres.Operation{}, toygres.Spec{}, err
	}
	begun, err := s.begunBefore(ctx, t.operation)
	if err == nil && begun.Operation.ID == "" && !t.over {
		begun, err = s.beginTurn(ctx, t, provider)
	}
	if refused(err) {
		_, err = s.pool.Exec(ctx, `UPDATE batch_items SET state = 'failed', error_code = $3, error = $4
			WHERE batch_id = $1 AND position = $2 AND state = 'waiting'`, batch, position, toygres.CodeOf(err), clean(toygres.MessageOf(err)))
	}
	if err == nil {
		err = s.tellProgress(ctx, batch)
	}
	if begun.Operation.ID != "" {
		begun.Operation.Batch = batch
	}
	return begun.Operation, begun.Instance.Spec, wrap(err)
}

// begunBefore is zero when there is no such operation.
func (s *Store) begunBefore(ctx context.Context, id toygres.OperationID) (Begun, error) {
	operation, err := s.Operation(ctx, id)
	if toygres.CodeOf(err) == toygres.CodeNotFound {
		return Begun{}, nil
	}
	if err != nil {
		return Begun{}, err
	}
	instance, err := s.InstanceByID(ctx, operation.InstanceID)
	return Begun{Instance: instance, Operation: operation, Replayed: true, Previous: operation.Previous}, err
}

func (s *Store) beginTurn(ctx context.Context, t turn, provider string) (begun Begun, err error) {
	switch {
	case t.again != "":
		begun, err = s.beginRetry(ctx, t.again, beginning{keep: t.keep, actor: t.by, operation: t.operation})
	case t.kind == toygres.KindCreate:
		n := NewInstance{Owner: t.by, Provider: provider, Operation: t.operation}
		planned := plannedItem{Spec: &n.Spec}
		if err := json.Unmarshal(t.spec, &planned); err != nil {
			return Begun{}, fmt.Errorf("read the specification of %q: %w", t.name, err)
		}
		n.Spec.Name, n.Metadata = t.name, planned.Metadata
		begun, err = s.BeginCreate(ctx, n)
	default:
		begun, err = s.beginDelete(ctx, t)
	}
	// A worker that was taken for dead may have been faster.
	var conflict *toygres.Error
	if errors.As(err, &conflict) && conflict.Operation == t.operation {
		return s.begunBefore(ctx, t.operation)
	}
	return begun, err
}

func (s *Store) beginDelete(ctx context.Context, t turn) (Begun, error) {
	instance, err := s.Instance(ctx, t.name)
	if err != nil {
		return Begun{}, err
	}
	if instance.ID != t.instance {
		return Begun{}, toygres.Errorf(toygres.CodeNotFound, "the instance %q of that time is gone, and another one has its name; it was left alone", t.name)
	}
	return s.beginRemoval(ctx, beginning{name: t.name, actor: t.by, keep: t.keep, operation: t.operation})
}

// refused reports whether trying again would change nothing.
func refused(err error) bool {
	switch toygres.CodeOf(err) {
	case "", toygres.CodeUnavailable, toygres.CodeInternal, toygres.CodeCancelled:
		return false
	default:
		return true
	}
}

// tellProgress writes at most one event a second: the operations have their own.
func (s *Store) tellProgress(ctx context.Context, batch toygres.BatchID) error {
	_, err := s.pool.Exec(ctx, `
		WITH told AS (
			UPDATE batches SET told_at = now() WHERE id = $1 AND state = 'running' AND told_at < now() - interval '1 second'
			RETURNING id
		), counted AS (
			SELECT `+countItems+` FROM (`+itemsOf+`$1) items
		)
		INSERT INTO events (type, batch_id, instance_name, message, data)
		SELECT 'batch.progress', told.id, '', format('%s of %s are over.', total - waiting - running, total), `+countsAsData+`
		FROM told, counted`, batch)
	return wrap(err)
}

// finishBatch leaves items whose operation goes on as that is.
const finishBatch = `
WITH target AS (
	SELECT id, cancel_asked FROM batches WHERE id = $1 AND state IN ('pending', 'running') FOR NO KEY UPDATE
), items AS (` + itemsOf + `$1), settled AS (
	SELECT position,
	       CASE WHEN state <> 'waiting' THEN state WHEN cancel_asked THEN 'cancelled' ELSE 'failed' END AS state,
	       CASE WHEN state <> 'waiting' THEN error_code WHEN cancel_asked THEN 'cancelled' ELSE $2 END AS error_code,
	       CASE WHEN state <> 'waiting' THEN error WHEN cancel_asked THEN 'the batch was cancelled before its turn' ELSE $3 END AS error
	FROM items, target
), kept AS (
	UPDATE batch_items i SET state = settled.state, error_code = settled.error_code, error = settled.error
	FROM settled WHERE i.batch_id = $1 AND i.position = settled.position AND settled.state <> 'running'
), counted AS (
	SELECT ` + countItems + ` FROM settled
), ended AS (
	UPDATE batches b SET ended_at = now(), error_code = $2, error = $3,
		state = CASE WHEN cancelled > 0 AND b.cancel_asked THEN 'cancelled' WHEN succeeded = total THEN 'succeeded' ELSE 'failed' END
	FROM target, counted WHERE b.id = target.id
	RETURNING b.id, b.kind, b.state
)
INSERT INTO events (type, batch_id, instance_name, message, data)
SELECT 'batch.ended', ended.id, '', format('The batch is over: %s of %s succeeded.', succeeded, total),
       ` + countsAsData + ` || jsonb_build_object('kind', ended.kind, 'state', ended.state)
FROM ended, counted`

// FinishBatch ends a batch. Items that have not had their turn are cancelled if
// somebody asked for that, and else have failed because of the code and message,
// "" when all have had it. Repeating it changes nothing.
func (s *Store) FinishBatch(ctx context.Context, id toygres.BatchID, code toygres.ErrorCode, message string) error {
	_, err := s.pool.Exec(ctx, finishBatch, id, code, clean(message))
	return wrap(err)
}

// askBatchCancel asks the operations in progress, too. It has all its rows before
// it writes an event: who has the lock of the log waits for nobody's row.
const askBatchCancel = `
WITH asked AS (
	UPDATE batches SET cancel_asked = true
	WHERE id = $1 AND state IN ('pending', 'running') AND NOT cancel_asked
	RETURNING id, kind
), going AS (
	SELECT o.id FROM asked JOIN batch_items b ON b.batch_id = asked.id JOIN operations o ON o.id = b.operation_id
	WHERE o.state IN ('pending', 'running') AND NOT o.cancel_asked
	ORDER BY o.id FOR NO KEY UPDATE OF o
), operations_asked AS (
	UPDATE operations o SET cancel_asked = true
	FROM going WHERE o.id = going.id
	RETURNING o.id, o.kind, o.instance_id
), ready AS (
	SELECT count(*) AS n FROM operations_asked
), logged AS (
	INSERT INTO events (type, batch_id, instance_id, instance_name, operation_id, actor, message, data)
	SELECT 'batch.cancel', asked.id, NULL::uuid, '', NULL::uuid, $2::uuid, 'Cancellation was requested.', jsonb_build_object('kind', asked.kind)
	FROM ready, asked
	UNION ALL
	SELECT 'operation.cancel', NULL, i.id, i.name, o.id, $2, 'Cancellation of its batch was requested.', jsonb_build_object('kind', o.kind)
	FROM ready, operations_asked o JOIN instances i ON i.id = o.instance_id
)
SELECT count(*) FROM asked`

// AskBatchCancel records that somebody wants the batch cancelled, and with it
// its operations in progress, and returns it. Asking twice is no error.
// CodeConflict says that it is over.
func (s *Store) AskBatchCancel(ctx context.Context, id toygres.BatchID, actor toygres.UserID) (toygres.Batch, error) {
	if !isID(id) {
		return toygres.Batch{}, notFound("batch")
	}
	var asked int
	if err := s.pool.QueryRow(ctx, askBatchCancel, id, actor).Scan(&asked); err != nil {
		return toygres.Batch{}, wrap(err)
	}
	batch, err := s.Batch(ctx, id)
	if err == nil && asked == 0 && batch.State.Done() {
		err = toygres.Errorf(toygres.CodeConflict, "the batch is over: it %s", ended(batch.State))
	}
	return batch, err
}

package catalog

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/toygres/toygres"
)

// NewBatch is what [Store.BeginBatch] records.
type NewBatch struct {
	Kind        toygres.Kind // KindCreate, KindTrash or KindDelete
	Items       []NewItem    // 1 to [toygres.MaxBatch]
	Keep        time.Duration
	Owner       toygres.UserID
	Idempotency *IdempotencyKey // nil when the client sent none
}

// NewItem is one instance of a new batch.
type NewItem struct {
	Name     string
	Spec     *toygres.Spec          // of a create
	Metadata toygres.MetadataChange // of a create
}

// plannedItem is a new instance as a batch keeps it until its turn.
type plannedItem struct {
	*toygres.Spec
	Metadata toygres.MetadataChange
}

// beginBatch claims the idempotency key first, as beginCreate does. It is one
// statement, so that a batch is there with all of its items or not at all.
const beginBatch = `
WITH claim AS (
	INSERT INTO idempotency_keys (user_id, key, request_hash, batch_id)
	SELECT $3, $5, $6, $1 WHERE $5 <> ''
	ON CONFLICT (user_id, key) DO NOTHING
	RETURNING key
), batch AS (
	INSERT INTO batches (id, kind, requested_by, keep)
	SELECT $1::uuid, $2, $3::uuid, $4::interval
	WHERE $5 = '' OR EXISTS (SELECT FROM claim)
	RETURNING id, created_at
), items AS (
	INSERT INTO batch_items (batch_id, position, name, spec, operation_id, instance_id)
	SELECT batch.id, item.position, item.name, item.spec::jsonb, item.operation::uuid,
	       CASE WHEN $2 <> 'create' THEN (SELECT i.id FROM instances i WHERE i.name = item.name AND i.state <> 'deleted') END
	FROM batch, unnest($7::text[], $8::text[], $9::text[]) WITH ORDINALITY AS item (name, spec, operation, position)
)
SELECT created_at FROM batch`

// BeginBatch records a batch in state pending with its items. A repeat under
// the same idempotency key answers the first request's batch, and that it is a
// replay; the key with another request is CodeInvalid.
func (s *Store) BeginBatch(ctx context.Context, n NewBatch) (_ toygres.Batch, replayed bool, err error) {
	if err := n.Idempotency.validate(); err != nil {
		return toygres.Batch{}, false, err
	}
	batch := toygres.Batch{ID: toygres.BatchID(newID()), Kind: n.Kind, State: toygres.OperationPending, RequestedBy: n.Owner,
		Counts: toygres.BatchCounts{Total: len(n.Items), Waiting: len(n.Items)}}
	names, specs, operations := make([]string, len(n.Items)), make([]*string, len(n.Items)), make([]string, len(n.Items))
	for i, item := range n.Items {
		names[i], operations[i] = clean(item.Name), newID()
		if item.Spec == nil {
			continue
		}
		text, err := json.Marshal(plannedItem{item.Spec, item.Metadata})
		if err != nil {
			return toygres.Batch{}, false, fmt.Errorf("write a specification: %w", err)
		}
		spec := string(text)
		specs[i] = &spec
	}
	var key string
	hash := []byte{}
	if n.Idempotency != nil {
		key, hash = n.Idempotency.Key, n.Idempotency.RequestHash
	}
	for range maxTries {
		created, err := collect(ctx, s, pgx.RowTo[time.Time], beginBatch, batch.ID, n.Kind, n.Owner, n.Keep, key, hash, names, specs, operations)
		switch {
		case err != nil:
			return toygres.Batch{}, false, err
		case len(created) == 1:
			batch.CreatedAt = created[0]
			return batch, false, nil
		}
		first, found, err := s.ReplayBatch(ctx, n.Owner, n.Idempotency)
		if found || err != nil {
			return first, true, err
		}
	}
	return toygres.Batch{}, false, busy()
}

// ReplayBatch returns the batch that was begun by the first request under the
// key. found is false when there was none, and when key is nil.
func (s *Store) ReplayBatch(ctx context.Context, owner toygres.UserID, key *IdempotencyKey) (_ toygres.Batch, found bool, err error) {
	if key == nil {
		return toygres.Batch{}, false, nil
	}
	type first struct {
		hash  []byte
		batch toygres.BatchID
	}
	f, found, err := one(ctx, s, func(row pgx.CollectableRow) (f first, err error) {
		return f, row.Scan(&f.hash, &f.batch)
	}, `SELECT request_hash, coalesce(batch_id::text, '') FROM idempotency_keys WHERE user_id = $1 AND key = $2`, owner, key.Key)
	if err != nil || !found {
		return toygres.Batch{}, false, err
	}
	if !bytes.Equal(f.hash, key.RequestHash) {
		return toygres.Batch{}, true, keyError("reused", "was used for another request before; use a new key for a new request")
	}
	batch, err := s.Batch(ctx, f.batch)
	if toygres.CodeOf(err) == toygres.CodeNotFound {
		return toygres.Batch{}, false, nil // taken back meanwhile
	}
	return batch, true, err
}

// AbandonBatch removes a batch whose workflow could not be started. Repeating it
// is no error. CodeConflict says that it has begun after all.
func (s *Store) AbandonBatch(ctx context.Context, id toygres.BatchID) error {
	var gone, left int
	err := s.pool.QueryRow(ctx, `
		WITH gone AS (DELETE FROM batches WHERE id = $1 AND state = 'pending' RETURNING id)
		SELECT (SELECT count(*) FROM gone), (SELECT count(*) FROM batches WHERE id = $1)`, id).Scan(&gone, &left)
	if err != nil || gone == left {
		return wrap(err)
	}
	return toygres.Errorf(toygres.CodeConflict, "the batch has begun already and goes on")
}

// NamesLike returns the names of living instances that are like a pattern, in
// which * stands for any text and ? for any character, in any of the states
// (all when there are none): in their order, at most limit. Those in the trash
// are left out unless trashed.
func (s *Store) NamesLike(ctx context.Context, pattern string, states []toygres.State, trashed bool, limit int) ([]string, error) {
	like := strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`, `*`, `%`, `?`, `_`).Replace(pattern)
	return collect(ctx, s, pgx.RowTo[string], `
		SELECT name FROM instances
		WHERE state <> 'deleted' AND name LIKE $1 AND (cardinality($2::text[]) = 0 OR state = ANY ($2)) AND (state <> 'trashed' OR $3)
		ORDER BY name LIMIT $4`, like, texts(states), trashed, limit)
}

package catalog

import (
	"context"
	"strconv"

	"github.com/jackc/pgx/v5"

	"github.com/toygres/toygres"
)

const eventColumns = `id, type, coalesce(instance_id::text, ''), instance_name, coalesce(operation_id::text, ''), coalesce(batch_id::text, ''), coalesce(actor::text, ''), message, data, created_at`

// EventFilter selects events. Zero fields select all.
type EventFilter struct {
	After     toygres.EventID // only what came later
	Before    toygres.EventID // only what came earlier
	Instance  toygres.InstanceID
	Operation toygres.OperationID
	Types     []toygres.EventType // any of them
}

// Events returns at most limit events (50 when zero, 200 at most), oldest
// first. Ids are in the order of commit, so that whoever goes on after the
// last one that he saw misses none.
func (s *Store) Events(ctx context.Context, filter EventFilter, limit int) ([]toygres.Event, error) {
	return s.events(ctx, filter, "ASC", limit)
}

// LatestEvents returns at most limit events (50 when zero, 200 at most),
// newest first.
func (s *Store) LatestEvents(ctx context.Context, filter EventFilter, limit int) ([]toygres.Event, error) {
	return s.events(ctx, filter, "DESC", limit)
}

func (s *Store) events(ctx context.Context, f EventFilter, order string, limit int) ([]toygres.Event, error) {
	if f.Instance != "" && !isID(f.Instance) || f.Operation != "" && !isID(f.Operation) {
		return nil, nil
	}
	where := conditions{}
	where.add("id > ?", f.After)
	if f.Before > 0 {
		where.add("id < ?", f.Before)
	}
	if f.Instance != "" {
		where.add("instance_id = ?", f.Instance)
	}
	if f.Operation != "" {
		where.add("operation_id = ?", f.Operation)
	}
	if len(f.Types) > 0 {
		where.add("type = ANY (?)", f.Types)
	}
	sql := `SELECT ` + eventColumns + ` FROM events` + where.sql() + ` ORDER BY id ` + order + ` LIMIT ` + strconv.Itoa(pageSize(limit))
	return collect(ctx, s, scanEvent, sql, where.args...)
}

// LastEventID returns the newest event's id, 0 when there is none: where a
// reader starts who wants only what comes.
func (s *Store) LastEventID(ctx context.Context) (toygres.EventID, error) {
	var id toygres.EventID
	err := s.pool.QueryRow(ctx, `SELECT coalesce(max(id), 0) FROM events`).Scan(&id)
	return id, wrap(err)
}

// RecordEvent appends a fact that changes nothing else, such as that somebody
// saw a password, and returns its id. The event's ID, InstanceName and
// CreatedAt are the catalog's to choose. CodeNotFound says that there never
// was such an instance.
func (s *Store) RecordEvent(ctx context.Context, e toygres.Event) (toygres.EventID, error) {
	if !isID(e.InstanceID) {
		return 0, notFound("instance")
	}
	if e.Data == nil {
		e.Data = map[string]string{}
	}
	id, ok, err := one(ctx, s, pgx.RowTo[toygres.EventID], `
		INSERT INTO events (type, instance_id, instance_name, operation_id, actor, message, data)
		SELECT $2, id, name, nullif($3, '')::uuid, nullif($4, '')::uuid, $5, $6::jsonb FROM instances WHERE id = $1
		RETURNING id`, e.InstanceID, e.Type, e.OperationID, e.Actor, clean(e.Message), e.Data)
	if err == nil && !ok {
		err = notFound("instance")
	}
	return id, err
}

func scanEvent(row pgx.CollectableRow) (toygres.Event, error) {
	var e toygres.Event
	err := row.Scan(&e.ID, &e.Type, &e.InstanceID, &e.InstanceName, &e.OperationID, &e.Batch, &e.Actor, &e.Message, &e.Data, &e.CreatedAt)
	return e, err
}

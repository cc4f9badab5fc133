package catalog_test

import (
	"context"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"github.com/toygres/toygres"
	"github.com/toygres/toygres/internal/catalog"
)

func TestEventsAreSelectedInOrder(t *testing.T) {
	t.Parallel()
	s := open(t)
	ctx, owner := t.Context(), newUser(t, s, "ann")
	one, two := running(t, s, owner, "one"), running(t, s, owner, "two")
	id, err := s.RecordEvent(ctx, toygres.Event{Type: toygres.EventPasswordRevealed, InstanceID: one.ID, Actor: owner,
		Message: "The password was shown\x00.", Data: map[string]string{"by": `"quoted" <b>`}})
	require.NoError(t, err)
	last, err := s.LastEventID(ctx)
	require.NoError(t, err)
	require.Equal(t, id, last)

	all, err := s.Events(ctx, catalog.EventFilter{}, 0)
	require.NoError(t, err)
	require.IsIncreasing(t, ids(all))
	require.Equal(t, last, all[len(all)-1].ID)
	latest, err := s.LatestEvents(ctx, catalog.EventFilter{}, 2)
	require.NoError(t, err)
	require.Equal(t, []toygres.Event{all[len(all)-1], all[len(all)-2]}, latest)
	older, err := s.LatestEvents(ctx, catalog.EventFilter{Before: latest[1].ID}, 1)
	require.NoError(t, err)
	require.Equal(t, all[len(all)-3], older[0])

	rest, err := s.Events(ctx, catalog.EventFilter{After: all[1].ID}, 2)
	require.NoError(t, err)
	require.Equal(t, all[2:4], rest)
	ofTwo, err := s.Events(ctx, catalog.EventFilter{Instance: two.ID}, 0)
	require.NoError(t, err)
	require.Len(t, ofTwo, 3)
	ofOperation, err := s.Events(ctx, catalog.EventFilter{Operation: ofTwo[0].OperationID}, 0)
	require.NoError(t, err)
	require.Equal(t, ofTwo, ofOperation)
	revealed, err := s.Events(ctx, catalog.EventFilter{Types: []toygres.EventType{toygres.EventPasswordRevealed, toygres.EventStepFailed}}, 0)
	require.NoError(t, err)
	require.Len(t, revealed, 1)
	require.Equal(t, `"quoted" <b>`, revealed[0].Data["by"])
	require.Equal(t, owner, revealed[0].Actor)
	require.Equal(t, time.UTC, revealed[0].CreatedAt.Location())

	none, err := s.Events(ctx, catalog.EventFilter{Instance: "'; DROP TABLE events; --"}, 0)
	require.NoError(t, err)
	require.Empty(t, none)
	_, err = s.RecordEvent(ctx, toygres.Event{Type: toygres.EventPasswordRevealed, InstanceID: "0192d3c4-0000-7000-8000-000000000000"})
	requireCode(t, toygres.CodeNotFound, err)
}

func ids(events []toygres.Event) []int64 {
	list := make([]int64, len(events))
	for i, e := range events {
		list[i] = int64(e.ID)
	}
	return list
}

const insertEvent = `INSERT INTO events (type, instance_id, instance_name, message)
	VALUES ('step.progress', '0192d3c4-0000-7000-8000-000000000000', 'x', 'x') RETURNING id`

// lateCommit lets an event's transaction dawdle while a second one is
// inserted, and returns what a reader sees who looks after the second call
// returned or got stuck, and after all is committed.
func lateCommit(t *testing.T, pool *pgxpool.Pool) (seen, all []int64) {
	ctx := t.Context()
	look := func() []int64 {
		rows, err := pool.Query(ctx, `SELECT id FROM events ORDER BY id`)
		require.NoError(t, err)
		found, err := pgx.CollectRows(rows, pgx.RowTo[int64])
		require.NoError(t, err)
		return found
	}
	slow, err := pool.Begin(ctx)
	require.NoError(t, err)
	_, err = slow.Exec(ctx, insertEvent)
	require.NoError(t, err)
	quick := make(chan error, 1)
	go func() {
		_, err := pool.Exec(ctx, insertEvent)
		quick <- err
	}()
	committed := false
	require.Eventually(t, func() bool {
		select {
		case err := <-quick:
			require.NoError(t, err)
			committed = true
		default:
		}
		return committed || count(t, pool, `SELECT count(*) FROM pg_locks
			WHERE locktype = 'advisory' AND NOT granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`) > 0
	}, time.Minute, time.Millisecond)
	seen = look()
	require.NoError(t, slow.Commit(ctx))
	if !committed {
		require.NoError(t, <-quick)
	}
	return seen, look()
}

func TestEventsBecomeVisibleInOrderOfTheirIDs(t *testing.T) {
	t.Parallel()
	_, url := openURL(t)
	seen, all := lateCommit(t, sql(t, url))
	require.Empty(t, seen, "the second waits for the first")
	require.Equal(t, []int64{1, 2}, all)
}

// The same without the lock, to show that the tests above and below can fail.
func TestWithoutTheLockEventsWouldBeMissed(t *testing.T) {
	t.Parallel()
	_, url := openURL(t)
	pool := sql(t, url)
	exec(t, pool, `CREATE OR REPLACE FUNCTION number_event() RETURNS trigger LANGUAGE plpgsql AS $$
		BEGIN NEW.id := nextval('events_id'); NEW.created_at := clock_timestamp(); RETURN NEW; END $$`)
	seen, all := lateCommit(t, pool)
	require.Equal(t, []int64{2}, seen, "a reader would go on after 2")
	require.Equal(t, []int64{1, 2}, all, "and never see 1")
}

func TestReaderThatResumesMissesNoEvent(t *testing.T) {
	t.Parallel()
	s, url := openURL(t)
	pool := sql(t, url)
	const writers, each = 8, 60
	var group errgroup.Group
	for range writers {
		group.Go(func() error {
			for range each {
				err := pgx.BeginFunc(t.Context(), pool, func(tx pgx.Tx) error {
					_, err := tx.Exec(t.Context(), insertEvent)
					return err
				})
				if err != nil {
					return err
				}
			}
			return nil
		})
	}
	var seen []int64
	for len(seen) < writers*each {
		filter := catalog.EventFilter{}
		if len(seen) > 0 {
			filter.After = toygres.EventID(seen[len(seen)-1])
		}
		events, err := s.Events(t.Context(), filter, 0)
		require.NoError(t, err)
		seen = append(seen, ids(events)...)
		if len(events) == 0 && int64(len(seen)) < 1 {
			continue
		}
		if len(seen) > 0 {
			require.EqualValues(t, len(seen), seen[len(seen)-1], "an event was missed")
		}
		require.NoError(t, t.Context().Err())
	}
	require.NoError(t, group.Wait())
}

// heard collects what a listener is told.
type heard struct {
	connected chan struct{}
	events    chan toygres.EventID
	revoked   chan catalog.Hash
}

func listen(t *testing.T, s *catalog.Store) heard {
	t.Helper()
	h := heard{make(chan struct{}, 10), make(chan toygres.EventID, 100), make(chan catalog.Hash, 100)}
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() {
		done <- s.Listen(ctx, catalog.Listener{Connected: func() { h.connected <- struct{}{} },
			Event: func(id toygres.EventID) { h.events <- id }, Revoked: func(hash catalog.Hash) { h.revoked <- hash }})
	}()
	t.Cleanup(func() {
		stop()
		require.ErrorIs(t, <-done, context.Canceled)
	})
	receive(t, h.connected)
	return h
}

func receive[T any](t *testing.T, from <-chan T) T {
	t.Helper()
	select {
	case value := <-from:
		return value
	case <-time.After(time.Minute):
		require.FailNow(t, "nothing was heard")
		panic("unreachable")
	}
}

func TestListenerHearsAgainAfterItsConnectionWasLost(t *testing.T) {
	t.Parallel()
	s, url := openURL(t)
	ctx, owner := t.Context(), newUser(t, s, "ann")
	h := listen(t, s)
	begun := create(t, s, owner, "mydb")
	require.EqualValues(t, 1, receive(t, h.events))

	require.Equal(t, 1, count(t, sql(t, url), `SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
		WHERE datname = current_database() AND query LIKE 'LISTEN%'`))
	receive(t, h.connected)
	finish(t, s, begun, toygres.StateRunning)
	require.EqualValues(t, 2, receive(t, h.events))
	require.EqualValues(t, 3, receive(t, h.events))

	hash := catalog.HashToken("secret")
	_, err := s.CreateSession(ctx, owner, hash)
	require.NoError(t, err)
	require.NoError(t, s.DeleteSession(ctx, hash))
	require.Equal(t, hash, receive(t, h.revoked))
}

package catalog_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"github.com/toygres/toygres"
	"github.com/toygres/toygres/internal/catalog"
)

func TestNameInUseIsRefusedWithWhatToDo(t *testing.T) {
	t.Parallel()
	s := open(t)
	ctx, owner := t.Context(), newUser(t, s, "ann")
	first := create(t, s, owner, "mydb")

	refused := func(contains ...string) *toygres.Error {
		_, err := s.BeginCreate(ctx, request(owner, "mydb"))
		requireCode(t, toygres.CodeConflict, err)
		for _, text := range contains {
			require.Contains(t, toygres.MessageOf(err), text)
		}
		var conflict *toygres.Error
		require.ErrorAs(t, err, &conflict)
		return conflict
	}
	require.Equal(t, first.Operation.ID, refused("creating").Operation)
	require.NoError(t, s.FinishOperation(ctx, toygres.Outcome{Operation: first.Operation.ID, State: toygres.OperationFailed,
		InstanceState: toygres.StateFailed, Code: toygres.CodeExhausted, Message: "no port is free"}))
	require.Empty(t, refused("failed", "delete it first").Operation)
	deletion, err := s.Begin(ctx, "mydb", toygres.KindDelete, owner)
	require.NoError(t, err)
	refused("deleting", "wait")
	finish(t, s, deletion, toygres.StateDeleted)
	create(t, s, owner, "mydb")
}

func TestAbandonedCreateLeavesNothing(t *testing.T) {
	t.Parallel()
	s, url := openURL(t)
	ctx, pool, owner := t.Context(), sql(t, url), newUser(t, s, "ann")
	asked := request(owner, "mydb")
	asked.Idempotency = &catalog.IdempotencyKey{Key: "k", RequestHash: []byte("h")}
	begun, err := s.BeginCreate(ctx, asked)
	require.NoError(t, err)

	require.NoError(t, s.AbandonCreate(ctx, begun.Operation.ID))
	require.NoError(t, s.AbandonCreate(ctx, begun.Operation.ID), "once more")
	for _, table := range []string{"instances", "operations", "steps", "idempotency_keys"} {
		require.Zero(t, count(t, pool, `SELECT count(*) FROM `+table), table)
	}
	requireCode(t, toygres.CodeConflict, s.StartOperation(ctx, begun.Operation.ID, "late"))
	requireCode(t, toygres.CodeConflict, s.StepStarted(ctx, begun.Operation.ID, toygres.StepProvision, 1))
	events, err := s.Events(ctx, catalog.EventFilter{Instance: begun.Instance.ID}, 0)
	require.NoError(t, err)
	require.Len(t, events, 2, "who saw it come sees it go")
	require.Equal(t, "deleted", events[1].Data["to"])

	again, err := s.BeginCreate(ctx, asked)
	require.NoError(t, err)
	require.False(t, again.Replayed, "the same request may be made again")
}

func TestAbandonedForkLeavesNothing(t *testing.T) {
	t.Parallel()
	s, url := openURL(t)
	owner := newUser(t, s, "ann")
	source := running(t, s, owner, "mydb")
	asked := request(owner, "copy")
	asked.Spec.Source = source.ID
	begun, err := s.BeginCreate(t.Context(), asked)
	require.NoError(t, err)
	require.Equal(t, toygres.KindFork, begun.Operation.Kind)
	require.NoError(t, s.AbandonCreate(t.Context(), begun.Operation.ID))
	require.Equal(t, 1, count(t, sql(t, url), `SELECT count(*) FROM instances`), "its source stays")
	_, err = s.BeginCreate(t.Context(), asked)
	require.NoError(t, err)
}

func TestRepeatedRequestIsAnsweredWithTheFirstOnesOperation(t *testing.T) {
	t.Parallel()
	s := open(t)
	ctx, ann, bob := t.Context(), newUser(t, s, "ann"), newUser(t, s, "bob")
	asked := func(owner toygres.UserID, name, key, hash string) (catalog.Begun, error) {
		n := request(owner, name)
		n.Idempotency = &catalog.IdempotencyKey{Key: key, RequestHash: []byte(hash)}
		return s.BeginCreate(ctx, n)
	}
	first, err := asked(ann, "mydb", "key-1", "h1")
	require.NoError(t, err)
	require.False(t, first.Replayed)

	repeat, err := asked(ann, "mydb", "key-1", "h1")
	require.NoError(t, err)
	require.True(t, repeat.Replayed)
	require.Equal(t, first.Operation, repeat.Operation)
	require.Equal(t, first.Instance, repeat.Instance)

	_, err = asked(ann, "other", "key-1", "h2")
	requireCode(t, toygres.CodeInvalid, err)
	var invalid *toygres.Error
	require.ErrorAs(t, err, &invalid)
	require.Equal(t, "Idempotency-Key", invalid.Fields[0].Field)

	theirs, err := asked(bob, "bobs", "key-1", "h3")
	require.NoError(t, err, "keys belong to their user")
	require.False(t, theirs.Replayed)

	_, err = asked(ann, "mydb", "key-2", "h1")
	requireCode(t, toygres.CodeConflict, err)
	free, err := asked(ann, "fresh", "key-2", "h4")
	require.NoError(t, err, "a refused request leaves its key free")
	require.False(t, free.Replayed)

	for _, key := range []string{"", strings.Repeat("k", 256)} {
		_, err = asked(ann, "x", key, "h")
		requireCode(t, toygres.CodeInvalid, err)
	}
	_, err = asked(ann, "x", strings.Repeat("ключ", 63), "h")
	require.NoError(t, err)
	_, err = asked(ann, "y", "a\x00b", "h")
	requireCode(t, toygres.CodeInvalid, err)
}

func TestEqualRequestsAtOnceCreateOneInstance(t *testing.T) {
	t.Parallel()
	s, url := openURL(t)
	ctx, pool, owner := t.Context(), sql(t, url), newUser(t, s, "ann")
	for round := range 10 {
		n := request(owner, fmt.Sprintf("db-%d", round))
		n.Idempotency = &catalog.IdempotencyKey{Key: n.Spec.Name, RequestHash: []byte("same")}
		var mu sync.Mutex
		operations, firsts := map[toygres.OperationID]bool{}, 0
		var group errgroup.Group
		for range 12 {
			group.Go(func() error {
				begun, err := s.BeginCreate(ctx, n)
				mu.Lock()
				defer mu.Unlock()
				operations[begun.Operation.ID] = true
				if !begun.Replayed {
					firsts++
				}
				return err
			})
		}
		require.NoError(t, group.Wait())
		require.Len(t, operations, 1)
		require.Equal(t, 1, firsts)
		require.Equal(t, 1, count(t, pool, `SELECT count(*) FROM instances WHERE name = $1`, n.Spec.Name))
	}
}

func TestEqualNamesAtOnceCreateOneInstance(t *testing.T) {
	t.Parallel()
	s := open(t)
	owner := newUser(t, s, "ann")
	results := make(chan error, 12)
	for range cap(results) {
		go func() {
			_, err := s.BeginCreate(t.Context(), request(owner, "mydb"))
			results <- err
		}()
	}
	created := 0
	for range cap(results) {
		if err := <-results; err == nil {
			created++
		} else {
			requireCode(t, toygres.CodeConflict, err)
		}
	}
	require.Equal(t, 1, created)
}

func TestOldIdempotencyKeysArePruned(t *testing.T) {
	t.Parallel()
	s, url := openURL(t)
	ctx, owner := t.Context(), newUser(t, s, "ann")
	for _, name := range []string{"old", "young"} {
		n := request(owner, name)
		n.Idempotency = &catalog.IdempotencyKey{Key: name, RequestHash: []byte("h")}
		_, err := s.BeginCreate(ctx, n)
		require.NoError(t, err)
	}
	exec(t, sql(t, url), `UPDATE idempotency_keys SET created_at = now() - interval '24 hours 1 second' WHERE key = 'old'`)
	require.Equal(t, 1, prune(t, s, toygres.KeptIdempotencyKeys, 24*time.Hour, 10))
	require.Equal(t, 1, count(t, sql(t, url), `SELECT count(*) FROM idempotency_keys WHERE key = 'young'`))
}

package catalog_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"github.com/toygres/toygres"
	"github.com/toygres/toygres/internal/catalog"
)

// batch records a batch that creates instances with these names.
func batch(t *testing.T, s *catalog.Store, owner toygres.UserID, names ...string) toygres.Batch {
	t.Helper()
	n := catalog.NewBatch{Kind: toygres.KindCreate, Owner: owner}
	for _, name := range names {
		spec := toygres.Spec{Name: name, CPUMillis: 700}.WithDefaults()
		n.Items = append(n.Items, catalog.NewItem{Name: name, Spec: &spec})
	}
	b, _, err := s.BeginBatch(t.Context(), n)
	require.NoError(t, err)
	return b
}

func turn(t *testing.T, s *catalog.Store, b toygres.Batch, position int) toygres.Operation {
	t.Helper()
	op, _, err := s.BeginItem(t.Context(), b.ID, position, "local")
	require.NoError(t, err)
	return op
}

func end(t *testing.T, s *catalog.Store, op toygres.Operation, state toygres.OperationState, instance toygres.State) {
	t.Helper()
	require.NoError(t, s.FinishOperation(t.Context(), toygres.Outcome{Operation: op.ID, State: state, InstanceState: instance,
		Code: toygres.CodeProvider, Message: "it is broken"}))
}

func TestABatchTellsWhatCameOfEachOfItsItems(t *testing.T) {
	t.Parallel()
	s := open(t)
	ctx, owner := t.Context(), newUser(t, s, "ann")
	running(t, s, owner, "taken")
	b := batch(t, s, owner, "one", "taken", "Not A Name", "two", "three")
	items, err := s.StartBatch(ctx, b.ID, "run-1")
	require.NoError(t, err)
	require.Equal(t, 5, items)

	one := turn(t, s, b, 1)
	require.Equal(t, b.ID, one.Batch)
	instance, err := s.Instance(ctx, "one")
	require.NoError(t, err)
	require.Equal(t, 700, instance.Spec.CPUMillis)
	require.Equal(t, owner, instance.Owner)
	require.Empty(t, turn(t, s, b, 2).ID, "refused")
	require.Empty(t, turn(t, s, b, 3).ID, "refused")
	two := turn(t, s, b, 4)
	now, err := s.Batch(ctx, b.ID)
	require.NoError(t, err)
	require.Equal(t, toygres.BatchCounts{Total: 5, Waiting: 1, Running: 2, Failed: 2}, now.Counts)

	begun, err := s.Operations(ctx, catalog.OperationFilter{Batch: b.ID})
	require.NoError(t, err)
	require.Equal(t, []string{"two", "one"}, []string{begun.Operations[0].InstanceName, begun.Operations[1].InstanceName})
	require.Len(t, begun.Operations, 2, "only what the batch has begun")

	end(t, s, one, toygres.OperationSucceeded, toygres.StateRunning)
	end(t, s, two, toygres.OperationFailed, toygres.StateFailed)
	require.Equal(t, one.ID, turn(t, s, b, 1).ID, "asked again it answers what there is")
	end(t, s, turn(t, s, b, 5), toygres.OperationSucceeded, toygres.StateRunning)
	require.NoError(t, s.FinishBatch(ctx, b.ID, "", ""))
	require.NoError(t, s.FinishBatch(ctx, b.ID, toygres.CodeInternal, "once more"), "a repeat changes nothing")

	now, err = s.Batch(ctx, b.ID)
	require.NoError(t, err)
	require.Equal(t, toygres.OperationFailed, now.State)
	require.Empty(t, now.Error)
	require.Equal(t, toygres.BatchCounts{Total: 5, Succeeded: 2, Failed: 3}, now.Counts)
	failed, err := s.BatchItems(ctx, b.ID, []toygres.ItemState{toygres.ItemFailed}, 0, 0)
	require.NoError(t, err)
	require.Len(t, failed, 3)
	require.Equal(t, toygres.BatchItem{Position: 4, Name: "two", State: toygres.ItemFailed, Operation: two.ID,
		ErrorCode: toygres.CodeProvider, Error: "it is broken"}, failed[2])
	require.Equal(t, toygres.CodeConflict, failed[0].ErrorCode)
	require.Contains(t, failed[0].Error, `there is an instance "taken" already`)
	require.Equal(t, toygres.CodeInvalid, failed[1].ErrorCode)
	rest, err := s.BatchItems(ctx, b.ID, nil, 4, 10)
	require.NoError(t, err)
	require.Equal(t, "three", rest[0].Name)
	_, err = s.StartBatch(ctx, b.ID, "late")
	requireCode(t, toygres.CodeConflict, err)

	events, err := s.Events(ctx, catalog.EventFilter{Types: []toygres.EventType{toygres.EventBatchStarted, toygres.EventBatchEnded}}, 0)
	require.NoError(t, err)
	require.Len(t, events, 2)
	require.Equal(t, b.ID, events[1].Batch)
	require.Equal(t, map[string]string{"kind": "create", "state": "failed", "total": "5", "waiting": "0", "running": "0",
		"succeeded": "2", "failed": "3", "cancelled": "0"}, events[1].Data)
}

func TestAnItemIsBegunOnceHoweverManyWorkersTry(t *testing.T) {
	t.Parallel()
	s, url := openURL(t)
	owner := newUser(t, s, "ann")
	b := batch(t, s, owner, "one", "two", "three")
	var workers errgroup.Group
	for range 4 {
		workers.Go(func() error {
			for position := 1; position <= 3; position++ {
				if op, _, err := s.BeginItem(t.Context(), b.ID, position, "local"); err != nil || op.ID == "" {
					return fmt.Errorf("position %d: %q, %w", position, op.ID, err)
				}
			}
			return nil
		})
	}
	require.NoError(t, workers.Wait())
	require.Equal(t, 3, count(t, sql(t, url), `SELECT count(*) FROM operations`))
	now, err := s.Batch(t.Context(), b.ID)
	require.NoError(t, err)
	require.Equal(t, 3, now.Counts.Running)
}

func TestACancelledBatchBeginsNoMore(t *testing.T) {
	t.Parallel()
	s := open(t)
	ctx, owner := t.Context(), newUser(t, s, "ann")
	b := batch(t, s, owner, "one", "two", "three")
	_, err := s.StartBatch(ctx, b.ID, "run")
	require.NoError(t, err)
	end(t, s, turn(t, s, b, 1), toygres.OperationSucceeded, toygres.StateRunning)
	two := turn(t, s, b, 2)

	asked, err := s.AskBatchCancel(ctx, b.ID, owner)
	require.NoError(t, err)
	require.True(t, asked.CancelAsked)
	two, err = s.Operation(ctx, two.ID)
	require.NoError(t, err)
	require.True(t, two.CancelAsked, "what is in progress is cancelled, too")
	require.Empty(t, turn(t, s, b, 3).ID)
	require.Equal(t, two.ID, turn(t, s, b, 2).ID, "what is recorded is carried out to its end")
	end(t, s, two, toygres.OperationCancelled, toygres.StateFailed)
	require.NoError(t, s.FinishBatch(ctx, b.ID, "", ""))
	over, err := s.Batch(ctx, b.ID)
	require.NoError(t, err)
	require.Equal(t, toygres.OperationCancelled, over.State)
	require.Equal(t, toygres.BatchCounts{Total: 3, Succeeded: 1, Cancelled: 2}, over.Counts)
	_, err = s.AskBatchCancel(ctx, b.ID, owner)
	requireCode(t, toygres.CodeConflict, err)
}

func TestABatchOfDeletesLeavesAloneWhatTookAName(t *testing.T) {
	t.Parallel()
	s := open(t)
	ctx, owner := t.Context(), newUser(t, s, "ann")
	for _, name := range []string{"load-1", "load-2", "lost-1"} {
		running(t, s, owner, name)
	}
	names, err := s.NamesLike(ctx, "lo?d-*", nil, false, 10)
	require.NoError(t, err)
	require.Equal(t, []string{"load-1", "load-2"}, names)
	names, err = s.NamesLike(ctx, "lost-*", []toygres.State{toygres.StateStopped}, false, 10)
	require.NoError(t, err)
	require.Empty(t, names)
	names, err = s.NamesLike(ctx, "lo_d-%", nil, false, 10)
	require.NoError(t, err)
	require.Empty(t, names, "only * and ? stand for something")

	b, _, err := s.BeginBatch(ctx, catalog.NewBatch{Kind: toygres.KindTrash, Keep: time.Hour, Owner: owner,
		Items: []catalog.NewItem{{Name: "load-1"}, {Name: "load-2"}, {Name: "nobody"}}})
	require.NoError(t, err)
	// Meanwhile load-2 becomes another one.
	gone, err := s.BeginDelete(ctx, "load-2", 0, owner)
	require.NoError(t, err)
	end(t, s, gone.Operation, toygres.OperationSucceeded, toygres.StateDeleted)
	running(t, s, owner, "load-2")

	require.Equal(t, toygres.KindTrash, turn(t, s, b, 1).Kind)
	require.Empty(t, turn(t, s, b, 2).ID)
	require.Empty(t, turn(t, s, b, 3).ID)
	left, err := s.BatchItems(ctx, b.ID, []toygres.ItemState{toygres.ItemFailed}, 0, 0)
	require.NoError(t, err)
	require.Len(t, left, 2)
	require.Equal(t, toygres.CodeNotFound, left[0].ErrorCode)
	require.Equal(t, toygres.CodeNotFound, left[1].ErrorCode)
}

func TestARepeatedRequestForABatchIsAnsweredWithTheFirstOnes(t *testing.T) {
	t.Parallel()
	s, url := openURL(t)
	ctx, owner := t.Context(), newUser(t, s, "ann")
	ask := func(hash string) (toygres.Batch, bool, error) {
		return s.BeginBatch(ctx, catalog.NewBatch{Kind: toygres.KindDelete, Owner: owner, Items: []catalog.NewItem{{Name: "a"}, {Name: "b"}},
			Idempotency: &catalog.IdempotencyKey{Key: "k", RequestHash: []byte(hash)}})
	}
	first, replayed, err := ask("h")
	require.NoError(t, err)
	require.False(t, replayed)
	again, replayed, err := ask("h")
	require.NoError(t, err)
	require.True(t, replayed)
	require.Equal(t, first.ID, again.ID)
	require.Equal(t, 2, count(t, sql(t, url), `SELECT count(*) FROM batch_items`))
	_, _, err = ask("another")
	requireCode(t, toygres.CodeInvalid, err)
	_, err = s.BeginCreate(ctx, catalog.NewInstance{Spec: toygres.Spec{Name: "a"}.WithDefaults(), Owner: owner, Provider: "local",
		Idempotency: &catalog.IdempotencyKey{Key: "k", RequestHash: []byte("of one create")}})
	requireCode(t, toygres.CodeInvalid, err)

	require.NoError(t, s.AbandonBatch(ctx, first.ID))
	require.NoError(t, s.AbandonBatch(ctx, first.ID), "once more")
	fresh, replayed, err := ask("h")
	require.NoError(t, err)
	require.False(t, replayed)
	_, err = s.StartBatch(ctx, fresh.ID, "run")
	require.NoError(t, err)
	requireCode(t, toygres.CodeConflict, s.AbandonBatch(ctx, fresh.ID))
}

package catalog_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"github.com/toygres/toygres"
	"github.com/toygres/toygres/internal/catalog"
)

func TestARetryOfABatchHasExactlyWhatFailedOrWasCancelled(t *testing.T) {
	t.Parallel()
	s := open(t)
	ctx, owner, other := t.Context(), newUser(t, s, "ann"), newUser(t, s, "bob")
	taken := running(t, s, owner, "taken")
	first := batch(t, s, owner, "good", "taken", "broken", "mended", "late")
	_, _, err := s.BeginBatchRetry(ctx, first.ID, owner)
	requireCode(t, toygres.CodeConflict, err)
	_, err = s.StartBatch(ctx, first.ID, "run")
	require.NoError(t, err)
	end(t, s, turn(t, s, first, 1), toygres.OperationSucceeded, toygres.StateRunning)
	require.Empty(t, turn(t, s, first, 2).ID, "refused")
	broken, mended := turn(t, s, first, 3), turn(t, s, first, 4)
	end(t, s, broken, toygres.OperationFailed, toygres.StateFailed)
	_, err = s.AskBatchCancel(ctx, first.ID, owner)
	require.NoError(t, err)
	require.NoError(t, s.FinishBatch(ctx, first.ID, "", ""))
	_, _, err = s.BeginBatchRetry(ctx, first.ID, owner)
	requireCode(t, toygres.CodeConflict, err)
	require.Contains(t, toygres.MessageOf(err), "1 of its operations go on")
	end(t, s, mended, toygres.OperationCancelled, toygres.StateFailed)

	again, replayed, err := s.BeginBatchRetry(ctx, first.ID, other)
	require.NoError(t, err)
	require.False(t, replayed)
	require.Equal(t, toygres.BatchCounts{Total: 4, Waiting: 4}, again.Counts)
	require.Equal(t, toygres.Batch{ID: again.ID, Kind: toygres.KindCreate, State: toygres.OperationPending, RequestedBy: other,
		RetryOf: first.ID, Counts: again.Counts, CreatedAt: again.CreatedAt}, again)
	once, replayed, err := s.BeginBatchRetry(ctx, first.ID, owner)
	require.NoError(t, err)
	require.True(t, replayed)
	require.Equal(t, again, once)

	// Meanwhile a name has become free, and somebody has retried one alone.
	gone, err := s.BeginDelete(ctx, "taken", 0, owner)
	require.NoError(t, err)
	end(t, s, gone.Operation, toygres.OperationSucceeded, toygres.StateDeleted)
	alone, err := s.BeginRetry(ctx, mended.ID, 0, owner)
	require.NoError(t, err)
	_, err = s.StartBatch(ctx, again.ID, "run")
	require.NoError(t, err)

	fresh := turn(t, s, again, 1)
	require.Equal(t, "taken", fresh.InstanceName)
	require.NotEqual(t, taken.ID, fresh.InstanceID)
	require.Empty(t, fresh.RetryOf)
	retried := turn(t, s, again, 2)
	require.Equal(t, broken.InstanceID, retried.InstanceID, "it begins anew under the same id and name")
	require.Equal(t, broken.ID, retried.RetryOf)
	require.Equal(t, again.ID, retried.Batch)
	require.Equal(t, retried.ID, turn(t, s, again, 2).ID, "asked again it answers what there is")
	require.Empty(t, turn(t, s, again, 3).ID, "what somebody retries alone is left to that")
	require.Equal(t, "late", turn(t, s, again, 4).InstanceName)
	items, err := s.BatchItems(ctx, again.ID, []toygres.ItemState{toygres.ItemFailed}, 0, 0)
	require.NoError(t, err)
	require.Len(t, items, 1)
	require.Contains(t, items[0].Error, string(alone.Operation.ID))

	before, err := s.Batch(ctx, first.ID)
	require.NoError(t, err)
	require.Equal(t, again.ID, before.RetriedBy)
	require.Equal(t, toygres.OperationCancelled, before.State, "it stays as it is")
	_, _, err = s.BeginBatchRetry(ctx, "0192d3c4-0000-7000-8000-000000000000", owner)
	requireCode(t, toygres.CodeNotFound, err)
}

func TestWhatARetryHadNoTurnForIsStillThereForTheNextOne(t *testing.T) {
	t.Parallel()
	s := open(t)
	ctx, owner := t.Context(), newUser(t, s, "ann")
	first := batch(t, s, owner, "broken")
	broken := turn(t, s, first, 1)
	end(t, s, broken, toygres.OperationFailed, toygres.StateFailed)
	require.NoError(t, s.FinishBatch(ctx, first.ID, "", ""))
	second, _, err := s.BeginBatchRetry(ctx, first.ID, owner)
	require.NoError(t, err)
	_, err = s.AskBatchCancel(ctx, second.ID, owner)
	require.NoError(t, err)
	require.NoError(t, s.FinishBatch(ctx, second.ID, "", ""))
	third, _, err := s.BeginBatchRetry(ctx, second.ID, owner)
	require.NoError(t, err)
	op := turn(t, s, third, 1)
	require.Equal(t, broken.ID, op.RetryOf)
	end(t, s, op, toygres.OperationSucceeded, toygres.StateRunning)
	require.NoError(t, s.FinishBatch(ctx, third.ID, "", ""))
	_, _, err = s.BeginBatchRetry(ctx, third.ID, owner)
	requireCode(t, toygres.CodeConflict, err)
	require.Contains(t, toygres.MessageOf(err), "all of it has succeeded")
}

func TestARetryOfDeletesGoesOnWithTheSameInstances(t *testing.T) {
	t.Parallel()
	s := open(t)
	ctx, owner := t.Context(), newUser(t, s, "ann")
	running(t, s, owner, "stuck")
	replaced := running(t, s, owner, "replaced")
	first, _, err := s.BeginBatch(ctx, catalog.NewBatch{Kind: toygres.KindTrash, Keep: time.Hour, Owner: owner,
		Items: []catalog.NewItem{{Name: "stuck"}, {Name: "replaced"}}})
	require.NoError(t, err)
	stuck := turn(t, s, first, 1)
	end(t, s, stuck, toygres.OperationFailed, toygres.StateFailed)
	require.NoError(t, s.FinishBatch(ctx, first.ID, toygres.CodeInternal, "its workflow was ended"))
	gone, err := s.BeginDelete(ctx, "replaced", 0, owner)
	require.NoError(t, err)
	require.Equal(t, replaced.ID, gone.Instance.ID)
	end(t, s, gone.Operation, toygres.OperationSucceeded, toygres.StateDeleted)
	running(t, s, owner, "replaced")

	again, _, err := s.BeginBatchRetry(ctx, first.ID, owner)
	require.NoError(t, err)
	require.Equal(t, toygres.KindTrash, again.Kind)
	retried := turn(t, s, again, 1)
	require.Equal(t, toygres.KindTrash, retried.Kind)
	require.Equal(t, stuck.ID, retried.RetryOf)
	require.Empty(t, turn(t, s, again, 2).ID, "another one has its name")
}

func TestOfManyRetriesOfABatchAtOnceOneBegins(t *testing.T) {
	t.Parallel()
	s, url := openURL(t)
	owner := newUser(t, s, "ann")
	first := batch(t, s, owner, "one", "two")
	require.NoError(t, s.FinishBatch(t.Context(), first.ID, toygres.CodeInternal, "its workflow was ended"))
	var requests errgroup.Group
	for range 8 {
		requests.Go(func() error {
			_, _, err := s.BeginBatchRetry(t.Context(), first.ID, owner)
			return err
		})
	}
	require.NoError(t, requests.Wait())
	require.Equal(t, 2, count(t, sql(t, url), `SELECT count(*) FROM batches`))
	require.Equal(t, 4, count(t, sql(t, url), `SELECT count(*) FROM batch_items`))
}

func TestWhatWasTriedAgainAloneWithSuccessIsNotTriedByTheBatch(t *testing.T) {
	t.Parallel()
	s := open(t)
	ctx, owner := t.Context(), newUser(t, s, "ann")
	first := batch(t, s, owner, "mended", "hopeless")
	mended, hopeless := turn(t, s, first, 1), turn(t, s, first, 2)
	for _, op := range []toygres.Operation{mended, hopeless} {
		end(t, s, op, toygres.OperationFailed, toygres.StateFailed)
	}
	require.NoError(t, s.FinishBatch(ctx, first.ID, "", ""))
	alone := func(op toygres.Operation, state toygres.OperationState, after toygres.State) toygres.OperationID {
		t.Helper()
		again, err := s.BeginRetry(ctx, op.ID, 0, owner)
		require.NoError(t, err)
		end(t, s, again.Operation, state, after)
		return again.Operation.ID
	}
	alone(mended, toygres.OperationSucceeded, toygres.StateRunning)
	last := alone(hopeless, toygres.OperationFailed, toygres.StateFailed)

	second, _, err := s.BeginBatchRetry(ctx, first.ID, owner)
	require.NoError(t, err)
	require.Equal(t, 1, second.Counts.Total)
	retried := turn(t, s, second, 1)
	require.Equal(t, "hopeless", retried.InstanceName)
	require.Equal(t, last, retried.RetryOf)
}

func TestABatchIsNotTriedAgainWhenAllThatFailedWasTriedAgainAlone(t *testing.T) {
	t.Parallel()
	s, url := openURL(t)
	owner := newUser(t, s, "ann")
	first := batch(t, s, owner, "mended")
	op := turn(t, s, first, 1)
	end(t, s, op, toygres.OperationFailed, toygres.StateFailed)
	require.NoError(t, s.FinishBatch(t.Context(), first.ID, "", ""))
	_, err := s.BeginRetry(t.Context(), op.ID, 0, owner)
	require.NoError(t, err)

	_, _, err = s.BeginBatchRetry(t.Context(), first.ID, owner)
	requireCode(t, toygres.CodeConflict, err)
	require.Contains(t, toygres.MessageOf(err), "tried again alone")
	require.Equal(t, 1, count(t, sql(t, url), `SELECT count(*) FROM batches`))
}

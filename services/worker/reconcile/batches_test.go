package reconcile_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/toygres/toygres"
	"github.com/toygres/toygres/internal/catalog"
	"github.com/toygres/toygres/services/worker/reconcile"
)

// batch records a batch of deletes of instances that do not exist.
func (w *world) batch() toygres.BatchID {
	w.t.Helper()
	b, _, err := w.catalog.BeginBatch(w.t.Context(), catalog.NewBatch{Kind: toygres.KindDelete, Owner: w.owner,
		Items: []catalog.NewItem{{Name: "one"}, {Name: "two"}}})
	require.NoError(w.t, err)
	return b.ID
}

func TestBatchWithoutAWorkflowGetsOne(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	neverStarted, lost, cancelled := w.batch(), w.batch(), w.batch()
	_, err := w.catalog.StartBatch(t.Context(), lost, "a run that Temporal has forgotten")
	require.NoError(t, err)
	_, err = w.catalog.AskBatchCancel(t.Context(), cancelled, w.owner)
	require.NoError(t, err)
	w.reconcile(2, often)
	w.eventually(func() error {
		for _, id := range []toygres.BatchID{neverStarted, lost, cancelled} {
			if run, _ := w.workflows.batch(id); run.State != reconcile.RunOpen {
				return fmt.Errorf("batch %s has not been started", id)
			}
		}
		if _, told := w.workflows.batch(cancelled); !told {
			return errors.New("the cancellation was not delivered")
		}
		return nil
	})
	_, told := w.workflows.batch(lost)
	require.False(t, told)
}

func TestBatchWhoseWorkflowWasEndedIsOverAndSaysWhy(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.batch()
	_, err := w.catalog.StartBatch(t.Context(), id, "run")
	require.NoError(t, err)
	w.workflows.batchIs(id, reconcile.Run{State: reconcile.RunBroken, Why: "its workflow was terminated in Temporal"})
	w.reconcile(1, often)
	w.eventually(func() error {
		b, err := w.catalog.Batch(t.Context(), id)
		if err == nil && b.State != toygres.OperationFailed {
			err = fmt.Errorf("the batch is %s", b.State)
		}
		return err
	})
	items, err := w.catalog.BatchItems(t.Context(), id, nil, 0, 0)
	require.NoError(t, err)
	for _, item := range items {
		require.Equal(t, toygres.ItemFailed, item.State)
		require.Equal(t, "its workflow was terminated in Temporal", item.Error)
	}
}

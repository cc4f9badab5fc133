package catalog_test

import (
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"github.com/toygres/toygres"
)

var bigger = toygres.Size{CPUMillis: 2000, MemoryMiB: 2048, StorageGiB: 20}

func TestResizeIsRecordedWhenItIsDone(t *testing.T) {
	t.Parallel()
	s, url := openURL(t)
	ctx, pool, owner := t.Context(), sql(t, url), newUser(t, s, "ann")
	before := running(t, s, owner, "mydb")
	begun, err := s.BeginResize(ctx, "mydb", before.Spec.Size(), bigger, owner)
	require.NoError(t, err)
	require.Equal(t, toygres.StateRunning, begun.Previous)
	require.Equal(t, toygres.StateUpdating, begun.Instance.State)
	require.Equal(t, before.Spec, begun.Instance.Spec, "it has its size until it has another one")
	stored, err := s.Operation(ctx, begun.Operation.ID)
	require.NoError(t, err)
	require.Equal(t, bigger, stored.Size)
	require.Equal(t, begun.Operation, stored)
	require.Equal(t, 1, count(t, pool, `SELECT count(*) FROM events WHERE operation_id = $1
		AND message = 'Resize to 2000m CPU, 2048 MiB of memory, 20 GiB of storage was requested.'`, begun.Operation.ID))

	require.NoError(t, s.FinishOperation(ctx, toygres.Outcome{Operation: begun.Operation.ID, State: toygres.OperationSucceeded,
		InstanceState: toygres.StateRunning, Size: bigger, Step: toygres.StepRecord}))
	after, err := s.Instance(ctx, "mydb")
	require.NoError(t, err)
	require.Equal(t, before.Spec.Resized(bigger), after.Spec)

	// An outcome without a size leaves it as it is.
	stop, err := s.Begin(ctx, "mydb", toygres.KindStop, owner)
	require.NoError(t, err)
	finish(t, s, stop, toygres.StateStopped)
	after, err = s.Instance(ctx, "mydb")
	require.NoError(t, err)
	require.Equal(t, bigger, after.Spec.Size())
}

func TestResizeBeginsOnlyFromWhatItsRequestHasSeen(t *testing.T) {
	t.Parallel()
	s, url := openURL(t)
	ctx, pool, owner := t.Context(), sql(t, url), newUser(t, s, "ann")
	has := running(t, s, owner, "mydb").Spec.Size()
	for _, from := range toygres.States() {
		exec(t, pool, `UPDATE instances SET state = $1`, from)
		begun, err := s.BeginResize(ctx, "mydb", has, bigger, owner)
		same, sameErr := s.BeginResize(ctx, "mydb", has, has, owner)
		_, staleErr := s.BeginResize(ctx, "mydb", bigger, has, owner)
		switch {
		case from == toygres.StateDeleted:
			requireCode(t, toygres.CodeNotFound, err)
			requireCode(t, toygres.CodeNotFound, sameErr)
		case from.CanBecome(toygres.StateUpdating):
			require.NoError(t, err)
			require.Equal(t, from, begun.Previous)
			requireCode(t, toygres.CodeConflict, sameErr) // another one is in progress by now
			require.NoError(t, s.Abandon(ctx, begun.Operation.ID))
			instance, err := s.Instance(ctx, "mydb")
			require.NoError(t, err)
			require.Equal(t, from, instance.State)
			require.Equal(t, has, instance.Spec.Size())
			same, sameErr = s.BeginResize(ctx, "mydb", has, has, owner)
			require.NoError(t, sameErr)
			require.Empty(t, same.Operation.ID, "nothing had to be done")
			require.Equal(t, from, same.Instance.State)
			_, staleErr = s.BeginResize(ctx, "mydb", bigger, has, owner)
			requireCode(t, toygres.CodeConflict, staleErr)
			require.ErrorContains(t, staleErr, "has changed meanwhile")
		default:
			requireCode(t, toygres.CodeConflict, err)
			requireCode(t, toygres.CodeConflict, sameErr)
			requireCode(t, toygres.CodeConflict, staleErr)
		}
	}
}

func TestOfManyResizesAtOnceOneBegins(t *testing.T) {
	t.Parallel()
	s, _ := openURL(t)
	owner := newUser(t, s, "ann")
	has := running(t, s, owner, "mydb").Spec.Size()
	var began atomic.Int32
	var all errgroup.Group
	for i := range 10 {
		all.Go(func() error {
			begun, err := s.BeginResize(t.Context(), "mydb", has, toygres.Size{CPUMillis: 2000 + i, MemoryMiB: 2048, StorageGiB: 20}, owner)
			if toygres.CodeOf(err) == toygres.CodeConflict {
				return nil
			}
			if begun.Operation.ID != "" {
				began.Add(1)
			}
			return err
		})
	}
	require.NoError(t, all.Wait())
	require.EqualValues(t, 1, began.Load())
}

package catalog_test

import (
	"fmt"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"github.com/toygres/toygres"
	"github.com/toygres/toygres/internal/catalog"
)

// begun is an operation whose workflow runs.
func begun(t *testing.T, s *catalog.Store, op toygres.Operation) toygres.Operation {
	t.Helper()
	require.NoError(t, s.StartOperation(t.Context(), op.ID, "run-"+string(op.ID)))
	return op
}

func place(t *testing.T, s *catalog.Store, op toygres.Operation, places int) (toygres.Place, []toygres.InstanceID) {
	t.Helper()
	p, others, err := s.TakePlace(t.Context(), op.ID, places)
	require.NoError(t, err)
	return p, others
}

func TestPlacesAreTakenInTurnAndFreeWhenTheOperationEnds(t *testing.T) {
	t.Parallel()
	s := open(t)
	owner := newUser(t, s, "ann")
	ops := make([]toygres.Operation, 5)
	for i := range ops {
		ops[i] = begun(t, s, create(t, s, owner, fmt.Sprint("db-", i)).Operation)
		p, others := place(t, s, ops[i], 2)
		require.Equal(t, toygres.Place{Taken: i < 2, Before: max(i-2, 0)}, p)
		require.Empty(t, others)
	}
	p, _ := place(t, s, ops[0], 2)
	require.True(t, p.Taken, "it keeps its place")
	p, _ = place(t, s, ops[4], 2)
	require.Equal(t, 2, p.Before, "and its turn")

	end(t, s, ops[1], toygres.OperationSucceeded, toygres.StateRunning)
	admitted, err := s.FreePlaces(t.Context(), 2)
	require.NoError(t, err)
	require.Equal(t, []toygres.InstanceID{ops[2].InstanceID}, admitted)
	end(t, s, ops[3], toygres.OperationCancelled, toygres.StateFailed) // while it waits
	end(t, s, ops[0], toygres.OperationFailed, toygres.StateFailed)
	p, others := place(t, s, ops[4], 2)
	require.Equal(t, toygres.Place{Taken: true}, p, "whoever looks gets what is free")
	require.Empty(t, others)
	_, _, err = s.TakePlace(t.Context(), ops[3].ID, 2)
	requireCode(t, toygres.CodeConflict, err)
}

func TestABatchLeavesAPlaceToOthersAndLetsThemGoFirst(t *testing.T) {
	t.Parallel()
	s := open(t)
	owner := newUser(t, s, "ann")
	b := batch(t, s, owner, "load-1", "load-2", "load-3", "load-4")
	load := make([]toygres.Operation, 4)
	for i := range load {
		load[i] = begun(t, s, turn(t, s, b, i+1))
		p, _ := place(t, s, load[i], 3)
		require.Equal(t, i < 2, p.Taken, i)
	}
	one, two := begun(t, s, create(t, s, owner, "one").Operation), begun(t, s, create(t, s, owner, "two").Operation)
	p, _ := place(t, s, one, 3)
	require.True(t, p.Taken)
	p, _ = place(t, s, two, 3)
	require.Equal(t, toygres.Place{}, p, "the first in the line, before the batch")
	end(t, s, load[0], toygres.OperationSucceeded, toygres.StateRunning)
	admitted, err := s.FreePlaces(t.Context(), 3)
	require.NoError(t, err)
	require.Equal(t, []toygres.InstanceID{two.InstanceID}, admitted)

	// With one place only there is none to leave.
	end(t, s, load[1], toygres.OperationSucceeded, toygres.StateRunning)
	end(t, s, one, toygres.OperationSucceeded, toygres.StateRunning)
	end(t, s, two, toygres.OperationSucceeded, toygres.StateRunning)
	admitted, err = s.FreePlaces(t.Context(), 1)
	require.NoError(t, err)
	require.Equal(t, []toygres.InstanceID{load[2].InstanceID}, admitted)
}

func TestNeverAreMorePlacesTakenThanThereAre(t *testing.T) {
	t.Parallel()
	s, url := openURL(t)
	owner, pool := newUser(t, s, "ann"), sql(t, url)
	var taken atomic.Int32
	var all errgroup.Group
	for i := range 12 {
		op := begun(t, s, create(t, s, owner, fmt.Sprint("db-", i)).Operation)
		all.Go(func() error {
			p, _, err := s.TakePlace(t.Context(), op.ID, 3)
			if p.Taken {
				taken.Add(1)
			}
			return err
		})
	}
	require.NoError(t, all.Wait())
	require.EqualValues(t, 3, taken.Load())
	require.Equal(t, 3, count(t, pool, `SELECT count(*) FROM operations WHERE admitted_at IS NOT NULL`))
}

func TestAStepSaysWhatItWaitsForUntilItBegins(t *testing.T) {
	t.Parallel()
	s := open(t)
	ctx, op := t.Context(), begun(t, s, create(t, s, newUser(t, s, "ann"), "mydb").Operation)
	require.NoError(t, s.StepWaits(ctx, op.ID, toygres.StepProvision, "waiting for a place: 12 before it"))
	require.NoError(t, s.StepWaits(ctx, op.ID, toygres.StepProvision, "waiting for a place: 12 before it"))
	now, err := s.Operation(ctx, op.ID)
	require.NoError(t, err)
	require.Equal(t, toygres.StepPending, now.Steps[0].State)
	require.Equal(t, "waiting for a place: 12 before it", now.Steps[0].Message)
	events, err := s.Events(ctx, catalog.EventFilter{Operation: op.ID, Types: []toygres.EventType{toygres.EventStepProgress}}, 0)
	require.NoError(t, err)
	require.Len(t, events, 1)

	require.NoError(t, s.StepStarted(ctx, op.ID, toygres.StepProvision, 1))
	require.NoError(t, s.StepWaits(ctx, op.ID, toygres.StepProvision, "too late"))
	now, err = s.Operation(ctx, op.ID)
	require.NoError(t, err)
	require.Empty(t, now.Steps[0].Message)
}

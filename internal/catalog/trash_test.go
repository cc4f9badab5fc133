package catalog_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/toygres/toygres"
	"github.com/toygres/toygres/internal/catalog"
)

const day = 24 * time.Hour

// trashed is an instance in the trash, where it came from a state.
func trashed(t *testing.T, s *catalog.Store, owner toygres.UserID, name string, from toygres.State) toygres.Instance {
	t.Helper()
	running(t, s, owner, name)
	if from == toygres.StateStopped {
		stop, err := s.Begin(t.Context(), name, toygres.KindStop, owner)
		require.NoError(t, err)
		finish(t, s, stop, toygres.StateStopped)
	}
	begun, err := s.BeginDelete(t.Context(), name, day, owner)
	require.NoError(t, err)
	require.Equal(t, toygres.KindTrash, begun.Operation.Kind)
	require.Equal(t, from, begun.Operation.Previous)
	require.NoError(t, s.FinishOperation(t.Context(), toygres.Outcome{Operation: begun.Operation.ID,
		State: toygres.OperationSucceeded, InstanceState: toygres.StateTrashed, Step: toygres.StepTrash}))
	instance, err := s.Instance(t.Context(), name)
	require.NoError(t, err)
	require.Equal(t, toygres.StateTrashed, instance.State)
	return instance
}

func listed(t *testing.T, s *catalog.Store, filter catalog.InstanceFilter) []string {
	t.Helper()
	page, err := s.Instances(t.Context(), filter)
	require.NoError(t, err)
	return names(page.Instances)
}

func TestWhatIsInTheTrashIsHiddenAndKeepsItsName(t *testing.T) {
	t.Parallel()
	s := open(t)
	owner := newUser(t, s, "ann")
	running(t, s, owner, "other")
	i := trashed(t, s, owner, "mydb", toygres.StateRunning)
	require.WithinDuration(t, time.Now().Add(day), i.PurgeAt, time.Minute)
	require.Equal(t, toygres.StateRunning, i.TrashedFrom)
	require.Equal(t, []string{"other"}, listed(t, s, catalog.InstanceFilter{}))
	require.Equal(t, []string{"mydb"}, listed(t, s, catalog.InstanceFilter{Trashed: true}))

	_, err := s.BeginCreate(t.Context(), catalog.NewInstance{Spec: i.Spec, Owner: owner, Provider: "local"})
	requireCode(t, toygres.CodeConflict, err)
	require.ErrorContains(t, err, "in the trash until "+i.PurgeAt.UTC().Format("2006-01-02"))
	require.ErrorContains(t, err, "bring it back with undelete")
	for _, kind := range []toygres.Kind{toygres.KindStop, toygres.KindStart, toygres.KindRestart} {
		_, err := s.Begin(t.Context(), "mydb", kind, owner)
		requireCode(t, toygres.CodeConflict, err)
		require.ErrorContains(t, err, "undelete first", kind)
	}
	_, err = s.BeginDelete(t.Context(), "mydb", day, owner)
	requireCode(t, toygres.CodeConflict, err)
	require.ErrorContains(t, err, "purge it now")

	// It stays hidden while it is removed, and then its name is free.
	purge, err := s.BeginDelete(t.Context(), "mydb", 0, owner)
	require.NoError(t, err)
	require.Equal(t, []string{"other"}, listed(t, s, catalog.InstanceFilter{}))
	require.Equal(t, []string{"mydb"}, listed(t, s, catalog.InstanceFilter{Trashed: true}))
	finish(t, s, purge, toygres.StateDeleted)
	require.Empty(t, listed(t, s, catalog.InstanceFilter{Trashed: true}))
	create(t, s, owner, "mydb")
}

func TestUndeleteGoesToWhereItWas(t *testing.T) {
	t.Parallel()
	s := open(t)
	owner := newUser(t, s, "ann")
	for from, during := range map[toygres.State]toygres.State{
		toygres.StateRunning: toygres.StateStarting, toygres.StateStopped: toygres.StateStopping} {
		name := "was-" + string(from)
		before := trashed(t, s, owner, name, from)
		begun, err := s.BeginUndelete(t.Context(), name, owner)
		require.NoError(t, err)
		require.Equal(t, during, begun.Instance.State)
		require.Empty(t, begun.Operation.WorkflowID)
		require.Contains(t, listed(t, s, catalog.InstanceFilter{}), name, "it is seen as it comes back")

		require.NoError(t, s.Abandon(t.Context(), begun.Operation.ID))
		again, err := s.Instance(t.Context(), name)
		require.NoError(t, err)
		require.Equal(t, []any{toygres.StateTrashed, before.PurgeAt, from}, []any{again.State, again.PurgeAt, again.TrashedFrom})

		begun, err = s.BeginUndelete(t.Context(), name, owner)
		require.NoError(t, err)
		finish(t, s, begun, from)
		back, err := s.Instance(t.Context(), name)
		require.NoError(t, err)
		require.Equal(t, from, back.State)
		require.Zero(t, back.PurgeAt)
		require.Empty(t, back.TrashedFrom)
		_, err = s.BeginUndelete(t.Context(), name, owner)
		requireCode(t, toygres.CodeConflict, err)
		require.ErrorContains(t, err, "it is not in the trash")
	}
	_, err := s.BeginUndelete(t.Context(), "nothere", owner)
	requireCode(t, toygres.CodeNotFound, err)
}

func TestATrashThatDoesNotSucceedLeavesNoTraceOfIt(t *testing.T) {
	t.Parallel()
	s := open(t)
	owner := newUser(t, s, "ann")
	running(t, s, owner, "mydb")
	ends := map[string]func(begun catalog.Begun) error{
		"taken back": func(begun catalog.Begun) error { return s.Abandon(t.Context(), begun.Operation.ID) },
		"cancelled": func(begun catalog.Begun) error {
			return s.FinishOperation(t.Context(), toygres.Outcome{Operation: begun.Operation.ID, State: toygres.OperationCancelled})
		},
	}
	for how, end := range ends {
		begun, err := s.BeginDelete(t.Context(), "mydb", day, owner)
		require.NoError(t, err)
		require.NoError(t, end(begun), how)
		i, err := s.Instance(t.Context(), "mydb")
		require.NoError(t, err)
		require.Equal(t, toygres.StateRunning, i.State, how)
		require.Zero(t, i.PurgeAt, how)
	}
}

func TestOnlyWhatHasDataGoesIntoTheTrash(t *testing.T) {
	t.Parallel()
	s := open(t)
	ctx, owner := t.Context(), newUser(t, s, "ann")
	kind := func(name string) toygres.Kind {
		begun, err := s.BeginDelete(ctx, name, day, owner)
		require.NoError(t, err)
		return begun.Operation.Kind
	}
	finish(t, s, create(t, s, owner, "never-ran"), toygres.StateFailed)
	require.Equal(t, toygres.KindDelete, kind("never-ran"))

	ran := func(name string) {
		require.NoError(t, s.FinishOperation(ctx, toygres.Outcome{Operation: create(t, s, owner, name).Operation.ID,
			State: toygres.OperationSucceeded, InstanceState: toygres.StateRunning, ServerVersion: "18.4"}))
	}
	ran("ran")
	require.NoError(t, s.ChangeState(ctx, catalog.StateChange{Instance: instanceID(t, s, "ran"), From: toygres.StateRunning, To: toygres.StateFailed}))
	require.Equal(t, toygres.KindTrash, kind("ran"))

	// A removal that was begun and did not end is finished, not kept.
	ran("half-gone")
	removal, err := s.BeginDelete(ctx, "half-gone", 0, owner)
	require.NoError(t, err)
	require.NoError(t, s.StepStarted(ctx, removal.Operation.ID, toygres.StepRemove, 1))
	require.NoError(t, s.FinishOperation(ctx, toygres.Outcome{Operation: removal.Operation.ID, State: toygres.OperationFailed, InstanceState: toygres.StateFailed}))
	require.Equal(t, toygres.KindDelete, kind("half-gone"))

	create(t, s, owner, "young")
	_, err = s.BeginDelete(ctx, "young", day, owner)
	requireCode(t, toygres.CodeConflict, err)
	require.ErrorContains(t, err, "its create operation")
}

func TestAPurgeBeginsWhenItIsDueAndOnce(t *testing.T) {
	t.Parallel()
	s, url := openURL(t)
	ctx, pool, owner := t.Context(), sql(t, url), newUser(t, s, "ann")
	i := trashed(t, s, owner, "mydb", toygres.StateStopped)
	purge, wait, err := s.BeginDue(ctx, i.ID)
	require.NoError(t, err)
	require.Empty(t, purge.ID)
	require.InDelta(t, day, wait, float64(time.Minute))
	overdue, err := s.Overdue(ctx, 0)
	require.NoError(t, err)
	require.Empty(t, overdue)

	exec(t, pool, `UPDATE instances SET purge_at = now() - interval '1 second'`)
	overdue, err = s.Overdue(ctx, time.Minute)
	require.NoError(t, err)
	require.Empty(t, overdue, "its timer still has time")
	overdue, err = s.Overdue(ctx, 0)
	require.NoError(t, err)
	require.Equal(t, []toygres.InstanceID{i.ID}, overdue)

	purge, wait, err = s.BeginDue(ctx, i.ID)
	require.NoError(t, err)
	require.Zero(t, wait)
	require.Equal(t, toygres.KindDelete, purge.Kind)
	require.Equal(t, owner, purge.RequestedBy)
	require.Equal(t, 1, count(t, pool, `SELECT count(*) FROM events WHERE operation_id = $1 AND actor IS NULL`, purge.ID), "Toygres does it by itself")
	again, wait, err := s.BeginDue(ctx, i.ID)
	require.NoError(t, err)
	require.Zero(t, wait)
	require.Empty(t, again.ID)

	// Whoever cancels it wants the instance back, and gets the time for it.
	require.NoError(t, s.FinishOperation(ctx, toygres.Outcome{Operation: purge.ID, State: toygres.OperationCancelled}))
	back, err := s.Instance(ctx, "mydb")
	require.NoError(t, err)
	require.Equal(t, toygres.StateTrashed, back.State)
	require.Equal(t, toygres.StateStopped, back.TrashedFrom)
	require.WithinDuration(t, time.Now().Add(time.Hour), back.PurgeAt, time.Minute)

	begun, err := s.BeginUndelete(ctx, "mydb", owner)
	require.NoError(t, err)
	finish(t, s, begun, toygres.StateStopped)
	purge, wait, err = s.BeginDue(ctx, i.ID)
	require.NoError(t, err)
	require.Zero(t, wait)
	require.Empty(t, purge.ID, "a timer that fires late does no harm")
}

func instanceID(t *testing.T, s *catalog.Store, name string) toygres.InstanceID {
	t.Helper()
	i, err := s.Instance(t.Context(), name)
	require.NoError(t, err)
	return i.ID
}

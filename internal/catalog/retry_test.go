package catalog_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"github.com/toygres/toygres"
	"github.com/toygres/toygres/internal/catalog"
)

// fail ends an operation without success and the instance in that state; "" for
// what it was before.
func fail(t *testing.T, s *catalog.Store, id toygres.OperationID, state toygres.State) {
	t.Helper()
	require.NoError(t, s.FinishOperation(t.Context(), toygres.Outcome{Operation: id, State: toygres.OperationFailed,
		InstanceState: state, Code: toygres.CodeProvider, Message: "no port is free"}))
}

func TestRetriedCreateBeginsAnewUnderTheSameID(t *testing.T) {
	t.Parallel()
	s, ctx := open(t), t.Context()
	owner := newUser(t, s, "ann")
	first := create(t, s, owner, "mydb")
	fail(t, s, first.Operation.ID, toygres.StateFailed)

	again, err := s.BeginRetry(ctx, first.Operation.ID, 0, owner)
	require.NoError(t, err)
	require.Equal(t, first.Instance.ID, again.Instance.ID)
	require.Equal(t, toygres.StateCreating, again.Instance.State)
	require.Empty(t, again.Instance.Message)
	require.Equal(t, first.Operation.ID, again.Operation.RetryOf)
	require.Equal(t, first.Operation.WorkflowID, again.Operation.WorkflowID)
	stored, err := s.Operation(ctx, again.Operation.ID)
	require.NoError(t, err)
	require.Equal(t, again.Operation, stored)

	// Its workflow could not be started: all is as before.
	require.NoError(t, s.Abandon(ctx, again.Operation.ID))
	instance, err := s.Instance(ctx, "mydb")
	require.NoError(t, err)
	require.Equal(t, toygres.StateFailed, instance.State)
	require.Equal(t, "no port is free", instance.Message)

	again, err = s.BeginRetry(ctx, first.Operation.ID, 0, owner)
	require.NoError(t, err)
	finish(t, s, again, toygres.StateRunning)
	page, err := s.Operations(ctx, catalog.OperationFilter{RetryOf: first.Operation.ID})
	require.NoError(t, err)
	require.Len(t, page.Operations, 1)
}

func TestOfManyRetriesOneBegins(t *testing.T) {
	t.Parallel()
	s, url := openURL(t)
	owner := newUser(t, s, "ann")
	first := create(t, s, owner, "mydb")
	fail(t, s, first.Operation.ID, toygres.StateFailed)
	var group errgroup.Group
	for range 8 {
		group.Go(func() error {
			if _, err := s.BeginRetry(t.Context(), first.Operation.ID, 0, owner); toygres.CodeOf(err) != toygres.CodeConflict {
				return err
			}
			return nil
		})
	}
	require.NoError(t, group.Wait())
	require.Equal(t, 1, count(t, sql(t, url), `SELECT count(*) FROM operations WHERE retry_of = $1`, first.Operation.ID))
}

func TestRetryIsRefusedWhereItMakesNoSense(t *testing.T) {
	t.Parallel()
	s, url := openURL(t)
	ctx, owner, pool := t.Context(), newUser(t, s, "ann"), sql(t, url)
	refused := func(id toygres.OperationID, why string) *toygres.Error {
		t.Helper()
		_, err := s.BeginRetry(ctx, id, time.Hour, owner)
		requireCode(t, toygres.CodeConflict, err)
		require.ErrorContains(t, err, why)
		var refusal *toygres.Error
		require.ErrorAs(t, err, &refusal)
		return refusal
	}
	begin := func(name string, kind toygres.Kind) toygres.OperationID {
		t.Helper()
		begun, err := s.Begin(ctx, name, kind, owner)
		require.NoError(t, err)
		return begun.Operation.ID
	}

	going := create(t, s, owner, "going")
	refused(going.Operation.ID, "it is pending")
	finish(t, s, going, toygres.StateRunning)
	refused(going.Operation.ID, "it succeeded")

	stop := begin("going", toygres.KindStop)
	fail(t, s, stop, "")
	restart := begin("going", toygres.KindRestart)
	require.Equal(t, restart, refused(stop, "its restart operation "+string(restart)+" came after it").Operation)
	fail(t, s, restart, toygres.StateStopped)
	refused(restart, "while it is stopped")

	start := begin("going", toygres.KindStart)
	fail(t, s, start, toygres.StateStopped)
	exec(t, pool, `UPDATE instances SET state = 'running' WHERE name = 'going'`)
	refused(start, "the instance is running by now")

	size := toygres.Spec{}.WithDefaults().Size()
	bigger := size
	bigger.StorageGiB++
	resize, err := s.BeginUpdate(ctx, "going", sizes(size, bigger), owner)
	require.NoError(t, err)
	fail(t, s, resize.Operation.ID, "")
	exec(t, pool, `UPDATE instances SET storage_gib = $1 WHERE name = 'going'`, bigger.StorageGiB)
	refused(resize.Operation.ID, "the instance has what was asked for by now")
	exec(t, pool, `UPDATE instances SET storage_gib = $1 WHERE name = 'going'`, bigger.StorageGiB+1)
	_, err = s.BeginRetry(ctx, resize.Operation.ID, 0, owner)
	requireCode(t, toygres.CodeInvalid, err)

	ran := running(t, s, owner, "ran")
	exec(t, pool, `UPDATE operations SET state = 'failed' WHERE instance_id = $1`, ran.ID)
	exec(t, pool, `UPDATE instances SET state = 'failed', server_version = '18.4' WHERE id = $1`, ran.ID)
	var created string
	require.NoError(t, pool.QueryRow(ctx, `SELECT id::text FROM operations WHERE instance_id = $1`, ran.ID).Scan(&created))
	refused(toygres.OperationID(created), "may have data")

	gone := create(t, s, owner, "gone")
	fail(t, s, gone.Operation.ID, toygres.StateFailed)
	exec(t, pool, `UPDATE instances SET state = 'deleted' WHERE name = 'gone'`)
	refused(gone.Operation.ID, "the instance is deleted")
	_, err = s.BeginRetry(ctx, "'; --", 0, owner)
	requireCode(t, toygres.CodeNotFound, err)
}

func TestRetryAsksForTheSameOfWhatIsThere(t *testing.T) {
	t.Parallel()
	s, url := openURL(t)
	ctx, pool := t.Context(), sql(t, url)
	owner := newUser(t, s, "ann")
	size := running(t, s, owner, "mydb").Spec.Size()
	to := toygres.Size{CPUMillis: 2000, MemoryMiB: size.MemoryMiB, StorageGiB: size.StorageGiB + 5}
	resize, err := s.BeginUpdate(ctx, "mydb", sizes(size, to), owner)
	require.NoError(t, err)
	// Its storage had grown before it failed.
	require.NoError(t, s.FinishOperation(ctx, toygres.Outcome{Operation: resize.Operation.ID, State: toygres.OperationCancelled,
		InstanceState: toygres.StateRunning, Code: toygres.CodeCancelled, Message: "it was cancelled", Size: toygres.Size{StorageGiB: to.StorageGiB}}))
	again, err := s.BeginRetry(ctx, resize.Operation.ID, 0, owner)
	require.NoError(t, err)
	require.Equal(t, to, again.Operation.Size)
	require.Equal(t, toygres.StateUpdating, again.Instance.State)
	finish(t, s, again, toygres.StateRunning)

	trash, err := s.BeginDelete(ctx, "mydb", time.Hour, owner)
	require.NoError(t, err)
	fail(t, s, trash.Operation.ID, "")
	exec(t, pool, `UPDATE instances SET deletion_protection = true`)
	_, err = s.BeginRetry(ctx, trash.Operation.ID, time.Hour, owner)
	requireCode(t, toygres.CodeConflict, err)
	require.ErrorContains(t, err, "protected")
	exec(t, pool, `UPDATE instances SET deletion_protection = false`)
	_, err = s.BeginRetry(ctx, trash.Operation.ID, 0, owner)
	requireCode(t, toygres.CodeConflict, err)
	again, err = s.BeginRetry(ctx, trash.Operation.ID, 2*time.Hour, owner)
	require.NoError(t, err)
	require.Equal(t, toygres.KindTrash, again.Operation.Kind)
	require.WithinDuration(t, time.Now().Add(2*time.Hour), again.Instance.PurgeAt, time.Minute)
}

func TestRetriedRotationMakesAnotherPassword(t *testing.T) {
	t.Parallel()
	s, ctx := open(t), t.Context()
	owner := newUser(t, s, "ann")
	running(t, s, owner, "mydb")
	rotate, err := s.Begin(ctx, "mydb", toygres.KindRotate, owner)
	require.NoError(t, err)
	fail(t, s, rotate.Operation.ID, "")
	again, err := s.BeginRetry(ctx, rotate.Operation.ID, 0, owner)
	require.NoError(t, err)
	require.Equal(t, toygres.KindRotate, again.Operation.Kind)
	require.Equal(t, toygres.StateUpdating, again.Instance.State)
	require.NotEmpty(t, again.Operation.WorkflowID)
}

func TestRetriedUndeletionStartsWhatHasLeftTheTrash(t *testing.T) {
	t.Parallel()
	s, ctx := open(t), t.Context()
	owner := newUser(t, s, "ann")
	running(t, s, owner, "mydb")
	trash, err := s.BeginDelete(ctx, "mydb", time.Hour, owner)
	require.NoError(t, err)
	finish(t, s, trash, toygres.StateTrashed)
	undelete, err := s.BeginUndelete(ctx, "mydb", owner)
	require.NoError(t, err)
	fail(t, s, undelete.Operation.ID, toygres.StateStopped)
	again, err := s.BeginRetry(ctx, undelete.Operation.ID, 0, owner)
	require.NoError(t, err)
	require.Equal(t, toygres.KindStart, again.Operation.Kind)
	require.Equal(t, undelete.Operation.ID, again.Operation.RetryOf)
	require.Equal(t, toygres.StateStarting, again.Instance.State)
}

func TestRetriedForkNeedsItsSource(t *testing.T) {
	t.Parallel()
	s, url := openURL(t)
	ctx, owner, pool := t.Context(), newUser(t, s, "ann"), sql(t, url)
	source := running(t, s, owner, "mydb")
	spec := source.Spec
	spec.Name, spec.Source = "copy", source.ID
	fork, err := s.BeginCreate(ctx, catalog.NewInstance{Spec: spec, Owner: owner, Provider: "local"})
	require.NoError(t, err)
	fail(t, s, fork.Operation.ID, toygres.StateFailed)
	for change, why := range map[string]string{
		`state = 'stopped'`: `"mydb", which it was to copy, is stopped`,
		`state = 'deleted'`: "is gone",
		`storage_gib = 100`: "has 100 GiB of storage by now",
	} {
		exec(t, pool, `UPDATE instances SET `+change+` WHERE id = $1`, source.ID)
		_, err = s.BeginRetry(ctx, fork.Operation.ID, 0, owner)
		requireCode(t, toygres.CodeConflict, err)
		require.ErrorContains(t, err, why)
		exec(t, pool, `UPDATE instances SET state = 'running', storage_gib = $2 WHERE id = $1`, source.ID, spec.StorageGiB)
	}
	again, err := s.BeginRetry(ctx, fork.Operation.ID, 0, owner)
	require.NoError(t, err)
	require.Equal(t, toygres.KindFork, again.Operation.Kind)
	require.Equal(t, source.ID, again.Instance.Spec.Source)
}

func TestStepsSayWhoCarriedThemOut(t *testing.T) {
	t.Parallel()
	s, url := openURL(t)
	ctx, begun := t.Context(), create(t, s, newUser(t, s, "ann"), "mydb")
	id := begun.Operation.ID
	require.NoError(t, s.StartOperation(ctx, id, "run"))
	by := func(worker, build string) *catalog.Store {
		store, err := catalog.Open(ctx, url, catalog.Options{Worker: worker, Build: build})
		require.NoError(t, err)
		t.Cleanup(store.Close)
		return store
	}
	old, current := by("7@old", "v1"), by("9@new", "v2")
	require.NoError(t, old.StepStarted(ctx, id, toygres.StepProvision, 1))
	require.NoError(t, old.StepFailed(ctx, id, toygres.StepProvision, 1, "no port", time.Now().Add(time.Minute)))
	require.NoError(t, current.StepStarted(ctx, id, toygres.StepProvision, 2))
	op, err := s.Operation(ctx, id)
	require.NoError(t, err)
	require.Equal(t, []string{"9@new", "v2"}, []string{op.Steps[0].Worker, op.Steps[0].Build})
	require.Empty(t, op.Steps[1].Worker)
}

func TestOperationsAreFoundByTime(t *testing.T) {
	t.Parallel()
	s, ctx := open(t), t.Context()
	owner := newUser(t, s, "ann")
	first, second := create(t, s, owner, "first").Operation, create(t, s, owner, "second").Operation
	found := func(f catalog.OperationFilter) []string {
		page, err := s.Operations(ctx, f)
		require.NoError(t, err)
		var names []string
		for _, op := range page.Operations {
			names = append(names, op.InstanceName)
		}
		return names
	}
	require.Equal(t, []string{"second"}, found(catalog.OperationFilter{Since: second.CreatedAt}))
	require.Equal(t, []string{"first"}, found(catalog.OperationFilter{Since: first.CreatedAt, Until: second.CreatedAt}))
	require.Empty(t, found(catalog.OperationFilter{Until: first.CreatedAt}))
}

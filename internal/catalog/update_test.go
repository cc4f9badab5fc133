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

var bigger = toygres.Size{CPUMillis: 2000, MemoryMiB: 2048, StorageGiB: 20}

func TestResizeIsRecordedWhenItIsDone(t *testing.T) {
	t.Parallel()
	s, url := openURL(t)
	ctx, pool, owner := t.Context(), sql(t, url), newUser(t, s, "ann")
	before := running(t, s, owner, "mydb")
	begun, err := s.BeginUpdate(ctx, "mydb", catalog.Update{From: before.Spec.Settings(), To: before.Spec.Resized(bigger).Settings()}, owner)
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
	spec := running(t, s, owner, "mydb").Spec
	has := spec.Settings()
	other := spec.Resized(bigger).Settings()
	for _, from := range toygres.States() {
		exec(t, pool, `UPDATE instances SET state = $1`, from)
		begun, err := s.BeginUpdate(ctx, "mydb", catalog.Update{From: has, To: other}, owner)
		same, sameErr := s.BeginUpdate(ctx, "mydb", catalog.Update{From: has, To: has}, owner)
		_, staleErr := s.BeginUpdate(ctx, "mydb", catalog.Update{From: other, To: has}, owner)
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
			require.Equal(t, has, instance.Spec.Settings())
			same, sameErr = s.BeginUpdate(ctx, "mydb", catalog.Update{From: has, To: has}, owner)
			require.NoError(t, sameErr)
			require.Empty(t, same.Operation.ID, "nothing had to be done")
			require.Equal(t, from, same.Instance.State)
			_, staleErr = s.BeginUpdate(ctx, "mydb", catalog.Update{From: other, To: has}, owner)
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
	spec := running(t, s, owner, "mydb").Spec
	has := spec.Settings()
	var began atomic.Int32
	var all errgroup.Group
	for i := range 10 {
		all.Go(func() error {
			begun, err := s.BeginUpdate(t.Context(), "mydb", catalog.Update{From: has,
				To: spec.Resized(toygres.Size{CPUMillis: 2000 + i, MemoryMiB: 2048, StorageGiB: 20}).Settings()}, owner)
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

func TestUpdateIsRecordedWhenItIsDone(t *testing.T) {
	t.Parallel()
	s, ctx := open(t), t.Context()
	owner := newUser(t, s, "ann")
	before := running(t, s, owner, "mydb")
	to := before.Spec.Resized(bigger).Settings()
	to.Configuration = toygres.Configuration{Parameters: map[string]string{"work_mem": "64MB"}, AllowedCIDRs: []string{"192.0.2.0/24"}}
	u := catalog.Update{From: before.Spec.Settings(), To: to, Steps: []toygres.StepName{toygres.StepConfigure, toygres.StepRecordSettings},
		Metadata: toygres.MetadataChange{Description: new("of the shop")}}
	begun, err := s.BeginUpdate(ctx, "mydb", u, owner)
	require.NoError(t, err)
	require.Equal(t, toygres.KindUpdate, begun.Operation.Kind)
	require.Equal(t, "of the shop", begun.Instance.Description)
	require.Equal(t, before.Spec, begun.Instance.Spec, "it has its settings until it has others")
	stored, err := s.Operation(ctx, begun.Operation.ID)
	require.NoError(t, err)
	require.Equal(t, begun.Operation, stored)
	require.Equal(t, toygres.Settings{Size: stored.Size, Configuration: stored.Configuration}, to)
	require.Len(t, stored.Steps, 2)

	require.NoError(t, s.FinishOperation(ctx, toygres.Outcome{Operation: begun.Operation.ID, State: toygres.OperationSucceeded,
		InstanceState: toygres.StateRunning, Size: to.Size, Configuration: &to.Configuration, Step: toygres.StepRecordSettings}))
	after, err := s.Instance(ctx, "mydb")
	require.NoError(t, err)
	require.Equal(t, to, after.Spec.Settings())

	// An outcome without a configuration leaves it as it is; one that is empty takes it away.
	stop, err := s.Begin(ctx, "mydb", toygres.KindStop, owner)
	require.NoError(t, err)
	finish(t, s, stop, toygres.StateStopped)
	again, err := s.Instance(ctx, "mydb")
	require.NoError(t, err)
	require.Equal(t, to, again.Spec.Settings())
	none := toygres.Settings{Size: to.Size}
	begun, err = s.BeginUpdate(ctx, "mydb", catalog.Update{From: to, To: none}, owner)
	require.NoError(t, err)
	require.NoError(t, s.FinishOperation(ctx, toygres.Outcome{Operation: begun.Operation.ID, State: toygres.OperationSucceeded,
		InstanceState: toygres.StateStopped, Configuration: &none.Configuration}))
	again, err = s.Instance(ctx, "mydb")
	require.NoError(t, err)
	require.True(t, none.Equal(again.Spec.Settings()))
}

func TestUpdateThatDoesNotBeginChangesNoMetadata(t *testing.T) {
	t.Parallel()
	s, ctx := open(t), t.Context()
	owner := newUser(t, s, "ann")
	has := running(t, s, owner, "mydb").Spec.Settings()
	to, tags := has, map[string]*string{}
	to.Configuration.AllowedCIDRs = []string{"192.0.2.0/24"}
	for i := range toygres.MaxTags + 1 {
		tags[fmt.Sprint("tag", i)] = new("x")
	}
	described := toygres.MetadataChange{Description: new("too late")}
	for _, u := range []catalog.Update{
		{From: to, To: has, Metadata: described},                                                 // it has other settings
		{From: has, To: to, State: toygres.StateStopped, Metadata: described},                    // it is in another state
		{From: has, To: to, Metadata: toygres.MetadataChange{Description: new("x"), Tags: tags}}, // there are too many tags
	} {
		_, err := s.BeginUpdate(ctx, "mydb", u, owner)
		require.Error(t, err)
		require.Contains(t, []toygres.ErrorCode{toygres.CodeConflict, toygres.CodeInvalid}, toygres.CodeOf(err))
	}
	instance, err := s.Instance(ctx, "mydb")
	require.NoError(t, err)
	require.Empty(t, instance.Description)
	require.Empty(t, instance.Tags)
	require.Empty(t, instance.Operation)
}

// sizes is an update of the size alone, of an instance with nothing else set.
func sizes(from, to toygres.Size) catalog.Update {
	return catalog.Update{From: toygres.Settings{Size: from}, To: toygres.Settings{Size: to}}
}

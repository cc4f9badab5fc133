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

func most(n int) *int { return &n }

// limited returns a store where users may have so much.
func limited(t *testing.T, quota catalog.Quota) (*catalog.Store, string) {
	t.Helper()
	_, url := openURL(t)
	s, err := catalog.Open(t.Context(), url, catalog.Options{Quota: quota})
	require.NoError(t, err)
	t.Cleanup(s.Close)
	return s, url
}

func TestOfManyCreatesAtOnceNoMorePassThanTheQuotaHasRoomFor(t *testing.T) {
	t.Parallel()
	s, _ := limited(t, catalog.Quota{Instances: most(3)})
	owner, other := newUser(t, s, "ann"), newUser(t, s, "bob")
	var began, refused atomic.Int32
	var all errgroup.Group
	for i := range 12 {
		all.Go(func() error {
			_, err := s.BeginCreate(t.Context(), request(owner, fmt.Sprintf("db-%d", i)))
			if toygres.CodeOf(err) == toygres.CodeForbidden {
				refused.Add(1)
				return nil
			}
			began.Add(1)
			return err
		})
	}
	require.NoError(t, all.Wait())
	require.EqualValues(t, 3, began.Load())
	require.EqualValues(t, 9, refused.Load())
	create(t, s, other, "others-have-their-own")
}

func TestRefusalNamesLimitUseAndWhatWasAsked(t *testing.T) {
	t.Parallel()
	s, _ := limited(t, catalog.Quota{StorageGiB: most(25)})
	owner := newUser(t, s, "ann")
	create(t, s, owner, "one")
	create(t, s, owner, "two")
	_, err := s.BeginCreate(t.Context(), request(owner, "three"))
	requireCode(t, toygres.CodeForbidden, err)
	var known *toygres.Error
	require.ErrorAs(t, err, &known)
	require.Equal(t, []toygres.FieldError{{Field: "storage_gib", Rule: "quota", Message: "limit 25, used 20, asked 10"}}, known.Fields)
}

func TestARepeatedRequestIsAnsweredThoughTheQuotaIsFullByNow(t *testing.T) {
	t.Parallel()
	s, _ := limited(t, catalog.Quota{Instances: most(1)})
	n := request(newUser(t, s, "ann"), "mydb")
	n.Idempotency = &catalog.IdempotencyKey{Key: "k", RequestHash: []byte("h")}
	first, err := s.BeginCreate(t.Context(), n)
	require.NoError(t, err)
	again, err := s.BeginCreate(t.Context(), n)
	require.NoError(t, err)
	require.True(t, again.Replayed)
	require.Equal(t, first.Operation.ID, again.Operation.ID)
}

func TestWhatInstancesTakeIsGivenBackOnlyWhenTheyAreGone(t *testing.T) {
	t.Parallel()
	s, _ := limited(t, catalog.Quota{})
	ctx, owner := t.Context(), newUser(t, s, "ann")
	uses := func(want catalog.Use) {
		t.Helper()
		_, use, err := s.Quota(ctx, owner)
		require.NoError(t, err)
		require.Equal(t, want, use)
	}
	abandoned := create(t, s, owner, "abandoned")
	uses(catalog.Use{Instances: 1, StorageGiB: 10})
	require.NoError(t, s.AbandonCreate(ctx, abandoned.Operation.ID))
	uses(catalog.Use{})
	instance := running(t, s, owner, "mydb")
	size := instance.Spec.Size()

	grown := size
	grown.StorageGiB = 30
	begun, err := s.BeginUpdate(ctx, "mydb", sizes(size, grown), owner)
	require.NoError(t, err)
	uses(catalog.Use{Instances: 1, StorageGiB: 30}) // it is promised
	require.NoError(t, s.Abandon(ctx, begun.Operation.ID))
	uses(catalog.Use{Instances: 1, StorageGiB: 10})
	begun, err = s.BeginUpdate(ctx, "mydb", sizes(size, grown), owner)
	require.NoError(t, err)
	require.NoError(t, s.FinishOperation(ctx, toygres.Outcome{Operation: begun.Operation.ID, State: toygres.OperationSucceeded,
		InstanceState: toygres.StateRunning, Size: grown}))
	uses(catalog.Use{Instances: 1, StorageGiB: 30})

	stop, err := s.Begin(ctx, "mydb", toygres.KindStop, owner)
	require.NoError(t, err)
	finish(t, s, stop, toygres.StateStopped)
	uses(catalog.Use{Instances: 1, StorageGiB: 30})
	gone, err := s.Begin(ctx, "mydb", toygres.KindDelete, owner)
	require.NoError(t, err)
	uses(catalog.Use{Instances: 1, StorageGiB: 30})
	finish(t, s, gone, toygres.StateDeleted)
	uses(catalog.Use{})
}

func TestOfManyResizesAtOnceNoMorePassThanTheQuotaHasRoomFor(t *testing.T) {
	t.Parallel()
	s, _ := limited(t, catalog.Quota{StorageGiB: most(75)}) // 5 times 10, and room for two that become 20
	owner := newUser(t, s, "ann")
	var has toygres.Size
	for i := range 5 {
		has = running(t, s, owner, fmt.Sprintf("db-%d", i)).Spec.Size()
	}
	to := has
	to.StorageGiB = 20
	var began atomic.Int32
	var all errgroup.Group
	for i := range 5 {
		all.Go(func() error {
			_, err := s.BeginUpdate(t.Context(), fmt.Sprintf("db-%d", i), sizes(has, to), owner)
			if toygres.CodeOf(err) == toygres.CodeForbidden {
				return nil
			}
			began.Add(1)
			return err
		})
	}
	require.NoError(t, all.Wait())
	require.EqualValues(t, 2, began.Load())
	for i := range 5 { // more CPU takes no storage
		faster := has
		faster.CPUMillis = 2000
		if instance, err := s.Instance(t.Context(), fmt.Sprintf("db-%d", i)); err == nil && instance.Operation == "" {
			_, err := s.BeginUpdate(t.Context(), instance.Spec.Name, sizes(has, faster), owner)
			require.NoError(t, err)
		}
	}
}

func TestARetryThatNoLongerFitsTheQuotaSaysSo(t *testing.T) {
	t.Parallel()
	s, _ := limited(t, catalog.Quota{StorageGiB: most(20)})
	owner := newUser(t, s, "ann")
	has := running(t, s, owner, "mydb").Spec.Size()
	to := has
	to.StorageGiB = 20
	resize, err := s.BeginUpdate(t.Context(), "mydb", sizes(has, to), owner)
	require.NoError(t, err)
	fail(t, s, resize.Operation.ID, "")
	create(t, s, owner, "another")
	_, err = s.BeginRetry(t.Context(), resize.Operation.ID, 0, owner)
	requireCode(t, toygres.CodeForbidden, err)
	require.ErrorContains(t, err, "20 GiB")
}

func TestAnAdministratorsWordGoesBeforeTheConfiguredQuota(t *testing.T) {
	t.Parallel()
	s, _ := limited(t, catalog.Quota{Instances: most(0)})
	owner := newUser(t, s, "ann")
	_, err := s.BeginCreate(t.Context(), request(owner, "mydb"))
	requireCode(t, toygres.CodeForbidden, err)
	_, err = s.ChangePerson(t.Context(), "ann", catalog.PersonChange{Override: &catalog.Quota{Instances: most(1)}})
	require.NoError(t, err)
	create(t, s, owner, "mydb")
	_, err = s.BeginCreate(t.Context(), request(owner, "another"))
	requireCode(t, toygres.CodeForbidden, err)
	person, err := s.ChangePerson(t.Context(), "ann", catalog.PersonChange{Override: &catalog.Quota{}})
	require.NoError(t, err)
	require.Nil(t, person.Override.Instances)
	require.Equal(t, catalog.Use{Instances: 1, StorageGiB: 10}, person.Use)
}

// Deletes end with an event and creates begin with the owner's row: they must
// not wait for each other in a circle.
func TestCreatesAndDeletesOfOneOwnerDoNotBlockEachOther(t *testing.T) {
	t.Parallel()
	s, _ := limited(t, catalog.Quota{Instances: most(100)})
	owner := newUser(t, s, "ann")
	var all errgroup.Group
	for i := range 8 {
		all.Go(func() error {
			name := fmt.Sprintf("db-%d", i)
			for range 5 {
				begun, err := s.BeginCreate(t.Context(), request(owner, name))
				if err != nil {
					return err
				}
				for _, state := range []toygres.State{toygres.StateRunning, toygres.StateDeleted} {
					if err := s.FinishOperation(t.Context(), toygres.Outcome{Operation: begun.Operation.ID,
						State: toygres.OperationSucceeded, InstanceState: state}); err != nil {
						return err
					}
					if state == toygres.StateRunning {
						if begun, err = s.Begin(t.Context(), name, toygres.KindDelete, owner); err != nil {
							return err
						}
					}
				}
			}
			return nil
		})
	}
	require.NoError(t, all.Wait())
	_, use, err := s.Quota(t.Context(), owner)
	require.NoError(t, err)
	require.Zero(t, use)
}

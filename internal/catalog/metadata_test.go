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

func TestMetadataIsChangedWithAnEventThatNamesWhatIsDifferent(t *testing.T) {
	t.Parallel()
	s, ctx := open(t), t.Context()
	owner := newUser(t, s, "ann")
	before := running(t, s, owner, "mydb")
	require.Equal(t, toygres.Metadata{Tags: map[string]string{}, Monitored: true}, before.Metadata)
	after, err := s.ChangeMetadata(ctx, "mydb", toygres.MetadataChange{DisplayName: new("Orders"), Description: new(""),
		Tags: map[string]*string{"team": new("db"), "env": new("test"), "never": nil}, DeletionProtection: new(true), Monitored: new(true)}, owner)
	require.NoError(t, err)
	require.Equal(t, toygres.Metadata{DisplayName: "Orders", Tags: map[string]string{"team": "db", "env": "test"},
		DeletionProtection: true, Monitored: true}, after.Metadata)
	require.Equal(t, before.Spec, after.Spec)
	require.Equal(t, toygres.StateRunning, after.State)

	change := toygres.MetadataChange{Tags: map[string]*string{"team": nil}, Monitored: new(false)}
	for range 2 { // the second finds it done
		after, err = s.ChangeMetadata(ctx, "mydb", change, owner)
		require.NoError(t, err)
		require.Equal(t, map[string]string{"env": "test"}, after.Tags)
		require.False(t, after.Monitored)
	}
	events, err := s.Events(ctx, catalog.EventFilter{Types: []toygres.EventType{toygres.EventInstanceUpdated}}, 0)
	require.NoError(t, err)
	require.Len(t, events, 2)
	require.Equal(t, "Changed: display name, tags, deletion protection is on.", events[0].Message)
	require.Equal(t, owner, events[0].Actor)
	require.Equal(t, "Changed: tags, monitoring is off.", events[1].Message)
	require.Equal(t, map[string]string{"changed": "tags,monitored"}, events[1].Data)
}

func TestTagsOfManyRequestsAtOnceAreMergedAndBounded(t *testing.T) {
	t.Parallel()
	s, ctx := open(t), t.Context()
	owner := newUser(t, s, "ann")
	running(t, s, owner, "mydb")
	var all errgroup.Group
	for i := range toygres.MaxTags {
		all.Go(func() error {
			_, err := s.ChangeMetadata(ctx, "mydb", toygres.MetadataChange{Tags: map[string]*string{fmt.Sprint("tag", i): new("x")}}, owner)
			return err
		})
	}
	require.NoError(t, all.Wait())
	_, err := s.ChangeMetadata(ctx, "mydb", toygres.MetadataChange{Tags: map[string]*string{"more": new("x")}, Monitored: new(false)}, owner)
	requireCode(t, toygres.CodeInvalid, err)
	instance, err := s.Instance(ctx, "mydb")
	require.NoError(t, err)
	require.Len(t, instance.Tags, toygres.MaxTags)
	require.True(t, instance.Monitored, "a change is made as a whole or not at all")
	_, err = s.ChangeMetadata(ctx, "mydb", toygres.MetadataChange{Tags: map[string]*string{"more": new("x"), "tag0": nil}}, owner)
	require.NoError(t, err)
}

func TestAProtectedInstanceIsNotDeletedUntilThatIsTurnedOff(t *testing.T) {
	t.Parallel()
	s, url := openURL(t)
	ctx, pool, owner := t.Context(), sql(t, url), newUser(t, s, "ann")
	running(t, s, owner, "mydb")
	protect := func(on bool) error {
		_, err := s.ChangeMetadata(ctx, "mydb", toygres.MetadataChange{DeletionProtection: &on}, owner)
		return err
	}
	require.NoError(t, protect(true))
	for _, state := range []toygres.State{toygres.StateRunning, toygres.StateStopped, toygres.StateFailed} {
		exec(t, pool, `UPDATE instances SET state = $1, server_version = '18.4'`, state)
		for _, keep := range []time.Duration{0, time.Hour} {
			_, err := s.BeginDelete(ctx, "mydb", keep, owner)
			requireCode(t, toygres.CodeConflict, err)
			require.ErrorContains(t, err, "--unprotect")
		}
	}
	exec(t, pool, `UPDATE instances SET state = 'running'`)
	stop, err := s.Begin(ctx, "mydb", toygres.KindStop, owner)
	require.NoError(t, err, "it is protected against deletion alone")
	finish(t, s, stop, toygres.StateStopped)

	require.NoError(t, protect(false))
	_, err = s.BeginDelete(ctx, "mydb", time.Hour, owner)
	require.NoError(t, err)
	requireCode(t, toygres.CodeConflict, protect(true)) // too late
	exec(t, pool, `UPDATE instances SET state = 'trashed'`)
	requireCode(t, toygres.CodeConflict, protect(true))
}

func TestOfADeletionAndAProtectionAtOnceOneHolds(t *testing.T) {
	t.Parallel()
	s, ctx := open(t), t.Context()
	owner := newUser(t, s, "ann")
	for i := range 20 {
		name := fmt.Sprint("db", i)
		running(t, s, owner, name)
		var all errgroup.Group
		var deletion, protection error
		all.Go(func() error { _, deletion = s.BeginDelete(ctx, name, time.Hour, owner); return nil })
		all.Go(func() error {
			_, protection = s.ChangeMetadata(ctx, name, toygres.MetadataChange{DeletionProtection: new(true)}, owner)
			return nil
		})
		require.NoError(t, all.Wait())
		require.NotEqual(t, deletion == nil, protection == nil, "%v, %v", deletion, protection)
	}
}

package catalog_test

import (
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/toygres/toygres"
	"github.com/toygres/toygres/internal/catalog"
)

var postgis = toygres.RuntimeImage{Name: "postgis", Reference: "registry.example.com/team/postgis",
	Digest: "sha256:" + strings.Repeat("0a", 32), Description: "With maps."}

// with is a request for an instance that runs an image.
func with(image toygres.RuntimeImage, owner toygres.UserID, name string) catalog.NewInstance {
	n := request(owner, name)
	n.Spec.RuntimeImage, n.Spec.RuntimeImageName = image.Pinned(), image.Name
	return n
}

func register(t *testing.T, s *catalog.Store, image toygres.RuntimeImage) toygres.RuntimeImage {
	t.Helper()
	registered, added, err := s.RegisterRuntimeImage(t.Context(), image)
	require.NoError(t, err)
	require.True(t, added)
	return registered
}

func TestRegisteringTheSameImageAgainChangesNothing(t *testing.T) {
	t.Parallel()
	s := open(t)
	first := register(t, s, postgis)
	require.NotZero(t, first.CreatedAt)
	again, added, err := s.RegisterRuntimeImage(t.Context(), postgis)
	require.NoError(t, err)
	require.False(t, added)
	require.Equal(t, first, again)

	for _, change := range []func(*toygres.RuntimeImage){
		func(i *toygres.RuntimeImage) { i.Digest = "sha256:" + strings.Repeat("ff", 32) },
		func(i *toygres.RuntimeImage) { i.Reference += "2" },
		func(i *toygres.RuntimeImage) { i.Description = "Without." },
	} {
		other := postgis
		change(&other)
		_, _, err := s.RegisterRuntimeImage(t.Context(), other)
		requireCode(t, toygres.CodeConflict, err)
		require.ErrorContains(t, err, postgis.Pinned())
	}
	all, err := s.RuntimeImages(t.Context())
	require.NoError(t, err)
	require.Equal(t, []toygres.RuntimeImage{first}, all)
}

func TestAnImageStaysWhileAnInstanceUsesIt(t *testing.T) {
	t.Parallel()
	s, url := openURL(t)
	ctx, pool, owner := t.Context(), sql(t, url), newUser(t, s, "ann")
	register(t, s, postgis)
	_, err := s.BeginCreate(ctx, with(postgis, owner, "mydb"))
	require.NoError(t, err)
	for _, state := range toygres.States() {
		exec(t, pool, `UPDATE instances SET state = $1`, state)
		image, err := s.RuntimeImage(ctx, "postgis")
		require.NoError(t, err)
		if state == toygres.StateDeleted {
			require.Zero(t, image.Instances)
			continue
		}
		require.Equal(t, 1, image.Instances, state)
		err = s.DeleteRuntimeImage(ctx, "postgis")
		requireCode(t, toygres.CodeConflict, err)
		require.ErrorContains(t, err, "mydb", state)
	}
	exec(t, pool, `UPDATE instances SET state = 'deleted'`)
	require.NoError(t, s.DeleteRuntimeImage(ctx, "postgis"))
	requireCode(t, toygres.CodeNotFound, s.DeleteRuntimeImage(ctx, "postgis"))
	require.Equal(t, 1, count(t, pool, `SELECT count(*) FROM instances WHERE runtime_image_name = 'postgis' AND runtime_image = $1`, postgis.Pinned()),
		"the record of the instance goes on telling")
}

func TestAnInstanceRunsNothingButWhatTheNameStandsFor(t *testing.T) {
	t.Parallel()
	s := open(t)
	owner := newUser(t, s, "ann")
	_, err := s.BeginCreate(t.Context(), with(postgis, owner, "mydb"))
	requireCode(t, toygres.CodeInvalid, err)
	// Deleted and registered anew, since the request has looked it up.
	other := postgis
	other.Digest = "sha256:" + strings.Repeat("ff", 32)
	register(t, s, other)
	_, err = s.BeginCreate(t.Context(), with(postgis, owner, "mydb"))
	requireCode(t, toygres.CodeInvalid, err)
	begun, err := s.BeginCreate(t.Context(), with(other, owner, "mydb"))
	require.NoError(t, err)
	stored, err := s.Instance(t.Context(), "mydb")
	require.NoError(t, err)
	require.Equal(t, begun.Instance, stored)
	require.Equal(t, "postgis", stored.Spec.RuntimeImageName)
	require.Equal(t, other.Pinned(), stored.Spec.RuntimeImage)
}

// Whoever comes first, in the end either the image is there or no instance has it.
func TestDeletingAnImageRacesWithCreatesAndNeitherIsWrong(t *testing.T) {
	t.Parallel()
	s, url := openURL(t)
	ctx, pool, owner := t.Context(), sql(t, url), newUser(t, s, "ann")
	for round := range 20 {
		image := postgis
		image.Name = fmt.Sprintf("image-%d", round)
		register(t, s, image)
		var created, deleted atomic.Int32
		var all sync.WaitGroup
		for n := range 4 {
			all.Go(func() {
				_, err := s.BeginCreate(ctx, with(image, owner, fmt.Sprintf("db-%d-%d", round, n)))
				switch toygres.CodeOf(err) {
				case "":
					created.Add(1)
				case toygres.CodeInvalid, toygres.CodeUnavailable:
				default:
					t.Errorf("create: %v", err)
				}
			})
		}
		all.Go(func() {
			err := s.DeleteRuntimeImage(ctx, image.Name)
			switch toygres.CodeOf(err) {
			case "":
				deleted.Add(1)
			case toygres.CodeConflict, toygres.CodeUnavailable:
			default:
				t.Errorf("delete: %v", err)
			}
		})
		all.Wait()
		require.Equal(t, int(1-deleted.Load()), count(t, pool, `SELECT count(*) FROM runtime_images WHERE name = $1`, image.Name))
		require.Equal(t, int(created.Load()), count(t, pool, `SELECT count(*) FROM instances WHERE runtime_image_name = $1`, image.Name))
		if deleted.Load() > 0 {
			require.Zero(t, created.Load(), "an instance runs an image that is gone")
		}
	}
}

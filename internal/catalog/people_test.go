package catalog_test

import (
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"github.com/toygres/toygres"
	"github.com/toygres/toygres/internal/catalog"
)

func newAdmin(t *testing.T, s *catalog.Store, name string) {
	t.Helper()
	_, err := s.CreateUser(t.Context(), name, "$argon2id$x", toygres.RoleAdmin)
	require.NoError(t, err)
}

var (
	yes, no = true, false
	viewer  = toygres.RoleViewer
)

func TestTheLastAdministratorStays(t *testing.T) {
	t.Parallel()
	s := open(t)
	ctx := t.Context()
	newAdmin(t, s, "ada")
	newUser(t, s, "olaf")
	demote, disable := catalog.PersonChange{Role: &viewer}, catalog.PersonChange{Disabled: &yes}
	for _, change := range []catalog.PersonChange{demote, disable} {
		_, err := s.ChangePerson(ctx, "ada", change)
		requireCode(t, toygres.CodeConflict, err)
	}
	requireCode(t, toygres.CodeConflict, s.DeletePerson(ctx, "ada"))

	newAdmin(t, s, "bea")
	_, err := s.ChangePerson(ctx, "bea", disable)
	require.NoError(t, err)
	_, err = s.ChangePerson(ctx, "ada", demote)
	requireCode(t, toygres.CodeConflict, err) // the other one can't sign in
	_, err = s.ChangePerson(ctx, "bea", catalog.PersonChange{Disabled: &no})
	require.NoError(t, err)
	require.NoError(t, s.DeletePerson(ctx, "ADA"))
	_, err = s.ChangePerson(ctx, "olaf", disable)
	require.NoError(t, err, "no administrator is lost by it")
}

func TestAdministratorsWhoRemoveEachOtherAtOnceLeaveOne(t *testing.T) {
	t.Parallel()
	s, url := openURL(t)
	names := []string{"ada", "bea", "cleo", "dora"}
	for _, name := range names {
		newAdmin(t, s, name)
	}
	var gone atomic.Int32
	var all errgroup.Group
	for i, name := range names {
		all.Go(func() error {
			var err error
			switch i % 3 {
			case 0:
				err = s.DeletePerson(t.Context(), name)
			case 1:
				_, err = s.ChangePerson(t.Context(), name, catalog.PersonChange{Role: &viewer})
			case 2:
				_, err = s.ChangePerson(t.Context(), name, catalog.PersonChange{Disabled: &yes})
			}
			if toygres.CodeOf(err) == toygres.CodeConflict {
				return nil
			}
			gone.Add(1)
			return err
		})
	}
	require.NoError(t, all.Wait())
	require.EqualValues(t, 3, gone.Load())
	require.Equal(t, 1, count(t, sql(t, url), `SELECT count(*) FROM users WHERE role = 'admin' AND disabled_at IS NULL AND deleted_at IS NULL`))
}

func TestWhoIsDisabledOrRemovedIsOutForGood(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(*catalog.Store) error{
		"disabled": func(s *catalog.Store) error {
			_, err := s.ChangePerson(t.Context(), "olaf", catalog.PersonChange{Disabled: &yes})
			return err
		},
		"removed": func(s *catalog.Store) error { return s.DeletePerson(t.Context(), "olaf") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, url := openURL(t)
			ctx, olaf := t.Context(), newUser(t, s, "olaf")
			session, token := catalog.HashToken("session"), catalog.HashToken("token")
			_, err := s.CreateSession(ctx, olaf, session)
			require.NoError(t, err)
			_, err = s.CreateToken(ctx, catalog.NewToken{User: olaf, Name: "t", Hash: token})
			require.NoError(t, err)
			require.NoError(t, end(s))
			refused := func() {
				for _, hash := range []catalog.Hash{session, token} {
					_, err := s.Principal(ctx, hash)
					requireCode(t, toygres.CodeUnauthenticated, err)
				}
			}
			refused()
			_, err = s.CreateSession(ctx, olaf, catalog.HashToken("another"))
			requireCode(t, toygres.CodeUnauthenticated, err)
			_, err = s.CreateToken(ctx, catalog.NewToken{User: olaf, Name: "another", Hash: catalog.HashToken("another")})
			requireCode(t, toygres.CodeUnauthenticated, err)
			_, err = s.BeginCreate(ctx, request(olaf, "mydb"))
			require.Error(t, err)
			_, hash, _ := s.UserForSignIn(ctx, "olaf")
			require.Empty(t, hash)

			known, err := s.User(ctx, olaf)
			require.NoError(t, err, "what he did keeps his name")
			require.Equal(t, "olaf", known.Name)
			if name == "removed" {
				require.NotEqual(t, olaf, newUser(t, s, "Olaf"), "the name is free")
				return
			}
			// As if it had been made in the moment of disabling.
			exec(t, sql(t, url), `INSERT INTO api_tokens (id, token_hash, user_id, name, role) VALUES (gen_random_uuid(), $1, $2, 'late', 'viewer')`, token[:], olaf)
			_, err = s.ChangePerson(ctx, "olaf", catalog.PersonChange{Disabled: &no})
			require.NoError(t, err)
			refused() // whoever stole the token does not get it back
			_, err = s.CreateSession(ctx, olaf, catalog.HashToken("another"))
			require.NoError(t, err)
		})
	}
}

func TestATokenWaitsForWhoeverDisablesItsUser(t *testing.T) {
	t.Parallel()
	s, url := openURL(t)
	ctx, pool, olaf := t.Context(), sql(t, url), newUser(t, s, "olaf")
	disabling, err := pool.Begin(ctx)
	require.NoError(t, err)
	_, err = disabling.Exec(ctx, `UPDATE users SET disabled_at = now() WHERE id = $1`, olaf)
	require.NoError(t, err)
	var creating errgroup.Group
	creating.Go(func() error {
		_, err := s.CreateToken(ctx, catalog.NewToken{User: olaf, Name: "t", Hash: catalog.HashToken("t")})
		return err
	})
	require.Eventually(t, func() bool {
		return count(t, pool, `SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`) == 1
	}, time.Minute, 10*time.Millisecond)
	require.NoError(t, disabling.Commit(ctx))
	requireCode(t, toygres.CodeUnauthenticated, creating.Wait())
}

func TestWhoOwnsInstancesIsNotRemoved(t *testing.T) {
	t.Parallel()
	s := open(t)
	ctx, olaf := t.Context(), newUser(t, s, "olaf")
	instance := running(t, s, olaf, "mydb")
	requireCode(t, toygres.CodeConflict, s.DeletePerson(ctx, "olaf"))
	begun, err := s.Begin(ctx, instance.Spec.Name, toygres.KindDelete, olaf)
	require.NoError(t, err)
	finish(t, s, begun, toygres.StateDeleted)
	require.NoError(t, s.DeletePerson(ctx, "olaf"))
	requireCode(t, toygres.CodeNotFound, s.DeletePerson(ctx, "olaf"))
}

func TestANewPasswordEndsTheOtherSessions(t *testing.T) {
	t.Parallel()
	s := open(t)
	ctx, olaf := t.Context(), newUser(t, s, "olaf")
	mine, other := catalog.HashToken("mine"), catalog.HashToken("other")
	for _, hash := range []catalog.Hash{mine, other} {
		_, err := s.CreateSession(ctx, olaf, hash)
		require.NoError(t, err)
	}
	requireCode(t, toygres.CodeConflict, s.ChangePassword(ctx, olaf, "$argon2id$stale", "$argon2id$y", mine))
	require.NoError(t, s.ChangePassword(ctx, olaf, "$argon2id$x", "$argon2id$y", mine))
	_, err := s.Principal(ctx, mine)
	require.NoError(t, err)
	_, err = s.Principal(ctx, other)
	requireCode(t, toygres.CodeUnauthenticated, err)

	hash := "$argon2id$z"
	_, err = s.ChangePerson(ctx, "olaf", catalog.PersonChange{PasswordHash: &hash})
	require.NoError(t, err)
	_, err = s.Principal(ctx, mine)
	requireCode(t, toygres.CodeUnauthenticated, err)
}

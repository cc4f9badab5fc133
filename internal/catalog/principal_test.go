package catalog_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/toygres/toygres"
	"github.com/toygres/toygres/dev/postgrestest"
	"github.com/toygres/toygres/internal/catalog"
)

func TestAdminIsPutInPlace(t *testing.T) {
	t.Parallel()
	s := open(t)
	ctx := t.Context()
	h := listen(t, s)
	admin, err := s.PutAdmin(ctx, "Admin", "hash-1")
	require.NoError(t, err)
	require.Equal(t, toygres.RoleAdmin, admin.Role)
	session := catalog.HashToken("session")
	_, err = s.CreateSession(ctx, admin.ID, session)
	require.NoError(t, err)

	same, err := s.PutAdmin(ctx, "admin", "hash-1")
	require.NoError(t, err)
	require.Equal(t, admin, same, "one user, whatever the case")
	_, err = s.Principal(ctx, session)
	require.NoError(t, err, "the same password ends no session")

	_, err = s.PutAdmin(ctx, "admin", "hash-2")
	require.NoError(t, err)
	require.Equal(t, session, receive(t, h.revoked))
	_, err = s.Principal(ctx, session)
	requireCode(t, toygres.CodeUnauthenticated, err)
	user, hash, err := s.UserForSignIn(ctx, "ADMIN")
	require.NoError(t, err)
	require.Equal(t, admin, user)
	require.Equal(t, "hash-2", hash)
	_, _, err = s.UserForSignIn(ctx, "' OR 1=1 --")
	requireCode(t, toygres.CodeNotFound, err)

	// A promotion is announced for what goes on being valid.
	ann := newUser(t, s, "ann")
	_, err = s.CreateToken(ctx, catalog.NewToken{User: ann, Name: "ci", Hash: catalog.HashToken("ci")})
	require.NoError(t, err)
	_, err = s.PutAdmin(ctx, "ann", "$argon2id$x")
	require.NoError(t, err)
	require.Equal(t, catalog.HashToken("ci"), receive(t, h.revoked))
}

func TestUserNamesAreUniqueWithoutRegardToCase(t *testing.T) {
	t.Parallel()
	s := open(t)
	id := newUser(t, s, "Ann")
	_, err := s.CreateUser(t.Context(), "aNN", "x", toygres.RoleViewer)
	requireCode(t, toygres.CodeConflict, err)
	for _, name := range []string{"", " ann", "a\x00b", "\xff"} {
		_, err = s.CreateUser(t.Context(), name, "x", toygres.RoleViewer)
		requireCode(t, toygres.CodeInvalid, err)
	}
	user, err := s.User(t.Context(), id)
	require.NoError(t, err)
	require.Equal(t, toygres.User{ID: id, Name: "Ann", Role: toygres.RoleOperator}, user)
	for _, id := range []toygres.UserID{"", "x", "0192d3c4-0000-7000-8000-000000000000"} {
		_, err = s.User(t.Context(), id)
		requireCode(t, toygres.CodeNotFound, err)
	}
}

func TestSessionEndsUnusedAndInAnyCase(t *testing.T) {
	t.Parallel()
	url := postgrestest.NewDatabase(t)
	ctx := t.Context()
	_, err := catalog.Migrate(ctx, url, catalog.MigrateUp)
	require.NoError(t, err)
	s, err := catalog.Open(ctx, url, catalog.Options{SessionIdle: time.Hour, SessionLifetime: 90 * time.Minute})
	require.NoError(t, err)
	t.Cleanup(s.Close)
	pool, ann := sql(t, url), newUser(t, s, "ann")
	hash := catalog.HashToken("secret")
	start := time.Now()
	expires, err := s.CreateSession(ctx, ann, hash)
	require.NoError(t, err)
	require.WithinDuration(t, start.Add(90*time.Minute), expires, time.Minute)

	p, err := s.Principal(ctx, hash)
	require.NoError(t, err)
	require.Equal(t, catalog.BySession, p.Kind)
	require.Equal(t, toygres.User{ID: ann, Name: "ann", Role: toygres.RoleOperator}, p.User)
	require.WithinDuration(t, start.Add(time.Hour), p.ExpiresAt, time.Minute)

	// Time passes; each use moves the end, but not past the lifetime.
	pass := func(by string) {
		exec(t, pool, `UPDATE sessions SET created_at = created_at - $1::text::interval, last_used_at = last_used_at - $1::text::interval,
			idle_expires_at = idle_expires_at - $1::text::interval, expires_at = expires_at - $1::text::interval`, by)
	}
	pass("50 minutes")
	p, err = s.Principal(ctx, hash)
	require.NoError(t, err)
	require.WithinDuration(t, start.Add(10*time.Minute), p.ExpiresAt, time.Minute)
	require.Eventually(t, func() bool {
		p, err = s.Principal(ctx, hash)
		return err == nil && p.ExpiresAt.After(start.Add(30*time.Minute))
	}, time.Minute, time.Millisecond, "the use is recorded afterwards")
	require.WithinDuration(t, start.Add(40*time.Minute), p.ExpiresAt, time.Minute)
	pruned, err := s.PruneSessions(ctx)
	require.NoError(t, err)
	require.Zero(t, pruned)
	pass("41 minutes")
	_, err = s.Principal(ctx, hash)
	requireCode(t, toygres.CodeUnauthenticated, err)
	pruned, err = s.PruneSessions(ctx)
	require.NoError(t, err)
	require.EqualValues(t, 1, pruned)
	require.NoError(t, s.DeleteSession(ctx, hash), "signing out twice is no error")
}

func TestUseOfATokenIsRecordedOnceAMinute(t *testing.T) {
	t.Parallel()
	s, url := openURL(t)
	ctx, pool, ann := t.Context(), sql(t, url), newUser(t, s, "ann")
	exec(t, pool, `CREATE TABLE written (at timestamptz DEFAULT clock_timestamp())`)
	exec(t, pool, `CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO written DEFAULT VALUES; RETURN NEW; END $$`)
	exec(t, pool, `CREATE TRIGGER note AFTER UPDATE ON api_tokens FOR EACH ROW EXECUTE FUNCTION note()`)
	hash := catalog.HashToken("tgr_x")
	token, err := s.CreateToken(ctx, catalog.NewToken{User: ann, Name: "ci", Hash: hash})
	require.NoError(t, err)
	require.Zero(t, token.LastUsedAt)
	for range 20 {
		_, err := s.Principal(ctx, hash)
		require.NoError(t, err)
	}
	lastUsed := func() time.Time {
		tokens, err := s.Tokens(ctx, ann)
		require.NoError(t, err)
		return tokens[0].LastUsedAt
	}
	require.Eventually(t, func() bool { return !lastUsed().IsZero() }, time.Minute, time.Millisecond)
	exec(t, pool, `UPDATE api_tokens SET last_used_at = now() - interval '61 seconds'`)
	require.Eventually(t, func() bool {
		_, err := s.Principal(ctx, hash)
		return err == nil && time.Since(lastUsed()) < 30*time.Second
	}, time.Minute, time.Millisecond)
	s.Close() // waits for what is still to be written
	require.Equal(t, 3, count(t, pool, `SELECT count(*) FROM written`), "two uses and the test's own")
}

func TestTokenAllowsNoMoreThanItsUser(t *testing.T) {
	t.Parallel()
	s, url := openURL(t)
	ctx, pool, ann, bob := t.Context(), sql(t, url), newUser(t, s, "ann"), newUser(t, s, "bob")
	h := listen(t, s)
	add := func(n catalog.NewToken) (catalog.Token, error) {
		n.User, n.Hash = ann, catalog.HashToken(n.Name)
		return s.CreateToken(ctx, n)
	}
	_, err := add(catalog.NewToken{Name: "too much", Role: toygres.RoleAdmin})
	requireCode(t, toygres.CodeForbidden, err)
	viewer, err := add(catalog.NewToken{Name: "viewer", Prefix: "tgr_abcd", Role: toygres.RoleViewer})
	require.NoError(t, err)
	require.Equal(t, "tgr_abcd", viewer.Prefix)
	full, err := add(catalog.NewToken{Name: "full", Expires: time.Now().Add(time.Hour)})
	require.NoError(t, err)
	require.Equal(t, toygres.RoleOperator, full.Role)
	_, err = add(catalog.NewToken{Name: "FULL"})
	requireCode(t, toygres.CodeConflict, err)
	for _, name := range []string{"", "a\x00"} {
		_, err = add(catalog.NewToken{Name: name})
		requireCode(t, toygres.CodeInvalid, err)
	}
	tokens, err := s.Tokens(ctx, ann)
	require.NoError(t, err)
	require.Equal(t, []catalog.Token{viewer, full}, tokens)

	roleOf := func(name string) toygres.Role {
		p, err := s.Principal(ctx, catalog.HashToken(name))
		require.NoError(t, err)
		require.Equal(t, catalog.ByToken, p.Kind)
		require.Equal(t, name, p.TokenName)
		return p.User.Role
	}
	require.Equal(t, toygres.RoleViewer, roleOf("viewer"))
	require.Equal(t, toygres.RoleOperator, roleOf("full"))
	exec(t, pool, `UPDATE users SET role = 'viewer' WHERE name = 'ann'`)
	require.Equal(t, toygres.RoleViewer, roleOf("full"), "the user may do less now")

	requireCode(t, toygres.CodeNotFound, s.RevokeToken(ctx, bob, full.ID))
	requireCode(t, toygres.CodeNotFound, s.RevokeToken(ctx, ann, "x"))
	require.NoError(t, s.RevokeToken(ctx, ann, viewer.ID))
	require.Equal(t, catalog.HashToken("viewer"), receive(t, h.revoked))
	_, err = s.Principal(ctx, catalog.HashToken("viewer"))
	requireCode(t, toygres.CodeUnauthenticated, err)
	requireCode(t, toygres.CodeNotFound, s.RevokeToken(ctx, ann, viewer.ID))

	exec(t, pool, `UPDATE api_tokens SET expires_at = now() - interval '1 second'`)
	_, err = s.Principal(ctx, catalog.HashToken("full"))
	requireCode(t, toygres.CodeUnauthenticated, err)
}

func TestATokenEndsWithTheOneItWasMadeWith(t *testing.T) {
	t.Parallel()
	s := open(t)
	ctx, ann := t.Context(), newUser(t, s, "ann")
	h := listen(t, s)
	made := map[string]catalog.TokenID{}
	for _, n := range []struct{ name, by string }{{"leaked", ""}, {"child", "leaked"}, {"grandchild", "child"}, {"other", ""}} {
		token, err := s.CreateToken(ctx, catalog.NewToken{User: ann, Parent: made[n.by], Name: n.name, Hash: catalog.HashToken(n.name)})
		require.NoError(t, err)
		made[n.name] = token.ID
	}
	require.NoError(t, s.RevokeToken(ctx, ann, made["leaked"]))
	var told, want []catalog.Hash
	for _, name := range []string{"leaked", "child", "grandchild"} {
		_, err := s.Principal(ctx, catalog.HashToken(name))
		requireCode(t, toygres.CodeUnauthenticated, err)
		told, want = append(told, receive(t, h.revoked)), append(want, catalog.HashToken(name))
	}
	require.ElementsMatch(t, want, told, "every API server must know")
	_, err := s.Principal(ctx, catalog.HashToken("other"))
	require.NoError(t, err)
	_, err = s.CreateToken(ctx, catalog.NewToken{User: ann, Parent: made["leaked"], Name: "late", Hash: catalog.HashToken("late")})
	requireCode(t, toygres.CodeUnauthenticated, err)
}

func TestTokensOfAUserAreBounded(t *testing.T) {
	t.Parallel()
	s, url := openURL(t)
	ctx, ann, bob := t.Context(), newUser(t, s, "ann"), newUser(t, s, "bob")
	exec(t, sql(t, url), `INSERT INTO api_tokens (id, token_hash, user_id, name, role)
		SELECT gen_random_uuid(), sha256(i::text::bytea), $1, i::text, 'viewer' FROM generate_series(1, 99) i`, ann)
	add := func(user toygres.UserID, name string) error {
		_, err := s.CreateToken(ctx, catalog.NewToken{User: user, Name: name, Hash: catalog.HashToken("of " + name)})
		return err
	}
	require.NoError(t, add(ann, "the last"))
	err := add(ann, "one too many")
	requireCode(t, toygres.CodeForbidden, err)
	require.ErrorContains(t, err, "100 API tokens")
	require.NoError(t, add(bob, "another's"))
}

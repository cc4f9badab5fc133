package catalog_test

import (
	"context"
	"net/url"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/toygres/toygres"
	"github.com/toygres/toygres/dev/postgrestest"
	"github.com/toygres/toygres/internal/catalog"
)

// The server ends every connection and restarts when one of its processes
// crashes.
func TestStoreOutlivesARestartOfTheDatabase(t *testing.T) {
	t.Parallel()
	url := postgrestest.NewServer(t)
	ctx := t.Context()
	_, err := catalog.Migrate(ctx, url, catalog.MigrateUp)
	require.NoError(t, err)
	s, err := catalog.Open(ctx, url, catalog.Options{Tracing: true})
	require.NoError(t, err)
	t.Cleanup(s.Close)
	owner := newUser(t, s, "ann")
	running(t, s, owner, "mydb")
	pool, h := sql(t, url), listen(t, s)

	exec(t, pool, `CHECKPOINT`) // a test's server may forget the last moments
	// One call is in the middle of its statement, waiting for a row, and idle
	// connections lie in the pool.
	victim, err := pgx.Connect(ctx, url)
	require.NoError(t, err)
	tx, err := victim.Begin(ctx)
	require.NoError(t, err)
	_, err = tx.Exec(ctx, `SELECT FROM instances FOR UPDATE`)
	require.NoError(t, err)
	cut := make(chan error, 1)
	go func() {
		_, err := s.Begin(ctx, "mydb", toygres.KindStop, owner)
		cut <- err
	}()
	require.Eventually(t, func() bool {
		return count(t, pool, `SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'`) == 1
	}, time.Minute, time.Millisecond)

	require.NoError(t, syscall.Kill(int(victim.PgConn().PID()), syscall.SIGKILL))
	requireCode(t, toygres.CodeUnavailable, receive(t, cut))
	require.Eventually(t, func() bool {
		_, err := s.Instance(ctx, "mydb")
		if err != nil {
			require.Equal(t, toygres.CodeUnavailable, toygres.CodeOf(err), "%v", err)
		}
		return err == nil
	}, time.Minute, 10*time.Millisecond)
	receive(t, h.connected)
	_, err = s.Begin(ctx, "mydb", toygres.KindStop, owner)
	require.NoError(t, err, "what was cut off left nothing behind")
	receive(t, h.events)
}

func TestTroubleHasItsCode(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	_, dsn := openURL(t)
	with := func(change func(*url.URL)) *catalog.Store {
		u, err := url.Parse(dsn)
		require.NoError(t, err)
		change(u)
		s, err := catalog.Open(ctx, u.String(), catalog.Options{})
		require.NoError(t, err, "opening needs no database")
		t.Cleanup(s.Close)
		return s
	}
	for what, change := range map[string]func(*url.URL){
		"nobody listens":    func(u *url.URL) { u.Host = "127.0.0.1:1" },
		"no such host":      func(u *url.URL) { u.Host = "nowhere.invalid:5432" },
		"no such database":  func(u *url.URL) { u.Path = "/nothere" },
		"the wrong account": func(u *url.URL) { u.User = url.UserPassword("nobody", "wrong") },
	} {
		s := with(change)
		_, err := s.Instance(ctx, "mydb")
		requireCode(t, toygres.CodeUnavailable, err)
		var unavailable *toygres.Error
		require.ErrorAs(t, err, &unavailable)
		require.NotZero(t, unavailable.RetryAfter, what)
		requireCode(t, toygres.CodeUnavailable, s.Ping(ctx))
		requireCode(t, toygres.CodeUnavailable, s.SchemaCurrent(ctx))
	}
	s := with(func(*url.URL) {})
	over, cancel := context.WithCancel(ctx)
	cancel()
	_, err := s.Instance(over, "mydb")
	requireCode(t, toygres.CodeCancelled, err)
	require.ErrorIs(t, err, context.Canceled)
	late, cancel := context.WithDeadline(ctx, time.Now().Add(-time.Second))
	defer cancel()
	_, err = s.Instance(late, "mydb")
	requireCode(t, toygres.CodeUnavailable, err)

	slow := with(func(u *url.URL) {
		q := u.Query()
		q.Set("lock_timeout", "1ms")
		u.RawQuery = q.Encode()
	})
	tx, err := sql(t, dsn).Begin(ctx)
	require.NoError(t, err)
	_, err = tx.Exec(ctx, `LOCK instances`)
	require.NoError(t, err)
	_, err = slow.Instance(ctx, "mydb")
	requireCode(t, toygres.CodeUnavailable, err)
	require.NoError(t, tx.Rollback(ctx))

	_, err = catalog.Open(ctx, "postgres://ann:hunter2@%zz", catalog.Options{})
	requireCode(t, toygres.CodeInvalid, err)
	require.NotContains(t, toygres.MessageOf(err), "hunter2")
	closed, err := catalog.Open(ctx, dsn, catalog.Options{})
	require.NoError(t, err)
	closed.Close()
	_, err = closed.Instance(ctx, "mydb")
	requireCode(t, toygres.CodeUnavailable, err)
}

func TestCutConnectionsAreReplaced(t *testing.T) {
	t.Parallel()
	s, dsn := openURL(t)
	ctx := t.Context()
	owner := newUser(t, s, "ann")
	running(t, s, owner, "mydb")
	for range 5 {
		exec(t, sql(t, dsn), `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
			WHERE datname = current_database() AND application_name = 'toygres'`)
		require.Eventually(t, func() bool {
			_, err := s.Instance(ctx, "mydb")
			if err != nil {
				require.Equal(t, toygres.CodeUnavailable, toygres.CodeOf(err), "%v", err)
			}
			return err == nil
		}, time.Minute, time.Millisecond)
	}
}

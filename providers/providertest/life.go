package providertest

import (
	"context"
	"fmt"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/toygres/toygres"
)

func provisionLeadsToAQuery(t *testing.T, w *world) {
	require.NotEmpty(t, w.p.Name())
	id := w.newID()
	spec := w.spec()
	require.NoError(t, w.p.Provision(w.ctx, id, spec))
	require.True(t, w.listed(id), "a provisioned instance is not listed")
	seen := w.await(id, toygres.PhaseReady)
	require.NotEmpty(t, seen.Endpoint.Host)
	require.NotZero(t, seen.Endpoint.Port)
	require.Empty(t, seen.Message, "a ready instance has nothing to explain")

	conn := w.connect(id)
	require.Equal(t, fmt.Sprint(spec.Version), w.text(conn, `SELECT (current_setting('server_version_num')::int / 10000)::text`))
	if release := w.p.Release(spec); !release.IsZero() {
		require.Equal(t, release, toygres.ParseRelease(w.text(conn, `SHOW server_version`)))
	}
	require.Equal(t, "true", w.text(conn, `SELECT usesuper::text FROM pg_user WHERE usename = current_user`))
	require.Equal(t, "UTF8", w.text(conn, `SHOW server_encoding`))
}

func onlyTheRightPasswordGetsIn(t *testing.T, w *world) {
	id := w.provision()
	c := w.credentials(id)
	require.GreaterOrEqual(t, len(c.Password), 20)
	require.NotContains(t, fmt.Sprintf("%v %+v %#v", c, c, c), c.Password, "credentials print their password")

	conn := w.connect(id)
	require.Equal(t, "scram-sha-256", w.text(conn, `SHOW password_encryption`))
	require.Regexp(t, `^SCRAM-SHA-256\$`, w.text(conn, `SELECT rolpassword FROM pg_authid WHERE rolname = current_user`))

	for _, wrong := range []string{"", "wrong", c.Password + "x"} {
		bad := c
		bad.Password = wrong
		_, err := w.tryConnect(w.observe(id).Endpoint, bad)
		require.Error(t, err, "the password %q let somebody in", wrong)
	}
	w.exec(conn, `CREATE ROLE somebody LOGIN`)
	c.User, c.Password = "somebody", ""
	_, err := w.tryConnect(w.observe(id).Endpoint, c)
	require.Error(t, err, "a role without a password got in")
}

func stopKeepsDataAndEndpoint(t *testing.T, w *world) {
	id := w.provision()
	before := w.observe(id)
	credentials := w.credentials(id)
	conn := w.connect(id)
	w.exec(conn, `CREATE TABLE kept (v text)`)
	w.exec(conn, `INSERT INTO kept VALUES ('still here')`)

	require.NoError(t, w.p.Stop(w.ctx, id)) // with a connection open, which must not hold it up
	w.await(id, toygres.PhaseStopped)
	_, err := w.tryConnect(before.Endpoint, credentials)
	require.Error(t, err, "a stopped instance lets clients in")
	require.Equal(t, credentials, w.credentials(id), "stop changed the credentials")
	require.True(t, w.listed(id))

	require.NoError(t, w.p.Start(w.ctx, id))
	require.Equal(t, before.Endpoint, w.await(id, toygres.PhaseReady).Endpoint, "the endpoint changed")
	require.Equal(t, "still here", w.text(w.connect(id), `SELECT v FROM kept`))
}

func startAfterStopAtOnce(t *testing.T, w *world) {
	id := w.provision()
	for range 3 {
		require.NoError(t, w.p.Stop(w.ctx, id))
		require.NoError(t, w.p.Start(w.ctx, id))
	}
	w.await(id, toygres.PhaseReady)
	w.connect(id)
}

func stopWhileStarting(t *testing.T, w *world) {
	id := w.newID()
	require.NoError(t, w.p.Provision(w.ctx, id, w.spec()))
	require.NoError(t, w.p.Stop(w.ctx, id))
	w.await(id, toygres.PhaseStopped)
	require.NoError(t, w.p.Start(w.ctx, id))
	w.await(id, toygres.PhaseReady)
	w.connect(id)
}

func provisionStartsAStoppedInstance(t *testing.T, w *world) {
	id := w.provision()
	require.NoError(t, w.p.Stop(w.ctx, id))
	w.await(id, toygres.PhaseStopped)
	require.NoError(t, w.p.Provision(w.ctx, id, w.spec()))
	w.await(id, toygres.PhaseReady)
}

func everyMethodTwice(t *testing.T, w *world) {
	id := w.provision()
	before := w.credentials(id)
	require.NoError(t, w.p.Provision(w.ctx, id, w.spec()))
	require.Equal(t, before, w.credentials(id), "a second Provision changed the credentials")
	require.Equal(t, toygres.PhaseReady, w.observe(id).Phase, "a second Provision disturbed the server")
	require.NoError(t, w.p.Start(w.ctx, id))
	require.Equal(t, toygres.PhaseReady, w.observe(id).Phase, "a second Start disturbed the server")
	for range 2 {
		require.NoError(t, w.p.Stop(w.ctx, id))
	}
	w.await(id, toygres.PhaseStopped)
	require.NoError(t, w.p.Stop(w.ctx, id))
	for range 2 {
		require.NoError(t, w.p.Start(w.ctx, id))
	}
	w.await(id, toygres.PhaseReady)
	for range 2 {
		require.NoError(t, w.p.Delete(w.ctx, id))
		w.requireGone(id)
	}
}

func everyMethodAtTheSameTime(t *testing.T, w *world) {
	id, spec := w.newID(), w.spec()
	atOnce := func(name string, call func(context.Context) error) {
		t.Helper()
		var all sync.WaitGroup
		errs := make([]error, 4)
		for i := range errs {
			all.Go(func() { errs[i] = call(w.ctx) })
		}
		all.Wait()
		for _, err := range errs {
			require.NoError(t, err, name)
		}
	}
	atOnce("Provision", func(ctx context.Context) error { return w.p.Provision(ctx, id, spec) })
	w.await(id, toygres.PhaseReady)
	w.connect(id)
	atOnce("Stop", func(ctx context.Context) error { return w.p.Stop(ctx, id) })
	w.await(id, toygres.PhaseStopped)
	atOnce("Start", func(ctx context.Context) error { return w.p.Start(ctx, id) })
	w.await(id, toygres.PhaseReady)
	w.connect(id)
	atOnce("Delete", func(ctx context.Context) error { return w.p.Delete(ctx, id) })
	w.requireGone(id)
}

func instancesAreSeparate(t *testing.T, w *world) {
	a, b := w.provision(), w.provision()
	require.NotEqual(t, w.observe(a).Endpoint, w.observe(b).Endpoint)
	require.NotEqual(t, w.credentials(a).Password, w.credentials(b).Password)
	require.True(t, w.listed(a))
	require.True(t, w.listed(b))

	_, err := w.tryConnect(w.observe(b).Endpoint, w.credentials(a))
	require.Error(t, err, "the password of one instance opens another")

	w.exec(w.connect(a), `CREATE TABLE only_in_a ()`)
	conn := w.connect(b)
	require.Equal(t, "true", w.text(conn, `SELECT (to_regclass('only_in_a') IS NULL)::text`))

	require.NoError(t, w.p.Stop(w.ctx, a))
	w.await(a, toygres.PhaseStopped)
	require.NoError(t, w.p.Delete(w.ctx, a))
	require.Equal(t, toygres.PhaseReady, w.observe(b).Phase)
	require.Equal(t, "1", w.text(conn, `SELECT 1::text`), "deleting one instance cut another's connections")
}

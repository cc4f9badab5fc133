package kubernetes

import (
	"net"
	"net/url"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/toygres/toygres/dev/postgrestest"
)

func TestAServerServesFromWhenItTakesConnectionsUntilItShutsDown(t *testing.T) {
	t.Parallel()
	target := postgrestest.NewServer(t)
	u, err := url.Parse(target)
	require.NoError(t, err)
	conn, err := pgx.Connect(t.Context(), target)
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close(t.Context()) })
	// Under load a server may be too slow once.
	becomes := func(want bool, why string) {
		t.Helper()
		require.Eventually(t, func() bool { return serves(t.Context(), u.Host) == want }, time.Minute, 10*time.Millisecond, why)
	}
	require.False(t, serves(t.Context(), u.Host), "instances have TLS, so this is something else")

	c, err := newTestAuthority(t, time.Now()).issue([]string{u.Hostname()}, time.Now())
	require.NoError(t, err)
	for file, content := range map[string][]byte{"server.crt": c.certificate, "server.key": c.key} {
		_, err := conn.Exec(t.Context(), "COPY (SELECT 1) TO PROGRAM 'umask 077; cat > "+file+" <<END\n"+string(content)+"END'")
		require.NoError(t, err)
	}
	for _, statement := range []string{"ALTER SYSTEM SET ssl = on", "SELECT pg_reload_conf()"} {
		_, err := conn.Exec(t.Context(), statement)
		require.NoError(t, err)
	}
	becomes(true, "it takes connections")

	var started string
	require.NoError(t, conn.QueryRow(t.Context(), "SELECT pg_read_file('postmaster.pid')").Scan(&started))
	postmaster, err := strconv.Atoi(strings.SplitN(started, "\n", 2)[0])
	require.NoError(t, err)
	require.NoError(t, syscall.Kill(postmaster, syscall.SIGTERM)) // it waits for the session that is open
	becomes(false, "it answers that it is shutting down")
	require.NoError(t, conn.Ping(t.Context()), "or it is gone, and has said nothing")
}

func TestNothingServesWhereNobodyListens(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, l.Close())
	require.False(t, serves(t.Context(), l.Addr().String()))
}

package cli

import (
	"bytes"
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/toygres/toygres/openapi"
)

// command is the command as a process of its own, for what replaces or
// signals the process.
func (u *user) command(args ...string) *exec.Cmd {
	cmd := exec.CommandContext(u.t.Context(), os.Args[0], args...)
	cmd.Env = append(os.Environ(), "TOYGRES_TEST_COMMAND=1")
	for name, value := range u.env {
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	return cmd
}

func exitStatus(err error) int {
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return exit.ExitCode()
	}
	if err != nil {
		return -1
	}
	return 0
}

// A psql that tells how it was started.
const tellingPsql = `#!/bin/sh
echo "arguments: $*"
echo "to: $PGUSER@$PGHOST:$PGPORT/$PGDATABASE $PGSSLMODE"
echo "service: $PGSERVICE hostaddr: $PGHOSTADDR password: $PGPASSWORD token: $TOYGRES_TOKEN"
echo "options: $PGOPTIONS"
printf 'file: %s: ' "$(stat -L -c '%a %F' "$PGPASSFILE")"
cat "$PGPASSFILE"
exit 42
`

func TestPsqlGetsThePasswordNeitherAsArgumentNorInTheEnvironment(t *testing.T) {
	t.Parallel()
	s := newFakeServer(t)
	s.instances = append(s.instances, testInstance("demo"))
	u := signedInTo(t, s)
	bin := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(bin, "psql"), []byte(tellingPsql), 0o755))
	u.env["PATH"] = bin + ":" + os.Getenv("PATH")
	u.env["PGSERVICE"], u.env["PGHOSTADDR"], u.env["PGPASSWORD"], u.env["PGOPTIONS"] = "elsewhere", "192.0.2.1", "old", "-c work_mem=1MB"
	cmd := u.command("psql", "demo", "-c", "SELECT 1", "--", "-At")
	out, err := cmd.Output()
	require.Equal(t, 42, exitStatus(err), "the exit code is that of psql")
	require.Equal(t, `arguments: -At -c SELECT 1
to: postgres@127.0.0.1:15500/postgres disable
service:  hostaddr:  password:  token: 
options: -c work_mem=1MB
file: 600 regular file: 127.0.0.1:15500:*:postgres:s3\:c\\ret
`, string(out))
}

func TestWithoutPsqlAShellOfOurOwnTakesItsPlace(t *testing.T) {
	t.Parallel()
	s := newFakeServer(t)
	s.instances = append(s.instances, testInstance("demo"))
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	port := listener.Addr().(*net.TCPAddr).Port
	require.NoError(t, listener.Close()) // so that nothing listens there
	s.connection = func(revealed bool) openapi.Connection {
		c := testConnection(revealed)
		c.Port = port
		return c
	}
	u := signedInTo(t, s)
	u.env["PATH"] = t.TempDir()
	cmd := u.command("psql", "demo", "-c", "SELECT 1")
	var errs bytes.Buffer
	cmd.Stderr = &errs
	require.Equal(t, 2, exitStatus(cmd.Run()))
	require.Contains(t, errs.String(), "PostgreSQL can't be reached")
	require.NotContains(t, errs.String(), "s3")
	require.Equal(t, 1, strings.Count(errs.String(), "toygres get demo"))
}

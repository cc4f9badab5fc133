package sqlshell

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/require"

	"github.com/toygres/toygres/dev/postgrestest"
)

// run runs the shell on a database of its own.
func run(t *testing.T, input string, arguments ...string) (code int, out, errs string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	server, err := pgconn.ParseConfig(postgrestest.NewDatabase(t))
	require.NoError(t, err)
	options, err := ParseArguments(arguments)
	require.NoError(t, err)
	var o, e bytes.Buffer
	s := Shell{Options: options, Name: "demo", In: strings.NewReader(input), Out: &o, Err: &e,
		Clean: func(text string) string { return strings.ReplaceAll(text, "\x1b", "") },
		Host:  server.Host, Port: int(server.Port), User: server.User, Password: server.Password, Database: server.Database, SSLMode: "disable"}
	code, err = s.Run(ctx)
	require.NoError(t, err)
	return code, o.String(), e.String()
}

func TestResultsAreTables(t *testing.T) {
	t.Parallel()
	code, out, errs := run(t, "", "-c", `SELECT 1 AS n, 'two' AS "text", NULL AS nothing UNION ALL SELECT 200, E'\x1b[31m', 'x' ORDER BY 1`)
	require.Zero(t, code, errs)
	require.Equal(t, "  n  | text | nothing\n-----+------+---------\n   1 | two  |\n 200 | [31m | x\n(2 rows)\n\n", out)
	code, out, _ = run(t, "", "-At", "-c", "SELECT 1, 'two'", "-c", "SELECT 3")
	require.Zero(t, code)
	require.Equal(t, "1|two\n3\n", out)
}

func TestScriptGoesOnAfterAnErrorUnlessToldToStop(t *testing.T) {
	t.Parallel()
	script := "CREATE TABLE t (a int);\nINSERT INTO t VALUES (1), (2);\nSELECT nonsense;\n\\nonsense\n\\dt\nSELECT count(*)\n  FROM t"
	code, out, errs := run(t, script, "-At")
	require.Zero(t, code)
	require.Equal(t, "CREATE TABLE\nINSERT 0 2\npublic|t|postgres\n2\n", out)
	require.Contains(t, errs, "ERROR:  column \"nonsense\" does not exist\n")
	require.Contains(t, errs, `there is no command \nonsense`)

	code, out, _ = run(t, script, "-Atq", "-v", "ON_ERROR_STOP=1")
	require.Equal(t, exitScript, code)
	require.Empty(t, out)
}

func TestExitCodesAreThoseOfPsql(t *testing.T) {
	t.Parallel()
	code, _, errs := run(t, "", "-c", "SELECT 1/0", "-c", "SELECT 1")
	require.Equal(t, exitFailed, code)
	require.Equal(t, "ERROR:  division by zero\n", errs)
	code, _, errs = run(t, "", "-f", filepath.Join(t.TempDir(), "missing.sql"))
	require.Equal(t, exitFailed, code)
	require.Contains(t, errs, "missing.sql")
	code, _, errs = run(t, "SELECT pg_terminate_backend(pg_backend_pid()); SELECT 1;")
	require.Equal(t, exitUnreachable, code)
	require.Contains(t, errs, "lost")
}

func TestFileIsRun(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "a.sql")
	require.NoError(t, os.WriteFile(file, []byte("DO $$ BEGIN RAISE NOTICE 'hello'; END $$;\nSELECT 7;\n\\q\nSELECT 8;"), 0o600))
	code, out, errs := run(t, "", "-Atqf", file)
	require.Zero(t, code)
	require.Equal(t, "7\n", out)
	require.Equal(t, "NOTICE:  hello\n", errs)
}

func TestCopyToTheClientGivesTheDataAlone(t *testing.T) {
	t.Parallel()
	code, out, errs := run(t, "COPY (SELECT 1, 'two') TO STDOUT (FORMAT csv);")
	require.Zero(t, code, errs)
	require.Equal(t, "1,two\n", out)
	require.Empty(t, errs)
}

func TestCopyFromInputIsRefusedAndNotWaitedFor(t *testing.T) {
	t.Parallel()
	code, out, errs := run(t, "CREATE TABLE t (a int);\n/* now */ copy t FROM STDIN;\nSELECT 'on';", "-Atq")
	require.Zero(t, code)
	require.Contains(t, errs, "psql has the rest")
	require.Equal(t, "on\n", out)
	code, _, _ = run(t, "", "-c", "SELECT 1; COPY (SELECT 1) TO STDOUT")
	require.Equal(t, exitFailed, code)
}

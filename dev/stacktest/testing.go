package stacktest

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/toygres/toygres/openapi"
)

// New starts a stack for this test alone, for tests that disturb it. It goes
// with the test.
func New(t testing.TB) *Stack {
	t.Helper()
	s, err := Up(t.Context(), os.Stderr)
	require.NoError(t, err)
	t.Cleanup(func() {
		if t.Failed() {
			_ = s.explain()
		}
		s.Clean()
	})
	return s
}

// operationTime bounds how long an operation may take in a test, with parts
// being killed and the machine busy.
const operationTime = 2 * time.Minute

// MustAwait follows an operation until it is over.
func (s *Stack) MustAwait(t testing.TB, id uuid.UUID) openapi.Operation {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), operationTime)
	defer cancel()
	operation, err := s.Await(ctx, id)
	require.NoError(t, err)
	for _, step := range operation.Steps {
		t.Logf("%s %s: step %s: %s, attempt %d", operation.Kind, operation.InstanceName, step.Name, step.State, step.Attempt)
	}
	return operation
}

// ConnectionURL reveals how to connect to an instance, password and all.
func (s *Stack) ConnectionURL(t testing.TB, name string) string {
	t.Helper()
	out, err := s.CLI(t.Context(), "connect", name, "--url").Output()
	require.NoError(t, err)
	return strings.TrimSpace(string(out))
}

// Password reveals an instance's password.
func (s *Stack) Password(t testing.TB, name string) string {
	t.Helper()
	out, err := s.CLI(t.Context(), "connect", name, "--show-password", "-o", "json").Output()
	require.NoError(t, err)
	var connection openapi.Connection
	require.NoError(t, json.Unmarshal(out, &connection))
	require.NotNil(t, connection.Password)
	require.NotEmpty(t, *connection.Password)
	return *connection.Password
}

// Query runs a statement in an instance and returns the first value of its
// first row as text, "" when there is none.
func (s *Stack) Query(t testing.TB, name, sql string) string {
	t.Helper()
	config, err := pgx.ParseConfig(s.ConnectionURL(t, name))
	require.NoError(t, err)
	config.DefaultQueryExecMode = pgx.QueryExecModeSimpleProtocol // values as text
	conn, err := pgx.ConnectConfig(t.Context(), config)
	require.NoError(t, err)
	defer func() { require.NoError(t, conn.Close(t.Context())) }()
	results, err := conn.PgConn().Exec(t.Context(), sql).ReadAll()
	require.NoError(t, err)
	if len(results) == 0 || len(results[0].Rows) == 0 {
		return ""
	}
	return string(results[0].Rows[0][0])
}

// ServerDirs are the instance directories in which a PostgreSQL server runs,
// by the process table and nobody's word.
func (s *Stack) ServerDirs(t testing.TB) []string {
	t.Helper()
	processes, err := filepath.Glob("/proc/[0-9]*")
	require.NoError(t, err)
	seen := map[string]bool{}
	for _, process := range processes {
		dir, err := os.Readlink(filepath.Join(process, "cwd")) // the data directory, for a server
		if err != nil {
			continue // it has ended, or is somebody else's
		}
		below, err := filepath.Rel(s.InstancesDir, dir)
		if err == nil && filepath.IsLocal(below) && below != "." {
			seen[filepath.Join(s.InstancesDir, strings.Split(below, "/")[0])] = true
		}
	}
	dirs := []string{}
	for dir := range seen {
		dirs = append(dirs, dir)
	}
	return dirs
}

// InstanceDirs are the directories of the instances with these ids.
func (s *Stack) InstanceDirs(ids map[string]bool) []string {
	dirs := []string{}
	for id := range ids {
		dirs = append(dirs, filepath.Join(s.InstancesDir, id))
	}
	return dirs
}

// Logs are the logs of all parts, by name.
func (s *Stack) Logs(t testing.TB) map[string]string {
	t.Helper()
	st, err := s.status(t.Context())
	require.NoError(t, err)
	logs := map[string]string{}
	for _, part := range st.Parts {
		content, err := os.ReadFile(part.Log)
		require.NoError(t, err)
		logs[part.Name] = string(content)
	}
	require.NotEmpty(t, logs)
	return logs
}

package toygrestest

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/toygres/toygres/openapi"
)

// operationTime bounds how long an operation may take in a test, with parts
// being killed and the machine busy.
const operationTime = 5 * time.Minute

// MustAwait follows an operation until it is over.
func (r *Toygres) MustAwait(t testing.TB, id uuid.UUID) openapi.Operation {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), operationTime)
	defer cancel()
	operation, err := r.Await(ctx, id)
	require.NoError(t, err)
	for _, step := range operation.Steps {
		t.Logf("%s %s: step %s: %s, attempt %d", operation.Kind, operation.InstanceName, step.Name, step.State, step.Attempt)
	}
	return operation
}

// ConnectionURL reveals how to connect to an instance, password and all.
func (r *Toygres) ConnectionURL(t testing.TB, name string) string {
	t.Helper()
	out, err := r.CLI(t.Context(), "connect", name, "--url").Output()
	require.NoError(t, err)
	return strings.TrimSpace(string(out))
}

// Password reveals an instance's password.
func (r *Toygres) Password(t testing.TB, name string) string {
	t.Helper()
	out, err := r.CLI(t.Context(), "connect", name, "--show-password", "-o", "json").Output()
	require.NoError(t, err)
	var connection openapi.Connection
	require.NoError(t, json.Unmarshal(out, &connection))
	require.NotNil(t, connection.Password)
	require.NotEmpty(t, *connection.Password)
	return *connection.Password
}

// Query runs a statement in an instance and returns the first value of its
// first row as text, "" when there is none.
func (r *Toygres) Query(t testing.TB, name, sql string) string {
	t.Helper()
	config, err := pgx.ParseConfig(r.ConnectionURL(t, name))
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

package cli

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/toygres/toygres/openapi"
)

// withQuery is a user of a server that answers every query so; asked holds
// what was asked last.
func withQuery(t *testing.T, status int, body string) (u *user, asked *openapi.QueryRequest) {
	t.Helper()
	s := newFakeServer(t)
	asked = &openapi.QueryRequest{}
	s.override = func(w http.ResponseWriter, r *http.Request) bool {
		if r.URL.Path != "/api/instances/demo/query" || json.NewDecoder(r.Body).Decode(asked) != nil {
			return false
		}
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_, _ = w.Write([]byte(body))
		return true
	}
	return signedInTo(t, s), asked
}

const queryAnswer = `{"columns": [{"name": "n", "type": "integer"}, {"name": "doc", "type": "jsonb"}, {"name": "t\u001b[31m", "type": "text"}],
	"rows": [[1, {"a": 12345678901234567890}, "x,\"y\"\u001b[2J"], [22, null, null]],
	"row_count": 2, "command": "SELECT 2", "rows_affected": 2, "read_only": true, "duration_ms": 3}`

func TestQueryPrintsRowsInEveryFormat(t *testing.T) {
	t.Parallel()
	u, asked := withQuery(t, 200, queryAnswer)
	require.Equal(t, result{0, strings.Join([]string{
		` n  |             doc             |   t`,
		`----+-----------------------------+-------`,
		`  1 | {"a": 12345678901234567890} | x,"y"`,
		` 22 | NULL                        | NULL`,
		`(2 rows)`, ``, ``}, "\n"), ""}, u.run("query", "demo", "SELECT 1"))
	require.True(t, *asked.ReadOnly)
	require.Nil(t, asked.Role)
	require.Equal(t, "SELECT 1", asked.Sql)

	require.Equal(t, "n,doc,t\x1b[31m\n1,\"{\"\"a\"\": 12345678901234567890}\",\"x,\"\"y\"\"\x1b[2J\"\n22,,\n", u.run("query", "demo", "x", "-o", "csv").out)
	require.NotContains(t, u.run("query", "demo", "x", "-o", "csv", "--no-headers").out, "doc")
	for _, format := range []string{"json", "yaml"} {
		out := u.run("query", "demo", "x", "-o", format).out
		require.Contains(t, out, "12345678901234567890")
		require.NotContains(t, out, "\x1b")
	}
	require.Equal(t, exitUsage, u.run("list", "-o", "csv").code, "only query has CSV")
}

func TestQueryReadsStandardInputAndWritesOnlyWhenAsked(t *testing.T) {
	t.Parallel()
	u, asked := withQuery(t, 200, `{"columns": [], "rows": [], "row_count": 0, "command": "DELETE 3", "rows_affected": 3, "read_only": false, "duration_ms": 1}`)
	u.in = strings.NewReader("DELETE FROM orders\n")
	r := u.run("query", "demo", "-", "--write", "--role", "clerk", "--timeout", "2m", "--max-rows", "5")
	require.Equal(t, result{0, "DELETE 3\n", ""}, r)
	require.Equal(t, "DELETE FROM orders\n", asked.Sql)
	require.Equal(t, []any{false, "clerk", 120, 5}, []any{*asked.ReadOnly, *asked.Role, *asked.TimeoutSeconds, *asked.MaxRows})
	require.Equal(t, exitUsage, u.run("query", "demo").code)
	require.Equal(t, exitUsage, u.run("query", "demo", "x", "--timeout", "0s").code)
}

func TestQuerySaysWhatIsMissing(t *testing.T) {
	t.Parallel()
	u, _ := withQuery(t, 200, `{"columns": [{"name": "n", "type": "integer"}], "rows": [[1]], "row_count": 1, "truncated": "rows", "read_only": true, "duration_ms": 1}`)
	r := u.run("query", "demo", "x", "-o", "csv", "-q")
	require.Zero(t, r.code)
	require.Equal(t, "n\n1\n", r.out)
	require.Contains(t, r.err, "only the first 1 rows")
}

func TestQueryThatIsRefusedHasAnExitCodeAndPostgresWords(t *testing.T) {
	t.Parallel()
	u, _ := withQuery(t, 422, `{"type": "about:blank", "title": "Unprocessable Entity", "status": 422, "code": "query_failed",
		"detail": "PostgreSQL refuses the statement: duplicate key (SQLSTATE 23505)",
		"postgres": {"sqlstate": "23505", "severity": "ERROR", "message": "duplicate key", "detail": "Key (n)=(1) already exists.", "position": 4}}`)
	r := u.run("query", "demo", "x")
	require.Equal(t, exitQuery, r.code)
	require.Empty(t, r.out)
	require.Contains(t, r.err, "SQLSTATE 23505")
	require.Contains(t, r.err, "Key (n)=(1) already exists.")
	require.Contains(t, r.err, "at character 4")
}

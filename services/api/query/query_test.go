package query_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/toygres/toygres"
	"github.com/toygres/toygres/dev/postgrestest"
	"github.com/toygres/toygres/services/api/query"
)

// server is a database of the test's own, and how it is reached.
type server struct {
	t    *testing.T
	url  string
	at   toygres.Endpoint
	as   toygres.Credentials
	conn *pgx.Conn
}

func newServer(t *testing.T) *server {
	t.Helper()
	s := &server{t: t, url: postgrestest.NewDatabase(t)}
	var err error
	s.conn, err = pgx.Connect(t.Context(), s.url)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.conn.Close(context.Background())) })
	config := s.conn.Config()
	s.at = toygres.Endpoint{Host: config.Host, Port: int(config.Port)}
	s.as = toygres.Credentials{User: config.User, Password: config.Password, Database: config.Database}
	return s
}

func (s *server) exec(sql string) {
	s.t.Helper()
	_, err := s.conn.Exec(s.t.Context(), sql)
	require.NoError(s.t, err)
}

func reading(sql string) query.Statement {
	return query.Statement{SQL: sql, ReadOnly: true, Timeout: time.Minute, MaxRows: 1000, MaxBytes: 1 << 20}
}

func writing(sql string) query.Statement {
	s := reading(sql)
	s.ReadOnly = false
	return s
}

func (s *server) run(statement query.Statement) (query.Result, error) {
	return query.Run(s.t.Context(), s.at, s.as, statement)
}

func (s *server) succeeds(statement query.Statement) query.Result {
	s.t.Helper()
	result, err := s.run(statement)
	require.NoError(s.t, err, statement.SQL)
	return result
}

// refused requires PostgreSQL to refuse the statement and returns its error.
func (s *server) refused(statement query.Statement, sqlState string) *toygres.PostgresError {
	s.t.Helper()
	_, err := s.run(statement)
	var known *toygres.Error
	require.ErrorAs(s.t, err, &known, statement.SQL)
	require.Equal(s.t, toygres.CodeQueryFailed, known.Code, "%v", err)
	require.Equal(s.t, sqlState, known.Postgres.SQLState, "%s: %s", statement.SQL, known.Postgres.Message)
	return known.Postgres
}

// values returns the only row as one JSON text.
func values(t *testing.T, result query.Result) string {
	t.Helper()
	require.Len(t, result.Rows, 1)
	text, err := json.Marshal(result.Rows[0])
	require.NoError(t, err)
	return string(text)
}

func TestValuesKeepTheirTypesInJSON(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.exec(`CREATE TYPE mood AS ENUM ('so la la', 'NULL'); CREATE DOMAIN small AS int CHECK (VALUE < 10)`)
	for _, c := range []struct{ sql, typ, json string }{
		{`true`, "boolean", `true`},
		{`32767::int2`, "smallint", `32767`},
		{`-5`, "integer", `-5`},
		{`9007199254740991`, "bigint", `9007199254740991`},
		{`-9007199254740991`, "bigint", `-9007199254740991`},
		{`9007199254740992`, "bigint", `"9007199254740992"`},
		{`1.10::numeric(10,2)`, "numeric(10,2)", `"1.10"`},
		{`'NaN'::numeric`, "numeric", `"NaN"`},
		{`0.1::float8`, "double precision", `0.1`},
		{`1e300::float8`, "double precision", `1e+300`},
		{`'NaN'::float8`, "double precision", `"NaN"`},
		{`'-infinity'::float4`, "real", `"-Infinity"`},
		{`null::text`, "text", `null`},
		{`'a"b\c' || chr(10) || '<ü>'`, "text", `"a\"b\\c\n\u003cü\u003e"`},
		{`'\x00ff'::bytea`, "bytea", `"\\x00ff"`},
		{`'{"a": [1, 12345678901234567890]}'::json`, "json", `{"a":[1,12345678901234567890]}`},
		{`'null'::jsonb`, "jsonb", `null`},
		{`timestamptz '2026-01-02 03:04:05Z' AT TIME ZONE 'UTC'`, "timestamp without time zone", `"2026-01-02 03:04:05"`},
		{`array[1, null, 3]`, "integer[]", `[1,null,3]`},
		{`array[[1,2],[3,4]]`, "integer[]", `[[1,2],[3,4]]`},
		{`'[0:1]={5,6}'::int[]`, "integer[]", `[5,6]`},
		{`'{}'::text[]`, "text[]", `[]`},
		{`array['a,b', '{"x"}', 'NULL', null, '', ' ']`, "text[]", `["a,b","{\"x\"}","NULL",null,""," "]`},
		{`array['{"a":1}'::jsonb]`, "jsonb[]", `[{"a":1}]`},
		{`array[9007199254740993]`, "bigint[]", `["9007199254740993"]`},
		{`array['(1,1),(0,0)'::box, '(3,3),(2,2)'::box]`, "box[]", `["(1,1),(0,0)","(3,3),(2,2)"]`},
		{`array['NULL', 'so la la']::mood[]`, "mood[]", `["NULL","so la la"]`},
		{`'so la la'::mood`, "mood", `"so la la"`},
		{`7::small`, "integer", `7`},
		{`'1 2'::int2vector`, "int2vector", `"1 2"`},
		{`row(1, 'x')`, "record", `"(1,x)"`},
		{`int4range(1, 5)`, "int4range", `"[1,5)"`},
	} {
		result := s.succeeds(reading("SELECT " + c.sql + " AS v"))
		require.Equal(t, []query.Column{{Name: "v", Type: c.typ}}, result.Columns, c.sql)
		require.Equal(t, "["+c.json+"]", values(t, result), c.sql)
		require.Equal(t, "SELECT 1", result.Command)
	}
}

func TestTheSuperuserAsksForTypesWithPostgreSQLsOperators(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	// A schema of the superuser's name is the first that names are looked for in.
	first := pgx.Identifier{s.as.User}.Sanitize()
	s.exec(`CREATE SCHEMA ` + first + `; SET search_path = ` + first + `;
		CREATE FUNCTION forged(regproc, regproc) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN RAISE 'forged'; END $$;
		CREATE OPERATOR = (FUNCTION = forged, LEFTARG = regproc, RIGHTARG = regproc)`)
	require.Equal(t, "[[1]]", values(t, s.succeeds(reading("SELECT array[1]"))))
}

func TestReadOnlyStatementsCanNotWriteWhateverTheyTry(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.exec(`CREATE TABLE kept (n int); INSERT INTO kept VALUES (1);
		CREATE PROCEDURE sneak() LANGUAGE plpgsql AS $$ BEGIN COMMIT; INSERT INTO kept VALUES (2); END $$`)
	for sql, state := range map[string]string{
		`INSERT INTO kept VALUES (2)`: "25006",
		`DROP TABLE kept`:             "25006",
		`WITH gone AS (DELETE FROM kept RETURNING n) SELECT * FROM gone`:                      "25006",
		`SET TRANSACTION READ WRITE`:                                                          "25001",
		`SELECT set_config('transaction_read_only', 'off', true)`:                             "25001",
		`DO $$ BEGIN SET TRANSACTION READ WRITE; INSERT INTO kept VALUES (2); END $$`:         "25001",
		`DO $$ BEGIN COMMIT; SET TRANSACTION READ WRITE; INSERT INTO kept VALUES (2); END $$`: "2D000",
		`CALL sneak()`:                          "2D000",
		`SELECT 1; INSERT INTO kept VALUES (2)`: "42601",
		`COMMIT; INSERT INTO kept VALUES (2)`:   "42601",
		`VACUUM kept`:                           "25001",
	} {
		s.refused(reading(sql), state)
	}
	// These do what they say, and nothing comes after them.
	for _, sql := range []string{`COMMIT`, `ROLLBACK AND CHAIN`, `DISCARD PLANS`, `SET default_transaction_read_only = off`} {
		s.succeeds(reading(sql))
	}
	require.Equal(t, "[1]", values(t, s.succeeds(reading("SELECT n FROM kept"))))
}

func TestWritingIsCommittedWithItsCommandTag(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	require.Equal(t, "CREATE TABLE", s.succeeds(writing("CREATE TABLE kept (n int)")).Command)
	result := s.succeeds(writing("INSERT INTO kept SELECT generate_series(1, 5) RETURNING n"))
	require.Len(t, result.Rows, 5)
	require.EqualValues(t, 5, result.Affected)
	require.Equal(t, "[5]", values(t, s.succeeds(reading("SELECT count(*) FROM kept"))))
	s.succeeds(writing("VACUUM kept")) // which no transaction block can hold
	s.refused(writing("INSERT INTO kept SELECT 1 / (3 - n) FROM generate_series(1, 5) n"), "22012")
	require.Equal(t, "[5]", values(t, s.succeeds(reading("SELECT count(*) FROM kept"))))
}

func TestLimitsCutTheAnswerAndSayWhich(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.exec("CREATE TABLE kept (n int)")
	limited := reading("SELECT generate_series(1, 1000000000)") // would take minutes
	limited.MaxRows = 3
	result := s.succeeds(limited)
	require.Len(t, result.Rows, 3)
	require.Equal(t, query.LimitRows, result.Truncated)
	require.Empty(t, result.Command)
	s.noneRuns("generate_series(1, 1000000000)")

	limited = reading("SELECT repeat('x', 400) FROM generate_series(1, 10)")
	limited.MaxBytes = 1000
	result = s.succeeds(limited)
	require.Len(t, result.Rows, 2)
	require.Equal(t, query.LimitBytes, result.Truncated)

	limited = reading("SELECT null, '', null FROM generate_series(1, 10)")
	limited.MaxBytes = 1000
	result = s.succeeds(limited)
	require.Len(t, result.Rows, 5, "what is empty takes memory, too")
	require.Equal(t, query.LimitBytes, result.Truncated)

	limited = reading("SELECT generate_series(1, 3)")
	limited.MaxRows = 3
	require.Empty(t, s.succeeds(limited).Truncated, "all of it fits")

	// What writes is never left half done.
	limited = writing("INSERT INTO kept SELECT generate_series(1, 100) RETURNING n")
	limited.MaxRows = 3
	result = s.succeeds(limited)
	require.Len(t, result.Rows, 3)
	require.EqualValues(t, 100, result.Affected)
	require.Equal(t, "[100]", values(t, s.succeeds(reading("SELECT count(*) FROM kept"))))

	_, err := s.run(reading("SELECT repeat('x', 40 * 1024 * 1024)"))
	require.Equal(t, toygres.CodeInvalid, toygres.CodeOf(err), "%v", err)
}

// noneRuns waits until the server runs no statement with text in it.
func (s *server) noneRuns(text string) {
	s.t.Helper()
	s.await(text, 0)
}

// await waits until so many other sessions run a statement with text in it.
func (s *server) await(text string, want int) {
	s.t.Helper()
	require.Eventually(s.t, func() bool {
		var running int
		require.NoError(s.t, s.conn.QueryRow(context.Background(), `SELECT count(*) FROM pg_stat_activity
			WHERE datname = current_database() AND pid <> pg_backend_pid() AND state = 'active' AND strpos(query, $1) > 0`, text).Scan(&running))
		return running == want
	}, time.Minute, 20*time.Millisecond)
}

func TestTheTimeLimitEndsTheStatement(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	slow := reading("SELECT pg_sleep(60), 'limited'")
	slow.Timeout = 200 * time.Millisecond
	refused := s.refused(slow, "57014")
	require.NotEmpty(t, refused.Hint)
	s.noneRuns("'limited'")
}

func TestAStatementIsCancelledAndUndoneWhenNobodyWaits(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.exec("CREATE TABLE kept (n int)")
	ctx, leave := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		slow := writing("WITH w AS (INSERT INTO kept VALUES (1)) SELECT pg_sleep(60), 'abandoned'")
		slow.Timeout = time.Minute
		_, err := query.Run(ctx, s.at, s.as, slow)
		ended <- err
	}()
	s.await("'abandoned'", 1)
	leave()
	require.ErrorIs(t, <-ended, context.Canceled)
	s.noneRuns("'abandoned'")
	require.Equal(t, "[0]", values(t, s.succeeds(reading("SELECT count(*) FROM kept"))))
}

func TestAStatementHasTheRightsOfItsRole(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	// Roles belong to the whole server, which other tests use, too.
	role := fmt.Sprintf(`ro"le%d; RESET ROLE --`, time.Now().UnixNano())
	quoted := pgx.Identifier{role}.Sanitize()
	s.exec("CREATE TABLE secret (n int); INSERT INTO secret VALUES (1); CREATE ROLE " + quoted)
	t.Cleanup(func() {
		_, err := s.conn.Exec(context.Background(), "DROP OWNED BY "+quoted+"; DROP ROLE "+quoted)
		require.NoError(t, err)
	})
	as := func(statement query.Statement) query.Statement {
		statement.Role = role
		return statement
	}
	name, err := json.Marshal([]string{role})
	require.NoError(t, err)
	require.Equal(t, string(name), values(t, s.succeeds(as(reading("SELECT current_user")))))
	s.refused(as(reading("SELECT * FROM secret")), "42501")
	s.refused(as(writing("CREATE ROLE other")), "42501")
	// Back to the session's own role is to the one that was chosen.
	s.refused(as(writing("DO $$ BEGIN RESET ROLE; PERFORM * FROM secret; END $$")), "42501")
	s.exec("GRANT SELECT ON secret TO " + quoted)
	require.Equal(t, "[1]", values(t, s.succeeds(as(reading("SELECT * FROM secret")))))

	unknown := reading("SELECT 1")
	unknown.Role = "nobody"
	_, err = s.run(unknown)
	var known *toygres.Error
	require.ErrorAs(t, err, &known)
	require.Equal(t, toygres.CodeInvalid, known.Code)
	require.Equal(t, "role", known.Fields[0].Field)
}

func TestRefusalsAreToldInFullAndHoldNoLiteralInTheirCause(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	refused := s.refused(reading("SELECT\n  nothing FROM pg_class"), "42703")
	require.Equal(t, 10, refused.Position)
	require.Contains(t, refused.Message, "nothing")
	s.exec("CREATE TABLE one (n int PRIMARY KEY); INSERT INTO one VALUES (4711)")
	require.Contains(t, s.refused(writing("INSERT INTO one VALUES (4711)"), "23505").Detail, "4711")

	_, err := s.run(reading("SELECT 'hunter2'::int"))
	var known *toygres.Error
	require.ErrorAs(t, err, &known)
	require.Contains(t, known.Postgres.Message, "hunter2")
	require.NotContains(t, known.Err.Error(), "hunter2")

	for _, sql := range []string{"COPY one TO STDOUT", " ;-- c\n/* a /* b */ c */ copy one FROM STDIN", "SELECT $1::int"} {
		_, err := s.run(reading(sql))
		require.Equal(t, toygres.CodeInvalid, toygres.CodeOf(err), sql)
	}
	require.Empty(t, s.succeeds(reading("-- nothing")).Columns)
}

func TestAServerThatDoesNotAnswerIsTheProvidersTrouble(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	port, _ := postgrestest.Ports(t)
	_, err := query.Run(t.Context(), toygres.Endpoint{Host: "127.0.0.1", Port: port}, s.as, reading("SELECT "+strconv.Itoa(port)))
	require.Equal(t, toygres.CodeProvider, toygres.CodeOf(err))
}

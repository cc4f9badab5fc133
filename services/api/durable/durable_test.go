package durable_test

import (
	"context"
	_ "embed"
	"fmt"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/toygres/toygres"
	"github.com/toygres/toygres/dev/postgrestest"
	"github.com/toygres/toygres/openapi"
	"github.com/toygres/toygres/services/api/durable"
)

//go:embed testdata/stand_in.sql
var standIn string

// server is a database with the stand-in, and a role that may use it.
type server struct {
	t *testing.T
	durable.Functions
	conn *pgx.Conn
	role string
}

func newServer(t *testing.T) *server {
	t.Helper()
	s := bare(t)
	s.exec(standIn)
	// Roles belong to the whole server, which other tests use, too.
	s.role = fmt.Sprintf(`flows"%d`, time.Now().UnixNano())
	quoted := pgx.Identifier{s.role}.Sanitize()
	s.exec("CREATE ROLE " + quoted + " LOGIN")
	t.Cleanup(func() { s.exec("DROP OWNED BY " + quoted + "; DROP ROLE " + quoted) })
	_, err := s.conn.Exec(t.Context(), "SELECT df.grant_usage($1)", s.role)
	require.NoError(t, err)
	return s
}

func bare(t *testing.T) *server {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), postgrestest.NewDatabase(t))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, conn.Close(context.Background())) })
	config := conn.Config()
	return &server{t: t, conn: conn, Functions: durable.Functions{
		At: toygres.Endpoint{Host: config.Host, Port: int(config.Port)},
		As: toygres.Credentials{User: config.User, Password: config.Password, Database: config.Database}}}
}

// application makes a role that may create schemas, and returns its name as SQL.
func (s *server) application() string {
	role := pgx.Identifier{fmt.Sprintf("application_%d", time.Now().UnixNano())}.Sanitize()
	s.exec(`CREATE ROLE ` + role)
	s.t.Cleanup(func() { s.exec("DROP OWNED BY " + role + " CASCADE; DROP ROLE " + role) })
	s.exec(`GRANT CREATE ON DATABASE ` + pgx.Identifier{s.As.Database}.Sanitize() + ` TO ` + role)
	return role
}

func (s *server) exec(sql string) {
	s.t.Helper()
	_, err := s.conn.Exec(context.Background(), sql)
	require.NoError(s.t, err)
}

// value is the one text that a query answers.
func (s *server) value(sql string, args ...any) (text string) {
	s.t.Helper()
	require.NoError(s.t, s.conn.QueryRow(s.t.Context(), sql, args...).Scan(&text))
	return text
}

// started starts a function as the role that may.
func (s *server) started(label, function string, variables map[string]string) string {
	s.t.Helper()
	info, err := s.Start(s.t.Context(), openapi.StartDurableFunctionRequest{Function: function, Label: &label, Role: &s.role, Variables: &variables})
	require.NoError(s.t, err)
	return info.Id
}

func requireCode(t *testing.T, code toygres.ErrorCode, err error) *toygres.Error {
	t.Helper()
	var known *toygres.Error
	require.ErrorAs(t, err, &known)
	require.Equal(t, code, known.Code, "%v", err)
	return known
}

const hostile = `'); DROP SCHEMA df CASCADE; --"\`

func TestAFunctionIsStartedAsItsRoleAndSeen(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	ctx := t.Context()
	id := s.started(hostile, `'SELECT 1' ~> df.sleep(5) ~> $$SELECT '$x'$$ -- and so on`, nil)
	require.Equal(t, s.role, s.value(`SELECT submitted_by::text FROM df.instances WHERE id = $1`, id))

	list, err := s.List(ctx, durable.Filter{Limit: 10})
	require.NoError(t, err)
	require.Len(t, list.Items, 1)
	require.Equal(t, id, list.Items[0].Id)
	require.Equal(t, hostile, *list.Items[0].Label)
	require.Equal(t, openapi.DurableFunctionStatusRunning, list.Items[0].Status)
	require.WithinDuration(t, time.Now(), *list.Items[0].CreatedAt, time.Minute)
	require.Nil(t, list.NextCursor)

	info, err := s.Info(ctx, id)
	require.NoError(t, err)
	require.Equal(t, "1.0.0", *info.FunctionVersion)
	nodes, err := s.Nodes(ctx, id)
	require.NoError(t, err)
	require.False(t, nodes.Truncated)
	var types []string
	for _, n := range nodes.Items {
		types = append(types, n.NodeType)
	}
	require.Equal(t, []string{"THEN", "THEN", "SQL", "SLEEP", "SQL"}, types)
	require.Equal(t, `SELECT '$x'`, *nodes.Items[4].Query)
	executions, err := s.Executions(ctx, id, 2)
	require.NoError(t, err)
	require.Len(t, executions.Items, 2)
	require.EqualValues(t, 3, executions.Items[0].ExecutionId)
	drawing, err := s.Explain(ctx, id)
	require.NoError(t, err)
	require.Contains(t, drawing, "Instance: "+id+"\n")
	metrics, err := s.Metrics(ctx)
	require.NoError(t, err)
	require.Equal(t, openapi.DurableFunctionMetrics{TotalInstances: 1, RunningInstances: 1, TotalExecutions: 1, TotalEvents: 5}, metrics)
}

func TestTheListIsFilteredAndPaged(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	for i := range 5 {
		s.started(fmt.Sprint("job-", i%2), `'SELECT 1'`, nil)
	}
	_, err := s.Cancel(t.Context(), s.started("gone", `'SELECT 1'`, nil), "not needed")
	require.NoError(t, err)
	read := func(f durable.Filter) (labels []string) {
		for {
			page, err := s.List(t.Context(), f)
			require.NoError(t, err)
			for _, item := range page.Items {
				labels = append(labels, *item.Label)
				require.LessOrEqual(t, len(or(item.Output)), 1000, "long outputs are cut")
			}
			if page.NextCursor == nil {
				return labels
			}
			f.Cursor = *page.NextCursor
		}
	}
	require.Equal(t, []string{"gone", "job-0", "job-1", "job-0", "job-1", "job-0"}, read(durable.Filter{Limit: 2}))
	require.Equal(t, []string{"job-1", "job-1"}, read(durable.Filter{Limit: 1, Label: "job-1"}))
	require.Equal(t, []string{"gone"}, read(durable.Filter{Limit: 10, Status: "cancelled"}))
	_, err = s.List(t.Context(), durable.Filter{Limit: 10, Cursor: hostile})
	require.Contains(t, requireCode(t, toygres.CodeQueryFailed, err).Postgres.Message, "malformed cursor")
}

func or(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

func TestVariablesAreForTheFunctionAlone(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.exec(`SET ROLE ` + pgx.Identifier{s.role}.Sanitize() + `; SELECT df.setvar('kept', 'before'); SELECT df.setvar('both', 'before'); RESET ROLE`)
	id := s.started("job", `'SELECT {url}'`, map[string]string{"url": hostile, "both": "now"})
	require.JSONEq(t, `{"kept":"before","both":"now","url":"'); DROP SCHEMA df CASCADE; --\"\\"}`, s.value(`SELECT vars::text FROM df.instances WHERE id = $1`, id))
	require.JSONEq(t, `{"kept":"before","both":"before"}`, s.value(`SELECT jsonb_object_agg(name, value)::text FROM df.vars`))

	// Nothing is left of a start that fails.
	_, err := s.Start(t.Context(), openapi.StartDurableFunctionRequest{Function: `'SELECT 1'`, Role: &s.role,
		Database: new("nowhere"), Variables: &map[string]string{"both": "lost"}})
	require.Contains(t, requireCode(t, toygres.CodeQueryFailed, err).Postgres.Message, "nowhere")
	require.JSONEq(t, `{"kept":"before","both":"before"}`, s.value(`SELECT jsonb_object_agg(name, value)::text FROM df.vars`))
	require.Equal(t, "1", s.value(`SELECT count(*)::text FROM df.instances`))
}

func TestCancelAndSignalReachWhatGoesOn(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	ctx := t.Context()
	id := s.started("job", `'SELECT 1'`, nil)
	require.NoError(t, s.Signal(ctx, id, hostile, `{"approved":true,"amount":1.50}`))
	require.JSONEq(t, `{"approved":true,"amount":1.50}`, s.value(`SELECT (signals -> $2)::text FROM df.instances WHERE id = $1`, id, hostile))
	require.Equal(t, "data", requireCode(t, toygres.CodeInvalid, s.Signal(ctx, id, "go", "yes")).Fields[0].Field)

	info, err := s.Cancel(ctx, id, hostile)
	require.NoError(t, err)
	require.Equal(t, openapi.DurableFunctionStatusCancelled, info.Status)
	require.Equal(t, hostile, s.value(`SELECT reason FROM df.instances WHERE id = $1`, id))
	_, err = s.Cancel(ctx, id, "again")
	require.ErrorContains(t, requireCode(t, toygres.CodeConflict, err), "cancelled")
	requireCode(t, toygres.CodeConflict, s.Signal(ctx, id, "go", "{}"))
}

func TestAnExpressionIsShownWithoutStartingIt(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	drawing, err := s.Preview(t.Context(), s.role, `'SELECT 1' ~> 'SELECT 2'`)
	require.NoError(t, err)
	require.Contains(t, drawing, "SELECT 2")
	require.Equal(t, "0", s.value(`SELECT count(*)::text FROM df.instances`))
	_, err = s.Preview(t.Context(), s.role, `df.start('SELECT 1')`)
	require.Equal(t, "25006", requireCode(t, toygres.CodeQueryFailed, err).Postgres.SQLState, "it can't write")
}

func TestWhatIsNoFunctionIsRefused(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	start := func(function, role string) *toygres.Error {
		_, err := s.Start(t.Context(), openapi.StartDurableFunctionRequest{Function: function, Role: &role})
		var known *toygres.Error
		require.ErrorAs(t, err, &known)
		return known
	}
	refused := start(`'SELECT 1' ~> nothing`, s.role)
	require.Equal(t, "42703", refused.Postgres.SQLState)
	require.Equal(t, 15, refused.Postgres.Position, "as the user counts")
	require.Equal(t, "42601", start(`'a'; DROP SCHEMA df`, s.role).Postgres.SQLState)
	require.Equal(t, "42601", start(hostile, s.role).Postgres.SQLState)
	require.Equal(t, "function", start(`NULL`, s.role).Fields[0].Field)
	require.Equal(t, "function", start(`'a')::text) FROM generate_series(1, 2) ORDER BY ((1`, s.role).Fields[0].Field)
	require.Equal(t, "42501", start(`(SELECT rolpassword FROM pg_authid LIMIT 1)`, s.role).Postgres.SQLState, "it has the rights of the role alone")
	require.Contains(t, start(`'SELECT 1'`, s.As.User).Postgres.Message, "superuser")
	require.Equal(t, "role", start(`'SELECT 1'`, "nobody at all").Fields[0].Field)
	require.Equal(t, "0", s.value(`SELECT count(*)::text FROM df.instances`))
}

func TestWhatIsNotThereIsNotFound(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	ctx := t.Context()
	for name, call := range map[string]func(durable.Functions) error{
		"info":       func(f durable.Functions) error { _, err := f.Info(ctx, "0badc0de"); return err },
		"nodes":      func(f durable.Functions) error { _, err := f.Nodes(ctx, "0badc0de"); return err },
		"executions": func(f durable.Functions) error { _, err := f.Executions(ctx, "0badc0de", 5); return err },
		"explain":    func(f durable.Functions) error { _, err := f.Explain(ctx, "0badc0de"); return err },
		"cancel":     func(f durable.Functions) error { _, err := f.Cancel(ctx, "0badc0de", "x"); return err },
		"signal":     func(f durable.Functions) error { return f.Signal(ctx, "0badc0de", "x", "{}") },
	} {
		err := call(s.Functions)
		require.Equal(t, toygres.CodeNotFound, toygres.CodeOf(err), "%s: %v", name, err)
	}
	without := bare(t)
	for name, call := range map[string]func() error{
		"list":    func() error { _, err := without.List(ctx, durable.Filter{Limit: 1}); return err },
		"metrics": func() error { _, err := without.Metrics(ctx); return err },
		"info":    func() error { _, err := without.Info(ctx, "0badc0de"); return err },
		"preview": func() error { _, err := without.Preview(ctx, "", "'SELECT 1'"); return err },
		"start": func() error {
			_, err := without.Start(ctx, openapi.StartDurableFunctionRequest{Function: "'SELECT 1'"})
			return err
		},
	} {
		known := requireCode(t, toygres.CodeConflict, call())
		require.Contains(t, known.Message, "CREATE EXTENSION pg_durable", name)
	}
}

func TestASchemaThatAnApplicationMadeIsNotTheExtension(t *testing.T) {
	t.Parallel()
	s := bare(t)
	role := s.application()
	s.exec(`SET ROLE ` + role + `; CREATE SCHEMA df;
		CREATE FUNCTION df.metrics() RETURNS TABLE (total_instances bigint) LANGUAGE plpgsql AS $$ BEGIN RAISE 'forged'; END $$; RESET ROLE`)
	_, err := s.Metrics(t.Context())
	requireCode(t, toygres.CodeConflict, err)
	s.exec(`ALTER SCHEMA df RENAME TO forged`)
	s.exec(standIn)
	s.exec(`ALTER SCHEMA df RENAME TO genuine; ALTER SCHEMA forged RENAME TO df`)
	_, err = s.Metrics(t.Context())
	requireCode(t, toygres.CodeConflict, err)
}

func TestNothingOfAnApplicationIsCalledByTheSuperuser(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	// A schema of the superuser's name is the first that names are looked for in.
	first := pgx.Identifier{s.As.User}.Sanitize()
	s.exec(`SET ROLE ` + s.application() + `; CREATE SCHEMA ` + first + `; SET search_path = ` + first + `;
		CREATE FUNCTION to_json(text) RETURNS json LANGUAGE plpgsql AS $$ BEGIN RAISE 'forged'; END $$;
		CREATE FUNCTION seq(text, text) RETURNS text LANGUAGE plpgsql AS $$ BEGIN RAISE 'forged'; END $$;
		CREATE OPERATOR ~> (FUNCTION = seq, LEFTARG = text, RIGHTARG = text); RESET search_path; RESET ROLE`)
	id := s.started("job", `'SELECT 1'`, nil)
	_, err := s.Cancel(t.Context(), id, "not needed")
	require.NoError(t, err)
	_, err = s.Preview(t.Context(), "", `'SELECT 1' ~> 'SELECT 2'`)
	require.NoError(t, err)
}

func TestAFunctionThatHangsIsEndedByTheTimeLimit(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	_, err := s.Preview(t.Context(), s.role, `pg_sleep(60)::text`)
	require.Equal(t, "57014", requireCode(t, toygres.CodeQueryFailed, err).Postgres.SQLState)
	require.NotContains(t, err.Error(), "pg_sleep", "the log holds no expression")
}

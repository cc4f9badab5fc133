package server_test

import (
	"context"
	"io"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/toygres/toygres"
	"github.com/toygres/toygres/internal/catalog"
	"github.com/toygres/toygres/openapi"
	"github.com/toygres/toygres/services/api/server"
)

// serving puts an instance into the catalog whose server really runs, at its
// real endpoint.
func (a *api) serving(p toygres.Provider, name string) toygres.Instance {
	a.t.Helper()
	ctx := a.t.Context()
	begun, err := a.store.BeginCreate(ctx, catalog.NewInstance{
		Spec: toygres.Spec{Name: name}.WithDefaults(), Owner: a.admin.ID, Provider: "local"})
	require.NoError(a.t, err)
	id := begun.Instance.ID
	require.NoError(a.t, p.Provision(ctx, id, begun.Instance.Spec))
	a.t.Cleanup(func() { require.NoError(a.t, p.Delete(context.Background(), id)) })
	var seen toygres.Observation
	require.Eventually(a.t, func() bool {
		seen, err = p.Observe(ctx, id)
		require.NoError(a.t, err)
		return seen.Phase == toygres.PhaseReady
	}, time.Minute, 20*time.Millisecond)
	require.NoError(a.t, a.store.StartOperation(ctx, begun.Operation.ID, "run"))
	require.NoError(a.t, a.store.FinishOperation(ctx, toygres.Outcome{Operation: begun.Operation.ID, State: toygres.OperationSucceeded,
		InstanceState: toygres.StateRunning, Endpoint: seen.Endpoint, ServerVersion: "18.4"}))
	instance, err := a.store.Instance(ctx, name)
	require.NoError(a.t, err)
	return instance
}

func TestQueriesAnswerTypedRowsAndLeaveATraceWithoutTheirText(t *testing.T) {
	t.Parallel()
	p := provider(t)
	a := start(t, func(o *server.Options) { o.Provider = p })
	instance := a.serving(p, "demo")
	operator := a.as(a.user("olga", toygres.RoleOperator))
	a.as(a.user("watcher", toygres.RoleViewer)).post("/api/instances/demo/query", `{"sql":"SELECT 1"}`).problem(403, toygres.CodeForbidden)

	got := operator.post("/api/instances/demo/query", `{"sql":"SELECT 1 AS n, 9007199254740993 AS big, array['hunter2', null] AS list"}`)
	result := decode[openapi.QueryResult](got, 200)
	require.Equal(t, "no-store", got.header.Get("Cache-Control"))
	require.Equal(t, []openapi.QueryColumn{{Name: "n", Type: "integer"}, {Name: "big", Type: "bigint"}, {Name: "list", Type: "text[]"}}, result.Columns)
	require.Equal(t, [][]any{{1.0, "9007199254740993", []any{"hunter2", nil}}}, result.Rows)
	require.True(t, result.ReadOnly)
	require.Nil(t, result.Truncated)

	const refused = `{"sql":"INSERT INTO nowhere VALUES ('hunter2')","read_only":false,"role":"pg_monitor"}`
	problem := operator.post("/api/instances/demo/query", refused).problem(422, toygres.CodeQueryFailed)
	require.Equal(t, "42P01", problem.Postgres.Sqlstate)
	require.Equal(t, 13, *problem.Postgres.Position)
	require.Contains(t, *problem.Detail, `relation "nowhere" does not exist`)
	operator.post("/api/instances/demo/query", `{"sql":"SELECT 'hunter2'::int"}`).problem(422, toygres.CodeQueryFailed)
	require.Equal(t, "role", (*operator.post("/api/instances/demo/query", `{"sql":"SELECT 1","role":"hunter3"}`).problem(422, toygres.CodeInvalid).Errors)[0].Field)
	operator.post("/api/instances/demo/query", `{"sql":"SELECT 1","max_rows":0}`).problem(400, toygres.CodeInvalid)
	operator.post("/api/instances/nothing/query", `{"sql":"SELECT 1"}`).problem(404, toygres.CodeNotFound)

	events, err := a.store.Events(t.Context(), catalog.EventFilter{Types: []toygres.EventType{toygres.EventQueryRun}}, 10)
	require.NoError(t, err)
	require.Len(t, events, 4)
	require.Equal(t, "A read-only statement was run by olga.", events[0].Message)
	require.Equal(t, "1", events[0].Data["rows"])
	require.NotEmpty(t, events[0].Data["duration_ms"])
	require.Equal(t, map[string]string{"read_only": "false", "role": "pg_monitor", "sqlstate": "42P01",
		"duration_ms": events[1].Data["duration_ms"]}, events[1].Data)
	require.Equal(t, `A statement that may write was run as "pg_monitor" by olga and refused by the server.`, events[1].Message)

	// Neither our log, nor the server's, nor any other answer has it.
	require.NotContains(t, a.log.String(), "hunter2")
	require.NotContains(t, a.log.String(), "nowhere")
	require.NotContains(t, string(operator.get("/api/instances/demo/events").body), "hunter2")
	log, err := p.Logs(t.Context(), instance.ID, toygres.LogOptions{})
	require.NoError(t, err)
	defer log.Close()
	text, err := io.ReadAll(log)
	require.NoError(t, err)
	require.Contains(t, string(text), "ready to accept connections")
	require.NotContains(t, string(text), "hunter2")
	require.NotContains(t, string(text), "nowhere")
}

func TestAQueryEndsWhenItsClientGoesAway(t *testing.T) {
	t.Parallel()
	p := provider(t)
	a := start(t, func(o *server.Options) { o.Provider = p })
	a.serving(p, "demo")
	running := func() bool {
		result := decode[openapi.QueryResult](a.asAdmin().post("/api/instances/demo/query",
			`{"sql":"SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%abandoned%' AND pid <> pg_backend_pid()"}`), 200)
		return result.Rows[0][0] == 1.0
	}
	ctx, leave := context.WithCancel(t.Context())
	defer leave()
	left := make(chan struct{})
	go func() {
		defer close(left)
		request := a.asAdmin().request(ctx, http.MethodPost, "/api/instances/demo/query", `{"sql":"SELECT pg_sleep(60), 'abandoned'"}`)
		if response, err := http.DefaultTransport.RoundTrip(request); err == nil {
			_ = response.Body.Close()
		}
	}()
	eventually(t, running, "the query does not run")
	leave()
	<-left
	eventually(t, func() bool { return !running() }, "the query was not cancelled")
	eventually(t, func() bool {
		events, err := a.store.Events(t.Context(), catalog.EventFilter{Types: []toygres.EventType{toygres.EventQueryRun}}, 200)
		require.NoError(t, err)
		for _, e := range events {
			if e.Data["code"] == string(toygres.CodeCancelled) {
				return true
			}
		}
		return false
	}, "no event tells that it was cancelled")
}

func TestResultsInTheMakingShareABudgetOfMemory(t *testing.T) {
	t.Parallel()
	p := provider(t)
	a := start(t, func(o *server.Options) { o.Provider = p })
	a.serving(p, "demo")
	admin := a.asAdmin()
	ctx, leave := context.WithCancel(t.Context())
	defer leave()
	var large sync.WaitGroup
	for range 4 {
		large.Go(func() {
			for ctx.Err() == nil { // a small one may have come before it
				request := admin.request(ctx, http.MethodPost, "/api/instances/demo/query", `{"sql":"SELECT pg_sleep(60)","max_bytes":16777216,"timeout_seconds":120}`)
				if response, err := http.DefaultTransport.RoundTrip(request); err == nil {
					_ = response.Body.Close()
				}
			}
		})
	}
	const small = `{"sql":"SELECT 1","max_bytes":1}`
	eventually(t, func() bool { return admin.post("/api/instances/demo/query", small).status == 429 }, "the budget has no end")
	// Whatever asks the server has part of it.
	admin.get("/api/instances/demo/parameters").problem(429, toygres.CodeRateLimited)
	admin.get("/api/instances/demo/durable-functions").problem(429, toygres.CodeRateLimited)
	leave()
	large.Wait()
	eventually(t, func() bool { return admin.get("/api/instances/demo/parameters").status == 200 }, "the budget is not given back")
}

func TestAQueryNeedsAnInstanceThatRuns(t *testing.T) {
	t.Parallel()
	a := start(t)
	_, err := a.store.BeginCreate(t.Context(), newInstance(a, "demo"))
	require.NoError(t, err)
	a.asAdmin().post("/api/instances/demo/query", `{"sql":"SELECT 1"}`).problem(409, toygres.CodeConflict)
}

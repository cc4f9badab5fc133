package server_test

import (
	"os"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/toygres/toygres"
	"github.com/toygres/toygres/internal/catalog"
	"github.com/toygres/toygres/openapi"
	"github.com/toygres/toygres/providers/providertest"
	"github.com/toygres/toygres/services/api/server"
)

func TestDurableFunctionsOfAnInstance(t *testing.T) {
	t.Parallel()
	p := provider(t)
	a := start(t, func(o *server.Options) { o.Provider = p })
	instance := a.serving(p, "flows")
	operator := a.as(a.user("olga", toygres.RoleOperator))
	const base = "/api/instances/flows/durable-functions"
	require.Contains(t, *operator.get(base).problem(409, toygres.CodeConflict).Detail, "CREATE EXTENSION pg_durable")

	standIn, err := os.ReadFile("../durable/testdata/stand_in.sql")
	require.NoError(t, err)
	credentials, err := p.Credentials(t.Context(), instance.ID)
	require.NoError(t, err)
	conn, err := pgx.Connect(t.Context(), providertest.URL(instance.Endpoint, credentials))
	require.NoError(t, err)
	_, err = conn.Exec(t.Context(), string(standIn)+`; CREATE ROLE clerk LOGIN; SELECT df.grant_usage('clerk')`)
	require.NoError(t, err)
	require.NoError(t, conn.Close(t.Context()))

	started := decode[openapi.DurableFunction](operator.post(base, `{"function":"'SELECT ''hunter2''' ~> df.sleep(5)","role":"clerk","label":"job","variables":{"url":"hunter2"}}`), 201)
	one := base + "/" + started.Id
	require.Equal(t, openapi.DurableFunctionStatusRunning, decode[openapi.DurableFunction](operator.get(one), 200).Status)
	require.Equal(t, started.Id, decode[openapi.DurableFunctionList](operator.get(base+"?status=running&label=job&limit=10"), 200).Items[0].Id)
	require.Len(t, decode[openapi.DurableFunctionNodeList](operator.get(one+"/nodes"), 200).Items, 3)
	require.Len(t, decode[openapi.DurableFunctionExecutionList](operator.get(one+"/executions?limit=2"), 200).Items, 2)
	require.Contains(t, decode[openapi.DurableFunctionExplanation](operator.get(one+"/explain"), 200).Text, started.Id)
	require.Contains(t, decode[openapi.DurableFunctionExplanation](operator.post(base+"/explain", `{"function":"df.sleep(5)"}`), 200).Text, "SLEEP")
	require.EqualValues(t, 1, decode[openapi.DurableFunctionMetrics](operator.get(base+"/metrics"), 200).RunningInstances)
	require.Equal(t, 204, operator.post(one+"/signals", `{"name":"go","data":"{\"by\":\"hunter2\"}"}`).status)
	operator.post(one+"/signals", `{"name":"go","data":"hunter2"}`).problem(422, toygres.CodeInvalid)
	cancelled := decode[openapi.DurableFunction](operator.post(one+"/cancel", `{}`), 200)
	require.Equal(t, openapi.DurableFunctionStatusCancelled, cancelled.Status)
	require.Equal(t, "Cancelled by olga", *cancelled.Output)
	operator.post(one+"/cancel", `{}`).problem(409, toygres.CodeConflict)
	operator.get(base+"/0badc0de").problem(404, toygres.CodeNotFound)
	operator.get(base+"/no-id").problem(400, toygres.CodeInvalid)
	require.Contains(t, *operator.post(base, `{"function":"'SELECT 1'"}`).problem(422, toygres.CodeQueryFailed).Detail, "superuser")

	events, err := a.store.Events(t.Context(), catalog.EventFilter{Types: []toygres.EventType{toygres.EventFunctionStarted,
		toygres.EventFunctionSignalled, toygres.EventFunctionCancelled}}, 10)
	require.NoError(t, err)
	require.Len(t, events, 3)
	require.Equal(t, "The durable function "+started.Id+" was started by olga.", events[0].Message)
	require.Equal(t, map[string]string{"function": started.Id, "role": "clerk", "label": "job"}, events[0].Data)
	require.NotContains(t, a.log.String(), "hunter2")
	require.NotContains(t, string(operator.get("/api/instances/flows/events").body), "hunter2")
}

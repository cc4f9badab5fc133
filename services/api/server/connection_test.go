package server_test

import (
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/toygres/toygres"
	"github.com/toygres/toygres/internal/catalog"
	"github.com/toygres/toygres/openapi"
	"github.com/toygres/toygres/services/api/server"
)

func TestPasswordIsOnlyRevealedOnRequestAndLeavesATrace(t *testing.T) {
	t.Parallel()
	p := provider(t)
	a := start(t, func(o *server.Options) { o.Provider = p })
	instance := a.provisioned(p, "demo")
	credentials, err := p.Credentials(t.Context(), instance.ID)
	require.NoError(t, err)
	operator := a.as(a.user("olga", toygres.RoleOperator))

	plain := operator.get("/api/instances/demo/connection")
	connection := decode[openapi.Connection](plain, 200)
	require.NotContains(t, string(plain.body), credentials.Password)
	require.Nil(t, connection.Password)
	require.Equal(t, "postgres://postgres@127.0.0.1:15500/postgres?sslmode=disable", connection.Url)

	revealed := operator.post("/api/instances/demo/connection/reveal", "")
	connection = decode[openapi.Connection](revealed, 200)
	require.Equal(t, "no-store", revealed.header.Get("Cache-Control"))
	require.Equal(t, credentials.Password, *connection.Password)
	link, err := url.Parse(connection.Url)
	require.NoError(t, err)
	inURL, _ := link.User.Password()
	require.Equal(t, credentials.Password, inURL)

	events := decode[openapi.EventList](operator.get("/api/instances/demo/events?limit=1"), 200)
	require.EqualValues(t, toygres.EventPasswordRevealed, events.Items[0].Type)
	require.Equal(t, "olga", *events.Items[0].Actor)
	require.NotNil(t, events.NextCursor)

	// No other answer has it, and no log line.
	for _, path := range []string{"/api/instances", "/api/instances/demo", "/api/instances/demo/events", "/api/operations", "/metrics"} {
		require.NotContains(t, string(operator.get(path).body), credentials.Password, path)
	}
	require.NotContains(t, a.log.String(), credentials.Password)
}

func TestNoConnectionBeforeThereIsAnEndpoint(t *testing.T) {
	t.Parallel()
	a := start(t)
	begun, err := a.store.BeginCreate(t.Context(), newInstance(a, "demo"))
	require.NoError(t, err)
	for _, got := range []answer{a.asAdmin().get("/api/instances/demo/connection"), a.asAdmin().post("/api/instances/demo/connection/reveal", "")} {
		problem := got.problem(409, toygres.CodeConflict)
		require.Contains(t, *problem.Detail, "creating")
		require.Equal(t, string(begun.Operation.ID), problem.OperationId.String())
	}
	events, err := a.store.LatestEvents(t.Context(), catalog.EventFilter{Types: []toygres.EventType{toygres.EventPasswordRevealed}}, 1)
	require.NoError(t, err)
	require.Empty(t, events, "nothing was revealed")
	a.asAdmin().get("/api/instances/nothing/connection").problem(404, toygres.CodeNotFound)
}

func TestSecretsDoNotReachTheLog(t *testing.T) {
	t.Parallel()
	p := provider(t)
	a := start(t, func(o *server.Options) { o.Provider = p })
	instance := a.provisioned(p, "demo")
	session := a.session("admin")
	created := decode[openapi.CreatedToken](session.post("/api/tokens", `{"name":"laptop"}`), 201)
	caller := a.with("Authorization", "Bearer "+created.Token)
	require.Equal(t, 200, caller.post("/api/instances/demo/connection/reveal", "").status)
	caller.get("/api/instances?password=hunter2hunter2").problem(400, toygres.CodeInvalid)
	a.anonymous().post("/api/sessions", signIn("admin", "hunter2hunter2")).problem(401, toygres.CodeUnauthenticated)
	a.with("Authorization", "Bearer hunter2hunter2").get("/api/me").problem(401, toygres.CodeUnauthenticated)
	credentials, err := p.Credentials(t.Context(), instance.ID)
	require.NoError(t, err)

	log := a.log.String()
	require.Contains(t, log, "/api/tokens")
	cookie := session.header.Get("Cookie")
	for _, secret := range []string{adminPassword, created.Token, credentials.Password, cookie[len("toygres_session="):], "hunter2hunter2",
		catalog.HashToken(created.Token).String()} {
		require.NotContains(t, log, secret)
	}
}

func TestRotationOfThePasswordIsAnOperationOfARunningInstance(t *testing.T) {
	t.Parallel()
	fake := &temporal{}
	a := start(t, fake.option)
	a.running("demo")
	admin := a.asAdmin()
	a.as(a.user("vera", toygres.RoleViewer)).post("/api/instances/demo/password/rotate", "").problem(403, toygres.CodeForbidden)
	operation := decode[openapi.Operation](admin.post("/api/instances/demo/password/rotate", ""), 202)
	require.Equal(t, openapi.Rotate, operation.Kind)
	require.Equal(t, 1, fake.starts())
	require.Equal(t, openapi.InstanceStateUpdating, decode[openapi.Instance](admin.get("/api/instances/demo"), 200).State)
	require.Equal(t, operation.Id, *admin.post("/api/instances/demo/password/rotate", "").problem(409, toygres.CodeConflict).OperationId)

	a.running("stopped")
	stop, err := a.store.Begin(t.Context(), "stopped", toygres.KindStop, a.admin.ID)
	require.NoError(t, err)
	require.NoError(t, a.store.FinishOperation(t.Context(), toygres.Outcome{Operation: stop.Operation.ID,
		State: toygres.OperationSucceeded, InstanceState: toygres.StateStopped}))
	problem := admin.post("/api/instances/stopped/password/rotate", "").problem(409, toygres.CodeConflict)
	require.Equal(t, `can't rotate the password of "stopped" while it is stopped; start it`, *problem.Detail)
	admin.post("/api/instances/nothing/password/rotate", "").problem(404, toygres.CodeNotFound)
	require.Equal(t, 1, fake.starts())
}

func TestRotationWithoutTemporalChangesNothing(t *testing.T) {
	t.Parallel()
	a := start(t)
	a.running("demo")
	a.asAdmin().post("/api/instances/demo/password/rotate", "").problem(503, toygres.CodeUnavailable)
	instance := decode[openapi.Instance](a.asAdmin().get("/api/instances/demo"), 200)
	require.Equal(t, openapi.InstanceStateRunning, instance.State)
	require.Nil(t, instance.OperationId)
}

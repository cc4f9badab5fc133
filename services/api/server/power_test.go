package server_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/toygres/toygres"
	"github.com/toygres/toygres/openapi"
	"github.com/toygres/toygres/services/api/server"
)

// provisioned is a running instance that also exists at the provider.
func (a *api) provisioned(p toygres.Provider, name string) toygres.Instance {
	a.t.Helper()
	instance := a.running(name)
	require.NoError(a.t, p.Provision(a.t.Context(), instance.ID, instance.Spec))
	a.t.Cleanup(func() { require.NoError(a.t, p.Delete(context.Background(), instance.ID)) })
	return instance
}

func TestStopAndStartCallTheProvider(t *testing.T) {
	t.Parallel()
	p := provider(t)
	a := start(t, func(o *server.Options) { o.Provider = p })
	instance := a.provisioned(p, "demo")
	admin := a.asAdmin()

	stopping := decode[openapi.Instance](admin.post("/api/instances/demo/stop", ""), 200)
	require.Equal(t, openapi.InstanceStateStopping, stopping.State)
	require.NotNil(t, stopping.OperationId)
	problem := admin.post("/api/instances/demo/start", "").problem(409, toygres.CodeConflict)
	require.Equal(t, *stopping.OperationId, *problem.OperationId)
	eventually(t, func() bool {
		seen, err := p.Observe(t.Context(), instance.ID)
		require.NoError(t, err)
		return seen.Phase == toygres.PhaseStopped
	}, "the provider was not asked to stop it")

	// What the worker does when it sees that.
	settle := func(state toygres.State) {
		now, err := a.store.Instance(t.Context(), "demo")
		require.NoError(t, err)
		require.NoError(t, a.store.FinishOperation(t.Context(), toygres.Outcome{Operation: now.Operation,
			State: toygres.OperationSucceeded, InstanceState: state}))
	}
	settle(toygres.StateStopped)
	again := decode[openapi.Instance](admin.post("/api/instances/demo/stop", ""), 200)
	require.Equal(t, openapi.InstanceStateStopped, again.State, "stopping what is stopped changes nothing")

	starting := decode[openapi.Instance](admin.post("/api/instances/demo/start", ""), 200)
	require.Equal(t, openapi.InstanceStateStarting, starting.State)
	admin.post("/api/instances/nothing/stop", "").problem(404, toygres.CodeNotFound)
}

func TestRestartCallsTheProviderOncePerOperation(t *testing.T) {
	t.Parallel()
	p := provider(t)
	a := start(t, func(o *server.Options) { o.Provider = p })
	instance := a.provisioned(p, "demo")
	admin := a.asAdmin()

	restarting := decode[openapi.Instance](admin.post("/api/instances/demo/restart", ""), 200)
	require.Equal(t, openapi.InstanceStateRestarting, restarting.State)
	require.NotNil(t, restarting.OperationId)
	seen, err := p.Observe(t.Context(), instance.ID)
	require.NoError(t, err)
	require.Equal(t, restarting.OperationId.String(), seen.Restart, "the provider does not know which request it was")
	for _, action := range []string{"restart", "stop", "start"} {
		problem := admin.post("/api/instances/demo/"+action, "").problem(409, toygres.CodeConflict)
		require.Equal(t, *restarting.OperationId, *problem.OperationId, action)
	}
	events := decode[openapi.EventList](admin.get("/api/instances/demo/events"), 200)
	require.Equal(t, "Restart was requested.", events.Items[0].Message)
	require.Equal(t, "restarting", (*events.Items[0].Data)["to"])
	operation := decode[openapi.Operation](admin.get("/api/operations/"+restarting.OperationId.String()), 200)
	require.Equal(t, openapi.Restart, operation.Kind)
	require.Equal(t, "restart", operation.Steps[0].Name)
}

func TestOnlyWhatRunsIsRestarted(t *testing.T) {
	t.Parallel()
	p := provider(t)
	a := start(t, func(o *server.Options) { o.Provider = p })
	instance := a.provisioned(p, "demo")
	admin := a.asAdmin()
	stopping := decode[openapi.Instance](admin.post("/api/instances/demo/stop", ""), 200)
	require.NoError(t, a.store.FinishOperation(t.Context(), toygres.Outcome{Operation: toygres.OperationID(stopping.OperationId.String()),
		State: toygres.OperationSucceeded, InstanceState: toygres.StateStopped}))
	problem := admin.post("/api/instances/demo/restart", "").problem(409, toygres.CodeConflict)
	require.Contains(t, *problem.Detail, "start it")
	admin.post("/api/instances/nothing/restart", "").problem(404, toygres.CodeNotFound)
	seen, err := p.Observe(t.Context(), instance.ID)
	require.NoError(t, err)
	require.Empty(t, seen.Restart)
}

// broken is a provider that fails as told.
type broken struct {
	toygres.Provider
	err error
}

func (b broken) Stop(context.Context, toygres.InstanceID) error { return b.err }

func (b broken) Restart(context.Context, toygres.InstanceID, string) error { return b.err }

func (b broken) Credentials(context.Context, toygres.InstanceID) (toygres.Credentials, error) {
	return toygres.Credentials{}, b.err
}

func TestFailedStopOrRestartPutsTheStateBack(t *testing.T) {
	t.Parallel()
	for status, err := range map[int]error{
		502: toygres.Errorf(toygres.CodeProvider, "the disk is on fire"),
		507: toygres.Errorf(toygres.CodeExhausted, "the disk is full"),
	} {
		a := start(t, func(o *server.Options) { o.Provider = broken{o.Provider, err} })
		a.running("demo")
		for _, action := range []string{"stop", "restart"} {
			got := a.asAdmin().post("/api/instances/demo/"+action, "")
			problem := got.problem(status, toygres.CodeOf(err))
			require.Equal(t, err.Error(), *problem.Detail)
			instance := decode[openapi.Instance](a.asAdmin().get("/api/instances/demo"), 200)
			require.Equal(t, openapi.InstanceStateRunning, instance.State)
			require.Nil(t, instance.OperationId)
		}
	}
}

func TestInstanceMissingAtTheProviderIsNotTheClientsMistake(t *testing.T) {
	t.Parallel()
	a := start(t) // the catalog has it, the provider has not
	a.running("demo")
	a.asAdmin().post("/api/instances/demo/stop", "").problem(502, toygres.CodeProvider)
	a.asAdmin().get("/api/instances/demo/connection").problem(502, toygres.CodeProvider)
	require.Equal(t, openapi.InstanceStateRunning, decode[openapi.Instance](a.asAdmin().get("/api/instances/demo"), 200).State)
}

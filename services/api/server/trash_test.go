package server_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/toygres/toygres"
	"github.com/toygres/toygres/openapi"
	"github.com/toygres/toygres/services/api/server"
)

// trashed ends the operation that is under way as the worker would.
func (a *api) trashed(name string) {
	a.t.Helper()
	i, err := a.store.Instance(a.t.Context(), name)
	require.NoError(a.t, err)
	require.NoError(a.t, a.store.FinishOperation(a.t.Context(), toygres.Outcome{Operation: i.Operation,
		State: toygres.OperationSucceeded, InstanceState: toygres.StateTrashed, Step: toygres.StepTrash}))
}

func TestDeleteMovesToTheTrashUnlessItIsAskedToPurge(t *testing.T) {
	t.Parallel()
	fake := &temporal{}
	a := start(t, fake.option, func(o *server.Options) { o.KeepDeleted = 24 * time.Hour })
	a.running("demo")
	a.running("other")
	admin := a.asAdmin()
	require.EqualValues(t, 86400, decode[openapi.Offer](admin.get("/api/offer"), 200).KeepDeletedSeconds)

	operation := decode[openapi.Operation](admin.delete("/api/instances/demo"), 202)
	require.Equal(t, openapi.Trash, operation.Kind)
	a.trashed("demo")
	trashed := decode[openapi.Instance](admin.get("/api/instances/demo"), 200)
	require.Equal(t, openapi.InstanceStateTrashed, trashed.State)
	require.WithinDuration(t, time.Now().Add(24*time.Hour), *trashed.PurgeAt, time.Minute)

	list := decode[openapi.InstanceList](admin.get("/api/instances"), 200)
	require.Len(t, list.Items, 1)
	require.Equal(t, "other", list.Items[0].Name)
	list = decode[openapi.InstanceList](admin.get("/api/instances?deleted=true"), 200)
	require.Len(t, list.Items, 1)
	require.Equal(t, "demo", list.Items[0].Name)

	problem := admin.post("/api/instances", `{"name":"demo"}`).problem(409, toygres.CodeConflict)
	require.Contains(t, *problem.Detail, "undelete")
	admin.delete("/api/instances/demo").problem(409, toygres.CodeConflict)
	admin.post("/api/instances/demo/start", "").problem(409, toygres.CodeConflict)
	require.Equal(t, openapi.Delete, decode[openapi.Operation](admin.delete("/api/instances/demo?purge=true"), 202).Kind)
	require.Equal(t, openapi.Delete, decode[openapi.Operation](admin.delete("/api/instances/other?purge=true"), 202).Kind)
}

func TestUndeleteBringsBackWhatItWas(t *testing.T) {
	t.Parallel()
	p, fake := provider(t), &temporal{}
	a := start(t, fake.option, func(o *server.Options) { o.Provider, o.KeepDeleted = p, time.Hour })
	admin := a.asAdmin()
	shown := func(i toygres.Instance, phase toygres.Phase) {
		t.Helper()
		eventually(t, func() bool {
			seen, err := p.Observe(t.Context(), i.ID)
			require.NoError(t, err)
			return seen.Phase == phase
		}, "it is not "+string(phase))
	}

	ran := a.provisioned(p, "ran")
	decode[openapi.Operation](admin.delete("/api/instances/ran"), 202)
	require.NoError(t, p.Stop(t.Context(), ran.ID))
	shown(ran, toygres.PhaseStopped)
	a.trashed("ran")
	back := decode[openapi.Instance](admin.post("/api/instances/ran/undelete", ""), 200)
	require.Equal(t, openapi.InstanceStateStarting, back.State)
	require.Nil(t, back.PurgeAt)
	shown(ran, toygres.PhaseReady)
	require.Equal(t, []string{"purge/" + string(ran.ID)}, fake.ended(), "its timer is ended")

	stood := a.provisioned(p, "stood")
	require.NoError(t, p.Stop(t.Context(), stood.ID))
	shown(stood, toygres.PhaseStopped)
	stop, err := a.store.Begin(t.Context(), "stood", toygres.KindStop, a.admin.ID)
	require.NoError(t, err)
	require.NoError(t, a.store.FinishOperation(t.Context(), toygres.Outcome{Operation: stop.Operation.ID, State: toygres.OperationSucceeded, InstanceState: toygres.StateStopped}))
	decode[openapi.Operation](admin.delete("/api/instances/stood"), 202)
	a.trashed("stood")
	back = decode[openapi.Instance](admin.post("/api/instances/stood/undelete", ""), 200)
	require.Equal(t, openapi.InstanceStateStopped, back.State, "at once: there is nothing to wait for")
	require.Nil(t, back.OperationId)

	admin.post("/api/instances/stood/undelete", "").problem(409, toygres.CodeConflict)
	admin.post("/api/instances/nothing/undelete", "").problem(404, toygres.CodeNotFound)
	a.as(a.user("viewer", toygres.RoleViewer)).post("/api/instances/stood/undelete", "").problem(403, toygres.CodeForbidden)
}

package server_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"

	"github.com/toygres/toygres"
	"github.com/toygres/toygres/internal/catalog"
	"github.com/toygres/toygres/openapi"
	"github.com/toygres/toygres/services/api/server"
)

// found records a finding as the worker does, and returns where it is repaired.
func (a *api) found(kind toygres.DriftKind, id toygres.InstanceID, name string) (path string) {
	a.t.Helper()
	_, _, err := a.store.SettleFindings(a.t.Context(), catalog.Comparison{
		Findings: []toygres.Finding{{Kind: kind, InstanceID: id, InstanceName: name, Message: "it is not as it should be"}}}, time.Now())
	require.NoError(a.t, err)
	list := decode[openapi.DriftList](a.asAdmin().get("/api/drift?kind="+string(kind)), 200)
	require.NotEmpty(a.t, list.Items)
	return "/api/drift/" + list.Items[0].Id.String() + "/repair"
}

func TestDriftIsListedWithWhatToDo(t *testing.T) {
	t.Parallel()
	a := start(t)
	viewer := a.as(a.user("viewer", toygres.RoleViewer))
	require.Empty(t, decode[openapi.DriftList](viewer.get("/api/drift"), 200).Items)
	id := a.running("demo").ID
	a.found(toygres.DriftMissing, id, "demo")
	a.found(toygres.DriftLeftover, id, "demo")
	a.found(toygres.DriftUnknown, toygres.InstanceID(uuid.NewString()), "")
	for _, f := range decode[openapi.DriftList](viewer.get("/api/drift"), 200).Items {
		require.Equal(t, f.Kind == openapi.DriftKindLeftover, f.Repair == openapi.Automatic, f.Kind)
		require.Equal(t, f.Repair == openapi.Manual, f.Command != nil, f.Kind)
		require.Equal(t, f.Kind == openapi.DriftKindUnknownInstance, f.InstanceName == nil, f.Kind)
	}
	first := decode[openapi.DriftList](viewer.get("/api/drift?limit=2"), 200)
	require.Len(t, decode[openapi.DriftList](viewer.get("/api/drift?limit=2&cursor="+*first.NextCursor), 200).Items, 1)
	viewer.get("/api/drift?cursor=nonsense").problem(422, toygres.CodeInvalid)
	viewer.get("/api/drift?kind=nonsense").problem(400, toygres.CodeInvalid)

	viewer.post("/api/drift/check", "").problem(403, toygres.CodeForbidden)
	check := decode[openapi.DriftCheck](a.asAdmin().post("/api/drift/check", ""), 202)
	require.Equal(t, "admin", *check.RequestedBy)
	require.Nil(t, decode[openapi.DriftCheck](viewer.get("/api/drift/checks/"+check.Id.String()), 200).EndedAt)
	viewer.get("/api/drift/checks/"+uuid.NewString()).problem(404, toygres.CodeNotFound)
}

func TestARepairMakesTheProviderAgreeWithTheCatalog(t *testing.T) {
	t.Parallel()
	p := provider(t)
	a := start(t, func(o *server.Options) { o.Provider = p })
	admin := a.asAdmin()
	demo := a.provisioned(p, "demo")
	shows := func(phase toygres.Phase) {
		t.Helper()
		eventually(t, func() bool {
			seen, err := p.Observe(t.Context(), demo.ID)
			require.NoError(t, err)
			return seen.Phase == phase
		}, "it is not "+string(phase))
	}
	shows(toygres.PhaseReady)
	require.NoError(t, p.Stop(t.Context(), demo.ID))
	shows(toygres.PhaseStopped)
	idle := a.found(toygres.DriftNotRunning, demo.ID, "demo")
	a.as(a.user("operator", toygres.RoleOperator)).post(idle, "").problem(403, toygres.CodeForbidden)
	decode[openapi.DriftFinding](admin.post(idle, ""), 202)
	shows(toygres.PhaseReady)

	bigger := demo.Spec.Size()
	bigger.MemoryMiB *= 2
	require.NoError(t, p.Resize(t.Context(), demo.ID, bigger))
	decode[openapi.DriftFinding](admin.post(a.found(toygres.DriftSize, demo.ID, "demo"), ""), 202)
	eventually(t, func() bool {
		seen, err := p.Observe(t.Context(), demo.ID)
		require.NoError(t, err)
		return seen.Size == demo.Spec.Size() && seen.Phase == toygres.PhaseReady
	}, "it has not got its size back")

	admin.post(a.found(toygres.DriftNotStopped, demo.ID, "demo"), "").problem(409, toygres.CodeConflict) // it should run
	problem := admin.post(a.found(toygres.DriftMissing, demo.ID, "demo"), "").problem(409, toygres.CodeConflict)
	require.Contains(t, *problem.Detail, "toygres delete demo --purge")
	admin.post(a.found(toygres.DriftLeftover, demo.ID, "demo"), "").problem(409, toygres.CodeConflict)
	begun, err := a.store.Begin(t.Context(), "demo", toygres.KindStop, a.admin.ID)
	require.NoError(t, err)
	problem = admin.post(idle, "").problem(409, toygres.CodeConflict)
	require.Equal(t, string(begun.Operation.ID), problem.OperationId.String())
	admin.post("/api/drift/"+uuid.NewString()+"/repair", "").problem(404, toygres.CodeNotFound)
}

func TestAnUnknownInstanceIsRemovedOnlyIfItsDataMayGo(t *testing.T) {
	t.Parallel()
	p := provider(t)
	a := start(t, func(o *server.Options) { o.Provider = p })
	admin := a.asAdmin()
	stranger := toygres.InstanceID(uuid.NewString())
	require.NoError(t, p.Provision(t.Context(), stranger, toygres.Spec{Name: "stranger"}.WithDefaults()))
	repair := a.found(toygres.DriftUnknown, stranger, "")
	for _, query := range []string{"", "?remove_data=false"} {
		problem := admin.post(repair+query, "").problem(422, toygres.CodeInvalid)
		require.Equal(t, "remove_data", (*problem.Errors)[0].Field)
	}
	admin.post(repair+"?remove_data=all", "").problem(400, toygres.CodeInvalid)
	left, err := p.List(t.Context())
	require.NoError(t, err)
	require.Len(t, left, 1)
	decode[openapi.DriftFinding](admin.post(repair+"?remove_data=true", ""), 202)
	left, err = p.List(t.Context())
	require.NoError(t, err)
	require.Empty(t, left)

	// What the catalog knows by now is not a stranger.
	demo := a.running("demo")
	admin.post(a.found(toygres.DriftUnknown, demo.ID, "demo")+"?remove_data=true", "").problem(409, toygres.CodeConflict)
}

func TestAWorkflowWithoutAnOperationIsTerminated(t *testing.T) {
	t.Parallel()
	fake := &temporal{}
	a := start(t, fake.option)
	id := a.running("demo").ID
	repair := a.found(toygres.DriftUnknownWorkflow, id, "demo")
	begun, err := a.store.Begin(t.Context(), "demo", toygres.KindDelete, a.admin.ID)
	require.NoError(t, err)
	fake.pending = pending(begun.Operation.ID, enumspb.PENDING_ACTIVITY_STATE_STARTED, time.Time{})
	a.asAdmin().post(repair, "").problem(409, toygres.CodeConflict)
	require.Empty(t, fake.ended())
	fake.pending = pending(toygres.OperationID(uuid.NewString()), enumspb.PENDING_ACTIVITY_STATE_STARTED, time.Time{})
	decode[openapi.DriftFinding](a.asAdmin().post(repair, ""), 202)
	require.Equal(t, []string{fmt.Sprintf("instance/%s", id)}, fake.ended())
}

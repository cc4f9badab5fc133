package server_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/toygres/toygres"
	"github.com/toygres/toygres/openapi"
)

func TestForkIsANewInstanceLikeItsSource(t *testing.T) {
	t.Parallel()
	fake := &temporal{}
	a := start(t, fake.option)
	source := a.running("demo")
	admin := a.asAdmin()
	a.as(a.user("vera", toygres.RoleViewer)).post("/api/instances/demo/fork", `{"name":"copy"}`).problem(403, toygres.CodeForbidden)

	keyed := admin.with("Idempotency-Key", "key")
	operation := decode[openapi.Operation](keyed.post("/api/instances/demo/fork", `{"name":"copy","memory_mib":2048}`), 202)
	require.Equal(t, openapi.Fork, operation.Kind)
	require.Equal(t, "copy", operation.InstanceName)
	require.Equal(t, "copy data", operation.Steps[0].Name)
	fork, err := a.store.Instance(t.Context(), "copy")
	require.NoError(t, err)
	require.Equal(t, source.ID, fork.Spec.Source)
	require.Equal(t, 2048, fork.Spec.MemoryMiB)
	require.Equal(t, source.Spec.StorageGiB, fork.Spec.StorageGiB)
	require.Equal(t, source.Spec.Version, fork.Spec.Version)
	require.Equal(t, toygres.StateCreating, fork.State)
	require.Equal(t, openapi.InstanceStateRunning, decode[openapi.Instance](admin.get("/api/instances/demo"), 200).State, "the source goes on")

	repeated := decode[openapi.Operation](keyed.post("/api/instances/demo/fork", `{"name":"copy","memory_mib":2048}`), 202)
	require.Equal(t, operation.Id, repeated.Id)
	require.Equal(t, 1, fake.starts())
	keyed.post("/api/instances/demo/fork", `{"name":"other"}`).problem(422, toygres.CodeInvalid)
	admin.post("/api/instances/demo/fork", `{"name":"copy"}`).problem(409, toygres.CodeConflict)
	admin.post("/api/instances/copy/fork", `{"name":"third"}`).problem(409, toygres.CodeConflict)
	admin.post("/api/instances/nothing/fork", `{"name":"third"}`).problem(404, toygres.CodeNotFound)
	require.Equal(t, 1, fake.starts())
}

func TestForkThatBreaksARuleIsRefusedBeforeAnythingIsStarted(t *testing.T) {
	t.Parallel()
	fake := &temporal{}
	a := start(t, fake.option)
	a.running("demo")
	for body, want := range map[string][2]string{
		`{"name":"Copy"}`:                 {"name", "dns_1123_label"},
		`{"name":"copy","storage_gib":9}`: {"storage_gib", "min"},
		`{"name":"copy","storage_gib":0}`: {"storage_gib", "range"},
		`{"name":"copy","cpu_millis":1}`:  {"cpu_millis", "range"},
	} {
		problem := a.asAdmin().post("/api/instances/demo/fork", body).problem(422, toygres.CodeInvalid)
		require.Equal(t, want, [2]string{(*problem.Errors)[0].Field, (*problem.Errors)[0].Rule}, body)
	}
	a.asAdmin().post("/api/instances/demo/fork", `{"name":"copy","version":17}`).problem(400, toygres.CodeInvalid)
	require.Zero(t, fake.starts())
}

package server_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/toygres/toygres"
	"github.com/toygres/toygres/openapi"
)

func (c *caller) patch(path, body string) answer {
	c.api.t.Helper()
	return c.do(http.MethodPatch, path, body)
}

func TestResizeRecordsAndStartsAnOperation(t *testing.T) {
	t.Parallel()
	fake := &temporal{}
	a := start(t, fake.option)
	a.running("demo")
	admin := a.asAdmin()
	operation := decode[openapi.Operation](admin.patch("/api/instances/demo", `{"cpu_millis": 2000, "storage_gib": 20}`), 202)
	require.Equal(t, openapi.Resize, operation.Kind)
	require.Equal(t, &openapi.Size{CpuMillis: 2000, MemoryMib: 1024, StorageGib: 20}, operation.Size, "what is left out stays as it is")
	require.Equal(t, 1, fake.starts())
	instance := decode[openapi.Instance](admin.get("/api/instances/demo"), 200)
	require.Equal(t, openapi.InstanceStateUpdating, instance.State)
	require.Equal(t, 1000, instance.CpuMillis, "it has what it has until that is done")

	problem := admin.patch("/api/instances/demo", `{"cpu_millis": 500}`).problem(409, toygres.CodeConflict)
	require.Equal(t, operation.Id, *problem.OperationId)
	admin.delete("/api/instances/demo").problem(409, toygres.CodeConflict)
	admin.patch("/api/instances/nothing", `{"cpu_millis": 500}`).problem(404, toygres.CodeNotFound)
	require.Equal(t, 1, fake.starts())
	require.Nil(t, decode[openapi.OperationList](admin.get("/api/operations?instance=demo&kind=create"), 200).Items[0].Size)
}

func TestResizeWithoutTemporalChangesNothing(t *testing.T) {
	t.Parallel()
	a := start(t)
	a.running("demo")
	a.asAdmin().patch("/api/instances/demo", `{"cpu_millis": 2000}`).problem(503, toygres.CodeUnavailable)
	instance := decode[openapi.Instance](a.asAdmin().get("/api/instances/demo"), 200)
	require.Equal(t, openapi.InstanceStateRunning, instance.State)
	require.Nil(t, instance.OperationId)
}

func TestResizeToWhatItHasChangesNothing(t *testing.T) {
	t.Parallel()
	fake := &temporal{}
	a := start(t, fake.option)
	a.running("demo")
	instance := decode[openapi.Instance](a.asAdmin().patch("/api/instances/demo", `{"cpu_millis": 1000, "memory_mib": 1024}`), 200)
	require.Equal(t, openapi.InstanceStateRunning, instance.State)
	require.Nil(t, instance.OperationId)
	require.Zero(t, fake.starts())
}

func TestResizeThatBreaksARuleIsRefusedBeforeAnythingIsStarted(t *testing.T) {
	t.Parallel()
	fake := &temporal{}
	a := start(t, fake.option)
	a.running("demo")
	for body, want := range map[string]openapi.FieldError{
		`{"storage_gib": 9}`:          {Field: "storage_gib", Rule: "grow"},
		`{"storage_gib": 0}`:          {Field: "storage_gib", Rule: "range"},
		`{"storage_gib": 16385}`:      {Field: "storage_gib", Rule: "range"},
		`{"cpu_millis": 0}`:           {Field: "cpu_millis", Rule: "range"},
		`{"memory_mib": 127}`:         {Field: "memory_mib", Rule: "range"},
		`{"memory_mib": "1 GiB"}`:     {Field: "memory_mib", Rule: "type"},
		`{}`:                          {Field: "body", Rule: "required"},
		`{"cpu_millis": null}`:        {Field: "cpu_millis", Rule: "type"},
		`{"cpu_millis": 1, "more":2}`: {Field: "more", Rule: "unknown"},
	} {
		status := 422
		if want.Rule != "grow" && want.Rule != "range" {
			status = 400 // the contract itself is broken
		}
		problem := a.asAdmin().patch("/api/instances/demo", body).problem(status, toygres.CodeInvalid)
		require.NotEmpty(t, problem.Errors, body)
		got := (*problem.Errors)[0]
		require.NotEmpty(t, got.Message, body)
		got.Message = ""
		require.Equal(t, want, got, body)
	}
	require.Zero(t, fake.starts())
}

func TestMetadataIsChangedAtOnce(t *testing.T) {
	t.Parallel()
	fake := &temporal{}
	a := start(t, fake.option)
	a.running("demo")
	admin := a.asAdmin()
	instance := decode[openapi.Instance](admin.patch("/api/instances/demo",
		`{"display_name": "Orders", "description": "of the shop", "tags": {"team": "db", "old": null}, "deletion_protection": true, "monitored": false}`), 200)
	require.Equal(t, "Orders", *instance.DisplayName)
	require.Equal(t, "of the shop", *instance.Description)
	require.Equal(t, map[string]string{"team": "db"}, instance.Tags)
	require.True(t, instance.DeletionProtection)
	require.False(t, instance.Monitored)
	require.Zero(t, fake.starts())

	problem := admin.delete("/api/instances/demo").problem(409, toygres.CodeConflict)
	require.Contains(t, *problem.Detail, "deletion_protection")
	admin.delete("/api/instances/demo?purge=true").problem(409, toygres.CodeConflict)
	instance = decode[openapi.Instance](admin.patch("/api/instances/demo", `{"deletion_protection": false, "display_name": "", "tags": {"team": null}}`), 200)
	require.Nil(t, instance.DisplayName)
	require.Empty(t, instance.Tags)
	decode[openapi.Operation](admin.delete("/api/instances/demo"), 202)
	admin.patch("/api/instances/demo", `{"description": "too late"}`).problem(409, toygres.CodeConflict)
	admin.patch("/api/instances/nothing", `{"description": "x"}`).problem(404, toygres.CodeNotFound)
}

func TestMetadataThatBreaksARuleIsRefused(t *testing.T) {
	t.Parallel()
	a := start(t)
	a.running("demo")
	for body, want := range map[string]openapi.FieldError{
		`{"tags": {"-": "x"}}`:         {Field: "tags", Rule: "tag_name"},
		`{"tags": {"a": "x\ny"}}`:      {Field: "tags.a", Rule: "printable"},
		`{"display_name": "\u001b[m"}`: {Field: "display_name", Rule: "printable"},
		`{"tags": {"a": 1}}`:           {Field: "tags.a", Rule: "type"},
		`{"monitored": "yes"}`:         {Field: "monitored", Rule: "type"},
		`{"monitored": null}`:          {Field: "monitored", Rule: "type"},
	} {
		status := 422
		if want.Rule == "type" {
			status = 400
		}
		problem := a.asAdmin().patch("/api/instances/demo", body).problem(status, toygres.CodeInvalid)
		got := (*problem.Errors)[0]
		got.Message = ""
		require.Equal(t, want, got, body)
	}
}

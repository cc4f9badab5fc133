package server_test

import (
	"context"
	"net/http"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/toygres/toygres"
	"github.com/toygres/toygres/openapi"
	"github.com/toygres/toygres/providers/providertest"
	"github.com/toygres/toygres/services/api/server"
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

func TestParametersAreCheckedByTheServersOwnRules(t *testing.T) {
	t.Parallel()
	fake, p := &temporal{}, provider(t)
	a := start(t, fake.option, func(o *server.Options) { o.Provider = p })
	instance := a.serving(p, "demo")
	admin := a.asAdmin()
	credentials, err := p.Credentials(t.Context(), instance.ID)
	require.NoError(t, err)
	conn := dial(t, providertest.URL(instance.Endpoint, credentials))
	_, err = conn.Exec(t.Context(), `ALTER SYSTEM SET geqo_effort = 3`)
	require.NoError(t, err)
	_, err = conn.Exec(t.Context(), `SELECT pg_reload_conf()`)
	require.NoError(t, err)
	eventually(t, func() bool {
		var effort string
		require.NoError(t, conn.QueryRow(t.Context(), `SHOW geqo_effort`).Scan(&effort))
		return effort == "3"
	}, "the server does not take up its files")

	for body, want := range map[string]openapi.FieldError{
		`{"parameters": {"no_such_thing": "1"}}`:                   {Field: "parameters.no_such_thing", Rule: "unknown"},
		`{"parameters": {"Work_Mem": "1MB"}}`:                      {Field: "parameters.Work_Mem", Rule: "unknown"},
		`{"parameters": {"work_mem": "1kB"}}`:                      {Field: "parameters.work_mem", Rule: "range"},
		`{"parameters": {"work_mem": "64 parsecs"}}`:               {Field: "parameters.work_mem", Rule: "type"},
		`{"parameters": {"max_connections": "0"}}`:                 {Field: "parameters.max_connections", Rule: "range"},
		`{"parameters": {"wal_level": "most"}}`:                    {Field: "parameters.wal_level", Rule: "one_of"},
		`{"parameters": {"jit": "perhaps"}}`:                       {Field: "parameters.jit", Rule: "type"},
		`{"parameters": {"server_version": "19"}}`:                 {Field: "parameters.server_version", Rule: "read_only"},
		`{"parameters": {"zero_damaged_pages": "on"}}`:             {Field: "parameters.zero_damaged_pages", Rule: "developer"},
		`{"parameters": {"geqo_effort": "4"}}`:                     {Field: "parameters.geqo_effort", Rule: "alter_system"},
		`{"parameters": {"listen_addresses": "*"}}`:                {Field: "parameters.listen_addresses", Rule: "managed"},
		`{"parameters": {"SSL_cert_file": "x"}}`:                   {Field: "parameters.SSL_cert_file", Rule: "managed"},
		`{"parameters": {"work_mem\n= 1\nfsync": "off"}}`:          {Field: "parameters.work_mem\n= 1\nfsync", Rule: "parameter_name"},
		`{"parameters": {"search_path": "x\ny"}}`:                  {Field: "parameters.search_path", Rule: "printable"},
		`{"allowed_cidrs": ["10.0.0.1/8"]}`:                        {Field: "allowed_cidrs", Rule: "cidr"},
		`{"parameters": {"work_mem": "64MB"}, "storage_gib": 1}`:   {Field: "storage_gib", Rule: "grow"},
		`{"parameters": {"work_mem": "64MB"}, "tags": {"-": "x"}}`: {Field: "tags", Rule: "tag_name"},
	} {
		problem := admin.patch("/api/instances/demo", body).problem(422, toygres.CodeInvalid)
		require.Len(t, *problem.Errors, 1, body)
		got := (*problem.Errors)[0]
		require.NotEmpty(t, got.Message, body)
		got.Message = ""
		require.Equal(t, want, got, body)
	}
	require.Zero(t, fake.starts())

	operation := decode[openapi.Operation](admin.patch("/api/instances/demo",
		`{"parameters": {"work_mem": "64MB", "max_connections": "55", "never_set": null}, "allowed_cidrs": ["10.0.0.0/8"], "tags": {"a": "b"}}`), 202)
	require.Equal(t, openapi.Update, operation.Kind)
	require.Equal(t, map[string]string{"work_mem": "64MB", "max_connections": "55"}, *operation.Parameters)
	require.Equal(t, []string{"10.0.0.0/8"}, *operation.AllowedCidrs)
	require.Equal(t, 1, fake.starts())
	now := decode[openapi.Instance](admin.get("/api/instances/demo"), 200)
	require.Empty(t, now.Parameters, "it has what it has until that is done")
	require.Equal(t, map[string]string{"a": "b"}, now.Tags)
}

// dial opens a connection that ends with the test.
func dial(t *testing.T, url string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close(context.Background()) }) // its server may be gone
	return conn
}

func TestAPlanIsCarriedOutOnlyOnTheWorldItWasMadeFor(t *testing.T) {
	t.Parallel()
	fake, p := &temporal{}, provider(t)
	a := start(t, fake.option, func(o *server.Options) { o.Provider = p })
	a.serving(p, "demo")
	admin := a.asAdmin()
	const path, body = "/api/instances/demo", `{"parameters": {"work_mem": "64MB", "max_connections": "55"}, "memory_mib": 1024, "description": "x"}`
	plan := decode[openapi.Plan](admin.patch(path+"?dry_run=true", body), 200)
	to := func(field, value string, takes openapi.Effect) openapi.PlannedChange {
		return openapi.PlannedChange{Field: field, To: &value, Takes: takes}
	}
	require.Equal(t, []openapi.PlannedChange{to("description", "x", openapi.TakesNothing),
		to("parameters.max_connections", "55", openapi.TakesRestart), to("parameters.work_mem", "64MB", openapi.TakesReload)}, plan.Changes)
	require.Equal(t, []string{"configure", "reload", "restart", "wait for ready", "test connection", "record settings"}, plan.Steps)
	require.Equal(t, openapi.TakesRestart, plan.Takes)
	require.Equal(t, plan, decode[openapi.Plan](admin.patch(path+"?dry_run=true", body), 200), "it says the same as long as nothing changes")
	require.Zero(t, fake.starts())
	require.Nil(t, decode[openapi.Instance](admin.get(path), 200).Description)

	// Another request, and another world.
	refused := func(body, because string) {
		t.Helper()
		problem := admin.patch(path+"?plan="+plan.Fingerprint, body).problem(409, toygres.CodeConflict)
		require.Contains(t, *problem.Detail, because)
	}
	refused(`{"parameters": {"work_mem": "65MB"}}`, "other server, request")
	decode[openapi.Instance](admin.patch(path, `{"tags": {"a": "b"}}`), 200)
	refused(body, "other metadata;")
	decode[openapi.Instance](admin.patch(path, `{"tags": {"a": null}}`), 200)
	admin.patch(path+"?plan=nonsense", body).problem(409, toygres.CodeConflict)
	require.Zero(t, fake.starts())
	operation := decode[openapi.Operation](admin.patch(path+"?plan="+plan.Fingerprint, body), 202)
	var steps []string
	for _, step := range operation.Steps {
		steps = append(steps, step.Name)
	}
	require.Equal(t, plan.Steps, steps)
}

func TestParametersOfAnInstanceThatDoesNotRunCanOnlyBeReset(t *testing.T) {
	t.Parallel()
	fake := &temporal{}
	a := start(t, fake.option)
	a.running("demo")
	_, err := dial(t, a.catalog).Exec(t.Context(), `UPDATE instances SET state = 'stopped', parameters = '{"work_mem": "64MB"}'`)
	require.NoError(t, err)
	admin := a.asAdmin()
	list := decode[openapi.ParameterList](admin.get("/api/instances/demo/parameters"), 200)
	require.False(t, list.FromServer)
	require.Equal(t, []openapi.Parameter{{Name: "work_mem", Set: new("64MB")}}, list.Items)
	problem := admin.patch("/api/instances/demo", `{"parameters": {"jit": "off"}}`).problem(409, toygres.CodeConflict)
	require.Contains(t, *problem.Detail, "while it is running")
	plan := decode[openapi.Plan](admin.patch("/api/instances/demo?dry_run=true", `{"parameters": {"work_mem": null}}`), 200)
	require.Equal(t, openapi.TakesNothing, plan.Takes)
	decode[openapi.Operation](admin.patch("/api/instances/demo", `{"parameters": {"work_mem": null}}`), 202)
}

func TestParametersAreShownAsTheServerHasThem(t *testing.T) {
	t.Parallel()
	p := provider(t)
	a := start(t, func(o *server.Options) { o.Provider = p })
	a.serving(p, "demo")
	a.as(a.user("watcher", toygres.RoleViewer)).get("/api/instances/demo/parameters").problem(403, toygres.CodeForbidden)
	list := decode[openapi.ParameterList](a.as(a.user("olga", toygres.RoleOperator)).get("/api/instances/demo/parameters"), 200)
	require.True(t, list.FromServer)
	require.Greater(t, len(list.Items), 300)
	by := map[string]openapi.Parameter{}
	for _, p := range list.Items {
		by[p.Name] = p
	}
	require.Equal(t, openapi.TakesReload, *by["work_mem"].Takes)
	require.Equal(t, "4MB", *by["work_mem"].Default)
	require.Equal(t, openapi.TakesRestart, *by["max_connections"].Takes)
	require.Nil(t, by["port"].Takes)
	require.Contains(t, *by["port"].Fixed, "where the server listens")
	require.Contains(t, *by["wal_level"].OneOf, "logical")
}

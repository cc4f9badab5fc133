package server_test

import (
	"context"
	"fmt"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"

	"github.com/toygres/toygres"
	"github.com/toygres/toygres/internal/catalog"
	"github.com/toygres/toygres/openapi"
	"github.com/toygres/toygres/workflows"
)

func TestCreateRecordsAndStartsAnOperation(t *testing.T) {
	t.Parallel()
	fake := &temporal{}
	a := start(t, fake.option)
	operation := decode[openapi.Operation](a.asAdmin().post("/api/instances", `{"name":"demo","storage_gib":5,"allowed_cidrs":["203.0.113.0/24"]}`), 202)
	require.Equal(t, openapi.Create, operation.Kind)
	require.Len(t, operation.Steps, len(toygres.PlannedSteps(toygres.KindCreate)))
	require.Equal(t, []string{"instance/" + operation.InstanceId.String()}, fake.started)
	require.Equal(t, "http://temporal.test/namespaces/toygres/workflows/instance%2F"+operation.InstanceId.String()+"/run-1", *operation.TemporalUrl)

	instance := decode[openapi.Instance](a.asAdmin().get("/api/instances/demo"), 200)
	require.Equal(t, openapi.InstanceStateCreating, instance.State)
	require.Equal(t, 5, instance.StorageGib)
	require.Equal(t, toygres.DefaultMemoryMiB, instance.MemoryMib)
	require.Equal(t, []string{"203.0.113.0/24"}, instance.AllowedCidrs)
	require.False(t, instance.Public)
	require.Equal(t, operation.Id, *instance.OperationId)
	require.Nil(t, instance.Endpoint)
}

func TestCreateWithoutTemporalLeavesNothing(t *testing.T) {
	t.Parallel()
	a := start(t)
	admin := a.asAdmin().with("Idempotency-Key", "once")
	got := admin.post("/api/instances", `{"name":"demo"}`)
	got.problem(503, toygres.CodeUnavailable)
	require.NotEmpty(t, got.header.Get("Retry-After"))
	admin.get("/api/instances/demo").problem(404, toygres.CodeNotFound)
	require.Empty(t, decode[openapi.OperationList](admin.get("/api/operations"), 200).Items)
	// The key is free again: for another request, on a server whose Temporal answers.
	b := startOn(t, a.catalog, (&temporal{}).option)
	decode[openapi.Operation](b.asAdmin().with("Idempotency-Key", "once").post("/api/instances", `{"name":"other"}`), 202)
}

func TestRepeatedCreateAnswersTheFirstOperation(t *testing.T) {
	t.Parallel()
	fake := &temporal{}
	a := start(t, fake.option)
	admin := a.asAdmin().with("Idempotency-Key", "once")
	first := decode[openapi.Operation](admin.post("/api/instances", `{"name":"demo","version":18}`), 202)
	again := decode[openapi.Operation](admin.post("/api/instances", `{ "version": 18, "name": "demo" }`), 202)
	require.Equal(t, first.Id, again.Id)
	require.Equal(t, 1, fake.starts())

	problem := admin.post("/api/instances", `{"name":"demo2"}`).problem(422, toygres.CodeInvalid)
	require.Equal(t, "Idempotency-Key", (*problem.Errors)[0].Field)
	// Another user's key is another key.
	other := a.as(a.user("other", toygres.RoleOperator)).with("Idempotency-Key", "once")
	other.post("/api/instances", `{"name":"demo"}`).problem(409, toygres.CodeConflict)

	// Also while Temporal is down.
	down := startOn(t, a.catalog)
	replayed := decode[openapi.Operation](down.asAdmin().with("Idempotency-Key", "once").post("/api/instances", `{"name":"demo","version":18}`), 202)
	require.Equal(t, first.Id, replayed.Id)
}

func TestADryRunOfACreateIsRefusedAsTheCreateWouldBeAndMakesNothing(t *testing.T) {
	t.Parallel()
	fake := &temporal{}
	a := start(t, fake.option)
	admin := a.asAdmin().with("Idempotency-Key", "once")
	plan := decode[openapi.InstancePlan](admin.post("/api/instances?dry_run=true", `{"name":"demo","storage_gib":5}`), 200)
	require.Equal(t, []string{"provision", "wait for ready", "test connection", "mark running"}, plan.Steps)
	require.Equal(t, []any{"demo", toygres.DefaultVersion, 5, toygres.DefaultMemoryMiB, openapi.Stock, []string{}},
		[]any{plan.Name, plan.Version, plan.StorageGib, plan.MemoryMib, plan.ImageType, plan.AllowedCidrs})
	require.Empty(t, decode[openapi.InstanceList](admin.get("/api/instances"), 200).Items)
	require.Zero(t, fake.starts())

	broken := `{"name":"De mo","storage_gib":0,"allowed_cidrs":["10.0.0.1/8"],"tags":{"-":"x"},"display_name":"a\u0007"}`
	tried := admin.post("/api/instances?dry_run=true", broken).problem(422, toygres.CodeInvalid)
	var fields []string
	for _, f := range *tried.Errors {
		fields = append(fields, f.Field)
	}
	require.Equal(t, []string{"name", "storage_gib", "allowed_cidrs", "display_name", "tags"}, fields)
	require.Equal(t, *tried.Errors, *admin.post("/api/instances", broken).problem(422, toygres.CodeInvalid).Errors)

	// The key is free: a dry run takes nothing.
	decode[openapi.Operation](admin.post("/api/instances?dry_run=false", `{"name":"demo"}`), 202)
	taken := admin.post("/api/instances?dry_run=true", `{"name":"demo"}`).problem(409, toygres.CodeConflict)
	require.Equal(t, "name", (*taken.Errors)[0].Field)
	a.as(a.user("watcher", toygres.RoleViewer)).post("/api/instances?dry_run=true", `{"name":"other"}`).problem(403, toygres.CodeForbidden)
	limited := a.user("limited", toygres.RoleOperator)
	decode[openapi.User](a.asAdmin().patch("/api/users/limited", `{"quota":{"instances":0}}`), 200)
	a.as(limited).post("/api/instances?dry_run=true", `{"name":"other"}`).problem(403, toygres.CodeForbidden)

	var actions []string
	for _, entry := range a.audit("?action=createInstance") {
		actions = append(actions, entry.Target)
	}
	require.Equal(t, []string{"instances/demo", "instances/De mo"}, actions, "dry runs change nothing, and are not audited")
}

func TestWhatIsSaidOfANewInstanceIsThereFromTheBeginning(t *testing.T) {
	t.Parallel()
	a := start(t, (&temporal{}).option)
	admin := a.asAdmin()
	const said = `"display_name":"Orders","description":"Of the shop","tags":{"team":"shop"},"deletion_protection":true,"monitored":false`
	decode[openapi.Operation](admin.post("/api/instances", `{"name":"orders",`+said+`}`), 202)
	decode[openapi.Batch](admin.post("/api/instances/bulk", `{"instances":[{"name":"many-{1..2}",`+said+`},{"name":"plain"}]}`), 202)
	batches, err := a.store.Batches(t.Context(), "", 1)
	require.NoError(t, err)
	for position := range 3 {
		_, _, err := a.store.BeginItem(t.Context(), batches.Batches[0].ID, position+1, "local")
		require.NoError(t, err)
	}
	for _, name := range []string{"orders", "many-1", "many-2"} {
		i := decode[openapi.Instance](admin.get("/api/instances/"+name), 200)
		require.Equal(t, []any{"Orders", "Of the shop", map[string]string{"team": "shop"}, true, false},
			[]any{*i.DisplayName, *i.Description, i.Tags, i.DeletionProtection, i.Monitored}, name)
	}
	plain := decode[openapi.Instance](admin.get("/api/instances/plain"), 200)
	require.Nil(t, plain.DisplayName)
	require.True(t, plain.Monitored)
	problem := admin.post("/api/instances/bulk", `{"instances":[{"name":"x","tags":{"-":""}}]}`).problem(422, toygres.CodeInvalid)
	require.Equal(t, "instances.0.tags", (*problem.Errors)[0].Field)
}

func TestConcurrentRepeatsCreateOnce(t *testing.T) {
	t.Parallel()
	fake := &temporal{}
	a := start(t, fake.option)
	admin := a.asAdmin().with("Idempotency-Key", "once")
	var all sync.WaitGroup
	answers := make([]answer, 8)
	for i := range answers {
		all.Go(func() { answers[i] = admin.post("/api/instances", `{"name":"demo"}`) })
	}
	all.Wait()
	first := decode[openapi.Operation](answers[0], 202)
	for _, got := range answers {
		require.Equal(t, first.Id, decode[openapi.Operation](got, 202).Id)
	}
	require.Equal(t, 1, fake.starts())
}

func TestNameInUseConflicts(t *testing.T) {
	t.Parallel()
	a := start(t, (&temporal{}).option)
	first := decode[openapi.Operation](a.asAdmin().post("/api/instances", `{"name":"demo"}`), 202)
	problem := a.asAdmin().post("/api/instances", `{"name":"demo"}`).problem(409, toygres.CodeConflict)
	require.Equal(t, first.Id, *problem.OperationId)
	require.Equal(t, "name", (*problem.Errors)[0].Field)
}

func TestTimedOutStartThatRanIsNotTakenBack(t *testing.T) {
	t.Parallel()
	fake := &temporal{}
	a := start(t, fake.option)
	// The workflow began, but the answer got lost.
	fake.start = func(ctx context.Context, o client.StartWorkflowOptions) error {
		id, _ := o.TypedSearchAttributes.GetKeyword(workflows.OperationAttribute)
		require.NoError(t, a.store.StartOperation(ctx, toygres.OperationID(id), "run-1"))
		return serviceerror.NewDeadlineExceeded("too late")
	}
	operation := decode[openapi.Operation](a.asAdmin().post("/api/instances", `{"name":"demo"}`), 202)
	require.Equal(t, openapi.OperationStateRunning, operation.State)
}

func TestDeleteStartsAnOperation(t *testing.T) {
	t.Parallel()
	fake := &temporal{}
	a := start(t, fake.option)
	a.running("demo")
	operation := decode[openapi.Operation](a.asAdmin().delete("/api/instances/demo"), 202)
	require.Equal(t, openapi.Delete, operation.Kind)
	require.Equal(t, openapi.InstanceStateDeleting, decode[openapi.Instance](a.asAdmin().get("/api/instances/demo"), 200).State)
	problem := a.asAdmin().delete("/api/instances/demo").problem(409, toygres.CodeConflict)
	require.Equal(t, operation.Id, *problem.OperationId)
	a.asAdmin().delete("/api/instances/nothing").problem(404, toygres.CodeNotFound)
}

func TestDeleteWithoutTemporalChangesNothing(t *testing.T) {
	t.Parallel()
	a := start(t)
	a.running("demo")
	a.asAdmin().delete("/api/instances/demo").problem(503, toygres.CodeUnavailable)
	instance := decode[openapi.Instance](a.asAdmin().get("/api/instances/demo"), 200)
	require.Equal(t, openapi.InstanceStateRunning, instance.State)
	require.Nil(t, instance.OperationId)
}

func TestDeleteWaitsForTheWorkflowBeforeToClose(t *testing.T) {
	t.Parallel()
	fake := &temporal{}
	closed := false
	fake.start = func(context.Context, client.StartWorkflowOptions) error {
		if !closed {
			return serviceerror.NewWorkflowExecutionAlreadyStarted("running", "request", "run-0")
		}
		return nil
	}
	fake.closed = func(context.Context) error {
		closed = true
		return nil
	}
	a := start(t, fake.option)
	a.running("demo")
	decode[openapi.Operation](a.asAdmin().delete("/api/instances/demo"), 202)
	require.Equal(t, 2, fake.starts())
}

func TestDeleteGivesUpOnAWorkflowThatDoesNotClose(t *testing.T) {
	t.Parallel()
	fake := &temporal{
		start: func(context.Context, client.StartWorkflowOptions) error {
			return serviceerror.NewWorkflowExecutionAlreadyStarted("running", "request", "run-0")
		},
		closed: func(ctx context.Context) error {
			<-ctx.Done()
			return ctx.Err()
		},
	}
	a := start(t, fake.option)
	a.running("demo")
	a.asAdmin().delete("/api/instances/demo").problem(503, toygres.CodeUnavailable)
	require.Equal(t, openapi.InstanceStateRunning, decode[openapi.Instance](a.asAdmin().get("/api/instances/demo"), 200).State)
}

func TestListFiltersSearchesAndPages(t *testing.T) {
	t.Parallel()
	a := start(t)
	for i := range 5 {
		a.running(fmt.Sprintf("shop-%d", i))
	}
	_, err := a.store.BeginCreate(t.Context(), newInstance(a, "blog"))
	require.NoError(t, err)
	admin := a.asAdmin()
	names := func(query url.Values) []string {
		list := decode[openapi.InstanceList](admin.get("/api/instances?"+query.Encode()), 200)
		var names []string
		for _, i := range list.Items {
			names = append(names, i.Name)
		}
		return names
	}
	require.Equal(t, []string{"blog", "shop-4", "shop-3", "shop-2", "shop-1", "shop-0"}, names(nil))
	require.Equal(t, []string{"blog"}, names(url.Values{"state": {"creating", "failed"}}))
	require.Equal(t, []string{"shop-3"}, names(url.Values{"search": {"P-3"}}))
	require.Empty(t, names(url.Values{"search": {"%"}}))
	require.Empty(t, names(url.Values{"version": {"15"}}))

	var seen []string
	query := url.Values{"limit": {"2"}}
	for {
		list := decode[openapi.InstanceList](admin.get("/api/instances?"+query.Encode()), 200)
		for _, i := range list.Items {
			seen = append(seen, i.Name)
		}
		if list.NextCursor == nil {
			break
		}
		query.Set("cursor", *list.NextCursor)
	}
	require.Equal(t, names(nil), seen)
}

func newInstance(a *api, name string) (n catalog.NewInstance) {
	return catalog.NewInstance{Spec: toygres.Spec{Name: name}.WithDefaults(), Owner: a.admin.ID, Provider: "local"}
}

func TestReadsWorkWithoutTemporal(t *testing.T) {
	t.Parallel()
	a := start(t)
	a.running("demo")
	for _, path := range []string{"/api/instances", "/api/instances/demo", "/api/operations", "/api/offer", "/api/instances/demo/events", "/api/me"} {
		require.Equal(t, 200, a.asAdmin().get(path).status, path)
	}
}

func TestOfferIsWhatTheProviderHas(t *testing.T) {
	t.Parallel()
	a := start(t)
	offer := decode[openapi.Offer](a.asAdmin().get("/api/offer"), 200)
	require.Equal(t, "local", offer.Provider)
	require.Equal(t, []int{18}, offer.Versions)
	require.Equal(t, 18, offer.DefaultVersion)
	require.Equal(t, openapi.Range{Min: 1, Max: 16384, Default: 10}, offer.StorageGib)
}

// There is no server yet that could be asked, so what PostgreSQL itself has is
// what can be set.
func TestParametersAreCheckedBeforeAnythingIsMade(t *testing.T) {
	t.Parallel()
	workflows := &temporal{}
	a := start(t, workflows.option)
	c := a.as(a.user("olga", toygres.RoleOperator))
	for _, test := range []struct{ parameters, field, rule string }{
		{`{"work_mem":"lots"}`, "parameters.work_mem", "type"},
		{`{"max_connections":"0"}`, "parameters.max_connections", "range"},
		{`{"wal_level":"most"}`, "parameters.wal_level", "one_of"},
		{`{"pg_stat_statements.max":"100"}`, "parameters.pg_stat_statements.max", "unknown"},
		{`{"Work_Mem":"64MB"}`, "parameters.Work_Mem", "unknown"},
		{`{"port":"1"}`, "parameters.port", "managed"},
		{`{"block_size":"8192"}`, "parameters.block_size", "read_only"},
		{`{"zero_damaged_pages":"on"}`, "parameters.zero_damaged_pages", "developer"},
		{`{"work_mem":null}`, "parameters.work_mem", "type"},
	} {
		for path, body := range map[string]string{
			"":      `{"name":"demo","parameters":` + test.parameters + `}`,
			"/bulk": `{"instances":[{"name":"load-{1..3}","parameters":` + test.parameters + `}]}`,
		} {
			answer := c.post("/api/instances"+path, body)
			fields := *answer.problem(answer.status, toygres.CodeInvalid).Errors
			require.Equal(t, test.rule, fields[0].Rule, body)
			require.Equal(t, strings.TrimPrefix(fields[0].Field, "instances.0."), test.field, body)
		}
	}
	require.Zero(t, workflows.starts())
	require.Equal(t, 422, c.post("/api/instances", `{"name":"old","version":17,"parameters":{"io_method":"sync"}}`).status, "which came with 18")

	decode[openapi.Operation](c.post("/api/instances", `{"name":"demo","parameters":{"work_mem":"64MB","max_connections":"200"}}`), 202)
	require.Equal(t, map[string]string{"work_mem": "64MB", "max_connections": "200"}, decode[openapi.Instance](c.get("/api/instances/demo"), 200).Parameters)
	decode[openapi.Batch](c.post("/api/instances/bulk", `{"instances":[{"name":"load-{1..3}","parameters":{"jit":"off"}}]}`), 202)
	require.Equal(t, 2, workflows.starts())
}

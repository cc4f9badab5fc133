package server_test

import (
	"context"
	"fmt"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"

	"github.com/toygres/toygres"
	"github.com/toygres/toygres/openapi"
)

func TestABatchIsRecordedStartedAndListed(t *testing.T) {
	t.Parallel()
	workflows := &temporal{}
	a := start(t, workflows.option)
	c := a.as(a.user("olga", toygres.RoleOperator))
	b := decode[openapi.Batch](c.post("/api/instances/bulk", `{"instances":[{"name":"load-{08..11}","cpu_millis":500},{"name":"other"}]}`), http.StatusAccepted)
	require.Equal(t, openapi.BatchCounts{Total: 5, Waiting: 5}, b.Counts)
	require.Equal(t, openapi.Create, b.Kind)
	require.Equal(t, []string{"batch/" + b.Id.String()}, workflows.started)

	page := decode[openapi.Batch](c.get("/api/batches/"+b.Id.String()+"?limit=4"), http.StatusOK)
	require.Len(t, *page.Items, 4)
	require.Equal(t, "load-08", (*page.Items)[0].Name)
	rest := decode[openapi.Batch](c.get("/api/batches/"+b.Id.String()+"?limit=4&cursor="+*page.NextCursor), http.StatusOK)
	require.Equal(t, []openapi.BatchItem{{Position: 5, Name: "other", State: openapi.BatchItemStateWaiting}}, *rest.Items)
	require.Nil(t, rest.NextCursor)
	none := decode[openapi.Batch](c.get("/api/batches/"+b.Id.String()+"?state=failed"), http.StatusOK)
	require.Empty(t, *none.Items)

	second := decode[openapi.Batch](c.post("/api/instances/bulk", `{"instances":[{"name":"more"}]}`), http.StatusAccepted)
	list := decode[openapi.BatchList](c.get("/api/batches?limit=1"), http.StatusOK)
	require.Equal(t, second.Id, list.Items[0].Id)
	list = decode[openapi.BatchList](c.get("/api/batches?limit=1&cursor="+*list.NextCursor), http.StatusOK)
	require.Equal(t, b.Id, list.Items[0].Id)
	require.Nil(t, list.NextCursor)

	cancelled := decode[openapi.Batch](c.post("/api/batches/"+b.Id.String()+"/cancel", ""), http.StatusAccepted)
	require.True(t, cancelled.CancelAsked)
	require.Equal(t, []string{"batch/" + b.Id.String() + "/"}, workflows.cancelled)
	c.get("/api/batches/0192d3c4-0000-7000-8000-000000000000").problem(http.StatusNotFound, toygres.CodeNotFound)
}

func TestBadBatchesAreRefusedBeforeAnythingIsRecorded(t *testing.T) {
	t.Parallel()
	workflows := &temporal{}
	a := start(t, workflows.option)
	c := a.as(a.user("olga", toygres.RoleOperator))
	for _, test := range []struct{ path, body, field, rule string }{
		{"", `{"instances":[]}`, "instances", "min_items"},
		{"", `{"instances":[{"name":"a"},{"name":"b","cpu_millis":0}]}`, "instances.1.cpu_millis", "range"},
		{"", `{"instances":[{"name":"a","color":"red"}]}`, "instances.0.color", "unknown"},
		{"", `{"instances":[{"name":"a{1..300}"},{"name":"b{1..300}"}]}`, "instances.1.name", "max_items"},
		{"", `{"instances":[{"name":"a{1..501}"}]}`, "instances.0.name", "max_items"},
		{"", `{"instances":[{"name":"a{1..3}"},{"name":"a2"}]}`, "instances.1.name", "unique"},
		{"", `{"instances":[{"name":"a{1..b}"}]}`, "instances.0.name", "pattern"},
		{"/delete", `{}`, "names", "one_of"},
		{"/delete", `{"names":["a"],"match":"a*"}`, "names", "one_of"},
		{"/delete", `{"names":["a"],"state":["failed"]}`, "state", "one_of"},
		{"/delete", `{"names":["a","a"]}`, "names.1", "unique"},
		{"/delete", `{"match":"nothing-*"}`, "match", "matches"},
	} {
		answer := c.post("/api/instances/bulk"+test.path, test.body)
		require.Contains(t, []int{http.StatusBadRequest, http.StatusUnprocessableEntity}, answer.status, test.body)
		fields := *answer.problem(answer.status, toygres.CodeInvalid).Errors
		require.Equal(t, test.field, fields[0].Field, test.body)
		require.Equal(t, test.rule, fields[0].Rule, test.body)
	}
	require.Zero(t, workflows.starts())
	require.Empty(t, decode[openapi.BatchList](c.get("/api/batches"), http.StatusOK).Items)
}

func TestARepeatedBatchStartsNothingTwice(t *testing.T) {
	t.Parallel()
	workflows := &temporal{}
	a := start(t, workflows.option)
	c := a.as(a.user("olga", toygres.RoleOperator))
	a.running("load-1")
	a.running("load-2")
	a.running("other")
	c.header.Set("Idempotency-Key", "k")
	first := decode[openapi.Batch](c.post("/api/instances/bulk/delete", `{"match":"load-*"}`), http.StatusAccepted)
	require.Equal(t, 2, first.Counts.Total)
	a.running("load-3") // would match now
	again := decode[openapi.Batch](c.post("/api/instances/bulk/delete", `{"match":"load-*"}`), http.StatusAccepted)
	require.Equal(t, first.Id, again.Id)
	require.Equal(t, 2, again.Counts.Total)
	require.Equal(t, 1, workflows.starts())
	c.post("/api/instances/bulk/delete", `{"match":"other"}`).problem(http.StatusUnprocessableEntity, toygres.CodeInvalid)
}

func TestABatchThatTemporalDoesNotTakeIsTakenBack(t *testing.T) {
	t.Parallel()
	workflows := &temporal{start: func(context.Context, client.StartWorkflowOptions) error {
		return serviceerror.NewUnavailable("down")
	}}
	a := start(t, workflows.option)
	c := a.as(a.user("olga", toygres.RoleOperator))
	c.header.Set("Idempotency-Key", "k")
	const body = `{"instances":[{"name":"a{1..500}"}]}`
	c.post("/api/instances/bulk", body).problem(http.StatusServiceUnavailable, toygres.CodeUnavailable)
	require.Empty(t, decode[openapi.BatchList](c.get("/api/batches"), http.StatusOK).Items)

	workflows.start = nil
	b := decode[openapi.Batch](c.post("/api/instances/bulk", body), http.StatusAccepted)
	require.Equal(t, 500, b.Counts.Total, fmt.Sprint("the same key may be used again: ", b.Id))
}

func TestARetryOfABatchIsStartedOnceHoweverOftenItIsAskedFor(t *testing.T) {
	t.Parallel()
	workflows := &temporal{}
	a := start(t, workflows.option)
	c := a.as(a.user("olga", toygres.RoleOperator))
	first := decode[openapi.Batch](c.post("/api/instances/bulk", `{"instances":[{"name":"load-{1..3}"}]}`), http.StatusAccepted)
	path := "/api/batches/" + first.Id.String()
	c.post(path+"/retry", "").problem(http.StatusConflict, toygres.CodeConflict)
	require.NoError(t, a.store.FinishBatch(t.Context(), toygres.BatchID(first.Id.String()), toygres.CodeInternal, "its workflow was ended"))

	workflows.start = func(context.Context, client.StartWorkflowOptions) error { return serviceerror.NewUnavailable("down") }
	c.post(path+"/retry", "").problem(http.StatusServiceUnavailable, toygres.CodeUnavailable)
	require.Nil(t, decode[openapi.Batch](c.get(path), http.StatusOK).RetriedBy, "it is taken back")

	workflows.start = nil
	again := decode[openapi.Batch](c.post(path+"/retry", ""), http.StatusAccepted)
	require.Equal(t, first.Id, *again.RetryOf)
	require.Equal(t, openapi.BatchCounts{Total: 3, Waiting: 3}, again.Counts)
	starts := workflows.starts()
	require.Equal(t, again.Id, decode[openapi.Batch](c.post(path+"/retry", ""), http.StatusAccepted).Id)
	require.Equal(t, starts, workflows.starts())
	require.Equal(t, again.Id, *decode[openapi.Batch](c.get(path), http.StatusOK).RetriedBy)
	c.post("/api/batches/0192d3c4-0000-7000-8000-000000000000/retry", "").problem(http.StatusNotFound, toygres.CodeNotFound)
}

func TestADryRunOfManySaysOfEachNameWhatItsCreateWouldBeRefusedForAndMakesNothing(t *testing.T) {
	t.Parallel()
	workflows := &temporal{}
	a := start(t, workflows.option)
	c := a.as(a.user("olga", toygres.RoleOperator)).with("Idempotency-Key", "once")
	a.running("load-2")
	decode[openapi.User](a.asAdmin().patch("/api/users/olga", `{"quota":{"instances":3,"storage_gib":100}}`), http.StatusOK)
	const body = `{"instances":[{"name":"load-{1..3}","storage_gib":5},{"name":"postgres"},{"name":"big","storage_gib":500},{"name":"more-{1..2}","storage_gib":5}]}`
	plan := decode[openapi.BatchPlan](c.post("/api/instances/bulk?dry_run=true", body), http.StatusOK)
	require.Equal(t, 7, plan.Total)
	require.Len(t, plan.Instances, 4)
	require.Equal(t, "load-{1..3}", plan.Instances[0].Name)
	require.Equal(t, 5, plan.Instances[0].StorageGib)
	require.Equal(t, []string{"provision", "wait for ready", "test connection", "mark running"}, plan.Instances[0].Steps)
	type refusal struct {
		position int
		name     string
		code     openapi.ErrorCode
	}
	var refused []refusal
	for _, item := range plan.Refused {
		refused = append(refused, refusal{item.Position, item.Name, *item.ErrorCode})
	}
	require.Equal(t, []refusal{{2, "load-2", openapi.ErrorCodeConflict}, {4, "postgres", openapi.ErrorCodeInvalid},
		{5, "big", openapi.ErrorCodeForbidden}, {7, "more-2", openapi.ErrorCodeForbidden}}, refused)
	require.Contains(t, *plan.Refused[0].Error, `there is an instance "load-2" already`)
	require.Empty(t, decode[openapi.BatchList](c.get("/api/batches"), http.StatusOK).Items)
	require.Zero(t, workflows.starts())
	require.Empty(t, a.audit("?action=createInstances"))

	field := (*c.post("/api/instances/bulk?dry_run=true", `{"instances":[{"name":"a","cpu_millis":0}]}`).problem(http.StatusUnprocessableEntity, toygres.CodeInvalid).Errors)[0].Field
	require.Equal(t, "instances.0.cpu_millis", field)
	a.as(a.user("watcher", toygres.RoleViewer)).post("/api/instances/bulk?dry_run=true", body).problem(http.StatusForbidden, toygres.CodeForbidden)

	// The key is free, and what was foretold comes true.
	b := decode[openapi.Batch](c.post("/api/instances/bulk", body), http.StatusAccepted)
	for position := 1; position <= b.Counts.Total; position++ {
		_, _, err := a.store.BeginItem(t.Context(), toygres.BatchID(b.Id.String()), position, "local")
		require.NoError(t, err)
	}
	require.Equal(t, plan.Refused, *decode[openapi.Batch](c.get("/api/batches/"+b.Id.String()+"?state=failed"), http.StatusOK).Items)
}

package server_test

import (
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"go.temporal.io/api/serviceerror"

	"github.com/toygres/toygres"
	"github.com/toygres/toygres/openapi"
)

func TestOperationsAreListedAndFiltered(t *testing.T) {
	t.Parallel()
	a := start(t, (&temporal{}).option)
	a.running("shop")
	a.running("blog")
	deleting := decode[openapi.Operation](a.asAdmin().delete("/api/instances/blog"), 202)
	count := func(query string) int {
		return len(decode[openapi.OperationList](a.asAdmin().get("/api/operations?"+query), 200).Items)
	}
	require.Equal(t, 3, count(""))
	require.Equal(t, 2, count("instance=blog"))
	require.Equal(t, 0, count("instance=nothing"))
	require.Equal(t, 2, count("kind=create"))
	require.Equal(t, 1, count("state=pending&state=running"))
	require.Equal(t, 1, count("limit=1"))
	require.Equal(t, 3, count("since=2020-01-01T00:00:00Z"))
	require.Equal(t, 0, count("until=2020-01-01T00:00:00Z"))
	a.asAdmin().get("/api/operations?since=yesterday").problem(400, toygres.CodeInvalid)
	got := decode[openapi.Operation](a.asAdmin().get("/api/operations/"+deleting.Id.String()), 200)
	require.Equal(t, "blog", got.InstanceName)
	a.asAdmin().get("/api/operations/"+uuid.NewString()).problem(404, toygres.CodeNotFound)
}

func TestCancelReachesTheWorkflow(t *testing.T) {
	t.Parallel()
	fake := &temporal{}
	a := start(t, fake.option)
	operation := decode[openapi.Operation](a.asAdmin().post("/api/instances", `{"name":"demo"}`), 202)
	require.NoError(t, a.store.StartOperation(t.Context(), toygres.OperationID(operation.Id.String()), "run-1"))
	path := "/api/operations/" + operation.Id.String() + "/cancel"
	cancelled := decode[openapi.Operation](a.asAdmin().post(path, ""), 202)
	require.True(t, cancelled.CancelAsked)
	require.Equal(t, []string{"instance/" + operation.InstanceId.String() + "/run-1"}, fake.cancelled)
	decode[openapi.Operation](a.asAdmin().post(path, ""), 202) // asking twice is no mistake

	// What Temporal has forgotten is ended by the worker, who finds the wish.
	fake.cancel = func(string, string) error { return serviceerror.NewNotFound("gone") }
	require.True(t, decode[openapi.Operation](a.asAdmin().post(path, ""), 202).CancelAsked)
	fake.cancel = func(string, string) error { return serviceerror.NewUnavailable("down") }
	a.asAdmin().post(path, "").problem(503, toygres.CodeUnavailable)
	fake.cancel = func(string, string) error { // it has ended at this very moment
		a.failed(operation.Id, toygres.StateFailed)
		return serviceerror.NewNotFound("gone")
	}
	a.asAdmin().post(path, "").problem(409, toygres.CodeConflict)
}

func TestWhatIsOverOrSimpleCannotBeCancelled(t *testing.T) {
	t.Parallel()
	a := start(t, (&temporal{}).option)
	a.running("demo")
	list := decode[openapi.OperationList](a.asAdmin().get("/api/operations?kind=create"), 200)
	a.asAdmin().post("/api/operations/"+list.Items[0].Id.String()+"/cancel", "").problem(409, toygres.CodeConflict)

	begun, err := a.store.Begin(t.Context(), "demo", toygres.KindStop, a.admin.ID)
	require.NoError(t, err)
	a.asAdmin().post("/api/operations/"+string(begun.Operation.ID)+"/cancel", "").problem(409, toygres.CodeConflict)
	a.asAdmin().post("/api/operations/"+uuid.NewString()+"/cancel", "").problem(404, toygres.CodeNotFound)
}

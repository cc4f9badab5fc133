package server_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"

	"github.com/toygres/toygres"
	"github.com/toygres/toygres/openapi"
)

// failed ends an instance's operation in progress as the worker does when it
// gives up.
func (a *api) failed(id uuid.UUID, state toygres.State) {
	a.t.Helper()
	require.NoError(a.t, a.store.FinishOperation(a.t.Context(), toygres.Outcome{Operation: toygres.OperationID(id.String()),
		State: toygres.OperationFailed, InstanceState: state, Code: toygres.CodeProvider, Message: "no port is free"}))
}

func TestRetryStartsANewOperation(t *testing.T) {
	t.Parallel()
	fake := &temporal{}
	a := start(t, fake.option)
	admin := a.asAdmin()
	first := decode[openapi.Operation](admin.post("/api/instances", `{"name":"demo"}`), 202)
	retry := "/api/operations/" + first.Id.String() + "/retry"
	admin.post(retry, "").problem(409, toygres.CodeConflict)
	a.failed(first.Id, toygres.StateFailed)

	fake.start = func(context.Context, client.StartWorkflowOptions) error { return serviceerror.NewUnavailable("down") }
	admin.post(retry, "").problem(503, toygres.CodeUnavailable)
	require.Equal(t, openapi.InstanceStateFailed, decode[openapi.Instance](admin.get("/api/instances/demo"), 200).State, "taken back")
	fake.start = nil

	a.as(a.user("viewer", toygres.RoleViewer)).post(retry, "").problem(403, toygres.CodeForbidden)
	again := decode[openapi.Operation](admin.post(retry, ""), 202)
	require.Equal(t, first.Id, *again.RetryOf)
	require.Equal(t, first.InstanceId, again.InstanceId)
	require.Equal(t, openapi.InstanceStateCreating, decode[openapi.Instance](admin.get("/api/instances/demo"), 200).State)
	require.Equal(t, 3, fake.starts())
	problem := admin.post(retry, "").problem(409, toygres.CodeConflict)
	require.Equal(t, again.Id, *problem.OperationId)
	admin.post("/api/operations/"+uuid.NewString()+"/retry", "").problem(404, toygres.CodeNotFound)
}

func TestRetriedStartAsksTheProviderAgain(t *testing.T) {
	t.Parallel()
	a := start(t)
	a.running("demo") // which the provider knows nothing of
	begun, err := a.store.Begin(t.Context(), "demo", toygres.KindStop, a.admin.ID)
	require.NoError(t, err)
	a.failed(uuid.MustParse(string(begun.Operation.ID)), "")
	a.asAdmin().post("/api/operations/"+string(begun.Operation.ID)+"/retry", "").problem(502, toygres.CodeProvider)
	require.Equal(t, openapi.InstanceStateRunning, decode[openapi.Instance](a.asAdmin().get("/api/instances/demo"), 200).State, "taken back")
}

func TestRetryNowNeedsAStepThatWaits(t *testing.T) {
	t.Parallel()
	fake := &temporal{}
	a := start(t, fake.option)
	admin := a.asAdmin()
	operation := decode[openapi.Operation](admin.post("/api/instances", `{"name":"demo"}`), 202)
	now := "/api/operations/" + operation.Id.String() + "/retry-now"

	fake.pending = pending(toygres.OperationID(operation.Id.String()), enumspb.PENDING_ACTIVITY_STATE_STARTED, time.Time{})
	admin.post(now, "").problem(409, toygres.CodeConflict)
	fake.pending = pending(toygres.OperationID(operation.Id.String()), enumspb.PENDING_ACTIVITY_STATE_SCHEDULED, time.Now().Add(time.Minute))
	decode[openapi.Operation](admin.post(now, ""), 202)
	require.Equal(t, []string{"5"}, fake.reset)

	// Another operation's workflow is left alone.
	fake.pending = pending("another", enumspb.PENDING_ACTIVITY_STATE_SCHEDULED, time.Now().Add(time.Minute))
	admin.post(now, "").problem(409, toygres.CodeConflict)
	fake.pending = nil // Temporal knows nothing of it
	admin.post(now, "").problem(409, toygres.CodeConflict)
	require.Len(t, fake.reset, 1)

	a.failed(operation.Id, toygres.StateFailed)
	admin.post(now, "").problem(409, toygres.CodeConflict)
}

// The worker has told when it calls the provider again; nobody has to wait.
func TestRetryNowRepeatsTheCallToTheProvider(t *testing.T) {
	t.Parallel()
	a := start(t)
	i := a.running("demo")
	begun, err := a.store.Begin(t.Context(), "demo", toygres.KindStop, a.admin.ID)
	require.NoError(t, err)
	now := "/api/operations/" + string(begun.Operation.ID) + "/retry-now"
	a.asAdmin().post(now, "").problem(409, toygres.CodeConflict)
	require.NoError(t, a.store.StepFailed(t.Context(), begun.Operation.ID, toygres.StepStop, 1, "it is busy", time.Now().Add(time.Minute)))
	require.NoError(t, a.store.StepFailed(t.Context(), begun.Operation.ID, toygres.StepStop, 2, "it is still busy", time.Now().Add(time.Minute)))
	steps := decode[openapi.Operation](a.asAdmin().get("/api/operations/"+string(begun.Operation.ID)), 200).Steps
	require.NotNil(t, steps[0].Failures, "those before the last are kept too")
	var failures []string
	for _, f := range *steps[0].Failures {
		failures = append(failures, fmt.Sprint(f.Attempt, " ", f.Error))
	}
	require.Equal(t, []string{"1 it is busy", "2 it is still busy"}, failures)
	a.asAdmin().post(now, "").problem(502, toygres.CodeProvider) // it was called: it knows nothing of the instance
	require.NotEmpty(t, i.ID)
}

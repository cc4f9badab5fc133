package stack

import (
	"net/http"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/toygres/toygres/dev/kubernetestest"
	"github.com/toygres/toygres/dev/stacktest"
	"github.com/toygres/toygres/openapi"
)

// patience is how long any one thing may take on a busy machine.
const patience = 2 * time.Minute

func newStack(t *testing.T, environment ...string) *stacktest.Stack {
	t.Helper()
	return stacktest.New(t, stacktest.OnKubernetes(kubernetestest.Cluster(t).Kubeconfig), stacktest.WithEnvironment(environment...))
}

// small is an instance for which also a small node has room.
func small(name string) openapi.CreateInstanceJSONRequestBody {
	cpu, memory := 500, 256
	return openapi.CreateInstanceJSONRequestBody{Name: name, CpuMillis: &cpu, MemoryMib: &memory}
}

func create(t *testing.T, stack *stacktest.Stack, request openapi.CreateInstanceJSONRequestBody) openapi.Operation {
	t.Helper()
	response, err := stack.Client.CreateInstanceWithResponse(t.Context(), nil, request)
	require.NoError(t, err)
	require.Equal(t, http.StatusAccepted, response.StatusCode(), "%s", response.Body)
	return *response.JSON202
}

func remove(t *testing.T, stack *stacktest.Stack, name string) {
	t.Helper()
	purge := true
	response, err := stack.Client.DeleteInstanceWithResponse(t.Context(), name, &openapi.DeleteInstanceParams{Purge: &purge})
	require.NoError(t, err)
	require.Equal(t, http.StatusAccepted, response.StatusCode(), "%s", response.Body)
	require.Equal(t, openapi.OperationStateSucceeded, stack.MustAwait(t, response.JSON202.Id).State)
}

func instance(t *testing.T, stack *stacktest.Stack, name string) openapi.Instance {
	t.Helper()
	response, err := stack.Client.GetInstanceWithResponse(t.Context(), name)
	require.NoError(t, err)
	require.NotNil(t, response.JSON200, "%s", response.Body)
	return *response.JSON200
}

// awaitStep waits until one of the operation's steps is as is says.
func awaitStep(t *testing.T, stack *stacktest.Stack, id uuid.UUID, what string, is func(openapi.Step) bool) {
	t.Helper()
	require.Eventually(t, func() bool {
		response, err := stack.Client.GetOperationWithResponse(t.Context(), id)
		require.NoError(t, err)
		require.NotNil(t, response.JSON200, "%s", response.Body)
		require.Nil(t, response.JSON200.EndedAt, "it was over before %s", what)
		for _, step := range response.JSON200.Steps {
			if is(step) {
				return true
			}
		}
		return false
	}, patience, 20*time.Millisecond, what)
}

// requireNothingLeft shows that the cluster has no object of the instance.
func requireNothingLeft(t *testing.T, stack *stacktest.Stack, id uuid.UUID) {
	t.Helper()
	require.Empty(t, kubernetestest.Cluster(t).Objects(t, stack.Namespace)[id.String()])
}

func awaitState(t *testing.T, stack *stacktest.Stack, name string, state openapi.InstanceState) {
	t.Helper()
	require.Eventually(t, func() bool { return instance(t, stack, name).State == state }, patience, 50*time.Millisecond, "%s is %s", name, state)
}

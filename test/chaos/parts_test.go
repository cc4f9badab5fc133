package chaos

import (
	"fmt"
	"net/http"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/toygres/toygres"
	"github.com/toygres/toygres/dev/kubernetestest"
	"github.com/toygres/toygres/dev/stacktest"
	"github.com/toygres/toygres/openapi"
)

// A change is one durable operation, asked for as a user would. It leaves the
// instance kept as it was, or has none of its own left.
type change struct {
	kind   toygres.Kind
	before func(t *testing.T, stack *stacktest.Stack, name string) // makes what it is asked of; nil: it is asked of the instance kept
	ask    func(t *testing.T, stack *stacktest.Stack, name string) openapi.Operation
	after  func(t *testing.T, stack *stacktest.Stack, name string) // sees that it was done

	// worker says that it has no test of its own in which the worker is killed.
	worker bool
}

const kept = "kept"

var changes = []change{
	{kind: toygres.KindCreate, before: nothing, ask: create, after: worksAndGoes},
	{kind: toygres.KindDelete, before: exists, ask: startRemoval, after: requireGone},
	{kind: toygres.KindResize, ask: func(t *testing.T, stack *stacktest.Stack, name string) openapi.Operation {
		memory := 256
		if memoryOf(t, stack, name) == memory {
			memory = 384
		}
		return resize(t, stack, name, openapi.UpdateInstanceRequest{MemoryMib: &memory})
	}, after: func(t *testing.T, stack *stacktest.Stack, name string) {
		requireSize(t, stack, name, memoryOf(t, stack, name), toygres.DefaultStorageGiB)
	}},
	{kind: toygres.KindTrash, ask: softDelete, after: func(t *testing.T, stack *stacktest.Stack, name string) {
		require.Equal(t, openapi.InstanceStateTrashed, stateOf(t, stack, name))
		undelete(t, stack, name)
	}},
	{kind: toygres.KindUpdate, worker: true, ask: func(t *testing.T, stack *stacktest.Stack, name string) openapi.Operation {
		// Which only takes effect when the server starts, so that all steps are taken.
		connections := "60"
		if parametersOf(t, stack, name)[connectionsParameter] == connections {
			connections = "50"
		}
		return resize(t, stack, name, openapi.UpdateInstanceRequest{Parameters: &map[string]*string{connectionsParameter: &connections}})
	}, after: func(t *testing.T, stack *stacktest.Stack, name string) {
		require.Equal(t, parametersOf(t, stack, name)[connectionsParameter], stack.Query(t, name, "SHOW "+connectionsParameter))
	}},
	{kind: toygres.KindRotate, ask: func(t *testing.T, stack *stacktest.Stack, name string) openapi.Operation {
		response := accepted(t, func() (*openapi.RotatePasswordResponse, error) {
			return stack.Client.RotatePasswordWithResponse(t.Context(), name)
		})
		require.Equal(t, http.StatusAccepted, response.StatusCode(), "%s", response.Body)
		return *response.JSON202
	}, after: func(t *testing.T, stack *stacktest.Stack, name string) {
		require.Equal(t, "1", stack.Query(t, name, "SELECT 1"))
	}},
	{kind: toygres.KindFork, worker: true, before: nothing, ask: func(t *testing.T, stack *stacktest.Stack, name string) openapi.Operation {
		response := accepted(t, func() (*openapi.ForkInstanceResponse, error) {
			return stack.Client.ForkInstanceWithResponse(t.Context(), kept, nil, openapi.ForkInstanceJSONRequestBody{Name: name})
		})
		require.Equal(t, http.StatusAccepted, response.StatusCode(), "%s", response.Body)
		return *response.JSON202
	}, after: worksAndGoes},
}

// The catalog is told that the server is an older release, as if a newer one had
// been installed since. Where images decide that, those of the tests can't.
var upgrade = change{kind: toygres.KindUpgrade, ask: func(t *testing.T, stack *stacktest.Stack, name string) openapi.Operation {
	conn := connect(t, stack.CatalogURL)
	response := accepted(t, func() (*openapi.UpgradeInstanceResponse, error) {
		// The monitor would put that right before long.
		_, err := conn.Exec(t.Context(), `UPDATE instances SET server_version = version || '.0' WHERE name = $1 AND state = 'running'`, name)
		if err != nil {
			return nil, err
		}
		return stack.Client.UpgradeInstanceWithResponse(t.Context(), name)
	})
	require.Equal(t, http.StatusAccepted, response.StatusCode(), "%s", response.Body)
	return *response.JSON202
}, after: func(t *testing.T, stack *stacktest.Stack, name string) {
	instance, err := stack.Client.GetInstanceWithResponse(t.Context(), name)
	require.NoError(t, err)
	require.Equal(t, stack.Query(t, name, "SHOW server_version"), *instance.JSON200.ServerVersion)
}}

const connectionsParameter = "max_connections"

func parametersOf(t *testing.T, stack *stacktest.Stack, name string) map[string]string {
	t.Helper()
	instance, err := stack.Client.GetInstanceWithResponse(t.Context(), name)
	require.NoError(t, err)
	require.NotNil(t, instance.JSON200, "%s", instance.Body)
	return instance.JSON200.Parameters
}

func worksAndGoes(t *testing.T, stack *stacktest.Stack, name string) {
	t.Helper()
	require.Equal(t, "1", stack.Query(t, name, "SELECT 1"))
	require.Equal(t, openapi.OperationStateSucceeded, remove(t, stack, name).State)
}

func memoryOf(t *testing.T, stack *stacktest.Stack, name string) int {
	t.Helper()
	instance, err := stack.Client.GetInstanceWithResponse(t.Context(), name)
	require.NoError(t, err)
	require.NotNil(t, instance.JSON200, "%s", instance.Body)
	return instance.JSON200.MemoryMib
}

func nothing(*testing.T, *stacktest.Stack, string) {}

func exists(t *testing.T, stack *stacktest.Stack, name string) {
	t.Helper()
	require.Equal(t, openapi.OperationStateSucceeded, stack.MustAwait(t, create(t, stack, name).Id).State)
}

func TestAnyPartKilledAtAnyStepOfAnyOperationIsNotNoticedInTheEnd(t *testing.T) {
	if onKubernetes() {
		t.Skip("these parts do not know where instances are")
	}
	t.Parallel() // its parts would keep all others waiting
	for _, part := range []string{"api", "temporal", "catalog"} {
		t.Run(part, func(t *testing.T) {
			stack := newStack(t)
			survive(t, stack, append(slices.Clone(changes), upgrade), func(t *testing.T) { killPart(t, stack, part) })
			requireNoOrphans(t, stack)
		})
	}
}

// The other operations have tests of their own, which say more about what a
// killed worker leaves.
func TestTheWorkerKilledAtAnyStepOfAnyOtherOperationIsNotNoticedInTheEnd(t *testing.T) {
	others := slices.DeleteFunc(slices.Clone(changes), func(c change) bool { return !c.worker })
	if !onKubernetes() {
		others = append(others, upgrade)
	}
	stack := newStack(t)
	survive(t, stack, others, func(t *testing.T) { killWorker(t, stack) })
	requireNoOrphans(t, stack)
}

// It has a cluster of its own, because all others on it would notice. What asks
// the API server dies with it: left alive, it would ask ever less often, for
// longer each time.
func TestKubernetesKilledAtAnyStepOfAnyOperationIsNotNoticedInTheEnd(t *testing.T) {
	if !onKubernetes() {
		t.Skip("there is none: instances are processes of this machine")
	}
	t.Parallel()
	cluster := kubernetestest.New(t)
	stack := stacktest.New(t, on(t, cluster)...)
	survive(t, stack, changes, func(t *testing.T) {
		cluster.Kill(t, "kube-apiserver", "kube-controller-manager", "kube-scheduler", "kubelet", "kube-proxy", "coredns", "cloud")
	})
	requireNoOrphanedObjects(t, cluster, stack)
}

// survive kills at every step of each change. It leaves no instance of its own.
func survive(t *testing.T, stack *stacktest.Stack, changes []change, kill func(t *testing.T)) {
	installHolds(t, stack.CatalogURL)
	exists(t, stack, kept)
	for _, c := range changes {
		for i, moment := range moments(c.kind) {
			t.Run(fmt.Sprintf("%s: %s", c.kind, moment), func(t *testing.T) {
				name := kept
				if c.before != nil {
					name = fmt.Sprintf("%s-%d", c.kind, i)
					c.before(t, stack, name)
				}
				h := holdStep(t, stack.CatalogURL, moment)
				operation := c.ask(t, stack, name)
				h.reached()
				kill(t)
				h.release()
				require.Equal(t, openapi.OperationStateSucceeded, stack.MustAwait(t, operation.Id).State)
				answering(t, stack)
				c.after(t, stack, name)
			})
		}
	}
	require.Equal(t, openapi.OperationStateSucceeded, remove(t, stack, kept).State)
}

// killPart ends a part as a power cut would, and waits until there is another
// one.
func killPart(t *testing.T, stack *stacktest.Stack, part string) {
	t.Helper()
	killed := stack.PID(part)
	require.NoError(t, syscall.Kill(killed, syscall.SIGKILL))
	require.Eventually(t, func() bool { now := stack.PID(part); return now != 0 && now != killed }, time.Minute, 100*time.Millisecond)
}

// answering waits until the API has found everything again that it needs, the
// provider included.
func answering(t *testing.T, stack *stacktest.Stack) {
	t.Helper()
	revealed := accepted(t, func() (*openapi.RevealConnectionResponse, error) {
		return stack.Client.RevealConnectionWithResponse(t.Context(), kept)
	})
	require.Contains(t, []int{http.StatusOK, http.StatusConflict}, revealed.StatusCode(), "%s", revealed.Body)
}

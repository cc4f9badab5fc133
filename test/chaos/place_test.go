package chaos

import (
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/toygres/toygres/dev/kubernetestest"
	"github.com/toygres/toygres/dev/stacktest"
	"github.com/toygres/toygres/openapi"
)

// onKubernetes says where the instances are: PROVIDER=kubernetes puts them on
// a real cluster, as it does for make up.
func onKubernetes() bool { return os.Getenv("PROVIDER") == "kubernetes" }

func newStack(t *testing.T, options ...stacktest.Option) *stacktest.Stack {
	t.Helper()
	// Side by side, because most of the time nobody but Temporal knows that a
	// worker is dead.
	t.Parallel()
	return stacktest.New(t, append(options, placement(t)...)...)
}

// placement puts a stack's instances where they belong. All of those on
// Kubernetes have to fit on one small node.
func placement(t *testing.T) []stacktest.Option {
	t.Helper()
	if !onKubernetes() {
		return nil
	}
	return on(t, kubernetestest.Cluster(t))
}

func on(t *testing.T, cluster *kubernetestest.Kubernetes) []stacktest.Option {
	t.Helper()
	worker, err := cluster.WorkerImage(t.Context())
	require.NoError(t, err)
	return []stacktest.Option{stacktest.OnKubernetes(cluster.Kubeconfig),
		stacktest.WithEnvironment("TOYGRES_KUBERNETES_RESERVED_CPU_PERCENT=25", "TOYGRES_KUBERNETES_COPY_IMAGE="+worker)}
}

// small is an instance for which also a small node has room.
func small(name string) openapi.CreateInstanceJSONRequestBody {
	cpu, memory := 500, 256
	return openapi.CreateInstanceJSONRequestBody{Name: name, CpuMillis: &cpu, MemoryMib: &memory}
}

// requireNoOrphans compares what exists with what is known: nothing exists but
// for living instances, and each of these has its server.
func requireNoOrphans(t *testing.T, stack *stacktest.Stack) {
	t.Helper()
	if onKubernetes() {
		requireNoOrphanedObjects(t, kubernetestest.Cluster(t), stack)
		return
	}
	known := living(t, stack)
	entries, err := os.ReadDir(stack.InstancesDir)
	require.NoError(t, err)
	for _, entry := range entries {
		if entry.IsDir() {
			require.True(t, known[entry.Name()], "%s is an orphan", entry.Name())
		}
	}
	require.ElementsMatch(t, stack.InstanceDirs(known), stack.ServerDirs(t), "servers and instances")
}

func requireNoOrphanedObjects(t *testing.T, cluster *kubernetestest.Kubernetes, stack *stacktest.Stack) {
	t.Helper()
	found := cluster.Objects(t, stack.Namespace)
	for id := range living(t, stack) {
		require.Contains(t, found[id], "pods/pg-"+id+"-0", "the instance %s has no server", id)
		delete(found, id)
	}
	require.Empty(t, found, "objects of no instance")
}

// living are the ids of the instances that the catalog knows.
func living(t *testing.T, stack *stacktest.Stack) map[string]bool {
	t.Helper()
	response, err := stack.Client.ListInstancesWithResponse(t.Context(), nil)
	require.NoError(t, err)
	require.NotNil(t, response.JSON200)
	known := map[string]bool{}
	for _, instance := range response.JSON200.Items {
		known[instance.Id.String()] = true
	}
	return known
}

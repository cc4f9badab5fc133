package stack

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/toygres/toygres/dev/kubernetestest"
	"github.com/toygres/toygres/dev/stacktest"
	"github.com/toygres/toygres/openapi"
)

func TestAStackOnAClusterChangesNothingWhenItComesUpAgainAndLeavesNothing(t *testing.T) {
	t.Parallel()
	cluster := kubernetestest.Cluster(t)
	stack := newStack(t)
	demo := instance(t, stack, "demo")
	require.Equal(t, "kubernetes", demo.Provider)
	before, parts := cluster.Objects(t, stack.Namespace), stack.PIDs()
	require.Contains(t, before[demo.Id.String()], "pods/pg-"+demo.Id.String()+"-0")
	require.Equal(t, "1", stack.Query(t, "demo", "SELECT 1"))

	require.NoError(t, stack.Up(t.Context()))
	require.Equal(t, before, cluster.Objects(t, stack.Namespace))
	require.Equal(t, parts, stack.PIDs())

	// What runs on somebody's cluster is not ended with the stack.
	require.NoError(t, stack.Down(t.Context()))
	require.Equal(t, before, cluster.Objects(t, stack.Namespace))
	require.NoError(t, stack.Up(t.Context()))
	require.Equal(t, before, cluster.Objects(t, stack.Namespace))

	stack.Clean()
	_, err := cluster.Client.CoreV1().Namespaces().Get(t.Context(), stack.Namespace, metav1.GetOptions{})
	require.True(t, apierrors.IsNotFound(err), "%v", err)
}

func TestACleanStackLeavesANamespaceThatItHasNotMade(t *testing.T) {
	t.Parallel()
	cluster := kubernetestest.Cluster(t)
	namespaces := cluster.Client.CoreV1().Namespaces()
	namespace, err := namespaces.Create(t.Context(), &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{GenerateName: "somebodys-"}}, metav1.CreateOptions{})
	require.NoError(t, err)
	t.Cleanup(func() { _ = namespaces.Delete(t.Context(), namespace.Name, metav1.DeleteOptions{}) })
	somebodys := []stacktest.Option{
		stacktest.OnKubernetes(cluster.Kubeconfig), stacktest.WithEnvironment("TOYGRES_KUBERNETES_NAMESPACE=" + namespace.Name),
	}
	stack := stacktest.New(t, somebodys...)
	_, err = stacktest.Up(t.Context(), os.Stderr, somebodys...)
	require.Error(t, err, "two stacks share a namespace")
	require.Equal(t, "1", stack.Query(t, "demo", "SELECT 1"), "the second stack has touched the first one's instances")
	stack.Clean()
	require.Empty(t, cluster.Objects(t, namespace.Name))
	secrets, err := cluster.Client.CoreV1().Secrets(namespace.Name).List(t.Context(), metav1.ListOptions{})
	require.NoError(t, err)
	require.Empty(t, secrets.Items)
	now, err := namespaces.Get(t.Context(), namespace.Name, metav1.GetOptions{})
	require.NoError(t, err)
	require.Nil(t, now.DeletionTimestamp)
}

func TestAStackWithoutAClusterStartsOneThatGoesWithIt(t *testing.T) {
	t.Parallel()
	stack := stacktest.New(t, stacktest.OnKubernetes(""))
	stack.Query(t, "demo", "CREATE TABLE kept AS SELECT 'still here' AS v")
	require.NoError(t, stack.Down(t.Context()))
	require.NoError(t, stack.Up(t.Context()))
	require.Equal(t, "still here", stack.Query(t, "demo", "SELECT v FROM kept"))
	require.Equal(t, openapi.InstanceStateRunning, instance(t, stack, "demo").State)
	state := filepath.Dir(stack.Kubeconfig)
	require.DirExists(t, state)
	stack.Clean()
	require.NoDirExists(t, state)
}

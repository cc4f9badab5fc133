package stack

import (
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/toygres/toygres/dev/kubernetestest"
	"github.com/toygres/toygres/openapi"
)

// TestTheClustersOwnProgramsMayBeKilled kills programs of a node, which starts
// them again, as a node does that crashes or is updated.
func TestTheClustersOwnProgramsMayBeKilled(t *testing.T) {
	cluster := kubernetestest.Cluster(t)
	if state, _ := cluster.State(); state == "" {
		t.Skip("the programs of a cluster that was not started here are not ours to kill")
	}
	stack := newStack(t)

	t.Run("an instance and its data outlive the kubelet", func(t *testing.T) {
		require.Equal(t, openapi.OperationStateSucceeded, stack.MustAwait(t, create(t, stack, small("kept")).Id).State)
		stack.Query(t, "kept", "CREATE TABLE kept AS SELECT 'still here' AS v")
		conn, err := pgx.Connect(t.Context(), stack.ConnectionURL(t, "kept"))
		require.NoError(t, err)

		killed := time.Now()
		cluster.Kill(t, "kubelet")
		require.Eventually(t, func() bool { // what it last said of the node is from after its end
			nodes, err := cluster.Client.CoreV1().Nodes().List(t.Context(), metav1.ListOptions{})
			require.NoError(t, err)
			for _, c := range nodes.Items[0].Status.Conditions {
				if c.Type == corev1.NodeReady {
					return c.Status == corev1.ConditionTrue && c.LastHeartbeatTime.After(killed)
				}
			}
			return false
		}, patience, 50*time.Millisecond, "the node is ready again")
		var one int
		require.NoError(t, conn.QueryRow(t.Context(), "SELECT 1").Scan(&one), "the kubelet's end reached a client")
		require.NoError(t, conn.Close(t.Context()))

		stopped, err := stack.Client.StopInstanceWithResponse(t.Context(), "kept")
		require.NoError(t, err)
		require.NotNil(t, stopped.JSON200, "%s", stopped.Body)
		awaitState(t, stack, "kept", openapi.InstanceStateStopped)
		started, err := stack.Client.StartInstanceWithResponse(t.Context(), "kept")
		require.NoError(t, err)
		require.NotNil(t, started.JSON200, "%s", started.Body)
		awaitState(t, stack, "kept", openapi.InstanceStateRunning)
		require.Equal(t, "still here", stack.Query(t, "kept", "SELECT v FROM kept"))
		remove(t, stack, "kept")
	})

	for name, reached := range map[string]func(openapi.Step) bool{
		"as-it-begins":  func(step openapi.Step) bool { return step.State != openapi.StepStatePending },
		"while-waiting": func(step openapi.Step) bool { return step.Message != nil },
	} {
		t.Run("a create outlives the API server, killed "+name, func(t *testing.T) {
			operation := create(t, stack, small(name))
			awaitStep(t, stack, operation.Id, "the moment", reached)
			cluster.Kill(t, "kube-apiserver")
			operation = stack.MustAwait(t, operation.Id)
			require.Equal(t, openapi.OperationStateSucceeded, operation.State, "%+v", operation)
			require.Equal(t, "1", stack.Query(t, name, "SELECT 1"))
			remove(t, stack, name)
			requireNothingLeft(t, stack, operation.InstanceId)
		})
	}
}

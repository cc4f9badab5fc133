package kubernetes_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/toygres/toygres"
	"github.com/toygres/toygres/providers/kubernetes"
)

// holdCopies makes copies of an instance's data wait: none begins without a
// checkpoint, and whoever makes those is stopped until release.
func holdCopies(t *testing.T, p *kubernetes.Provider, source toygres.InstanceID) (release func()) {
	t.Helper()
	conn := connect(t, p, source)
	checkpointer := func(signal string) {
		t.Helper()
		_, err := conn.Exec(t.Context(), fmt.Sprintf(`DO $$ BEGIN EXECUTE format('COPY (SELECT) TO PROGRAM %%L', 'cat >/dev/null; kill -%s ' ||
			(SELECT pid FROM pg_stat_activity WHERE backend_type = 'checkpointer')); END $$`, signal))
		require.NoError(t, err)
	}
	checkpointer("STOP")
	return func() { t.Helper(); checkpointer("CONT") }
}

// newFork is the id and the specification of a fork, which is deleted when the
// test ends.
func newFork(t *testing.T, p *kubernetes.Provider, source toygres.InstanceID) (toygres.InstanceID, toygres.Spec) {
	t.Helper()
	offer, err := p.Offer(t.Context())
	require.NoError(t, err)
	if !offer.Forks {
		t.Skip("the cluster has no image of the worker")
	}
	id, spec := newInstance(t, p)
	spec.Source = source
	return id, spec
}

// beginFork provisions until ctx ends.
func beginFork(ctx context.Context, p *kubernetes.Provider, id toygres.InstanceID, spec toygres.Spec) <-chan error {
	done := make(chan error, 1)
	go func() { done <- p.Provision(ctx, id, spec) }()
	return done
}

// copyingPod waits for another pod than this one that copies.
func copyingPod(t *testing.T, namespace string, id toygres.InstanceID, but types.UID) types.UID {
	t.Helper()
	var found types.UID
	eventually(t, "a pod copies", func() bool {
		pod, err := client.CoreV1().Pods(namespace).Get(t.Context(), "pg-"+string(id)+"-0", metav1.GetOptions{})
		if err != nil || pod.UID == but {
			return false
		}
		for _, s := range pod.Status.InitContainerStatuses {
			if s.Name == "copy-data" && s.State.Running != nil {
				found = pod.UID
			}
		}
		return found != ""
	})
	return found
}

func TestAForkIsFinishedAlthoughPodAndWorkerDieAndLeavesNoWayToItsSource(t *testing.T) {
	t.Parallel()
	config := newConfig(t)
	p := newProvider(t, config)
	keep(t, p)
	source, spec := newInstance(t, p)
	spec.AllowedCIDRs = []string{"192.0.2.0/24"} // nobody's
	require.NoError(t, p.Provision(t.Context(), source, spec))
	await(t, p, source, toygres.PhaseReady)
	_, err := connect(t, p, source).Exec(t.Context(), `CREATE TABLE kept AS SELECT 'still here' AS v`)
	require.NoError(t, err)
	id, spec := newFork(t, p, source)
	way := "networkpolicies/pg-" + string(id) + "-copy"

	release := holdCopies(t, p, source)
	working, kill := context.WithCancel(t.Context())
	killed := beginFork(working, p, id, spec)
	first := copyingPod(t, config.Namespace, id, "")
	awaitMessage(t, p, id, "about to be copied")
	require.Contains(t, objectsOf(t, config.Namespace, id), way)
	require.NoError(t, client.CoreV1().Pods(config.Namespace).Delete(t.Context(), "pg-"+string(id)+"-0", metav1.DeleteOptions{GracePeriodSeconds: new(int64)}))
	second := copyingPod(t, config.Namespace, id, first)
	kill()
	require.Equal(t, toygres.CodeCancelled, toygres.CodeOf(<-killed))
	release()
	require.NoError(t, newProvider(t, config).Provision(t.Context(), id, spec))

	await(t, p, id, toygres.PhaseReady)
	pod, err := client.CoreV1().Pods(config.Namespace).Get(t.Context(), "pg-"+string(id)+"-0", metav1.GetOptions{})
	require.NoError(t, err)
	require.Equal(t, second, pod.UID, "the pod that has copied goes on as the server")
	var v string
	require.NoError(t, connect(t, p, id).QueryRow(t.Context(), `SELECT v FROM kept`).Scan(&v))
	require.Equal(t, "still here", v)
	require.NotContains(t, objectsOf(t, config.Namespace, id), way)
	set, err := client.AppsV1().StatefulSets(config.Namespace).Get(t.Context(), "pg-"+string(id), metav1.GetOptions{})
	require.NoError(t, err)
	require.Empty(t, set.Spec.Template.Spec.InitContainers)
	require.False(t, mountsSource(set), "the source's password is mounted")
}

func mountsSource(set *appsv1.StatefulSet) bool {
	for _, volume := range set.Spec.Template.Spec.Volumes {
		if volume.Projected != nil {
			return true
		}
	}
	return false
}

func TestAForkWhoseSourceGoesAwayFails(t *testing.T) {
	t.Parallel()
	config := newConfig(t)
	p := newProvider(t, config)
	source := provision(t, p)
	id, spec := newFork(t, p, source)
	holdCopies(t, p, source)
	forked := beginFork(t.Context(), p, id, spec)
	copyingPod(t, config.Namespace, id, "")
	require.NoError(t, p.Delete(t.Context(), source))
	require.Equal(t, toygres.CodeConflict, toygres.CodeOf(<-forked))
	require.NoError(t, p.Delete(t.Context(), id))
	require.Empty(t, objectsOf(t, config.Namespace, id))
}

func TestWhatCannotBeCopiedIsRefusedForGood(t *testing.T) {
	t.Parallel()
	p := newProvider(t, newConfig(t))
	source := provision(t, p)
	id, spec := newFork(t, p, source)
	conn := connect(t, p, source)
	for _, sql := range []string{
		`COPY (SELECT) TO PROGRAM 'cat >/dev/null; mkdir /toygres/data/elsewhere'`, `CREATE TABLESPACE elsewhere LOCATION '/toygres/data/elsewhere'`,
	} {
		_, err := conn.Exec(t.Context(), sql)
		require.NoError(t, err)
	}
	err := p.Provision(t.Context(), id, spec)
	require.Equal(t, toygres.CodeInvalid, toygres.CodeOf(err))
	require.ErrorContains(t, err, `tablespace at "/toygres/data/elsewhere"`)
}

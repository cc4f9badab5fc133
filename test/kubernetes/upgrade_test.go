package kubernetes_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/toygres/toygres"
)

// Nothing keeps the instances here: a start and a restart see to it themselves.
func TestWhatStartsAnewRunsTheImageThatIsConfiguredByThen(t *testing.T) {
	t.Parallel()
	other, err := cluster.ByDigest(t.Context(), "docker.io/library/postgres:18", "registry.example.com/upgraded/postgres")
	require.NoError(t, err)
	config := newConfig(t)
	before := newProvider(t, config)
	first := config.Images[18]
	config.Images = map[int]string{18: other}
	p := newProvider(t, config)
	id := provision(t, before)
	image := func() string {
		t.Helper()
		await(t, p, id, toygres.PhaseReady)
		pod, err := client.CoreV1().Pods(config.Namespace).Get(t.Context(), "pg-"+string(id)+"-0", metav1.GetOptions{})
		require.NoError(t, err)
		return pod.Spec.Containers[0].Image
	}
	require.Equal(t, first, image(), "what runs is left alone")
	require.NoError(t, p.Restart(t.Context(), id, "upgrade"))
	require.Equal(t, other, image())

	require.NoError(t, before.Stop(t.Context(), id))
	await(t, before, id, toygres.PhaseStopped)
	require.NoError(t, before.Start(t.Context(), id))
	require.Equal(t, first, image())
}

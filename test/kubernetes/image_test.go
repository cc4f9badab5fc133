package kubernetes_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/toygres/toygres"
)

func TestARuntimeImageIsRunByItsDigest(t *testing.T) {
	t.Parallel()
	reference, err := cluster.ByDigest(t.Context(), "docker.io/library/postgres:18", "registry.example.com/team/postgres")
	require.NoError(t, err)
	config := newConfig(t)
	config.RuntimeRegistry = "registry.example.com"
	config.Images = map[int]string{18: "nowhere.example.com/postgres:18"}
	p := newProvider(t, config)
	offer, err := p.Offer(t.Context())
	require.NoError(t, err)
	id, spec := newInstance(t, p)
	spec.RuntimeImage, spec.RuntimeImageName = reference, "mine"
	require.NoError(t, spec.Validate(offer))
	require.NoError(t, p.Provision(t.Context(), id, spec))
	await(t, p, id, toygres.PhaseReady)
	var version string
	require.NoError(t, connect(t, p, id).QueryRow(t.Context(), "SHOW server_version").Scan(&version))
	require.True(t, strings.HasPrefix(version, "18"), version)
	pod, err := client.CoreV1().Pods(config.Namespace).Get(t.Context(), "pg-"+string(id)+"-0", metav1.GetOptions{})
	require.NoError(t, err)
	require.Equal(t, reference, pod.Spec.Containers[0].Image)

	elsewhere := spec
	elsewhere.RuntimeImage = "evil." + reference
	other, _ := newInstance(t, p)
	require.Equal(t, toygres.CodeInvalid, toygres.CodeOf(p.Provision(t.Context(), other, elsewhere)))
}

package kubernetes_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"

	"github.com/toygres/toygres"
	"github.com/toygres/toygres/providers/kubernetes"
)

// TestWhatKeepsAServerFromStartingIsToldWhileItIsWaitedFor provokes each kind of
// trouble: it is shown while the instance is still starting, the instance fails
// when patience is over, and nothing is left when it is deleted.
func TestWhatKeepsAServerFromStartingIsToldWhileItIsWaitedFor(t *testing.T) {
	t.Parallel()
	idle := cluster.IdleStorageClass(t, false)
	for name, c := range map[string]struct {
		config func(*kubernetes.Config)
		spec   func(*toygres.Spec)
		reason string
	}{
		"no node has room": {
			spec:   func(s *toygres.Spec) { s.CPUMillis = toygres.MaxCPUMillis },
			reason: "Insufficient cpu",
		},
		"no node is selected": {
			config: func(c *kubernetes.Config) { c.NodeSelector = map[string]string{"pool": "missing"} },
			reason: "node affinity/selector",
		},
		"the image can't be pulled": {
			config: func(c *kubernetes.Config) { c.Images = map[int]string{18: "registry.invalid/postgres:18"} },
			reason: "registry.invalid",
		},
		"the volume can't be had": {
			config: func(c *kubernetes.Config) { c.StorageClass = "missing" },
			reason: `"missing" not found`,
		},
		"nobody makes the volume": {
			config: func(c *kubernetes.Config) { c.StorageClass = idle },
			reason: "the storage class " + idle + " has not made its volume yet",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			config := newConfig(t)
			if c.config != nil {
				c.config(&config)
			}
			p := newProvider(t, config)
			id, spec := newInstance(t, p)
			if c.spec != nil {
				c.spec(&spec)
			}
			require.NoError(t, p.Provision(t.Context(), id, spec))
			awaitFailure(t, config, id, c.reason)
			require.NoError(t, p.Delete(t.Context(), id))
			require.Empty(t, objectsOf(t, config.Namespace, id))
		})
	}
}

func TestAnImageNameThatIsNoneFailsAtOnce(t *testing.T) {
	t.Parallel()
	config := newConfig(t)
	config.Images = map[int]string{18: "No/Image Name"}
	p := newProvider(t, config)
	id, spec := newInstance(t, p)
	require.NoError(t, p.Provision(t.Context(), id, spec))
	require.Contains(t, await(t, p, id, toygres.PhaseFailed).Message, "InvalidImageName")
}

func TestTheLastWordsOfAServerThatCrashesAreTold(t *testing.T) {
	t.Parallel()
	config := newConfig(t)
	// The stock image has no such library.
	config.PgDurableImages = config.Images
	p := newProvider(t, config)
	id, spec := newInstance(t, p)
	spec.ImageType = toygres.ImagePgDurable
	require.NoError(t, p.Provision(t.Context(), id, spec))
	seen := awaitMessage(t, p, id, `could not access file "pg_durable"`)
	require.Equal(t, toygres.PhaseStarting, seen.Phase)
}

func TestAUsedUpQuotaIsExhaustion(t *testing.T) {
	t.Parallel()
	config := newConfig(t)
	p := newProvider(t, config)
	quota := &corev1.ResourceQuota{
		ObjectMeta: metav1.ObjectMeta{Name: "none"},
		Spec:       corev1.ResourceQuotaSpec{Hard: corev1.ResourceList{"services": resource.MustParse("0")}},
	}
	_, err := client.CoreV1().ResourceQuotas(config.Namespace).Create(t.Context(), quota, metav1.CreateOptions{})
	require.NoError(t, err)
	eventually(t, "the quota is in force", func() bool {
		q, err := client.CoreV1().ResourceQuotas(config.Namespace).Get(t.Context(), "none", metav1.GetOptions{})
		return err == nil && len(q.Status.Hard) > 0
	})
	id, spec := newInstance(t, p)
	err = p.Provision(t.Context(), id, spec)
	require.Equal(t, toygres.CodeExhausted, toygres.CodeOf(err), "%v", err)
	require.Contains(t, toygres.MessageOf(err), "quota")
}

func TestAPodQuotaIsToldAsTheReason(t *testing.T) {
	t.Parallel()
	config := newConfig(t)
	p := newProvider(t, config)
	_, err := client.CoreV1().ResourceQuotas(config.Namespace).Create(t.Context(), &corev1.ResourceQuota{
		ObjectMeta: metav1.ObjectMeta{Name: "none"},
		Spec:       corev1.ResourceQuotaSpec{Hard: corev1.ResourceList{"pods": resource.MustParse("0")}},
	}, metav1.CreateOptions{})
	require.NoError(t, err)
	eventually(t, "the quota is in force", func() bool {
		q, err := client.CoreV1().ResourceQuotas(config.Namespace).Get(t.Context(), "none", metav1.GetOptions{})
		return err == nil && len(q.Status.Hard) > 0
	})
	id, spec := newInstance(t, p)
	require.NoError(t, p.Provision(t.Context(), id, spec))
	awaitFailure(t, config, id, "exceeded quota")
}

func TestAMissingPermissionIsNamed(t *testing.T) {
	t.Parallel()
	config := newConfig(t)
	config.Client = rest.CopyConfig(access)
	config.Client.Impersonate = rest.ImpersonationConfig{UserName: "nobody-in-particular"}
	p := newProvider(t, config)
	_, err := p.List(t.Context())
	require.Equal(t, toygres.CodeProvider, toygres.CodeOf(err))
	require.Regexp(t, `add the verb "list" for the resource "[a-z]+" to our Role`, toygres.MessageOf(err))
}

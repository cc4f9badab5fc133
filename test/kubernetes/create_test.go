package kubernetes_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/toygres/toygres"
	"github.com/toygres/toygres/providers/providertest"
)

// BenchmarkCreate measures from Provision to the first answered query, and
// where the time goes. Kubernetes tells the steps of a pod in whole seconds
// only, so those are what we see of it. Run it with -benchtime 5x.
func BenchmarkCreate(b *testing.B) {
	config := newConfig(b)
	p := newProvider(b, config)
	keep(b, p) // as a worker does, with its connections open
	changes, err := p.Watch(b.Context())
	require.NoError(b, err)
	total := map[string]time.Duration{}
	for b.Loop() {
		id := toygres.InstanceID(uuid.NewString())
		spec := toygres.Spec{Name: "bench", Version: 18}.WithDefaults()
		namespace := config.Namespace
		began := time.Now()
		mark := func(step string) { total[step] += time.Since(began) }
		require.NoError(b, p.Provision(b.Context(), id, spec))
		mark("provisioned-ms")
		seen := map[string]bool{}
		var o toygres.Observation
		for changed := range changes {
			if changed != id {
				continue
			}
			pod, err := client.CoreV1().Pods(namespace).Get(b.Context(), "pg-"+string(id)+"-0", metav1.GetOptions{})
			if err == nil {
				for step, reached := range map[string]bool{
					"scheduled-ms": pod.Spec.NodeName != "",
					"address-ms":   pod.Status.PodIP != "",
					"server-ms":    running(pod),
				} {
					if reached && !seen[step] {
						seen[step] = true
						mark(step)
					}
				}
			}
			if o, err = p.Observe(b.Context(), id); err == nil && o.Phase == toygres.PhaseReady {
				break
			}
		}
		mark("ready-ms")
		credentials, err := p.Credentials(b.Context(), id)
		require.NoError(b, err)
		conn, err := pgx.Connect(b.Context(), providertest.URL(o.Endpoint, credentials))
		require.NoError(b, err)
		_, err = conn.Exec(b.Context(), "SELECT 1")
		require.NoError(b, err)
		mark("query-ms")
		_ = conn.Close(context.Background())
		removal := time.Now()
		require.NoError(b, p.Delete(b.Context(), id))
		total["delete-ms"] += time.Since(removal)
	}
	for step, sum := range total {
		b.ReportMetric(float64(sum.Milliseconds())/float64(b.N), step)
	}
}

func running(pod *corev1.Pod) bool {
	for _, s := range pod.Status.ContainerStatuses {
		if s.State.Running != nil {
			return true
		}
	}
	return false
}

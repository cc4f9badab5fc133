package kubernetes_test

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	clientset "k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"github.com/toygres/toygres"
	"github.com/toygres/toygres/dev/kubernetestest"
	"github.com/toygres/toygres/providers/kubernetes"
	"github.com/toygres/toygres/providers/providertest"
)

// patience is how long any one thing may take on a busy machine.
const patience = 3 * time.Minute

// The cluster of this test process.
var (
	cluster *kubernetestest.Kubernetes
	worker  string // image of Toygres's worker
	access  *rest.Config
	client  clientset.Interface
)

func TestMain(m *testing.M) {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Minute) // the first time, Kubernetes is built
	var err error
	if cluster, err = kubernetestest.Up(ctx); err == nil {
		worker, err = cluster.WorkerImage(ctx)
	}
	cancel()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	access, client = cluster.Config, cluster.Client
	code := m.Run()
	cluster.Close()
	os.Exit(code)
}

// newNamespace makes a namespace that ends with the test.
func newNamespace(t testing.TB) string {
	t.Helper()
	made, err := client.CoreV1().Namespaces().Create(t.Context(), &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{GenerateName: "toygres-test-"}}, metav1.CreateOptions{})
	require.NoError(t, err)
	t.Cleanup(func() {
		if t.Failed() {
			showNamespace(t, made.Name)
		}
		require.NoError(t, client.CoreV1().Namespaces().Delete(context.Background(), made.Name, metav1.DeleteOptions{}))
	})
	return made.Name
}

// newConfig is for a provider with a namespace of its own.
func newConfig(t testing.TB) kubernetes.Config {
	t.Helper()
	return kubernetes.Config{
		Client: access, Namespace: newNamespace(t), Endpoint: kubernetes.EndpointAddress,
		Images: map[int]string{18: "postgres:18"}, CopyImage: worker, Logger: slog.New(slog.DiscardHandler),
	}
}

func newProvider(t testing.TB, config kubernetes.Config) *kubernetes.Provider {
	t.Helper()
	p, err := kubernetes.New(config)
	require.NoError(t, err)
	return p
}

// newInstance is the id and the specification of a small instance. It is
// deleted when the test ends, before its namespace.
func newInstance(t testing.TB, p *kubernetes.Provider) (toygres.InstanceID, toygres.Spec) {
	t.Helper()
	id := toygres.InstanceID(uuid.NewString())
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		require.NoError(t, p.Delete(ctx, id))
	})
	return id, toygres.Spec{Name: "test", Version: 18, CPUMillis: 250, MemoryMiB: 256, StorageGiB: 1}.WithDefaults()
}

// provision returns an instance that is ready.
func provision(t testing.TB, p *kubernetes.Provider) toygres.InstanceID {
	t.Helper()
	id, spec := newInstance(t, p)
	require.NoError(t, p.Provision(t.Context(), id, spec))
	await(t, p, id, toygres.PhaseReady)
	return id
}

func await(t testing.TB, p *kubernetes.Provider, id toygres.InstanceID, phase toygres.Phase) toygres.Observation {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	o, err := providertest.Await(ctx, p, id, phase)
	require.NoError(t, err)
	return o
}

// awaitMessage watches until the instance says why it is not ready.
func awaitMessage(t testing.TB, p *kubernetes.Provider, id toygres.InstanceID, part string) toygres.Observation {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	changes, err := p.Watch(ctx)
	require.NoError(t, err)
	var seen toygres.Observation
	for changed := range changes {
		if changed != id {
			continue
		}
		if seen, err = p.Observe(t.Context(), id); err == nil && strings.Contains(seen.Message, part) {
			return seen
		}
	}
	require.FailNow(t, "the reason was not shown in time", "wanted %q, seen last: %+v", part, seen)
	return seen
}

// awaitFailure waits until the reason is shown of an instance that others may
// still mend, and sees that it has failed for who has no patience with them.
func awaitFailure(t testing.TB, config kubernetes.Config, id toygres.InstanceID, reason string) {
	t.Helper()
	require.Equal(t, toygres.PhaseStarting, awaitMessage(t, newProvider(t, config), id, reason).Phase)
	config.Patience = time.Second
	require.Contains(t, await(t, newProvider(t, config), id, toygres.PhaseFailed).Message, reason)
}

func connect(t testing.TB, p *kubernetes.Provider, id toygres.InstanceID) *pgx.Conn {
	t.Helper()
	o, err := p.Observe(t.Context(), id)
	require.NoError(t, err)
	c, err := p.Credentials(t.Context(), id)
	require.NoError(t, err)
	conn, err := pgx.Connect(t.Context(), providertest.URL(o.Endpoint, c))
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close(context.Background()) }) // its server may be gone
	return conn
}

// keep keeps the provider's instances until the test ends.
func keep(t testing.TB, p *kubernetes.Provider) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- p.Keep(ctx) }()
	t.Cleanup(func() {
		cancel()
		require.NoError(t, <-done)
	})
}

// eventually waits for what the cluster does without telling us.
func eventually(t testing.TB, what string, is func() bool) {
	t.Helper()
	require.Eventually(t, is, patience, 100*time.Millisecond, what)
}

// showNamespace tells how things stood when a test failed.
func showNamespace(t testing.TB, namespace string) {
	ctx := context.Background()
	pods, err := client.CoreV1().Pods(namespace).List(ctx, metav1.ListOptions{})
	if err != nil {
		t.Log(err)
		return
	}
	for _, pod := range pods.Items {
		t.Logf("pod %s: %s %+v", pod.Name, pod.Status.Phase, pod.Status.ContainerStatuses)
		lines := int64(20)
		log, err := client.CoreV1().Pods(namespace).GetLogs(pod.Name, &corev1.PodLogOptions{TailLines: &lines}).DoRaw(ctx)
		t.Logf("log of %s (%v):\n%s", pod.Name, err, log)
	}
	events, err := client.CoreV1().Events(namespace).List(ctx, metav1.ListOptions{})
	if err != nil {
		t.Log(err)
		return
	}
	for _, e := range events.Items {
		t.Logf("event %s/%s %s: %s", cmp.Or(e.InvolvedObject.Kind, "?"), e.InvolvedObject.Name, e.Reason, e.Message)
	}
}

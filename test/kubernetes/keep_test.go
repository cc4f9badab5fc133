package kubernetes_test

import (
	"context"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/dynamic"

	"github.com/toygres/toygres"
	"github.com/toygres/toygres/dev/kubernetestest"
)

// kindOf returns the kind of an object as objectsOf names it.
func kindOf(object string) (schema.GroupVersionResource, string) {
	resource, name, _ := strings.Cut(object, "/")
	for _, kind := range kubernetestest.Kinds {
		if kind.Resource == resource {
			return kind, name
		}
	}
	panic("no such kind: " + object)
}

func TestWhatIsDeletedByHandComesBack(t *testing.T) {
	t.Parallel()
	config := newConfig(t)
	p := newProvider(t, config)
	keep(t, p)
	id := provision(t, p)
	_, err := connect(t, p, id).Exec(t.Context(), `CREATE TABLE kept AS SELECT 1`)
	require.NoError(t, err)
	before, err := p.Credentials(t.Context(), id)
	require.NoError(t, err)
	objects, err := dynamic.NewForConfig(access)
	require.NoError(t, err)
	name := "pg-" + string(id)
	for _, object := range []string{
		"services/" + name, "services/" + name + "-headless", "secrets/" + name + "-superuser", "secrets/" + name + "-tls",
		"networkpolicies/" + name, "poddisruptionbudgets/" + name, "statefulsets/" + name, "configmaps/" + name,
	} {
		kind, name := kindOf(object)
		namespaced := objects.Resource(kind).Namespace(config.Namespace)
		old, err := namespaced.Get(t.Context(), name, metav1.GetOptions{})
		require.NoError(t, err, object)
		require.NoError(t, namespaced.Delete(t.Context(), name, metav1.DeleteOptions{}))
		eventually(t, object+" comes back", func() bool {
			o, err := namespaced.Get(context.Background(), name, metav1.GetOptions{})
			return err == nil && o.GetUID() != old.GetUID()
		})
	}
	await(t, p, id, toygres.PhaseReady)
	after, err := p.Credentials(t.Context(), id)
	require.NoError(t, err)
	require.Equal(t, before, after)
	_, err = connect(t, p, id).Exec(t.Context(), `SELECT FROM kept`)
	require.NoError(t, err)
}

func TestWhatIsEditedByHandIsRepaired(t *testing.T) {
	t.Parallel()
	config := newConfig(t)
	p := newProvider(t, config)
	keep(t, p)
	id := provision(t, p)
	objects, err := dynamic.NewForConfig(access)
	require.NoError(t, err)
	name := "pg-" + string(id)
	for _, c := range []struct{ object, patch string }{
		{"services/" + name, `{"spec":{"selector":{"toygres.io/instance-id":"other"}}}`},
		{"networkpolicies/" + name, `{"spec":{"ingress":[{}]}}`},
		{"poddisruptionbudgets/" + name, `{"spec":{"maxUnavailable":0}}`},
		{"statefulsets/" + name, `{"spec":{"replicas":0}}`},
		{"statefulsets/" + name, `{"spec":{"template":{"spec":{"automountServiceAccountToken":true}}}}`},
		{"configmaps/" + name, `{"data":{"pg_hba.conf":"host all all all trust\n"}}`},
		{"secrets/" + name + "-tls", `{"data":{"tls.crt":"","tls.key":""}}`},
		{"secrets/" + name + "-superuser", `{"metadata":{"labels":{"toygres.io/instance-id":null}}}`},
		{"services/" + name + "-headless", `{"metadata":{"labels":{"toygres.io/instance-id":null}}}`},
	} {
		kind, name := kindOf(c.object)
		namespaced := objects.Resource(kind).Namespace(config.Namespace)
		before, err := namespaced.Get(t.Context(), name, metav1.GetOptions{})
		require.NoError(t, err)
		edited, err := namespaced.Patch(t.Context(), name, types.MergePatchType, []byte(c.patch), metav1.PatchOptions{FieldManager: "kubectl-edit"})
		require.NoError(t, err, c.object)
		require.NotEqual(t, before.GetResourceVersion(), edited.GetResourceVersion(), "%s: the edit has changed nothing", c.object)
		if c.object == "secrets/"+name && strings.Contains(c.patch, "tls.crt") {
			eventually(t, "a new certificate", func() bool {
				o, err := namespaced.Get(context.Background(), name, metav1.GetOptions{})
				data, _ := o.Object["data"].(map[string]any)
				return err == nil && data["tls.crt"] != "" && data["tls.key"] != ""
			})
			continue
		}
		eventually(t, c.object+" is as before", func() bool {
			o, err := namespaced.Get(context.Background(), name, metav1.GetOptions{})
			return err == nil && same(before.Object, o.Object)
		})
	}
	await(t, p, id, toygres.PhaseReady)
	connect(t, p, id)

	// The password can't be edited at all.
	kind, secret := kindOf("secrets/" + name + "-superuser")
	_, err = objects.Resource(kind).Namespace(config.Namespace).Patch(t.Context(), secret, types.MergePatchType,
		[]byte(`{"data":{"password":"b3RoZXI="}}`), metav1.PatchOptions{})
	require.ErrorContains(t, err, "immutable")
}

// same reports whether two objects ask for the same, whoever has said so when.
func same(a, b map[string]any) bool {
	pick := func(o map[string]any) [4]any {
		meta, _ := o["metadata"].(map[string]any)
		return [4]any{o["spec"], o["data"], meta["labels"], meta["annotations"]}
	}
	return equalJSON(pick(a), pick(b))
}

// Whoever asked for a restart died when no more than the record had changed.
func TestARestartThatWasOnlyRecordedIsFinished(t *testing.T) {
	t.Parallel()
	config := newConfig(t)
	p := newProvider(t, config)
	id := provision(t, p)
	name := "pg-" + string(id)
	pods := client.CoreV1().Pods(config.Namespace)
	before, err := pods.Get(t.Context(), name+"-0", metav1.GetOptions{})
	require.NoError(t, err)
	_, err = client.CoreV1().ConfigMaps(config.Namespace).Patch(t.Context(), name, types.MergePatchType,
		[]byte(`{"metadata":{"annotations":{"toygres.io/restart":"request"}}}`), metav1.PatchOptions{})
	require.NoError(t, err)
	seen, err := p.Observe(t.Context(), id)
	require.NoError(t, err)
	require.Equal(t, toygres.PhaseStarting, seen.Phase, "the old server is shown as ready")

	keep(t, p)
	require.Equal(t, "request", await(t, p, id, toygres.PhaseReady).Restart)
	after, err := pods.Get(t.Context(), name+"-0", metav1.GetOptions{})
	require.NoError(t, err)
	require.NotEqual(t, before.UID, after.UID)
	connect(t, p, id)
}

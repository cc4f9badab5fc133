package kubernetes_test

import (
	"context"
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/rest"

	"github.com/toygres/toygres"
)

// objectsOf returns each object of the instance, by kind and name, and when
// Toygres last changed it.
func objectsOf(t *testing.T, namespace string, id toygres.InstanceID) map[string]string {
	t.Helper()
	return cluster.Objects(t, namespace)[string(id)]
}

func TestAnInstanceIsTheseObjectsAndNoneIsLeft(t *testing.T) {
	t.Parallel()
	config := newConfig(t)
	p := newProvider(t, config)
	id := provision(t, p)
	name := "pg-" + string(id)
	found := objectsOf(t, config.Namespace, id)
	for _, object := range []string{
		"configmaps/" + name, "secrets/" + name + "-superuser", "secrets/" + name + "-tls", "services/" + name, "services/" + name + "-headless",
		"statefulsets/" + name, "pods/" + name + "-0", "persistentvolumeclaims/data-" + name + "-0",
		"networkpolicies/" + name, "poddisruptionbudgets/" + name,
	} {
		require.Contains(t, found, object)
	}
	require.NoError(t, p.Delete(t.Context(), id))
	require.Empty(t, objectsOf(t, config.Namespace, id))
}

// A create that is tried again makes the instance under the same id.
func TestALateRemovalSparesTheInstanceThatWasMadeSince(t *testing.T) {
	t.Parallel()
	config := newConfig(t)
	p := newProvider(t, config)
	id, spec := newInstance(t, p)
	require.NoError(t, p.Provision(t.Context(), id, spec))
	records, secrets := client.CoreV1().ConfigMaps(config.Namespace), client.CoreV1().Secrets(config.Namespace)
	name, held := "pg-"+string(id), "pg-"+string(id)+"-superuser"
	hold := func(finalizers string) {
		t.Helper()
		_, err := secrets.Patch(t.Context(), held, types.MergePatchType, []byte(`{"metadata":{"finalizers":`+finalizers+`}}`), metav1.PatchOptions{})
		require.NoError(t, err)
	}
	hold(`["toygres.test/held"]`)
	removed := make(chan error, 1)
	go func() { removed <- p.Delete(t.Context(), id) }()
	require.EventuallyWithT(t, func(c *assert.CollectT) { // only what is held and the record are left
		left := objectsOf(t, config.Namespace, id)
		assert.Len(c, left, 2)
		assert.Contains(c, left, "secrets/"+held)
	}, 2*time.Minute, 100*time.Millisecond)
	require.NoError(t, records.Delete(t.Context(), name, metav1.DeleteOptions{}))
	require.NoError(t, p.Provision(t.Context(), id, spec))
	made, err := secrets.Get(t.Context(), name+"-tls", metav1.GetOptions{})
	require.NoError(t, err)

	hold(`null`)
	require.NoError(t, <-removed)
	now, err := secrets.Get(t.Context(), name+"-tls", metav1.GetOptions{})
	require.NoError(t, err)
	require.Equal(t, made.UID, now.UID)
	require.Nil(t, now.DeletionTimestamp)
	require.NoError(t, p.Delete(t.Context(), id))
	require.Empty(t, objectsOf(t, config.Namespace, id))
}

func TestProvisionedAgainNothingChanges(t *testing.T) {
	t.Parallel()
	config := newConfig(t)
	p := newProvider(t, config)
	id, spec := newInstance(t, p)
	require.NoError(t, p.Provision(t.Context(), id, spec))
	await(t, p, id, toygres.PhaseReady)
	ours := func() map[string]string {
		objects := objectsOf(t, config.Namespace, id)
		maps.DeleteFunc(objects, func(name, _ string) bool { // in which the kubelet and others write what they see, at any time
			return strings.HasPrefix(name, "pods/") || strings.HasPrefix(name, "endpoint")
		})
		return objects
	}
	require.Eventually(t, func() bool { // the server was ready before Kubernetes saw it
		set, err := client.AppsV1().StatefulSets(config.Namespace).Get(t.Context(), "pg-"+string(id), metav1.GetOptions{})
		return err == nil && set.Status.ReadyReplicas == 1
	}, time.Minute, 50*time.Millisecond)
	before := ours()
	require.NoError(t, p.Provision(t.Context(), id, spec))
	require.Equal(t, before, ours())

	spec.StorageGiB++
	require.Equal(t, toygres.CodeConflict, toygres.CodeOf(p.Provision(t.Context(), id, spec)))
}

// TestOneRoleIsEnough leads an instance through its life with the permissions
// that the chart gives.
func TestOneRoleIsEnough(t *testing.T) {
	t.Parallel()
	config := newConfig(t)
	user := "toygres-of-" + config.Namespace
	all := []string{"get", "list", "watch", "create", "patch", "delete"}
	_, err := client.RbacV1().Roles(config.Namespace).Create(t.Context(), &rbacv1.Role{
		ObjectMeta: metav1.ObjectMeta{Name: "toygres"},
		Rules: []rbacv1.PolicyRule{
			{APIGroups: []string{""}, Resources: []string{"configmaps", "services"}, Verbs: all},
			{APIGroups: []string{""}, Resources: []string{"secrets"}, Verbs: append([]string{"update"}, all...)},
			{APIGroups: []string{""}, Resources: []string{"pods"}, Verbs: []string{"get", "list", "watch", "delete"}},
			{APIGroups: []string{""}, Resources: []string{"persistentvolumeclaims"}, Verbs: []string{"get", "list", "watch", "patch", "delete"}},
			{APIGroups: []string{""}, Resources: []string{"pods/log"}, Verbs: []string{"get"}},
			{APIGroups: []string{""}, Resources: []string{"events"}, Verbs: []string{"list", "watch"}},
			{APIGroups: []string{"apps"}, Resources: []string{"statefulsets"}, Verbs: all},
			{APIGroups: []string{"networking.k8s.io"}, Resources: []string{"networkpolicies"}, Verbs: all},
			{APIGroups: []string{"policy"}, Resources: []string{"poddisruptionbudgets"}, Verbs: all},
		},
	}, metav1.CreateOptions{})
	require.NoError(t, err)
	_, err = client.RbacV1().RoleBindings(config.Namespace).Create(t.Context(), &rbacv1.RoleBinding{
		ObjectMeta: metav1.ObjectMeta{Name: "toygres"},
		Subjects:   []rbacv1.Subject{{APIGroup: rbacv1.GroupName, Kind: rbacv1.UserKind, Name: user}},
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "Role", Name: "toygres"},
	}, metav1.CreateOptions{})
	require.NoError(t, err)
	config.Client = rest.CopyConfig(access)
	config.Client.Impersonate = rest.ImpersonationConfig{UserName: user}
	p := newProvider(t, config)
	// The API server's authorizer learns of a new role a moment later.
	eventually(t, "the role is known", func() bool {
		_, err := p.List(t.Context())
		return err == nil
	})
	keep(t, p)
	id := provision(t, p)
	connect(t, p, id)
	require.NoError(t, p.Resize(t.Context(), id, toygres.Size{StorageGiB: 2}))
	await(t, p, id, toygres.PhaseReady)
	require.NoError(t, p.Stop(t.Context(), id))
	await(t, p, id, toygres.PhaseStopped)
	require.NoError(t, p.Start(t.Context(), id))
	await(t, p, id, toygres.PhaseReady)
	require.NoError(t, p.Restart(t.Context(), id, "request"))
	await(t, p, id, toygres.PhaseReady)
	log, err := p.Logs(t.Context(), id, toygres.LogOptions{Tail: 1})
	require.NoError(t, err)
	require.NoError(t, log.Close())
	require.NoError(t, p.Delete(t.Context(), id))
	require.Empty(t, objectsOf(t, config.Namespace, id))
}

func TestDataOutliveTheirPod(t *testing.T) {
	t.Parallel()
	config := newConfig(t)
	p := newProvider(t, config)
	id := provision(t, p)
	_, err := connect(t, p, id).Exec(t.Context(), `CREATE TABLE kept AS SELECT 'still here' AS v`)
	require.NoError(t, err)
	read := func() string {
		t.Helper()
		var v string
		require.NoError(t, connect(t, p, id).QueryRow(t.Context(), `SELECT v FROM kept`).Scan(&v))
		return v
	}
	pods := client.CoreV1().Pods(config.Namespace)
	old, err := pods.Get(t.Context(), fmt.Sprintf("pg-%s-0", id), metav1.GetOptions{})
	require.NoError(t, err)
	require.NoError(t, pods.Delete(t.Context(), old.Name, metav1.DeleteOptions{}))
	eventually(t, "another pod takes its place", func() bool {
		pod, err := pods.Get(context.Background(), old.Name, metav1.GetOptions{})
		return err == nil && pod.UID != old.UID
	})
	await(t, p, id, toygres.PhaseReady)
	require.Equal(t, "still here", read())

	require.NoError(t, p.Stop(t.Context(), id))
	await(t, p, id, toygres.PhaseStopped)
	require.NoError(t, p.Start(t.Context(), id))
	await(t, p, id, toygres.PhaseReady)
	require.Equal(t, "still here", read())
}

func TestTheInitContainerForVolumesThatIgnoreGroupsDoesNoHarm(t *testing.T) {
	t.Parallel()
	config := newConfig(t)
	config.VolumePermissions = true
	p := newProvider(t, config)
	connect(t, p, provision(t, p))
}

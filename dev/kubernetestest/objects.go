package kubernetestest

import (
	"context"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	storagev1 "k8s.io/api/storage/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/metadata"
)

// Kinds are all that instances consist of, and all that Kubernetes makes for them.
var Kinds = []schema.GroupVersionResource{
	{Version: "v1", Resource: "configmaps"}, {Version: "v1", Resource: "secrets"}, {Version: "v1", Resource: "services"},
	{Version: "v1", Resource: "pods"}, {Version: "v1", Resource: "persistentvolumeclaims"}, {Version: "v1", Resource: "endpoints"},
	{Group: "apps", Version: "v1", Resource: "statefulsets"}, {Group: "apps", Version: "v1", Resource: "controllerrevisions"},
	{Group: "discovery.k8s.io", Version: "v1", Resource: "endpointslices"},
	{Group: "networking.k8s.io", Version: "v1", Resource: "networkpolicies"},
	{Group: "policy", Version: "v1", Resource: "poddisruptionbudgets"},
}

// Objects are the objects of a namespace's instances: by the instance's id, then by kind and name, as in pods/pg-0, which
// object it is and when Toygres last changed it. A resource version would also tell what Kubernetes itself writes, which is
// still busy with a pod's readiness when the instance already answers.
func (k *Kubernetes) Objects(tb testing.TB, namespace string) map[string]map[string]string {
	tb.Helper()
	const label = "toygres.io/instance-id"
	client, err := metadata.NewForConfig(k.Config)
	require.NoError(tb, err)
	found := map[string]map[string]string{}
	for _, kind := range Kinds {
		list, err := client.Resource(kind).Namespace(namespace).List(tb.Context(), metav1.ListOptions{LabelSelector: label})
		require.NoError(tb, err)
		for _, o := range list.Items {
			id := o.Labels[label]
			if found[id] == nil {
				found[id] = map[string]string{}
			}
			version := string(o.UID)
			for _, f := range o.ManagedFields {
				if strings.HasPrefix(f.Manager, "toygres") && f.Time != nil {
					version += " " + string(f.Operation) + " " + f.Time.UTC().Format(time.RFC3339)
				}
			}
			found[id][kind.Resource+"/"+o.Name] = version
		}
	}
	return found
}

// IdleStorageClass makes a storage class that makes no volumes, as one whose driver is not there, until the test ends. As the
// default it takes the place of the one that was.
func (k *Kubernetes) IdleStorageClass(tb testing.TB, standard bool) (name string) {
	tb.Helper()
	classes := k.Client.StorageV1().StorageClasses()
	made, err := classes.Create(tb.Context(), &storagev1.StorageClass{
		ObjectMeta: metav1.ObjectMeta{
			GenerateName: "idle-", Annotations: map[string]string{"storageclass.kubernetes.io/is-default-class": strconv.FormatBool(standard)},
		},
		Provisioner:       "nobody.example/none",
		VolumeBindingMode: new(storagev1.VolumeBindingWaitForFirstConsumer),
	}, metav1.CreateOptions{})
	require.NoError(tb, err)
	tb.Cleanup(func() { require.NoError(tb, classes.Delete(context.Background(), made.Name, metav1.DeleteOptions{})) })
	return made.Name
}

package kubernetes_test

import (
	"context"
	"encoding/json"
	"fmt"
	"path"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	storagev1 "k8s.io/api/storage/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/toygres/toygres"
)

// As if whoever resizes were killed once the size was on record. Afterwards
// nothing is left to be done, although the StatefulSet's claim template still
// asks for what it was made with.
func TestKeepFinishesAnInterruptedResize(t *testing.T) {
	t.Parallel()
	config := newConfig(t)
	p := newProvider(t, config)
	id, spec := newInstance(t, p)
	require.NoError(t, p.Provision(t.Context(), id, spec))
	await(t, p, id, toygres.PhaseReady)
	name := "pg-" + string(id)

	to := toygres.Size{CPUMillis: 300, MemoryMiB: 384, StorageGiB: 3}
	raw, err := json.Marshal(spec.Resized(to))
	require.NoError(t, err)
	_, err = client.CoreV1().ConfigMaps(config.Namespace).Patch(t.Context(), name, types.MergePatchType,
		fmt.Appendf(nil, `{"metadata":{"annotations":{"toygres.io/spec":%q}}}`, raw), metav1.PatchOptions{})
	require.NoError(t, err)
	seen, err := p.Observe(t.Context(), id)
	require.NoError(t, err)
	require.Equal(t, toygres.PhaseStarting, seen.Phase, "the old server counts as ready")

	keep(t, p)
	require.Equal(t, to, await(t, p, id, toygres.PhaseReady).Size)
	pod, err := client.CoreV1().Pods(config.Namespace).Get(t.Context(), name+"-0", metav1.GetOptions{})
	require.NoError(t, err)
	limits := pod.Spec.Containers[0].Resources.Limits
	require.Equal(t, "300m", limits.Cpu().String())
	require.Equal(t, "384Mi", limits.Memory().String())
	claim, err := client.CoreV1().PersistentVolumeClaims(config.Namespace).Get(t.Context(), "data-"+name+"-0", metav1.GetOptions{})
	require.NoError(t, err)
	require.Equal(t, "3Gi", claim.Status.Capacity.Storage().String())
	var buffers string
	require.NoError(t, connect(t, p, id).QueryRow(t.Context(), `SHOW shared_buffers`).Scan(&buffers))
	require.Equal(t, "96MB", buffers)

	set, err := client.AppsV1().StatefulSets(config.Namespace).Get(t.Context(), name, metav1.GetOptions{})
	require.NoError(t, err)
	require.Equal(t, "1Gi", set.Spec.VolumeClaimTemplates[0].Spec.Resources.Requests.Storage().String())
	require.NoError(t, p.Provision(t.Context(), id, spec.Resized(to)))
	again, err := client.AppsV1().StatefulSets(config.Namespace).Get(t.Context(), name, metav1.GetOptions{})
	require.NoError(t, err)
	require.Equal(t, set.Generation, again.Generation)
	samePod, err := client.CoreV1().Pods(config.Namespace).Get(t.Context(), pod.Name, metav1.GetOptions{})
	require.NoError(t, err)
	require.Equal(t, pod.UID, samePod.UID)
}

func TestAResizeForWhichNoNodeHasRoomCanBeTakenBack(t *testing.T) {
	t.Parallel()
	config := newConfig(t)
	p := newProvider(t, config)
	id := provision(t, p)
	_, err := connect(t, p, id).Exec(t.Context(), `CREATE TABLE kept AS SELECT 1`)
	require.NoError(t, err)
	before, err := p.Observe(t.Context(), id)
	require.NoError(t, err)
	require.NoError(t, p.Resize(t.Context(), id, toygres.Size{CPUMillis: toygres.MaxCPUMillis}))
	awaitFailure(t, config, id, "Insufficient cpu")
	require.NoError(t, p.Resize(t.Context(), id, before.Size))
	require.Eventually(t, func() bool {
		seen, err := p.Observe(t.Context(), id)
		return err == nil && seen == before
	}, patience, 100*time.Millisecond)
	_, err = connect(t, p, id).Exec(t.Context(), `TABLE kept`)
	require.NoError(t, err)
}

// We may not read storage classes; the API server's refusal is all there is.
func TestStorageThatCannotGrowIsRefusedBeforeAnythingChanges(t *testing.T) {
	t.Parallel()
	config := newConfig(t)
	config.StorageClass, config.VolumePermissions = config.Namespace, true
	_, err := client.StorageV1().StorageClasses().Create(t.Context(), &storagev1.StorageClass{
		ObjectMeta: metav1.ObjectMeta{Name: config.StorageClass}, Provisioner: "kubernetes.io/no-provisioner",
	}, metav1.CreateOptions{})
	require.NoError(t, err)
	_, err = client.CoreV1().PersistentVolumes().Create(t.Context(), &corev1.PersistentVolume{
		ObjectMeta: metav1.ObjectMeta{Name: config.StorageClass},
		Spec: corev1.PersistentVolumeSpec{
			StorageClassName: config.StorageClass, AccessModes: []corev1.PersistentVolumeAccessMode{corev1.ReadWriteOnce},
			Capacity: corev1.ResourceList{corev1.ResourceStorage: resource.MustParse("1Gi")},
			PersistentVolumeSource: corev1.PersistentVolumeSource{HostPath: &corev1.HostPathVolumeSource{
				Path: path.Join("/var/lib/volumes", config.StorageClass), Type: new(corev1.HostPathDirectoryOrCreate)}},
		},
	}, metav1.CreateOptions{})
	require.NoError(t, err)
	t.Cleanup(func() {
		ctx := context.Background()
		require.NoError(t, client.CoreV1().PersistentVolumes().Delete(ctx, config.StorageClass, metav1.DeleteOptions{}))
		require.NoError(t, client.StorageV1().StorageClasses().Delete(ctx, config.StorageClass, metav1.DeleteOptions{}))
	})
	p := newProvider(t, config)
	id := provision(t, p)
	before, err := p.Observe(t.Context(), id)
	require.NoError(t, err)
	record, err := client.CoreV1().ConfigMaps(config.Namespace).Get(t.Context(), "pg-"+string(id), metav1.GetOptions{})
	require.NoError(t, err)

	err = p.Resize(t.Context(), id, toygres.Size{MemoryMiB: 384, StorageGiB: 2})
	require.Equal(t, toygres.CodeInvalid, toygres.CodeOf(err), "%v", err)
	require.Contains(t, toygres.MessageOf(err), config.StorageClass)
	var coded *toygres.Error
	require.ErrorAs(t, err, &coded)
	require.Equal(t, "storage_gib", coded.Fields[0].Field)

	after, err := p.Observe(t.Context(), id)
	require.NoError(t, err)
	require.Equal(t, before, after)
	same, err := client.CoreV1().ConfigMaps(config.Namespace).Get(t.Context(), record.Name, metav1.GetOptions{})
	require.NoError(t, err)
	require.Equal(t, record.ResourceVersion, same.ResourceVersion)
	require.NoError(t, p.Resize(t.Context(), id, toygres.Size{MemoryMiB: 384}), "the rest can change")
	require.Equal(t, 384, await(t, p, id, toygres.PhaseReady).Size.MemoryMiB)
}

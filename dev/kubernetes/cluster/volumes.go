package cluster

import (
	"context"
	"os"
	"path/filepath"

	core "k8s.io/api/core/v1"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// StorageClass is the default one. Like a cloud's, it makes a volume when the first pod wants it, lets it grow and
// respects fsGroup; Kubernetes' own provisioner of directories on the host does neither of the latter two.
const StorageClass = "standard"

const (
	provisioner   = "toygres.io/directory"
	volumesInNode = "/var/lib/volumes"
	provisionedBy = "pv.kubernetes.io/provisioned-by"
	selectedNode  = "volume.kubernetes.io/selected-node"
)

// provide makes the volume of a claim for which the scheduler has chosen the node, and lets volumes grow. A volume is a
// directory, so its size is only a word.
func (c cloud) provide(ctx context.Context, namespace, name string) error {
	claims := c.client.CoreV1().PersistentVolumeClaims(namespace)
	claim, err := claims.Get(ctx, name, meta.GetOptions{})
	if err != nil {
		return err
	}
	if claim.Spec.StorageClassName == nil || *claim.Spec.StorageClassName != StorageClass || claim.DeletionTimestamp != nil {
		return nil
	}
	wanted := claim.Spec.Resources.Requests[core.ResourceStorage]
	if claim.Spec.VolumeName != "" {
		if has, bound := claim.Status.Capacity[core.ResourceStorage]; !bound || wanted.Cmp(has) <= 0 {
			return nil
		}
		volume, err := c.client.CoreV1().PersistentVolumes().Get(ctx, claim.Spec.VolumeName, meta.GetOptions{})
		if err != nil {
			return err
		}
		volume.Spec.Capacity[core.ResourceStorage] = wanted
		if _, err := c.client.CoreV1().PersistentVolumes().Update(ctx, volume, meta.UpdateOptions{}); err != nil {
			return err
		}
		claim.Status.Capacity[core.ResourceStorage] = wanted
		_, err = claims.UpdateStatus(ctx, claim, meta.UpdateOptions{})
		return err
	}
	if claim.Annotations[selectedNode] != NodeName {
		return nil
	}
	volume := "pvc-" + string(claim.UID)
	path := filepath.Join(volumesInNode, volume)
	if err := os.MkdirAll(path, 0o755); err != nil {
		return err
	}
	_, err = c.client.CoreV1().PersistentVolumes().Create(ctx, &core.PersistentVolume{
		ObjectMeta: meta.ObjectMeta{Name: volume, Annotations: map[string]string{provisionedBy: provisioner}},
		Spec: core.PersistentVolumeSpec{
			Capacity:                      core.ResourceList{core.ResourceStorage: wanted},
			AccessModes:                   claim.Spec.AccessModes,
			PersistentVolumeReclaimPolicy: core.PersistentVolumeReclaimDelete,
			StorageClassName:              StorageClass,
			PersistentVolumeSource:        core.PersistentVolumeSource{Local: &core.LocalVolumeSource{Path: path}},
			ClaimRef: &core.ObjectReference{
				APIVersion: "v1", Kind: "PersistentVolumeClaim", Namespace: namespace, Name: name, UID: claim.UID,
			},
			NodeAffinity: &core.VolumeNodeAffinity{Required: &core.NodeSelector{NodeSelectorTerms: []core.NodeSelectorTerm{{
				MatchExpressions: []core.NodeSelectorRequirement{{
					Key: core.LabelHostname, Operator: core.NodeSelectorOpIn, Values: []string{NodeName},
				}},
			}}}},
		},
	}, meta.CreateOptions{})
	return ignoreExists(err)
}

// reclaim removes a volume whose claim is gone.
func (c cloud) reclaim(ctx context.Context, _, name string) error {
	volumes := c.client.CoreV1().PersistentVolumes()
	volume, err := volumes.Get(ctx, name, meta.GetOptions{})
	if err != nil {
		return err
	}
	if volume.Annotations[provisionedBy] != provisioner || volume.Status.Phase != core.VolumeReleased ||
		volume.Spec.PersistentVolumeReclaimPolicy != core.PersistentVolumeReclaimDelete || volume.Spec.Local == nil {
		return nil
	}
	if err := os.RemoveAll(filepath.Join(volumesInNode, volume.Name)); err != nil {
		return err
	}
	return volumes.Delete(ctx, name, meta.DeleteOptions{})
}

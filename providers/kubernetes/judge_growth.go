package kubernetes

import (
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/toygres/toygres"
)

// growing reports whether the volume holds less than it should.
func (v view) growing() bool {
	if v.claim == nil || !v.grown() {
		return false
	}
	holds, known := v.claim.Status.Capacity[corev1.ResourceStorage]
	return known && holds.Cmp(v.storage()) < 0
}

// judgeGrowth says how a volume's growth goes, while the server runs. Growth
// that fails makes no server fail: then the instance is shown with the storage
// that it has.
func (v view) judgeGrowth(o toygres.Observation, now time.Time, patience time.Duration) (toygres.Observation, time.Duration) {
	holds := v.claim.Status.Capacity[corev1.ResourceStorage]
	should := v.storage()
	o.Message = fmt.Sprintf("the server is ready; its volume grows from %s to %s", &holds, &should)
	for _, c := range v.claim.Status.Conditions {
		if c.Type == corev1.PersistentVolumeClaimFileSystemResizePending && c.Status == corev1.ConditionTrue {
			o.Message = "the server is ready; its volume has grown, and the node grows the file system"
		}
	}
	given := func() { o.Phase, o.Size.StorageGiB = toygres.PhaseReady, int(holds.Value()>>30) }
	e, failing := v.latest("VolumeResizeFailed", "FileSystemResizeFailed")
	if failing {
		o.Message = fmt.Sprintf("its volume has not grown from %s to %s: %s", &holds, &should, printable(e.Message))
	}
	switch v.claim.Status.AllocatedResourceStatuses[corev1.ResourceStorage] {
	case corev1.PersistentVolumeClaimControllerResizeInfeasible, corev1.PersistentVolumeClaimNodeResizeInfeasible:
		if !failing {
			o.Message = fmt.Sprintf("its volume can't grow from %s to %s", &holds, &should)
		}
		given()
		return o, 0
	}
	if !failing {
		return o, 0
	}
	left := firstSeen(e).Add(patience).Sub(now)
	if left <= 0 {
		given()
	}
	return o, max(left, 0)
}

package kubernetes

import (
	"context"
	"fmt"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/types"

	"github.com/toygres/toygres"
)

// Restart replaces the instance's pod, as `kubectl rollout restart` does: by an
// annotation of its template. What a pod says of itself tells on which side of
// the restart it is; [Provider.Keep] finishes what is interrupted.
func (p *Provider) Restart(ctx context.Context, id toygres.InstanceID, request string) error {
	r, err := p.restartable(ctx, id)
	if err != nil {
		return err
	}
	if r.restart != request {
		if r, err = p.recordRestart(ctx, r, request); err != nil {
			return err
		}
	}
	// Of several restarts the record has the last one's. All look at it again
	// after they have changed the template, so the last to do so does it right.
	for {
		set, err := p.markTemplate(ctx, r)
		if err != nil {
			return err
		}
		now, err := p.restartable(ctx, id)
		if err != nil {
			return err
		}
		if now.restart == r.restart {
			return p.endPodBefore(ctx, set, r)
		}
		r = now
	}
}

// restartable returns the record of an instance that should run.
func (p *Provider) restartable(ctx context.Context, id toygres.InstanceID) (record, error) {
	r, err := p.load(ctx, id)
	switch {
	case err != nil:
		return r, err
	case r.deleting:
		return r, beingDeleted(id)
	case !r.running:
		return r, toygres.Errorf(toygres.CodeConflict, "the instance %s is stopped; start it", id)
	default:
		return r, nil
	}
}

func (p *Provider) recordRestart(ctx context.Context, r record, asked string) (record, error) {
	var err error
	if r.uid == "" {
		if r, err = p.createRecord(ctx, r); err != nil {
			return r, p.failure(request{"create", "configmaps"}, err)
		}
	}
	id := r.id
	r, err = p.annotate(ctx, r, annotationRestart, asked)
	return r, p.absentOr(id, request{"patch", "configmaps"}, err)
}

// markTemplate puts the restart on the template of the instance's pod, and
// makes all objects if there is no StatefulSet.
func (p *Provider) markTemplate(ctx context.Context, r record) (*appsv1.StatefulSet, error) {
	sets := p.client.AppsV1().StatefulSets(p.config.Namespace)
	patch := fmt.Appendf(nil, `{"spec":{"template":{"metadata":{"annotations":{%q:%q}},"spec":%s}}}`, annotationRestart, r.restart, p.imageNow(r))
	set, err := sets.Patch(ctx, baseName(r.id), types.StrategicMergePatchType, patch, metav1.PatchOptions{FieldManager: fieldManager})
	if apierrors.IsNotFound(err) {
		if err := p.settle(ctx, r); err != nil {
			return nil, err
		}
		set, err = sets.Get(ctx, baseName(r.id), metav1.GetOptions{})
	}
	return set, p.failure(request{"patch", "statefulsets"}, err)
}

// endPodBefore ends the pod if it is from before the restart. It waits until
// the next one will be made from the changed template, or that would have to
// be replaced, too.
func (p *Provider) endPodBefore(ctx context.Context, set *appsv1.StatefulSet, r record) error {
	seen, err := p.awaitObserved(ctx, set)
	if err != nil || !seen {
		return err
	}
	pod, err := p.client.CoreV1().Pods(p.config.Namespace).Get(ctx, podName(r.id), metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return nil
	}
	if err != nil {
		return p.failure(request{"get", "pods"}, err)
	}
	if pod.DeletionTimestamp != nil || !restarts(pod, r.restart) {
		return nil
	}
	return p.endPod(ctx, pod)
}

// observedPatience is how long Kubernetes may take to notice a changed
// StatefulSet: usually milliseconds. While it takes longer it would not replace
// a pod, either, and that is left to Keep.
const observedPatience = 5 * time.Second

// awaitObserved waits until Kubernetes has noticed this StatefulSet, and
// reports whether it has.
func (p *Provider) awaitObserved(ctx context.Context, set *appsv1.StatefulSet) (bool, error) {
	if observed(set) {
		return true, nil
	}
	soon, cancel := context.WithTimeout(ctx, observedPatience)
	defer cancel()
	changes, err := p.client.AppsV1().StatefulSets(p.config.Namespace).Watch(soon, metav1.ListOptions{
		FieldSelector: fields.OneTermEqualSelector(metav1.ObjectNameField, set.Name).String(), ResourceVersion: set.ResourceVersion,
	})
	if err != nil {
		return false, p.failure(request{"watch", "statefulsets"}, err)
	}
	defer changes.Stop()
	for change := range changes.ResultChan() {
		if now, ok := change.Object.(*appsv1.StatefulSet); ok && now.Status.ObservedGeneration >= set.Generation {
			return true, nil
		}
	}
	return false, p.failure(request{"watch", "statefulsets"}, context.Cause(ctx))
}

// restarts reports whether the pod is from before the restart that was asked
// for.
func restarts(pod *corev1.Pod, asked string) bool {
	return asked != "" && pod.Annotations[annotationRestart] != asked
}

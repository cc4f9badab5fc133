package kubernetes

import (
	"context"
	"errors"
	"fmt"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/toygres/toygres"
)

// Resize changes the volume claim, which the cluster may refuse, then the
// record, then what follows from it, and replaces a pod of another size.
// Killed after the record has changed, it is finished by [Provider.Keep] or
// when called again; killed before, a claim may have grown, which hurts nobody.
func (p *Provider) Resize(ctx context.Context, id toygres.InstanceID, to toygres.Size) error {
	r, err := p.change(ctx, id, func(r record) (toygres.Spec, error) { return p.resized(ctx, r, to) })
	if err != nil {
		return err
	}
	return p.replaceOtherSize(ctx, r)
}

// resized is what is asked of the instance with another size, if it can have
// that.
func (p *Provider) resized(ctx context.Context, r record, to toygres.Size) (toygres.Spec, error) {
	has := r.spec.Size()
	should := to.Or(has)
	if err := should.ValidateResize(has); err != nil || should == has {
		return r.spec, err
	}
	d, err := p.desired(r)
	if err != nil {
		return r.spec, err
	}
	d.spec = r.spec.Resized(should)
	if should.StorageGiB > has.StorageGiB {
		err = p.grow(ctx, d)
	}
	return d.spec, err
}

// replaceOtherSize ends a pod that has another size than the record says, as
// soon as its successor will have the right one.
func (p *Provider) replaceOtherSize(ctx context.Context, r record) error {
	if !r.running {
		return nil
	}
	set, err := p.client.AppsV1().StatefulSets(p.config.Namespace).Get(ctx, baseName(r.id), metav1.GetOptions{})
	if set, err = existing(set, p, request{"get", "statefulsets"}, err); err != nil || set == nil {
		return err // deleted by hand, and Keep makes it anew
	}
	seen, err := p.awaitObserved(ctx, set)
	if err != nil || !seen {
		return err
	}
	pod, err := p.client.CoreV1().Pods(p.config.Namespace).Get(ctx, podName(r.id), metav1.GetOptions{})
	if pod, err = existing(pod, p, request{"get", "pods"}, err); err != nil || pod == nil {
		return err
	}
	if pod.DeletionTimestamp != nil || fits(pod, r.spec.Size()) {
		return nil
	}
	return p.endPod(ctx, pod)
}

// sizeMark is a size as a pod is marked with it. Storage is in it, because the
// server's settings follow from it, too.
func sizeMark(s toygres.Size) string {
	return fmt.Sprintf("cpu=%dm memory=%dMi storage=%dGi", s.CPUMillis, s.MemoryMiB, s.StorageGiB)
}

// fits reports whether the pod has this size. One without a mark was made
// before there were any, and is known by the limits of its container: what it
// reserves may be less.
func fits(pod *corev1.Pod, s toygres.Size) bool {
	if mark, marked := pod.Annotations[annotationSize]; marked {
		return mark == sizeMark(s)
	}
	for _, c := range pod.Spec.Containers {
		if c.Name == containerName {
			return c.Resources.Limits.Cpu().MilliValue() == int64(s.CPUMillis) &&
				c.Resources.Limits.Memory().Value() == int64(s.MemoryMiB)<<20
		}
	}
	return true
}

// claimed returns how much storage the claim in the template of the instance's
// StatefulSet asks for; nil when there is no StatefulSet.
func (p *Provider) claimed(ctx context.Context, id toygres.InstanceID) (*resource.Quantity, error) {
	set, err := p.client.AppsV1().StatefulSets(p.config.Namespace).Get(ctx, baseName(id), metav1.GetOptions{})
	if set, err = existing(set, p, request{"get", "statefulsets"}, err); err != nil || set == nil {
		return nil, err
	}
	return claimedBy(set), nil
}

func claimedBy(set *appsv1.StatefulSet) *resource.Quantity {
	for _, claim := range set.Spec.VolumeClaimTemplates {
		if claim.Name == volumeData {
			storage := claim.Spec.Resources.Requests[corev1.ResourceStorage]
			return &storage
		}
	}
	return nil
}

// grown reports whether the instance has more storage than it was made with.
func (d desired) grown() bool { return d.claimed != nil && d.claimed.Cmp(d.storage()) < 0 }

// grow makes the instance's claim ask for as much storage as it should have. A
// claim that is not there yet will be made by the StatefulSet.
func (p *Provider) grow(ctx context.Context, d desired) error {
	claims := p.client.CoreV1().PersistentVolumeClaims(p.config.Namespace)
	for {
		claim, err := claims.Get(ctx, claimName(d.id), metav1.GetOptions{})
		if claim, err = existing(claim, p, request{"get", "persistentvolumeclaims"}, err); err != nil || claim == nil {
			return err
		}
		should, asks := d.storage(), claim.Spec.Resources.Requests[corev1.ResourceStorage]
		switch {
		case asks.Cmp(should) >= 0:
			return nil
		case claim.Status.Phase != corev1.ClaimBound:
			return &toygres.Error{Code: toygres.CodeUnavailable, Message: "the instance's volume is not there yet, so it can't grow; try again once the instance has run"}
		}
		patch := fmt.Appendf(nil, `{"metadata":{"uid":%q,"resourceVersion":%q},"spec":{"resources":{"requests":{"storage":%q}}}}`,
			claim.UID, claim.ResourceVersion, should.String())
		_, err = claims.Patch(ctx, claim.Name, types.MergePatchType, patch, metav1.PatchOptions{FieldManager: fieldManager})
		if !apierrors.IsConflict(err) {
			return p.cannotGrow(claim, err)
		}
	}
}

// cannotGrow explains why the cluster refuses that a claim grows. Whether its
// storage class lets it is said by the API server's message alone: we may not
// read storage classes, which belong to no namespace.
func (p *Provider) cannotGrow(claim *corev1.PersistentVolumeClaim, err error) error {
	var status apierrors.APIStatus
	if !apierrors.IsForbidden(err) || !errors.As(err, &status) || !strings.Contains(status.Status().Message, "must support resize") {
		return p.failure(request{"patch", "persistentvolumeclaims"}, err)
	}
	class := "of its storage"
	if claim.Spec.StorageClassName != nil {
		class = *claim.Spec.StorageClassName
	}
	message := fmt.Sprintf("can't grow: the storage class %s does not let volumes grow (allowVolumeExpansion); leave it as it is, or have an administrator change the class", class)
	return &toygres.Error{Code: toygres.CodeInvalid, Message: "storage_gib " + message, Err: err,
		Fields: []toygres.FieldError{{Field: "storage_gib", Rule: "expandable", Message: message}}}
}

package kubernetes

import (
	"cmp"
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/util/workqueue"

	"github.com/toygres/toygres"
)

const (
	keepers     = 4           // instances that are settled side by side
	keepDelay   = time.Second // in which changes are gathered
	keepAtLeast = 30 * time.Minute
)

// Keep keeps every instance's objects what its record says, until ctx ends:
// what is deleted or edited by hand comes back, certificates are renewed, and
// what a crash has left unfinished is finished. Any number of processes may do
// so at once.
func (p *Provider) Keep(ctx context.Context) error {
	changes, err := p.Watch(ctx)
	if err != nil {
		return err
	}
	k := keeper{provider: p, settled: map[toygres.InstanceID]string{}, queue: workqueue.NewTypedRateLimitingQueue(
		workqueue.NewTypedItemExponentialFailureRateLimiter[toygres.InstanceID](time.Second, 5*time.Minute))}
	var all sync.WaitGroup
	for range keepers {
		all.Go(func() { k.work(ctx) })
	}
	all.Go(func() { k.remind(ctx) })
	for id := range changes {
		k.queue.AddAfter(id, keepDelay)
	}
	k.queue.ShutDown()
	all.Wait()
	return nil
}

// keeper settles instances of which objects have changed.
type keeper struct {
	provider *Provider
	queue    workqueue.TypedRateLimitingInterface[toygres.InstanceID]

	mu      sync.Mutex
	settled map[toygres.InstanceID]string // how its objects were after it was settled
}

// remind looks at every instance again now and then: certificates age without
// any change.
func (k *keeper) remind(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-time.After(keepAtLeast + rand.N(keepAtLeast/4)):
		}
		ids, err := k.provider.List(ctx)
		if err != nil {
			k.provider.log.Error("the instances can't be listed", "error", err)
		}
		k.mu.Lock()
		clear(k.settled)
		k.mu.Unlock()
		for _, id := range ids {
			k.queue.Add(id)
		}
	}
}

func (k *keeper) work(ctx context.Context) {
	for {
		id, over := k.queue.Get()
		if over {
			return
		}
		err := k.keep(ctx, id)
		switch {
		case ctx.Err() != nil:
		case err != nil:
			k.provider.log.Error("instance could not be kept as it should be", "instance", id, "error", err)
			k.queue.AddRateLimited(id)
		default:
			k.queue.Forget(id)
		}
		k.queue.Done(id)
	}
}

func (k *keeper) keep(ctx context.Context, id toygres.InstanceID) error {
	p := k.provider
	now := p.watcher.fingerprint(id)
	k.mu.Lock()
	same := k.settled[id] == now
	k.mu.Unlock()
	if !same {
		r, err := p.load(ctx, id)
		switch {
		case toygres.CodeOf(err) == toygres.CodeNotFound:
			k.mu.Lock()
			delete(k.settled, id)
			k.mu.Unlock()
			return nil
		case err != nil:
			return err
		case r.deleting:
			return p.Delete(ctx, id)
		}
		if r.uid == "" {
			r, err = p.createRecord(ctx, r)
			if apierrors.IsAlreadyExists(err) {
				return nil // somebody was faster, which is a change
			}
			if err != nil {
				return p.failure(request{"create", "configmaps"}, err)
			}
		}
		if err := p.settle(ctx, r); err != nil {
			return err
		}
		k.mu.Lock()
		k.settled[id] = now // what settling has changed is another change, and found to be right
		k.mu.Unlock()
	}
	return p.replaceOutdatedPod(ctx, id)
}

// replaceOutdatedPod ends a pod that can't get better, because it was made from
// a template that has changed since, one that serves an old certificate, one
// from before a restart, and one that has another size than its instance should
// have. Another one takes its place.
func (p *Provider) replaceOutdatedPod(ctx context.Context, id toygres.InstanceID) error {
	r, err := p.load(ctx, id)
	if err != nil || r.deleting || !r.running {
		return ignoreNotFound(err)
	}
	v, err := p.look(ctx, desired{config: &p.config, id: id, spec: r.spec, running: false}, record{id: id})
	if err != nil || v.pod == nil || v.set == nil || v.pod.DeletionTimestamp != nil {
		return err
	}
	if r.copies() && hasCopied(v.pod) {
		return p.endCopy(ctx, r)
	}
	reason := ""
	switch {
	case restarts(v.pod, r.restart):
		if v.set.Spec.Template.Annotations[annotationRestart] == r.restart && observed(v.set) {
			reason = "a restart was asked for"
		}
	case !fits(v.pod, r.spec.Size()):
		if observed(v.set) { // else its successor might be the same
			reason = "it has another size"
		}
	case podReady(v.pod):
		s, err := p.client.CoreV1().Secrets(p.config.Namespace).Get(ctx, tlsName(id), metav1.GetOptions{})
		if err != nil {
			return ignoreNotFound(p.absentOr(id, request{"get", "secrets"}, err))
		}
		if v.pod.CreationTimestamp.Time.Before(lastWritten(s)) {
			reason = "its certificate was renewed"
		}
	case outdated(v.pod, v.set) && !begunCopying(v.pod): // else it is so because it has the data, or would begin anew
		reason = "it is not ready, and made from an outdated template"
	}
	if reason == "" {
		return nil
	}
	p.log.Info("a pod is replaced", "instance", id, "reason", reason)
	return p.endPod(ctx, v.pod)
}

// endPod ends a pod, unless it is gone or another one by now.
func (p *Provider) endPod(ctx context.Context, pod *corev1.Pod) error {
	err := p.client.CoreV1().Pods(p.config.Namespace).Delete(ctx, pod.Name, metav1.DeleteOptions{Preconditions: &metav1.Preconditions{UID: &pod.UID}})
	if apierrors.IsNotFound(err) || apierrors.IsConflict(err) {
		return nil
	}
	return p.failure(request{"delete", "pods"}, err)
}

// lastWritten is when we wrote the contents of the Secret, by the clock that
// pods have their creation from.
func lastWritten(s *corev1.Secret) time.Time {
	at := s.CreationTimestamp.Time
	for _, f := range s.ManagedFields {
		if f.Manager == fieldManager && f.Operation == metav1.ManagedFieldsOperationUpdate && f.Time != nil && f.Time.After(at) {
			at = f.Time.Time
		}
	}
	return at
}

func ignoreNotFound(err error) error {
	if toygres.CodeOf(err) == toygres.CodeNotFound {
		return nil
	}
	return err
}

// outdated reports whether the pod was made from another template than the
// StatefulSet has now.
func outdated(pod *corev1.Pod, set *appsv1.StatefulSet) bool {
	return observed(set) && set.Status.UpdateRevision != "" &&
		pod.Labels[appsv1.ControllerRevisionHashLabelKey] != set.Status.UpdateRevision
}

// observed reports whether a pod that is made now is made as the StatefulSet
// says.
func observed(set *appsv1.StatefulSet) bool { return set.Status.ObservedGeneration >= set.Generation }

// fingerprint changes when an object of the instance that follows from its
// record does. Pods and claims come and go by themselves.
func (w *watcher) fingerprint(id toygres.InstanceID) string {
	w.mu.Lock()
	r := w.round
	w.mu.Unlock()
	if r == nil {
		return ""
	}
	var all []string
	for i, kind := range kinds {
		if kind == pods || kind == claims {
			continue
		}
		found, err := r.streams[i].seen.ByIndex(byInstance, string(id))
		if err != nil {
			continue // there is such an index
		}
		for _, o := range found {
			m, ok := o.(metav1.Object)
			if !ok {
				continue
			}
			version := m.GetResourceVersion()
			if kind == statefulSets { // its status changes all the time
				version = fmt.Sprint(m.GetGeneration(), m.GetLabels(), m.GetAnnotations())
			}
			all = append(all, kind.Resource+"/"+m.GetName()+"/"+string(m.GetUID())+"/"+version)
		}
	}
	slices.SortFunc(all, cmp.Compare[string])
	return strings.Join(all, "\n")
}

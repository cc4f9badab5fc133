package kubernetes

import (
	"context"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/toygres/toygres"
	"github.com/toygres/toygres/providers/internal/admin"
	"github.com/toygres/toygres/providers/internal/basebackup"
	"github.com/toygres/toygres/providers/kubernetes/copydata"
)

func (r record) copies() bool { return r.spec.Source != "" && !r.copied }

// fork makes the objects of an instance whose pod begins with copying, and waits
// until it has the data. Killed at any point, it goes on there when called
// again; the pod goes on meanwhile.
func (p *Provider) fork(ctx context.Context, r record) error {
	watching, stop := context.WithCancel(ctx)
	defer stop()
	changes, err := p.watcher.subscribe(watching)
	if err != nil {
		return err
	}
	for settled := false; ; settled = true {
		over, err := p.lookAtCopy(ctx, r.id)
		if over || err != nil {
			return err
		}
		if !settled {
			if err := p.settle(ctx, r); err != nil {
				return err
			}
			continue
		}
		for changed := toygres.InstanceID(""); changed != r.id && changed != r.spec.Source; {
			var open bool
			select {
			case changed, open = <-changes:
			case <-ctx.Done():
			}
			if ctx.Err() != nil || !open {
				return p.failure(request{"watch", "pods"}, context.Cause(ctx))
			}
		}
	}
}

// lookAtCopy ends a copy that is complete. It reports whether there is nothing to
// wait for any more; an error says that the copy will not come.
func (p *Provider) lookAtCopy(ctx context.Context, id toygres.InstanceID) (over bool, err error) {
	r, err := p.load(ctx, id)
	if toygres.CodeOf(err) == toygres.CodeNotFound || err == nil && (r.deleting || r.copied) {
		return true, nil
	}
	if err != nil {
		return false, err
	}
	if !r.running {
		return false, toygres.Errorf(toygres.CodeConflict, "the instance %s was stopped before it had its data", id)
	}
	pod, err := p.client.CoreV1().Pods(p.config.Namespace).Get(ctx, podName(id), metav1.GetOptions{})
	if pod, err = existing(pod, p, request{"get", "pods"}, err); err != nil {
		return false, err
	}
	if hasCopied(pod) {
		return true, p.endCopy(ctx, r)
	}
	if err := p.sourceGone(ctx, r.spec.Source); err != nil {
		return false, err
	}
	if words := hopeless(pod); words != "" {
		return false, toygres.Errorf(toygres.CodeInvalid, "the data can't be copied: %s", words)
	}
	switch seen, err := p.Observe(ctx, id); {
	case err != nil:
		return false, err
	case seen.Phase == toygres.PhaseFailed:
		return false, toygres.Errorf(toygres.CodeProvider, "the data can't be copied: %s", seen.Message)
	}
	return false, nil
}

// endCopy writes down that the instance has its data, and takes away what they
// were copied with. Its pod stays.
func (p *Provider) endCopy(ctx context.Context, r record) error {
	if r.uid == "" {
		return nil // Keep makes the record first
	}
	r, err := p.annotate(ctx, r, annotationCopied, "true")
	if err != nil {
		return ignoreNotFound(p.absentOr(r.id, request{"patch", "configmaps"}, err))
	}
	return p.settle(ctx, r)
}

// settleCopyPolicy lets a fork reach its source for as long as it copies.
func (p *Provider) settleCopyPolicy(ctx context.Context, d desired, force metav1.ApplyOptions) error {
	policies := p.client.NetworkingV1().NetworkPolicies(p.config.Namespace)
	switch {
	case d.copies():
		return p.apply(ctx, "networkpolicies", func() error {
			_, err := policies.Apply(ctx, copyPolicy(d), force)
			return err
		})
	case d.spec.Source != "":
		err := policies.Delete(ctx, copyPolicyName(d.id), metav1.DeleteOptions{})
		if apierrors.IsNotFound(err) {
			return nil
		}
		return p.failure(request{"delete", "networkpolicies"}, err)
	default:
		return nil
	}
}

// sourceGone is why nothing can be copied from the instance, nil when it runs or
// should.
func (p *Provider) sourceGone(ctx context.Context, source toygres.InstanceID) error {
	r, err := p.load(ctx, source)
	switch {
	case toygres.CodeOf(err) == toygres.CodeNotFound || err == nil && r.deleting:
		return noSource(source)
	case err == nil && !r.running:
		return toygres.Errorf(toygres.CodeConflict, "the source of the fork, the instance %s, is stopped; start it, then fork it again", source)
	default:
		return err
	}
}

func noSource(source toygres.InstanceID) error {
	return toygres.Errorf(toygres.CodeConflict, "the source of the fork, the instance %s, does not exist any more", source)
}

// sourceEndpoint is where a fork's pod reaches its source.
func (p *Provider) sourceEndpoint(ctx context.Context, source toygres.InstanceID) (toygres.Endpoint, error) {
	d := desired{config: &p.config, id: source}
	if at := d.inside(""); !at.IsZero() {
		return at, nil
	}
	service, err := p.client.CoreV1().Services(p.config.Namespace).Get(ctx, baseName(source), metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return toygres.Endpoint{}, noSource(source)
	}
	if err != nil {
		return toygres.Endpoint{}, p.failure(request{"get", "services"}, err)
	}
	return d.inside(service.Spec.ClusterIP), nil
}

// How often the source is asked how far a copy is, and how long it may take to
// answer.
const (
	copyPause    = 2 * time.Second
	copyPatience = 5 * time.Second
)

// howFar asks the source how far the copy of its data has got. When it does not
// say, nobody is worse off.
func (p *Provider) howFar(ctx context.Context, v view) basebackup.Progress {
	ctx, cancel := context.WithTimeout(ctx, copyPatience)
	defer cancel()
	r, err := p.load(ctx, v.spec.Source)
	if err != nil {
		return basebackup.Progress{}
	}
	service, err := p.client.CoreV1().Services(p.config.Namespace).Get(ctx, baseName(v.spec.Source), metav1.GetOptions{})
	if err != nil {
		return basebackup.Progress{}
	}
	as, err := p.Credentials(ctx, v.spec.Source)
	if err != nil {
		return basebackup.Progress{}
	}
	source := desired{config: &p.config, id: r.id, spec: r.spec}
	done, of, _, err := admin.Copied(ctx, source.endpoint(service.Spec.ClusterIP), as, connectionName(v.id))
	if err != nil {
		p.log.Debug("a source does not say how far its copy is", "instance", v.id, "error", err)
	}
	return basebackup.Progress{Done: done, Of: of}
}

// copying reports whether the pod copies now, takesOver whether it makes the
// copy its own, and hasCopied whether it has done both.
func copying(pod *corev1.Pod) bool {
	s := initStatus(pod, copyName)
	return s != nil && s.State.Running != nil
}

func takesOver(pod *corev1.Pod) bool {
	s := initStatus(pod, takeOverName)
	return s != nil && s.State.Running != nil
}

func hasCopied(pod *corev1.Pod) bool { return succeeded(initStatus(pod, takeOverName)) }

// begunCopying reports whether the pod copies or has copied.
func begunCopying(pod *corev1.Pod) bool { return copying(pod) || succeeded(initStatus(pod, copyName)) }

func succeeded(s *corev1.ContainerStatus) bool {
	return s != nil && s.State.Terminated != nil && s.State.Terminated.ExitCode == 0
}

// hopeless is why no repetition will copy the data, "" when one may.
func hopeless(pod *corev1.Pod) string {
	s := initStatus(pod, copyName)
	if s == nil {
		return ""
	}
	for _, ended := range []*corev1.ContainerStateTerminated{s.State.Terminated, s.LastTerminationState.Terminated} {
		if ended != nil && ended.ExitCode == copydata.Hopeless {
			return lastWords(ended.Message, ended.Reason)
		}
	}
	return ""
}

// initStatus is nil when the pod has no such container, or nothing is known of
// it yet.
func initStatus(pod *corev1.Pod, name string) *corev1.ContainerStatus {
	if pod == nil {
		return nil
	}
	for i := range pod.Status.InitContainerStatuses {
		if s := &pod.Status.InitContainerStatuses[i]; s.Name == name {
			return s
		}
	}
	return nil
}

package kubernetes

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strconv"
	"sync"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"

	"github.com/toygres/toygres"
	"github.com/toygres/toygres/providers/internal/basebackup"
)

// Observe returns what the cluster shows now.
func (p *Provider) Observe(ctx context.Context, id toygres.InstanceID) (toygres.Observation, error) {
	if !identity.MatchString(string(id)) {
		return toygres.Observation{Phase: toygres.PhaseAbsent}, nil
	}
	r, err := p.load(ctx, id)
	switch {
	case toygres.CodeOf(err) == toygres.CodeNotFound:
		return p.observeRemains(ctx, id)
	case err != nil && r.id != "": // a record that can't be read
		return toygres.Observation{Phase: toygres.PhaseFailed, Message: printable(toygres.MessageOf(err))}, nil
	case err != nil:
		return toygres.Observation{}, err
	}
	d, err := p.desired(r)
	if err != nil && !r.deleting {
		return toygres.Observation{Phase: toygres.PhaseFailed, Message: toygres.MessageOf(err)}, nil
	}
	v, err := p.look(ctx, d, r)
	if err != nil {
		return toygres.Observation{}, err
	}
	if copying(v.pod) {
		v.far = p.howFar(ctx, v)
	}
	o, again := v.judge(time.Now(), p.config.Patience)
	if o.Phase == toygres.PhaseReady {
		o, again = p.reach(ctx, v, o)
	}
	if again > 0 {
		p.watcher.tellLater(id, again)
	}
	return o, nil
}

// observeRemains says what there is without a record.
func (p *Provider) observeRemains(ctx context.Context, id toygres.InstanceID) (toygres.Observation, error) {
	left, err := p.find(ctx, of(id), kinds)
	if err != nil || len(left) == 0 {
		return toygres.Observation{Phase: toygres.PhaseAbsent}, err
	}
	if slices.ContainsFunc(left, func(o object) bool { return o.kind == configMaps || o.DeletionTimestamp != nil }) {
		return toygres.Observation{Phase: toygres.PhaseStopping, Message: "the instance is being deleted"}, nil
	}
	return toygres.Observation{Phase: toygres.PhaseFailed, Message: fmt.Sprintf(
		"nothing says what was asked: the ConfigMap and the StatefulSet %s are gone, but %s %s is left; delete the instance",
		baseName(id), left[0].kind.Resource, left[0].Name)}, nil
}

// view is what the cluster shows of an instance at one moment. What does not
// exist is nil.
type view struct {
	desired
	deleting bool
	set      *appsv1.StatefulSet
	pod      *corev1.Pod
	claim    *corev1.PersistentVolumeClaim // only when the pod has not begun to run, or storage has grown
	service  *corev1.Service
	events   []corev1.Event      // of those, when they may explain something
	answers  bool                // the server takes connections, though the pod is not known to be ready
	far      basebackup.Progress // of the copy, while it is made
}

func (p *Provider) look(ctx context.Context, d desired, r record) (view, error) {
	v := view{desired: d, deleting: r.deleting}
	ns := p.config.Namespace
	errs := make([]error, 3)
	var all sync.WaitGroup
	all.Go(func() {
		set, err := p.client.AppsV1().StatefulSets(ns).Get(ctx, baseName(d.id), metav1.GetOptions{})
		v.set, errs[0] = existing(set, p, request{"get", "statefulsets"}, err)
	})
	all.Go(func() {
		pod, err := p.client.CoreV1().Pods(ns).Get(ctx, podName(d.id), metav1.GetOptions{})
		v.pod, errs[1] = existing(pod, p, request{"get", "pods"}, err)
	})
	all.Go(func() {
		service, err := p.client.CoreV1().Services(ns).Get(ctx, baseName(d.id), metav1.GetOptions{})
		v.service, errs[2] = existing(service, p, request{"get", "services"}, err)
	})
	all.Wait()
	if err := errors.Join(errs...); err != nil {
		return v, err
	}
	if !r.running || r.deleting || v.set == nil {
		return v, nil
	}
	v.desired.claimed = claimedBy(v.set)
	if v.grown() || v.pod != nil && !started(v.pod) {
		claim, err := p.client.CoreV1().PersistentVolumeClaims(ns).Get(ctx, claimName(d.id), metav1.GetOptions{})
		if v.claim, err = existing(claim, p, request{"get", "persistentvolumeclaims"}, err); err != nil {
			return v, err
		}
	}
	v.answers = answers(ctx, v.pod)
	if v.ready() && (!d.spec.Public || v.address() != "") && !v.growing() {
		return v, nil
	}
	return v, p.lookForEvents(ctx, &v)
}

// lookForEvents reads the warnings about what is not as it should be.
func (p *Provider) lookForEvents(ctx context.Context, v *view) error {
	var about []metav1.Object
	switch {
	case v.pod == nil:
		about = append(about, v.set)
	case v.ready() && v.growing():
		about = append(about, v.claim, v.pod)
	case v.ready():
		about = append(about, v.service)
	default:
		about = append(about, v.pod)
		if v.claim != nil && v.claim.Status.Phase == corev1.ClaimPending {
			about = append(about, v.claim)
		}
	}
	for _, o := range about {
		events, err := p.client.CoreV1().Events(p.config.Namespace).List(ctx, metav1.ListOptions{FieldSelector: fields.Set{
			"type": corev1.EventTypeWarning, "involvedObject.uid": string(o.GetUID()),
		}.String()})
		if err != nil {
			return p.failure(request{"list", "events"}, err)
		}
		v.events = append(v.events, events.Items...)
	}
	return nil
}

// ready reports whether the server takes connections.
func (v view) ready() bool { return podReady(v.pod) || v.answers }

// existing is nil for what does not exist.
func existing[T any](found *T, p *Provider, r request, err error) (*T, error) {
	if apierrors.IsNotFound(err) {
		return nil, nil //nolint:nilnil // nil is what it is about
	}
	if err != nil {
		return nil, p.failure(r, err)
	}
	return found, nil
}

// address is where the client Service takes connections: its own address, or
// for a public one that of its load balancer.
func (v view) address() string {
	switch {
	case v.service == nil:
		return ""
	case !v.spec.Public:
		return v.service.Spec.ClusterIP
	case len(v.service.Status.LoadBalancer.Ingress) == 0:
		return ""
	}
	at := v.service.Status.LoadBalancer.Ingress[0]
	if at.IP == "" {
		return at.Hostname
	}
	return at.IP
}

// How long a pod that is ready may not be reachable by its Service before we
// say nothing of it any more: nodes learn of a pod within a second or two, and
// perhaps it is only we who can't get there.
const (
	reachPatience = 10 * time.Second
	reachPause    = 50 * time.Millisecond
	dialTimeout   = time.Second
	lookupPause   = 2 * time.Second
)

// reach lets an instance count as ready only when its endpoint does what it
// should: its public name resolves, and it takes connections. Nothing in the
// cluster tells when that is so; once it was, it is taken for granted until
// there is another pod.
func (p *Provider) reach(ctx context.Context, v view, o toygres.Observation) (toygres.Observation, time.Duration) {
	pod := string(v.pod.UID) + "@" + v.address()
	p.mu.Lock()
	known := p.reached[v.id] == pod
	p.mu.Unlock()
	if known {
		return o, 0
	}
	if name, public := v.publicName(); public {
		addresses, err := p.config.Resolver.LookupHost(ctx, name)
		if err != nil || !slices.Contains(addresses, v.address()) {
			o.Phase, o.Message = toygres.PhaseStarting, fmt.Sprintf("the server is ready; waiting for the name %s to lead to %s", name, v.address())
			return o, lookupPause
		}
	}
	dialer := net.Dialer{Timeout: dialTimeout}
	conn, err := dialer.DialContext(ctx, "tcp", net.JoinHostPort(o.Endpoint.Host, strconv.Itoa(o.Endpoint.Port)))
	if err != nil && (!podReady(v.pod) || time.Since(readySince(v.pod)) < reachPatience) {
		o.Phase, o.Message = toygres.PhaseStarting, "the server is ready; its endpoint is not reachable yet"
		return o, reachPause
	}
	if err == nil {
		_ = conn.Close() // it has served its purpose
	}
	p.mu.Lock()
	p.reached[v.id] = pod
	p.mu.Unlock()
	return o, 0
}

// forget frees what is kept of an instance that is gone.
func (p *Provider) forget(id toygres.InstanceID) {
	p.mu.Lock()
	delete(p.reached, id)
	p.mu.Unlock()
}

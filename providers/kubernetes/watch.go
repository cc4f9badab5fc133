package kubernetes

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/metadata/metadatainformer"
	"k8s.io/client-go/tools/cache"

	"github.com/toygres/toygres"
	"github.com/toygres/toygres/providers/internal/changes"
)

// Watch tells of changes as Kubernetes tells them. All watches of a provider
// share the same connections, and keep no more than metadata of objects.
func (p *Provider) Watch(ctx context.Context) (<-chan toygres.InstanceID, error) {
	return p.watcher.subscribe(ctx)
}

// watcher feeds all subscribers of a provider. It works while there are any.
type watcher struct {
	provider    *Provider
	mu          sync.Mutex
	subscribers map[*changes.Queue]bool
	round       *round
	timers      map[toygres.InstanceID]*time.Timer
}

func (w *watcher) subscribe(ctx context.Context) (<-chan toygres.InstanceID, error) {
	s := changes.NewQueue()
	r := w.join(s)
	// What exists is asked for after everything is watched, so that no end of
	// anything falls between.
	err := r.synced(ctx)
	var ids []toygres.InstanceID
	if err == nil {
		ids, err = w.provider.List(ctx)
	}
	if err != nil {
		w.leave(s)
		return nil, err
	}
	s.Add(ids...)
	out := make(chan toygres.InstanceID)
	go func() {
		defer close(out)
		defer w.leave(s)
		s.Deliver(ctx, out)
	}()
	return out, nil
}

func (w *watcher) join(s *changes.Queue) *round {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.subscribers) == 0 {
		w.subscribers = map[*changes.Queue]bool{}
		w.timers = map[toygres.InstanceID]*time.Timer{}
		w.round = newRound(w)
	}
	w.subscribers[s] = true
	return w.round
}

func (w *watcher) leave(s *changes.Queue) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.subscribers, s)
	if len(w.subscribers) == 0 {
		w.round.stop()
		w.round = nil
		for _, t := range w.timers {
			t.Stop()
		}
	}
}

func (w *watcher) tell(id toygres.InstanceID) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for s := range w.subscribers {
		s.Add(id)
	}
}

// tellLater tells of an instance that will look different without any change
// in the cluster: because patience ends, or a name resolves.
func (w *watcher) tellLater(id toygres.InstanceID, after time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.subscribers) == 0 {
		return
	}
	if t := w.timers[id]; t != nil {
		t.Stop()
	}
	w.timers[id] = time.AfterFunc(after, func() { w.tell(id) })
}

// round is the watching from the first subscriber's coming to the last one's
// leaving.
type round struct {
	stop      context.CancelFunc
	informers []cache.SharedIndexInformer // of kinds, in their order, and of events

	log *slog.Logger

	mu      sync.Mutex
	trouble error // the last one
}

const byInstance = "instance"

func newRound(w *watcher) *round {
	p := w.provider
	ctx, stop := context.WithCancel(context.Background())
	r := &round{stop: stop, log: p.log}
	tell := cache.ResourceEventHandlerFuncs{
		AddFunc: func(o any) { w.tellOf(o) },
		UpdateFunc: func(old, o any) {
			w.tellOf(old) // whose label may be gone
			w.tellOf(o)
		},
		DeleteFunc: func(o any) {
			if last, unknown := o.(cache.DeletedFinalStateUnknown); unknown {
				o = last.Obj
			}
			w.tellOf(o)
		},
	}
	labelled := func(o *metav1.ListOptions) { o.LabelSelector = labelID }
	index := cache.Indexers{byInstance: func(o any) ([]string, error) {
		m, ok := o.(metav1.Object)
		if !ok {
			return nil, nil
		}
		return []string{m.GetLabels()[labelID]}, nil
	}}
	for _, kind := range kinds {
		informer := metadatainformer.NewFilteredMetadataInformer(p.metadata, kind, p.config.Namespace, 0, index, labelled).Informer()
		r.add(ctx, informer, tell, func(err error) error { return p.failure(request{"watch", kind.Resource}, err) })
	}
	events := informers.NewSharedInformerFactoryWithOptions(p.client, 0, informers.WithNamespace(p.config.Namespace),
		informers.WithTweakListOptions(func(o *metav1.ListOptions) {
			o.FieldSelector = fields.OneTermEqualSelector("type", corev1.EventTypeWarning).String()
		})).Core().V1().Events().Informer()
	r.add(ctx, events, cache.ResourceEventHandlerFuncs{
		AddFunc:    func(o any) { w.tellOfEvent(o) },
		UpdateFunc: func(_, o any) { w.tellOfEvent(o) },
	}, func(err error) error { return p.failure(request{"watch", "events"}, err) })
	return r
}

func (r *round) add(ctx context.Context, informer cache.SharedIndexInformer, handler cache.ResourceEventHandler, failure func(error) error) {
	// These fail only for informers that run already.
	_ = informer.SetWatchErrorHandlerWithContext(func(_ context.Context, _ *cache.Reflector, err error) {
		if apierrors.IsResourceExpired(err) || apierrors.IsGone(err) || errors.Is(err, io.EOF) {
			return // it begins anew, as it must now and then
		}
		err = failure(err)
		r.log.Warn("watching instances stumbled; trying again", "error", err)
		r.mu.Lock()
		defer r.mu.Unlock()
		r.trouble = err
	})
	_, _ = informer.AddEventHandler(handler)
	r.informers = append(r.informers, informer)
	go informer.RunWithContext(ctx)
}

// synced waits until everything is watched. When that takes too long it says
// why.
func (r *round) synced(ctx context.Context) error {
	const patience = 20 * time.Second
	soon, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	synced := make([]cache.DoneChecker, len(r.informers))
	for i, informer := range r.informers {
		synced[i] = informer.HasSyncedChecker()
	}
	if cache.WaitFor(soon, "", synced...) {
		return nil
	}
	if ctx.Err() != nil {
		return toygres.Errorf(toygres.CodeCancelled, "watching the instances was cancelled: %w", context.Cause(ctx))
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.trouble != nil {
		return r.trouble
	}
	return toygres.Errorf(toygres.CodeUnavailable, "the instances can't be watched: %w", errors.New("the Kubernetes API is too slow"))
}

func (w *watcher) tellOf(o any) {
	m, ok := o.(metav1.Object)
	if !ok {
		return
	}
	if id := toygres.InstanceID(m.GetLabels()[labelID]); identity.MatchString(string(id)) {
		w.tell(id)
	}
}

func (w *watcher) tellOfEvent(o any) {
	e, ok := o.(*corev1.Event)
	if !ok || !telling[e.Reason] {
		return
	}
	if id, ours := idOf(e.InvolvedObject.Name); ours {
		w.tell(id)
	}
}

package kubernetes

import (
	"context"
	"errors"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/client-go/tools/cache"
	"k8s.io/klog/v2"

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
	stop    context.CancelFunc
	streams []*stream // of kinds, in their order, and of events
}

const byInstance = "instance"

func newRound(w *watcher) *round {
	p := w.provider
	// What the reflectors would log, streams do.
	ctx, stop := context.WithCancel(klog.NewContext(context.Background(), klog.Logger{}))
	r := &round{stop: stop}
	index := cache.Indexers{byInstance: func(o any) ([]string, error) {
		m, ok := o.(metav1.Object)
		if !ok {
			return nil, nil
		}
		return []string{m.GetLabels()[labelID]}, nil
	}}
	for _, kind := range kinds {
		s := newStream(p, kind.Resource, w.tellOf)
		s.seen = cache.NewIndexer(cache.MetaNamespaceKeyFunc, index)
		r.streams = append(r.streams, s)
		go run(ctx, s, &metav1.PartialObjectMetadata{}, p.metadata.Resource(kind).Namespace(p.config.Namespace),
			metav1.ListOptions{LabelSelector: labelID})
	}
	s := newStream(p, "events", w.tellOfEvent)
	r.streams = append(r.streams, s)
	go run(ctx, s, &corev1.Event{}, p.client.CoreV1().Events(p.config.Namespace),
		metav1.ListOptions{FieldSelector: fields.OneTermEqualSelector("type", corev1.EventTypeWarning).String()})
	return r
}

// synced waits until everything is watched. When that takes too long it says
// why.
func (r *round) synced(ctx context.Context) error {
	const patience = 20 * time.Second
	late := time.NewTimer(patience)
	defer late.Stop()
	for _, s := range r.streams {
		select {
		case <-s.complete:
		case <-ctx.Done():
			return toygres.Errorf(toygres.CodeCancelled, "watching the instances was cancelled: %w", context.Cause(ctx))
		case <-late.C:
			if err := s.lastTrouble(); err != nil {
				return err
			}
			return toygres.Errorf(toygres.CodeUnavailable, "the instances can't be watched: %w", errors.New("the Kubernetes API is too slow"))
		}
	}
	return nil
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

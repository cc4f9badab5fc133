package kubernetes

import (
	"context"
	"errors"
	"sync"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/tools/cache"
)

// stream is the watching of one kind of object, without end. It is a reflector
// instead of an informer, because an informer that has met an API server going
// away a few times comes back up to a minute after it, and operations wait for
// what it tells.
type stream struct {
	provider *Provider
	resource string
	tell     func(o any)
	seen     cache.Indexer // what there is; nil when nobody asks

	complete chan struct{} // closed when all that there was has been seen
	once     sync.Once

	mu      sync.Mutex
	trouble error // of the last request
}

func newStream(p *Provider, resource string, tell func(o any)) *stream {
	return &stream{provider: p, resource: resource, tell: tell, complete: make(chan struct{})}
}

// comeBack is how a stream comes back: soon, and in no step with others. Each
// process has as many streams as there are kinds of objects.
var comeBack = wait.Backoff{Duration: 500 * time.Millisecond, Factor: 1.5, Steps: 5, Cap: 3 * time.Second, Jitter: 0.5}

// requester asks the API for one kind of object.
type requester[List runtime.Object] interface {
	List(ctx context.Context, o metav1.ListOptions) (List, error)
	Watch(ctx context.Context, o metav1.ListOptions) (watch.Interface, error)
}

// run watches objects like example that the selectors of only select, until ctx
// ends.
func run[List runtime.Object](ctx context.Context, s *stream, example runtime.Object, objects requester[List], only metav1.ListOptions) {
	selected := func(o metav1.ListOptions) metav1.ListOptions {
		o.LabelSelector, o.FieldSelector = only.LabelSelector, only.FieldSelector
		return o
	}
	requests := cache.ToListWatcherWithWatchListSemantics(&cache.ListWatch{
		ListWithContextFunc: func(ctx context.Context, o metav1.ListOptions) (runtime.Object, error) {
			list, err := objects.List(ctx, selected(o))
			return list, s.went(err)
		},
		WatchFuncWithContext: func(ctx context.Context, o metav1.ListOptions) (watch.Interface, error) {
			changes, err := objects.Watch(ctx, selected(o))
			return changes, s.went(err)
		},
	}, s.provider.metadata)
	backoff := comeBack
	cache.NewReflectorWithOptions(requests, example, s, cache.ReflectorOptions{Name: s.resource, Backoff: &backoff}).RunWithContext(ctx)
}

// went remembers how a request went and returns its error.
func (s *stream) went(err error) error {
	if errors.Is(err, context.Canceled) {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	before := s.trouble
	s.trouble = s.provider.failure(request{"watch", s.resource}, err)
	if s.trouble != nil && before == nil {
		s.provider.log.Warn("watching instances stumbled; trying again", "error", s.trouble)
	}
	return err
}

func (s *stream) lastTrouble() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.trouble
}

// Add is told by the reflector of something new.
func (s *stream) Add(o any) error { return s.Update(o) }

// Update is told by the reflector of a change.
func (s *stream) Update(o any) error {
	if s.seen != nil {
		old, existed, err := s.seen.Get(o)
		if err != nil {
			return err
		}
		if err := s.seen.Update(o); err != nil {
			return err
		}
		if existed {
			s.tell(old) // whose label may be gone
		}
	}
	s.tell(o)
	return nil
}

// Delete is told by the reflector of an end.
func (s *stream) Delete(o any) error {
	if s.seen == nil {
		return nil
	}
	if err := s.seen.Delete(o); err != nil {
		return err
	}
	s.tell(o)
	return nil
}

// Replace is told by the reflector of all that there is, when it begins and
// when it has missed something.
func (s *stream) Replace(all []any, version string) error {
	var before []any
	if s.seen != nil {
		before = s.seen.List()
		if err := s.seen.Replace(all, version); err != nil {
			return err
		}
	}
	for _, o := range append(before, all...) {
		s.tell(o)
	}
	s.once.Do(func() { close(s.complete) })
	return nil
}

// Resync is nothing that a stream is asked for.
func (s *stream) Resync() error { return nil }

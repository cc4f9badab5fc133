package local

import (
	"context"
	"sync"

	"github.com/toygres/toygres"
)

// Watch tells of changes as the kernel tells them: of files (inotify) and of
// the ends of processes (pidfd). All watches of a provider share one inotify
// instance, of which a user may only have some dozens.
func (p *Provider) Watch(ctx context.Context) (<-chan toygres.InstanceID, error) {
	s := &subscriber{wake: make(chan struct{}, 1), queued: map[toygres.InstanceID]bool{}}
	if err := p.watcher.join(s); err != nil {
		return nil, err
	}
	ids, err := p.list() // after joining, so that nothing falls between
	if err != nil {
		p.watcher.leave(s)
		return nil, p.failure("listing the instances", err)
	}
	s.add(ids...)
	out := make(chan toygres.InstanceID)
	go func() {
		defer close(out)
		defer p.watcher.leave(s)
		s.deliver(ctx, out)
	}()
	return out, nil
}

// subscriber is one Watch. What it has not yet received is kept once per
// instance, so a slow one costs nothing.
type subscriber struct {
	mu     sync.Mutex
	queue  []toygres.InstanceID
	queued map[toygres.InstanceID]bool
	wake   chan struct{}
}

func (s *subscriber) add(ids ...toygres.InstanceID) {
	s.mu.Lock()
	for _, id := range ids {
		if !s.queued[id] {
			s.queued[id] = true
			s.queue = append(s.queue, id)
		}
	}
	s.mu.Unlock()
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

func (s *subscriber) next() (toygres.InstanceID, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.queue) == 0 {
		return "", false
	}
	id := s.queue[0]
	s.queue = s.queue[1:]
	delete(s.queued, id)
	return id, true
}

func (s *subscriber) deliver(ctx context.Context, out chan<- toygres.InstanceID) {
	for {
		id, ok := s.next()
		if !ok {
			select {
			case <-s.wake:
				continue
			case <-ctx.Done():
				return
			}
		}
		select {
		case out <- id:
		case <-ctx.Done():
			return
		}
	}
}

// watcher feeds all subscribers of a provider. It works while there are any.
type watcher struct {
	provider    *Provider
	mu          sync.Mutex
	subscribers map[*subscriber]bool
	stop        context.CancelFunc
}

func (w *watcher) join(s *subscriber) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.subscribers) == 0 {
		ctx, cancel := context.WithCancel(context.Background())
		r, err := newRound(ctx, w)
		if err != nil {
			cancel()
			return err
		}
		w.stop, w.subscribers = cancel, map[*subscriber]bool{}
		go r.run(ctx)
	}
	w.subscribers[s] = true
	return nil
}

func (w *watcher) leave(s *subscriber) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.subscribers, s)
	if len(w.subscribers) == 0 {
		w.stop()
	}
}

func (w *watcher) tell(id toygres.InstanceID) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for s := range w.subscribers {
		s.add(id)
	}
}

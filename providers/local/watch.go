package local

import (
	"context"
	"sync"

	"github.com/toygres/toygres"
	"github.com/toygres/toygres/providers/internal/changes"
)

// Watch tells of changes as the kernel tells them: of files (inotify) and of
// the ends of processes (pidfd). All watches of a provider share one inotify
// instance, of which a user may only have some dozens.
func (p *Provider) Watch(ctx context.Context) (<-chan toygres.InstanceID, error) {
	s := changes.NewQueue()
	if err := p.watcher.join(s); err != nil {
		return nil, err
	}
	ids, err := p.list() // after joining, so that nothing falls between
	if err != nil {
		p.watcher.leave(s)
		return nil, p.failure("listing the instances", err)
	}
	s.Add(ids...)
	out := make(chan toygres.InstanceID)
	go func() {
		defer close(out)
		defer p.watcher.leave(s)
		s.Deliver(ctx, out)
	}()
	return out, nil
}

// watcher feeds all subscribers of a provider. It works while there are any.
type watcher struct {
	provider    *Provider
	mu          sync.Mutex
	subscribers map[*changes.Queue]bool
	stop        context.CancelFunc
}

func (w *watcher) join(s *changes.Queue) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.subscribers) == 0 {
		ctx, cancel := context.WithCancel(context.Background())
		r, err := newRound(ctx, w)
		if err != nil {
			cancel()
			return err
		}
		w.stop, w.subscribers = cancel, map[*changes.Queue]bool{}
		go r.run(ctx)
	}
	w.subscribers[s] = true
	return nil
}

func (w *watcher) leave(s *changes.Queue) {
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
		s.Add(id)
	}
}

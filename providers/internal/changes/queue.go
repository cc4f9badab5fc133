// Package changes hands what a provider sees of its instances to those who
// watch it.
package changes

import (
	"context"
	"sync"

	"github.com/toygres/toygres"
)

// Queue is what one receiver of changes has not received yet. It keeps each
// instance once, so a slow receiver costs nothing. Its methods may be called
// at the same time.
type Queue struct {
	mu     sync.Mutex
	queue  []toygres.InstanceID
	queued map[toygres.InstanceID]bool
	wake   chan struct{}
}

// NewQueue returns an empty queue.
func NewQueue() *Queue {
	return &Queue{wake: make(chan struct{}, 1), queued: map[toygres.InstanceID]bool{}}
}

// Add adds instances that have changed.
func (q *Queue) Add(ids ...toygres.InstanceID) {
	q.mu.Lock()
	for _, id := range ids {
		if !q.queued[id] {
			q.queued[id] = true
			q.queue = append(q.queue, id)
		}
	}
	q.mu.Unlock()
	select {
	case q.wake <- struct{}{}:
	default:
	}
}

func (q *Queue) next() (toygres.InstanceID, bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.queue) == 0 {
		return "", false
	}
	id := q.queue[0]
	q.queue = q.queue[1:]
	delete(q.queued, id)
	return id, true
}

// Deliver sends the instances in the order in which they changed first, until
// ctx ends.
func (q *Queue) Deliver(ctx context.Context, out chan<- toygres.InstanceID) {
	for {
		id, ok := q.next()
		if !ok {
			select {
			case <-q.wake:
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

package memory

import (
	"context"
	"fmt"
	"sync"

	"github.com/toygres/toygres"
)

// Batch is a catalog with one batch of deletes.
type Batch struct {
	mu                            sync.Mutex
	items                         []toygres.Operation // by position; begun when it has a state
	refused                       map[int]bool
	running, most                 int
	succeeded, cancelled, finally int
	troubles                      []Trouble
}

// NewBatch returns a batch of that many items.
func NewBatch(items int) *Batch {
	return &Batch{items: make([]toygres.Operation, items), refused: map[int]bool{}}
}

// Refuse makes the item at the position one that is refused.
func (b *Batch) Refuse(position int) { b.refused[position] = true }

// Meet lets the next calls meet these troubles, one each.
func (b *Batch) Meet(troubles ...Trouble) { b.troubles = append(b.troubles, troubles...) }

func (b *Batch) meet(ctx context.Context) error {
	if len(b.troubles) == 0 {
		return nil
	}
	next := b.troubles[0]
	b.troubles = b.troubles[1:]
	return next(ctx)
}

// StartBatch says that the batch runs.
func (b *Batch) StartBatch(ctx context.Context, _ toygres.BatchID, _ string) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.items), b.meet(ctx)
}

// BeginItem begins an item's operation once.
func (b *Batch) BeginItem(ctx context.Context, _ toygres.BatchID, position int, _ string) (toygres.Operation, toygres.Spec, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if err := b.meet(ctx); err != nil || b.refused[position] {
		return toygres.Operation{}, toygres.Spec{}, err
	}
	op := &b.items[position-1]
	if op.State == "" {
		*op = toygres.Operation{ID: operation(position), Kind: toygres.KindDelete, InstanceID: toygres.InstanceID(operation(1000 + position)),
			InstanceName: fmt.Sprint("load-", position), State: toygres.OperationRunning, Previous: toygres.StateRunning}
		b.running++
		b.most = max(b.most, b.running)
	}
	return *op, toygres.Spec{}, nil
}

func operation(n int) toygres.OperationID {
	return toygres.OperationID(fmt.Sprintf("0190c3a0-0000-7000-8000-%012d", n))
}

// Ends says that an operation is over: cancelled if err is not nil.
func (b *Batch) Ends(id toygres.OperationID, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for i := range b.items {
		if b.items[i].ID != id || b.items[i].State.Done() {
			continue
		}
		b.running--
		if b.items[i].State = toygres.OperationSucceeded; err != nil {
			b.items[i].State = toygres.OperationCancelled
			b.cancelled++
			continue
		}
		b.succeeded++
	}
}

// FinishBatch ends the batch.
func (b *Batch) FinishBatch(ctx context.Context, _ toygres.BatchID, _ toygres.ErrorCode, _ string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if err := b.meet(ctx); err != nil {
		return err
	}
	b.finally++
	return nil
}

// Finished reports whether the batch is over.
func (b *Batch) Finished() bool { b.mu.Lock(); defer b.mu.Unlock(); return b.finally > 0 }

// Succeeded and Cancelled count operations that are over.
func (b *Batch) Succeeded() int { b.mu.Lock(); defer b.mu.Unlock(); return b.succeeded }

// Cancelled counts operations that were cancelled.
func (b *Batch) Cancelled() int { b.mu.Lock(); defer b.mu.Unlock(); return b.cancelled }

// Most is how many operations there were at a time.
func (b *Batch) Most() int { b.mu.Lock(); defer b.mu.Unlock(); return b.most }

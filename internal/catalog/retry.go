package catalog

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/toygres/toygres"
)

// BeginRetry records, as [Store.Begin] does, an operation that is to bring about
// what the one with that id has not: it failed, or was cancelled. Steps look at
// how things are, so it goes on from what is there; of a create that was undone
// nothing is, and it begins anew. keep is for how long a deleted instance can be
// brought back.
//
// CodeConflict says, beside what it does there, that the operation did not fail,
// that the instance has had another one since, which a retry would ignore, or
// that what was asked for is so by now.
func (s *Store) BeginRetry(ctx context.Context, id toygres.OperationID, keep time.Duration, actor toygres.UserID) (Begun, error) {
	return s.beginRetry(ctx, id, beginning{keep: keep, actor: actor})
}

// beginRetry takes from asked who asks, the new operation's id and what there is
// to know of the trash.
func (s *Store) beginRetry(ctx context.Context, id toygres.OperationID, asked beginning) (Begun, error) {
	of, err := s.Operation(ctx, id)
	if err != nil {
		return Begun{}, err
	}
	if of.State != toygres.OperationFailed && of.State != toygres.OperationCancelled {
		return Begun{}, noRetry(of, "it "+progressOf(of.State)+"; only what failed or was cancelled is tried again")
	}
	var b beginning
	for range maxTries {
		instance, err := s.InstanceByID(ctx, of.InstanceID)
		if err != nil {
			return Begun{}, err
		}
		b, err = s.retry(ctx, of, instance, asked.keep)
		if err != nil {
			return Begun{}, err
		}
		b.actor, b.operation = asked.actor, asked.operation
		begun, err := s.begin(ctx, s.pool, b)
		if begun.Operation.ID != "" || err != nil && !violates(err, "operations_in_progress") {
			return begun, wrap(err)
		}
		// It changed in between: look again whether that allows it.
	}
	if b.during == toygres.StateCreating {
		return Begun{}, &toygres.Error{Code: toygres.CodeUnavailable, RetryAfter: time.Second,
			Message: fmt.Sprintf("what is left of the first attempt at %q is just being removed; try again in a moment", of.InstanceName)}
	}
	return Begun{}, busy()
}

// retry is what tries an operation again on the instance as it is.
func (s *Store) retry(ctx context.Context, of toygres.Operation, i toygres.Instance, keep time.Duration) (beginning, error) {
	b := beginning{name: i.Spec.Name, kind: of.Kind, again: of.ID, release: of.Release}
	if b.kind == toygres.KindUndelete {
		b.kind = toygres.KindStart // it has left the trash; that is what it lacks
	}
	var after toygres.State
	changes := false
	switch b.kind {
	case toygres.KindCreate, toygres.KindFork:
		b.during = toygres.StateCreating
		if i.State == toygres.StateFailed && i.ServerVersion != "" {
			return b, noRetry(of, "the instance has run since and may have data")
		}
	case toygres.KindResize, toygres.KindUpdate:
		changes = true
		b.during, b.from, b.to = toygres.StateUpdating, i.Spec.Settings(), of.Settings(i.Spec)
		for _, step := range of.Steps {
			if step.Name != toygres.StepUndo {
				b.steps = append(b.steps, step.Name)
			}
		}
	default:
		var known bool
		if b.during, after, known = target(b.kind); !known {
			return b, noRetry(of, fmt.Sprintf("a %s is not tried again; ask for what you want now", of.Kind))
		}
	}
	if b.kind == toygres.KindTrash {
		if b.keep = keep; keep <= 0 {
			return b, noRetry(of, "deleted instances are no longer kept here; delete it for good instead")
		}
	}
	switch last, err := s.lastOperation(ctx, i.ID); {
	case err != nil:
		return b, err
	case i.State == toygres.StateDeleted:
		return b, noRetry(of, "the instance is deleted")
	case last.ID != of.ID:
		return b, &toygres.Error{Code: toygres.CodeConflict, Operation: last.ID, Message: fmt.Sprintf(
			"can't retry the %s of %q: its %s operation %s came after it; ask for what you want now", of.Kind, i.Spec.Name, last.Kind, last.ID)}
	case i.State == after:
		return b, noRetry(of, fmt.Sprintf("the instance is %s by now", after))
	case b.during == toygres.StateDeleting && i.DeletionProtection:
		return b, protected(i)
	case !slices.Contains(sources(b.kind, b.during), i.State):
		return b, s.refusal(ctx, i, b.kind)
	case b.kind == toygres.KindFork:
		return b, s.stillForkable(ctx, of, i)
	case b.kind == toygres.KindUpgrade && !b.release.IsUpgradeOf(toygres.ParseRelease(i.ServerVersion)):
		return b, noRetry(of, "the instance has what was asked for by now")
	case changes && b.from.Equal(b.to):
		return b, noRetry(of, "the instance has what was asked for by now")
	case changes:
		if err := i.Spec.ValidateUpdate(b.to); err != nil {
			return b, err
		}
		return b, s.noRoomToGrow(ctx, i, b.to)
	}
	return b, nil
}

// stillForkable says why the source of a fork can't be copied any more, or nil.
func (s *Store) stillForkable(ctx context.Context, of toygres.Operation, i toygres.Instance) error {
	source, err := s.InstanceByID(ctx, i.Spec.Source)
	switch {
	case toygres.CodeOf(err) == toygres.CodeNotFound || err == nil && source.State == toygres.StateDeleted:
		return noRetry(of, "the instance that it was to copy is gone; delete it")
	case err != nil:
		return err
	case source.State != toygres.StateRunning && source.State != toygres.StateUpdating:
		return noRetry(of, fmt.Sprintf("%q, which it was to copy, is %s; it can be copied while it is running", source.Spec.Name, source.State))
	case source.Spec.StorageGiB > i.Spec.StorageGiB:
		return noRetry(of, fmt.Sprintf("%q, which it was to copy, has %d GiB of storage by now; delete it, and fork that anew", source.Spec.Name, source.Spec.StorageGiB))
	default:
		return nil
	}
}

// lastOperation returns the newest operation of an instance, which has at least
// one.
func (s *Store) lastOperation(ctx context.Context, id toygres.InstanceID) (toygres.Operation, error) {
	page, err := s.Operations(ctx, OperationFilter{Instance: id, Limit: 1})
	if err != nil || len(page.Operations) == 0 {
		return toygres.Operation{}, err
	}
	return page.Operations[0], nil
}

func noRetry(of toygres.Operation, why string) error {
	return toygres.Errorf(toygres.CodeConflict, "can't retry the %s of %q: %s", of.Kind, of.InstanceName, why)
}

// progressOf is a state as a verb.
func progressOf(s toygres.OperationState) string {
	if s.Done() {
		return ended(s)
	}
	return "is " + string(s)
}

package catalog

import (
	"context"

	"github.com/toygres/toygres"
)

// BeginResize records a resize of an instance that has the size from, and puts
// it into state updating, if its present one allows it. Otherwise it is
// CodeConflict, with Error.Operation set when another operation is in progress;
// that the instance has another size by now is CodeConflict, too. What it has
// stays recorded as its size until the operation has ended. CodeForbidden says
// that its owner may not have so much storage.
//
// That to is from succeeds without an operation, as in [Store.Begin].
func (s *Store) BeginResize(ctx context.Context, name string, from, to toygres.Size, actor toygres.UserID) (Begun, error) {
	wanted := beginning{name: name, kind: toygres.KindResize, during: toygres.StateUpdating, actor: actor, from: from, to: to}
	for range maxTries {
		if to != from {
			begun, err := s.begin(ctx, wanted)
			if begun.Operation.ID != "" || err != nil && !violates(err, "operations_in_progress") {
				return begun, wrap(err)
			}
		}
		instance, err := s.Instance(ctx, name)
		switch {
		case err != nil:
			return Begun{}, err
		case instance.Operation != "" || !instance.State.CanBecome(toygres.StateUpdating):
			return Begun{}, s.refusal(ctx, instance, toygres.KindResize)
		case instance.Spec.Size() != from:
			return Begun{}, toygres.Errorf(toygres.CodeConflict, "can't resize %q: its size has changed meanwhile, to %s; look at it and ask again", name, instance.Spec.Size())
		case to == from:
			return Begun{Instance: instance, Previous: instance.State}, nil
		}
		owner, quota, use, err := s.quotaOf(ctx, `u.id = $1`, instance.Owner)
		if err == nil {
			err = overQuota(owner, quota, use, Use{StorageGiB: to.StorageGiB - from.StorageGiB})
		}
		if err != nil {
			return Begun{}, err
		}
		// It changed in between to a state that allows it: once more.
	}
	return Begun{}, busy()
}

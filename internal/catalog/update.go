package catalog

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"

	"github.com/toygres/toygres"
)

// Update is what [Store.BeginUpdate] records.
type Update struct {
	From, To toygres.Settings       // that the request has seen, and that it asks for
	State    toygres.State          // that the request has seen; "" when that does not matter
	Steps    []toygres.StepName     // that it takes
	Metadata toygres.MetadataChange // made at once
}

// BeginUpdate records an update of an instance that has the settings From, and
// puts it into state updating, if its present one allows it; with it, and only
// with it, the metadata are changed. Otherwise it is CodeConflict, with
// Error.Operation set when another operation is in progress; that the instance
// has other settings by now is CodeConflict, too. What it has stays recorded as
// its settings until the operation has ended. CodeForbidden says that its owner
// may not have so much storage. An update of the size alone is a resize.
//
// That To is From succeeds without an operation, as in [Store.Begin], and changes
// no metadata.
func (s *Store) BeginUpdate(ctx context.Context, name string, u Update, actor toygres.UserID) (Begun, error) {
	wanted := beginning{name: name, kind: toygres.KindUpdate, during: toygres.StateUpdating, actor: actor,
		from: u.From, to: u.To, steps: u.Steps, state: u.State}
	if u.To.Configuration.Equal(u.From.Configuration) {
		wanted.kind = toygres.KindResize
	}
	if err := u.Metadata.Validate(); err != nil {
		return Begun{}, err
	}
	same := u.To.Equal(u.From)
	for range maxTries {
		if !same {
			begun, err := s.beginWith(ctx, wanted, u.Metadata)
			if begun.Operation.ID != "" || err != nil && !violates(err, "operations_in_progress") {
				return begun, wrap(err)
			}
		}
		instance, err := s.Instance(ctx, name)
		switch {
		case err != nil:
			return Begun{}, err
		case instance.Operation != "" || !instance.State.CanBecome(toygres.StateUpdating):
			return Begun{}, s.refusal(ctx, instance, wanted.kind)
		case u.State != "" && instance.State != u.State:
			return Begun{}, toygres.Errorf(toygres.CodeConflict, "can't %s %q: it is %s by now; look at it and ask again", wanted.kind, name, instance.State)
		case instance.Spec.Size() != u.From.Size:
			return Begun{}, toygres.Errorf(toygres.CodeConflict, "can't %s %q: its size has changed meanwhile, to %s; look at it and ask again", wanted.kind, name, instance.Spec.Size())
		case !instance.Spec.Configuration().Equal(u.From.Configuration):
			return Begun{}, toygres.Errorf(toygres.CodeConflict, "can't %s %q: its parameters or networks have changed meanwhile; look at it and ask again", wanted.kind, name)
		case same:
			return Begun{Instance: instance, Previous: instance.State}, nil
		}
		if err := s.noRoomToGrow(ctx, instance, u.To); err != nil {
			return Begun{}, err
		}
		// It changed in between to a state that allows it: once more.
	}
	return Begun{}, busy()
}

// noRoomToGrow says which quota is in the way of an update, or nil when none is
// any more.
func (s *Store) noRoomToGrow(ctx context.Context, i toygres.Instance, to toygres.Settings) error {
	owner, quota, use, err := s.quotaOf(ctx, `u.id = $1`, i.Owner)
	if err != nil {
		return err
	}
	return overQuota(owner, quota, use, Use{StorageGiB: to.Size.StorageGiB - i.Spec.StorageGiB})
}

// errNotBegun undoes what was done for an operation that did not begin.
var errNotBegun = errors.New("the operation did not begin")

// beginWith is begin with a change of the metadata, both or none.
func (s *Store) beginWith(ctx context.Context, b beginning, metadata toygres.MetadataChange) (begun Begun, err error) {
	if metadata.IsZero() {
		return s.begin(ctx, s.pool, b)
	}
	err = pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		// It locks the owner's row, and the change's event the log: in this order
		// everywhere.
		begun, err = s.begin(ctx, tx, b)
		if err == nil && begun.Operation.ID == "" {
			err = errNotBegun
		}
		if err != nil {
			return err
		}
		_, allowed, err := change(ctx, tx, b.name, metadata, b.actor)
		if err == nil && allowed == 0 {
			err = toygres.TooManyTags()
		}
		return err
	})
	if errors.Is(err, errNotBegun) {
		return Begun{}, nil
	}
	if err != nil {
		return Begun{}, err
	}
	begun.Instance, err = s.InstanceByID(ctx, begun.Instance.ID)
	return begun, err
}

// stored is c as the catalog has it, with nothing that is NULL.
func stored(c toygres.Configuration) toygres.Configuration {
	if c.Parameters == nil {
		c.Parameters = map[string]string{}
	}
	if c.AllowedCIDRs == nil {
		c.AllowedCIDRs = []string{}
	}
	return c
}

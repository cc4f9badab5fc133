package catalog

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/toygres/toygres"
)

// BeginDelete records that an instance goes into the trash, from where it can
// be brought back for as long as keep says, or, if keep is zero, that it is
// removed for good. So is what has nothing to bring back: an instance that never
// ran, and one whose removal was begun and not finished. Everything else is as
// in [Store.Begin].
func (s *Store) BeginDelete(ctx context.Context, name string, keep time.Duration, actor toygres.UserID) (Begun, error) {
	return s.beginRemoval(ctx, beginning{name: name, actor: actor, keep: keep})
}

// beginRemoval chooses the kind.
func (s *Store) beginRemoval(ctx context.Context, b beginning) (Begun, error) {
	instance, err := s.Instance(ctx, b.name)
	if err != nil {
		return Begun{}, err
	}
	if b.keep > 0 && instance.State == toygres.StateFailed {
		worth, err := s.worthKeeping(ctx, instance)
		if err != nil {
			return Begun{}, err
		}
		if !worth {
			b.keep = 0
		}
	}
	b.kind, b.during = toygres.KindTrash, toygres.StateDeleting
	if b.keep <= 0 {
		b.kind = toygres.KindDelete
	}
	return s.beginUnless(ctx, b, toygres.StateDeleted)
}

// worthKeeping reports whether a failed instance has all of its data, as far as
// the catalog knows.
func (s *Store) worthKeeping(ctx context.Context, i toygres.Instance) (bool, error) {
	var removing bool
	err := s.pool.QueryRow(ctx, `
		SELECT EXISTS (SELECT FROM operations o JOIN steps s ON s.operation_id = o.id
		               WHERE o.instance_id = $1 AND o.kind = 'delete' AND s.name = $2 AND s.state NOT IN ('pending', 'skipped'))`,
		i.ID, toygres.StepRemove).Scan(&removing)
	return i.ServerVersion != "" && !removing, wrap(err)
}

// BeginUndelete records that an instance comes back from the trash: it is
// starting if it ran, and otherwise stopping, which ends as soon as it is seen
// to be stopped. CodeConflict says that it is not in the trash.
func (s *Store) BeginUndelete(ctx context.Context, name string, actor toygres.UserID) (Begun, error) {
	instance, err := s.Instance(ctx, name)
	if err != nil {
		return Begun{}, err
	}
	b := beginning{name: name, kind: toygres.KindUndelete, during: toygres.StateStarting, actor: actor}
	if instance.TrashedFrom != toygres.StateRunning {
		b.during = toygres.StateStopping
	}
	return s.beginUnless(ctx, b, "")
}

// BeginDue records, as [Store.BeginDelete] does, that what is in the trash is
// removed for good, but only if its time there is over. Otherwise the operation
// is zero, and wait says how long that will take; 0 for an instance that is not
// in the trash. The operation is that of whoever deleted it.
func (s *Store) BeginDue(ctx context.Context, id toygres.InstanceID) (op toygres.Operation, wait time.Duration, err error) {
	if !isID(id) {
		return toygres.Operation{}, 0, nil
	}
	type trashed struct {
		name string
		by   toygres.UserID
		wait time.Duration
	}
	t, found, err := one(ctx, s, func(row pgx.CollectableRow) (t trashed, err error) {
		return t, row.Scan(&t.name, &t.by, &t.wait)
	}, `SELECT i.name, coalesce(o.requested_by, i.owner_id)::text, greatest(i.purge_at - now(), '0')
		FROM instances i LEFT JOIN LATERAL (
			SELECT requested_by FROM operations WHERE instance_id = i.id AND kind = 'trash' ORDER BY created_at DESC LIMIT 1) o ON true
		WHERE i.id = $1 AND i.state = 'trashed'`, id)
	if err != nil || !found || t.wait > 0 {
		return toygres.Operation{}, t.wait, err
	}
	begun, err := s.begin(ctx, s.pool, beginning{name: t.name, kind: toygres.KindDelete, during: toygres.StateDeleting, actor: t.by, due: true})
	if violates(err, "operations_in_progress") {
		return toygres.Operation{}, 0, nil
	}
	return begun.Operation, 0, wrap(err)
}

// InTrash returns an instance's name and when its time in the trash is over; the
// zero time when it is not there.
func (s *Store) InTrash(ctx context.Context, id toygres.InstanceID) (name string, until time.Time, err error) {
	i, err := s.InstanceByID(ctx, id)
	if err != nil || i.State != toygres.StateTrashed {
		return "", time.Time{}, err
	}
	return i.Spec.Name, i.PurgeAt, nil
}

// Overdue returns the instances that should have left the trash longer ago
// than that, the longest waiting first: the timer that should have ended their
// time there is lost.
func (s *Store) Overdue(ctx context.Context, by time.Duration) ([]toygres.InstanceID, error) {
	return collect(ctx, s, pgx.RowTo[toygres.InstanceID],
		`SELECT id::text FROM instances WHERE state = 'trashed' AND purge_at < now() - $1::interval ORDER BY purge_at`, by)
}

// moment is a time as messages tell it.
func moment(t time.Time) string { return fmt.Sprintf("%s UTC", t.UTC().Format("2006-01-02 15:04")) }

package reconcile

import (
	"context"

	"github.com/toygres/toygres"
)

// compare looks at everything that the provider has. It removes what is left
// of instances that are deleted or never came to be, and logs what else
// disagrees with the catalog, once.
func (r *Reconciler) compare(ctx context.Context) {
	ids, err := r.Provider.List(ctx)
	if err != nil {
		r.trouble(ctx, "the provider's instances can't be listed", err)
		return
	}
	for _, id := range ids {
		instance, err := r.Catalog.InstanceByID(ctx, id)
		switch {
		case toygres.CodeOf(err) == toygres.CodeNotFound:
			// Perhaps another catalog's, or this one was restored: never remove.
			r.report(ctx, id, "the provider has an instance that the catalog does not know")
		case err != nil:
			r.trouble(ctx, "the comparison with the provider was broken off", err)
			return
		case leftover(instance):
			r.remove(ctx, instance)
		default:
			r.look(ctx, instance)
		}
	}
}

// leftover reports whether what the provider has of an instance may go: it is
// deleted, or its creation failed. An instance that failed later has data, and
// only its user may give that up.
func leftover(i toygres.Instance) bool {
	if i.Operation != "" {
		return false
	}
	everRan := i.ServerVersion != ""
	return i.State == toygres.StateDeleted || i.State == toygres.StateFailed && !everRan
}

func (r *Reconciler) remove(ctx context.Context, i toygres.Instance) {
	log := r.Log.With("instance", i.Spec.Name, "instance_id", i.ID, "state", i.State)
	log.WarnContext(ctx, "something is left of an instance that is gone; removing it")
	if err := r.Provider.Delete(ctx, i.ID); err != nil {
		r.trouble(ctx, "it can't be removed yet", err, "instance", i.Spec.Name, "instance_id", i.ID)
	}
}

func (r *Reconciler) look(ctx context.Context, i toygres.Instance) {
	if i.State != toygres.StateRunning && i.State != toygres.StateStopped && i.State != toygres.StateTrashed {
		return
	}
	seen, err := r.Provider.Observe(ctx, i.ID)
	if err != nil {
		r.trouble(ctx, "an instance can't be observed", err, "instance", i.Spec.Name)
		return
	}
	if agree(i.State, seen.Phase) {
		if seen.Size != i.Spec.Size() && !seen.Size.IsZero() {
			r.report(ctx, i.ID, "the provider shows an instance with another size than the catalog does",
				"instance", i.Spec.Name, "catalog", i.Spec.Size(), "provider", seen.Size, "message", seen.Message)
			return
		}
		delete(r.reported, i.ID)
		return
	}
	r.report(ctx, i.ID, "the provider shows an instance otherwise than the catalog does",
		"instance", i.Spec.Name, "catalog", i.State, "provider", seen.Phase, "message", seen.Message)
}

// agree reports whether the provider shows, or is about to show, what the
// catalog says.
func agree(s toygres.State, phase toygres.Phase) bool {
	if s == toygres.StateRunning {
		return phase == toygres.PhaseReady || phase == toygres.PhaseStarting
	}
	return phase == toygres.PhaseStopped || phase == toygres.PhaseStopping
}

// report logs drift when it is new.
func (r *Reconciler) report(ctx context.Context, id toygres.InstanceID, what string, args ...any) {
	if r.reported[id] != what {
		r.reported[id] = what
		r.Log.WarnContext(ctx, what, append(args, "instance_id", id)...)
	}
}

package reconcile

import (
	"context"

	"github.com/toygres/toygres"
)

// sweepTrash begins to remove what should have left the trash. Its timer was
// lost with Temporal's database, could not be set, or has been used up by a
// removal that was cancelled.
func (r *Reconciler) sweepTrash(ctx context.Context) {
	overdue, err := r.Catalog.Overdue(ctx, r.TimerGrace)
	if err != nil {
		r.trouble(ctx, "the sweep can't read the catalog", err)
		return
	}
	for _, id := range overdue {
		if err := r.purge(ctx, id); err != nil {
			r.trouble(ctx, "an instance can't leave the trash yet", err, "instance_id", id)
		}
	}
}

func (r *Reconciler) purge(ctx context.Context, id toygres.InstanceID) error {
	op, _, err := r.Catalog.BeginDue(ctx, id)
	if err != nil || op.ID == "" {
		return err
	}
	r.Log.WarnContext(ctx, "no timer has ended an instance's time in the trash; removing it", "instance", op.InstanceName, "operation", op.ID)
	return r.start(ctx, op)
}

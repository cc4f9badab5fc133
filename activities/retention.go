package activities

import (
	"context"
	"time"

	"go.temporal.io/sdk/activity"

	"github.com/toygres/toygres"
)

// RetentionCatalog is what the removal of old records needs of the catalog. All
// of it can be repeated.
type RetentionCatalog interface {
	BeginRetention(ctx context.Context, run string, keep map[toygres.Kept]time.Duration) error

	// Prune removes at most so many records of a kind that were kept for that
	// long. more says that there may be others.
	Prune(ctx context.Context, run string, kind toygres.Kept, keep time.Duration, most int) (more bool, err error)

	EndRetention(ctx context.Context, run, problem string) error
}

// Retention removes records that were kept for long enough.
type Retention struct {
	Catalog RetentionCatalog
	Keep    map[toygres.Kept]time.Duration // what is not in it is kept for ever
}

// pruneBatch is how many records are removed at once: few enough for nobody to
// wait for them.
const pruneBatch = 1000

// PruneInput says nothing yet.
type PruneInput struct{}

// PruneResult says nothing yet: what was removed is in the catalog.
type PruneResult struct{}

// Prune removes all that was kept for long enough. What it can't remove does not
// keep it from the rest.
func (r *Retention) Prune(ctx context.Context, _ PruneInput) (PruneResult, error) {
	run := activity.GetInfo(ctx).WorkflowExecution.RunID
	err := guarded(ctx, func(ctx context.Context) error { return r.prune(ctx, run) })
	if err != nil {
		return PruneResult{}, bounded.failure(ctx, err)
	}
	return PruneResult{}, nil
}

func (r *Retention) prune(ctx context.Context, run string) error {
	if err := r.Catalog.BeginRetention(ctx, run, r.Keep); err != nil {
		return err
	}
	var failed error
	for _, kind := range toygres.KeptKinds() {
		keep, limited := r.Keep[kind]
		for more := limited; more; {
			var err error
			if more, err = r.Catalog.Prune(ctx, run, kind, keep, pruneBatch); err != nil {
				activity.GetLogger(ctx).Warn("old records can't be removed", "kind", kind, "error", err)
				failed = err
			}
			if ctx.Err() != nil {
				return ctx.Err()
			}
		}
	}
	problem := ""
	if failed != nil {
		problem = toygres.MessageOf(failed)
	}
	if err := r.Catalog.EndRetention(ctx, run, problem); err != nil {
		return err
	}
	return failed
}

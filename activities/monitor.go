package activities

import (
	"context"
	"time"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/temporal"

	"github.com/toygres/toygres"
)

// ShardWatcher watches the instances of a part of the monitor until ctx ends.
// over says that there is no such part any more.
type ShardWatcher interface {
	WatchShard(ctx context.Context, shard int) (over bool, err error)
}

// Monitor watches the health of instances.
type Monitor struct {
	Shards ShardWatcher
}

// WatchShardInput says which part of the instances to watch.
type WatchShardInput struct {
	Shard int
	For   time.Duration // how long
}

// WatchShardResult says whether to go on.
type WatchShardResult struct {
	Over bool // there is no such part any more
}

// WatchShard watches a part of the instances for a while. A worker that is
// asked to stop lets go of it at once, for another to take it.
func (m *Monitor) WatchShard(ctx context.Context, in WatchShardInput) (WatchShardResult, error) {
	var result WatchShardResult
	err := guarded(ctx, func(ctx context.Context) (err error) {
		watching, stop := context.WithTimeout(ctx, in.For)
		defer stop()
		if result.Over, err = m.Shards.WatchShard(watching, in.Shard); err == nil {
			err = ctx.Err() // the time was not over
		}
		return err
	})
	switch {
	case err == nil:
		return result, nil
	case temporal.IsCanceledError(err):
		return result, temporal.NewCanceledError()
	default:
		activity.GetLogger(ctx).Info("a shard of the monitor is let go of", "shard", in.Shard, "why", toygres.MessageOf(err))
		return result, stubborn.failure(ctx, err)
	}
}

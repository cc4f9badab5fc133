package monitor

import (
	"context"
	"math/rand/v2"
	"time"
)

// silence is for how long a shard may not have reported before its workflow is
// started, in case it is not there. If it is, that does nothing.
const silence = 20 * time.Second

// Keep divides the monitor into shards and has the workflow of each started
// whenever it is not there, until ctx ends.
func (m *Monitor) Keep(ctx context.Context, shards int, start func(ctx context.Context, shard int) error) error {
	divided := false
	for told := ""; ctx.Err() == nil; {
		var err error
		if !divided {
			err = m.Catalog.SetShards(ctx, shards)
			divided = err == nil
		}
		if err == nil {
			err = m.startSilent(ctx, start)
		}
		wait := silence/2 + rand.N(silence/2)
		if err != nil {
			wait = min(m.Refresh, wait)
			if ctx.Err() == nil && err.Error() != told { // once, not every few seconds
				told = err.Error()
				m.Log.WarnContext(ctx, "it is not known whether all instances are monitored; trying again", "error", err)
			}
		}
		pause(ctx, wait)
	}
	return nil
}

func (m *Monitor) startSilent(ctx context.Context, start func(ctx context.Context, shard int) error) error {
	silent, err := m.Catalog.SilentShards(ctx, silence)
	if err != nil {
		return err
	}
	for _, shard := range silent {
		if err := start(ctx, shard); err != nil {
			return err
		}
	}
	return nil
}

package monitor

import (
	"context"
	"time"

	"github.com/toygres/toygres/internal/catalog"
)

const (
	// span is what probes are counted by.
	span = time.Minute
	// foldEvery is the time between two looks at what is old in the history.
	foldEvery = 10 * time.Minute
	// foldAtOnce bounds how many rows one statement moves.
	foldAtOnce = 20000
	// recordAtOnce bounds how many rows one statement writes.
	recordAtOnce = 5000
	// mostUnwritten bounds what is kept while the catalog is away.
	mostUnwritten = 100000
)

// history collects the counts of probes and writes those of many instances at
// once, when their minute is over.
type history struct {
	unwritten []catalog.InstanceProbes
	begun     time.Time // of the minute that is being counted
	folded    time.Time // when it was last seen to
}

// count counts a probe of an instance.
func (h *history) count(i *instance, latency time.Duration, failed bool) {
	if now := time.Now().Truncate(span); !i.counts.At.Equal(now) {
		h.add(i)
		i.counts.At = now
	}
	i.counts.Add(latency, failed)
}

// add takes what is counted of an instance.
func (h *history) add(i *instance) {
	if i.counts.Count > 0 && len(h.unwritten) < mostUnwritten {
		h.unwritten = append(h.unwritten, catalog.InstanceProbes{Instance: i.id, Probes: i.counts})
	}
	i.counts = catalog.Probes{}
}

// flush writes what is counted once the minute is over.
func (h *history) flush(ctx context.Context, s *shard, now time.Time) {
	minute := now.Truncate(span)
	if minute.Equal(h.begun) {
		return
	}
	for _, i := range s.instances {
		if i.counts.At.Before(minute) {
			h.add(i)
		}
	}
	h.begun = minute
	h.write(ctx, s)
}

// write writes what is counted. What can't be written waits.
func (h *history) write(ctx context.Context, s *shard) {
	for len(h.unwritten) > 0 {
		n := min(len(h.unwritten), recordAtOnce)
		if err := s.Catalog.RecordProbes(ctx, h.unwritten[:n]); err != nil {
			s.trouble(ctx, "the history of health can't be written; trying again", err)
			return
		}
		h.unwritten = h.unwritten[n:]
	}
	h.unwritten = nil
}

// fold makes hours of old minutes.
func (h *history) fold(ctx context.Context, s *shard) {
	if time.Since(h.folded) < foldEvery {
		return
	}
	switch more, err := s.Catalog.FoldHealth(ctx, foldAtOnce); {
	case err != nil:
		s.trouble(ctx, "the history of health can't be tidied; trying again", err)
	case !more:
		h.folded = time.Now()
	}
}

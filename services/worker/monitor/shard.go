package monitor

import (
	"container/heap"
	"context"
	"math/rand/v2"
	"time"

	"github.com/toygres/toygres"
	"github.com/toygres/toygres/internal/catalog"
)

// shard watches its part of the instances. Everything but the probes
// themselves happens in one goroutine, so that nothing here needs a lock.
type shard struct {
	*Monitor
	number    int
	instances map[toygres.InstanceID]*instance
	agenda    agenda
	underWay  int
	results   chan result
	changes   map[toygres.InstanceID]catalog.HealthChange // not in the catalog yet
	history   history
	refreshed bool // it has seen which instances there are
	warned    time.Time
}

// result is what came of a probe.
type result struct {
	instance *instance
	latency  time.Duration
	version  string   // of its server; "" when it was not answered
	why      *failure // nil when it was answered
}

// writeEvery is how long a change of health may wait for others to be written
// with it.
const writeEvery = 250 * time.Millisecond

// watchAgain is the time between two attempts to watch the provider.
const watchAgain = 5 * time.Second

// warnEvery is the time between two lines in the log about the same shard's
// troubles with the catalog, which it meets every few seconds.
const warnEvery = 30 * time.Second

// WatchShard watches a shard until ctx ends, and returns nil, or until there is
// no such shard any more, and returns that it is over. What it learns goes to
// the catalog; trouble with that is logged and tried again.
func (m *Monitor) WatchShard(ctx context.Context, number int) (over bool, err error) {
	s := &shard{Monitor: m, number: number, instances: map[toygres.InstanceID]*instance{},
		results: make(chan result, m.AtOnce), changes: map[toygres.InstanceID]catalog.HealthChange{}}
	ctx, stop := context.WithCancel(ctx)
	defer s.end(ctx)
	defer stop()
	told := make(chan toygres.InstanceID)
	go s.follow(ctx, told)
	refresh, write := time.NewTicker(m.Refresh), time.NewTicker(writeEvery)
	defer refresh.Stop()
	defer write.Stop()
	if over := s.refresh(ctx); over {
		return true, nil
	}
	for next := time.NewTimer(0); ; {
		select {
		case <-ctx.Done():
			return false, nil
		case r := <-s.results:
			s.take(ctx, r)
		case id := <-told:
			s.hear(id)
		case <-write.C:
			s.write(ctx)
		case <-refresh.C:
			if over := s.refresh(ctx); over {
				return true, nil
			}
		case <-next.C:
		}
		s.begin(ctx)
		next.Reset(s.untilNext())
	}
}

// follow passes on of which instances the provider tells.
func (s *shard) follow(ctx context.Context, told chan<- toygres.InstanceID) {
	for ctx.Err() == nil {
		changes, err := s.Provider.Watch(ctx)
		if err != nil {
			if ctx.Err() == nil {
				s.Log.WarnContext(ctx, "the provider can't be watched; trying again", "error", err)
			}
			pause(ctx, watchAgain)
			continue
		}
		for id := range changes {
			select {
			case told <- id:
			case <-ctx.Done():
				return
			}
		}
	}
}

// refresh tells the catalog how far the shard is, and learns which instances
// are to be watched.
func (s *shard) refresh(ctx context.Context) (over bool) {
	s.write(ctx)
	s.history.flush(ctx, s, time.Now())
	if len(s.changes) > 0 {
		return false // the catalog is away, and what it says later would be older than what we know
	}
	exists, err := s.Catalog.ReportShard(ctx, s.number, s.worker, len(s.instances), s.agenda.overdue())
	if err != nil {
		s.trouble(ctx, "the monitor can't report to the catalog; trying again", err)
		return false
	}
	if !exists {
		return true
	}
	watched, err := s.Catalog.Watched(ctx, s.number)
	if err != nil {
		s.trouble(ctx, "the monitor can't read the catalog; trying again", err)
		return false
	}
	s.adopt(watched)
	if s.number == 0 { // one of the shards keeps house for all
		s.history.fold(ctx, s)
	}
	return false
}

// adopt makes the shard watch what the catalog says. Who has another health
// there than we think was changed by others: it starts anew.
func (s *shard) adopt(watched []catalog.Watched) {
	staying := make(map[toygres.InstanceID]bool, len(watched))
	for _, w := range watched {
		staying[w.ID] = !w.Paused
	}
	for id, i := range s.instances {
		if !staying[id] {
			s.leave(i)
		}
	}
	for _, w := range watched {
		i := s.instances[w.ID]
		if i != nil {
			i.version = w.ServerVersion
		}
		switch {
		case w.Paused:
			s.changes[w.ID] = catalog.HealthChange{Instance: w.ID, Health: toygres.HealthUnknown, Reason: "its monitoring is paused"}
			continue
		case i == nil:
			// What is new is not told of by the beginning of the watch.
			i = &instance{id: w.ID, version: w.ServerVersion, place: -1, told: s.refreshed}
			s.instances[w.ID] = i
			s.agenda.set(i, s.first(w.Health))
		case i.endpoint != w.Endpoint || i.verdict.health != w.Health:
			i.anew = true
			s.hasten(i)
		default:
			continue
		}
		i.endpoint, i.verdict = w.Endpoint, verdict{health: w.Health}
	}
	s.refreshed = true
}

// first is when an instance is probed first: at once if nothing is known of
// it, and otherwise, when a shard has moved here, spread over the time that
// all take in turn.
func (s *shard) first(known toygres.Health) time.Time {
	if s.refreshed || known == toygres.HealthUnknown {
		return time.Now()
	}
	return time.Now().Add(rand.N(s.Every))
}

func (s *shard) leave(i *instance) {
	delete(s.instances, i.id)
	delete(s.changes, i.id)
	s.history.add(i)
	if i.place < 0 {
		i.gone = true // its probe closes the connection
		return
	}
	s.agenda.remove(i)
	i.session.close()
}

// hear probes an instance soon of which the provider tells. The first word of
// each comes with the beginning of the watch.
func (s *shard) hear(id toygres.InstanceID) {
	i := s.instances[id]
	if i == nil {
		return
	}
	if !i.told {
		i.told = true
		return
	}
	s.hasten(i)
}

// hasten makes an instance's next probe due, but not more than one a second.
func (s *shard) hasten(i *instance) {
	if i.place < 0 {
		i.soon = true
		return
	}
	if due := i.probed.Add(min(time.Second, s.retryAfter())); due.Before(i.due) {
		s.agenda.set(i, due)
	}
}

// begin begins the probes that are due.
func (s *shard) begin(ctx context.Context) {
	now := time.Now()
	for s.underWay < s.AtOnce && len(s.agenda) > 0 && !s.agenda[0].due.After(now) {
		i := heap.Pop(&s.agenda).(*instance)
		s.underWay++
		at, anew := i.endpoint, i.anew
		i.anew = false
		go func() {
			if anew {
				i.session.close()
			}
			s.results <- s.look(ctx, i, at)
		}()
	}
}

func (s *shard) untilNext() time.Duration {
	if len(s.agenda) == 0 || s.underWay >= s.AtOnce {
		return s.Refresh // something else will wake us
	}
	return max(time.Until(s.agenda[0].due), 0)
}

// look probes an instance, and asks the provider about one that does not answer.
func (s *shard) look(ctx context.Context, i *instance, at toygres.Endpoint) result {
	begun := time.Now()
	latency, err := s.probe(ctx, i.id, at, &i.session)
	if err == nil {
		s.probes.WithLabelValues(answered).Observe(time.Since(begun).Seconds())
		return result{instance: i, latency: latency, version: i.session.conn.ParameterStatus("server_version")}
	}
	s.probes.WithLabelValues(failed).Observe(time.Since(begun).Seconds())
	i.session.close()
	ctx, cancel := context.WithTimeout(ctx, s.Timeout)
	defer cancel()
	seen, unseen := s.Provider.Observe(ctx, i.id)
	if unseen != nil {
		seen = toygres.Observation{}
	}
	return result{instance: i, why: explain(err, seen)}
}

// take draws the consequences of a probe.
func (s *shard) take(ctx context.Context, r result) {
	s.underWay--
	i := r.instance
	if i.gone || ctx.Err() != nil { // then it may have failed because we stop
		i.session.close()
		return
	}
	i.probed = time.Now()
	if r.why == nil || !r.why.blind {
		s.history.count(i, r.latency, r.why != nil)
	}
	before := i.verdict
	i.verdict = before.after(r.why)
	if r.version == "" {
		r.version = i.version
	}
	if i.verdict.health != before.health || r.version != i.version {
		i.version = r.version
		change := catalog.HealthChange{Instance: i.id, Health: i.verdict.health, ServerVersion: i.version}
		if r.why != nil {
			change.Reason = r.why.reason
		}
		s.changes[i.id] = change
	}
	s.agenda.set(i, i.probed.Add(s.interval(i.verdict)))
	if i.soon {
		i.soon = false
		s.hasten(i)
	}
}

// interval is the time to the next probe, not quite regular, so that what
// began together drifts apart. What is in trouble is looked at more often.
func (s *shard) interval(v verdict) time.Duration {
	every := s.Every
	switch {
	case v.failures == 0:
	case v.failures < enough:
		every = s.retryAfter()
	default:
		every /= 3
	}
	return every*9/10 + rand.N(every/5+1)
}

// write writes what has changed since it last did.
func (s *shard) write(ctx context.Context) {
	const most = 500 // events at once: others wait for their number meanwhile
	var batch []catalog.HealthChange
	flush := func() bool {
		if err := s.Catalog.RecordHealth(ctx, batch); err != nil {
			s.trouble(ctx, "changes of health can't be recorded; trying again", err)
			return false
		}
		for _, c := range batch {
			delete(s.changes, c.Instance)
		}
		batch = batch[:0]
		return true
	}
	for _, c := range s.changes {
		if batch = append(batch, c); len(batch) == most && !flush() {
			return
		}
	}
	if len(batch) > 0 {
		flush()
	}
}

// end writes down what is known and lets go of everything.
func (s *shard) end(ctx context.Context) {
	for s.underWay > 0 {
		s.take(ctx, <-s.results)
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 3*time.Second)
	defer cancel()
	for _, i := range s.instances {
		s.history.add(i)
		i.session.close()
	}
	s.write(ctx)
	s.history.write(ctx, s)
}

// trouble logs what may be over soon, but not every few seconds.
func (s *shard) trouble(ctx context.Context, what string, err error) {
	if ctx.Err() == nil && time.Since(s.warned) > warnEvery {
		s.warned = time.Now()
		s.Log.WarnContext(ctx, what, "shard", s.number, "error", err)
	}
}

func pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

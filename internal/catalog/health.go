package catalog

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/toygres/toygres"
)

// HealthChange is what the monitor has come to think of a running instance.
type HealthChange struct {
	Instance      toygres.InstanceID
	Health        toygres.Health
	Reason        string // why it is not healthy, for people
	ServerVersion string // as its server reports it; "" when it was not asked
}

// recordHealth locks all rows in the same order as everybody does, and before
// the first event, which see in the schema.
const recordHealth = `
WITH target AS (
	SELECT i.id, i.name, i.health, new.health AS to, new.reason, i.server_version, coalesce(nullif(new.version, ''), i.server_version) AS runs
	FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[]) AS new (id, health, reason, version) JOIN instances i ON i.id = new.id
	WHERE i.state = 'running' AND (i.health <> new.health OR new.version NOT IN ('', i.server_version))
	ORDER BY i.id
	FOR NO KEY UPDATE OF i
), changed AS (
	UPDATE instances i SET health = target.to, health_message = target.reason, server_version = target.runs
	FROM target WHERE i.id = target.id
	RETURNING i.id
)
INSERT INTO events (type, instance_id, instance_name, message, data)
SELECT 'instance.updated', target.id, target.name,
       format('Its server is PostgreSQL %s; it was %s when it was last looked at.', target.runs, target.server_version),
       jsonb_build_object('changed', 'server_version')
FROM target JOIN changed USING (id)
WHERE target.runs <> target.server_version AND target.server_version <> ''
UNION ALL
SELECT 'instance.health', target.id, target.name,
       CASE target.to WHEN 'healthy' THEN 'The instance is healthy.'
                      WHEN 'unhealthy' THEN format('The instance is unhealthy: %s', target.reason)
                      ELSE format('Its health is not known: %s', target.reason) END,
       jsonb_strip_nulls(jsonb_build_object('from', target.health, 'to', target.to, 'reason', nullif(target.reason, '')))
FROM target JOIN changed USING (id)
WHERE target.to <> target.health
ORDER BY 2, 1 DESC`

// RecordHealth changes the health of running instances, and the version of
// their servers, which may have been started anew with another one; each change
// has its event. What is there already, and instances that do not run any more,
// stay as they are.
func (s *Store) RecordHealth(ctx context.Context, changes []HealthChange) error {
	ids, healths := make([]toygres.InstanceID, len(changes)), make([]toygres.Health, len(changes))
	reasons, versions := make([]string, len(changes)), make([]string, len(changes))
	for i, c := range changes {
		ids[i], healths[i], reasons[i], versions[i] = c.Instance, c.Health, clean(c.Reason), clean(c.ServerVersion)
	}
	_, err := s.pool.Exec(ctx, recordHealth, ids, healths, reasons, versions)
	return wrap(err)
}

// ForgetHealth makes the health of a running instance unknown, so that the
// monitor begins anew with it. actor is who asked.
func (s *Store) ForgetHealth(ctx context.Context, name string, actor toygres.UserID) (toygres.Instance, error) {
	_, err := s.pool.Exec(ctx, `
		WITH target AS (
			SELECT id, name, health FROM instances WHERE name = $1 AND state = 'running' AND health <> 'unknown' FOR NO KEY UPDATE
		), changed AS (
			UPDATE instances i SET health = 'unknown', health_message = '' FROM target WHERE i.id = target.id
		)
		INSERT INTO events (type, instance_id, instance_name, actor, message, data)
		SELECT 'instance.health', id, name, $2, 'The monitor begins anew with it.', jsonb_build_object('from', health, 'to', 'unknown')
		FROM target`, name, actor)
	if err != nil {
		return toygres.Instance{}, wrap(err)
	}
	instance, err := s.Instance(ctx, name)
	if err == nil && instance.State != toygres.StateRunning {
		err = toygres.Errorf(toygres.CodeConflict, "%q is %s, and only what runs is monitored; start it first", name, instance.State)
	}
	return instance, err
}

// Probes counts the probes of an instance in a span of time.
type Probes struct {
	At       time.Time // when the span began
	Count    int
	Failures int

	// Latencies of the probes that did not fail; zero when there is none.
	Least, Most, Sum time.Duration
}

// Add counts one more probe. A failed one has no latency.
func (p *Probes) Add(latency time.Duration, failed bool) {
	p.Count++
	if failed {
		p.Failures++
		return
	}
	if p.Count-p.Failures == 1 || latency < p.Least {
		p.Least = latency
	}
	p.Most = max(p.Most, latency)
	p.Sum += latency
}

// Mean is the mean latency of the probes that did not fail; 0 when there is none.
func (p Probes) Mean() time.Duration {
	return p.Sum / time.Duration(max(p.Count-p.Failures, 1))
}

// Spans of time of which a history is kept, and for how long minutes are.
const (
	minute = time.Minute
	hour   = time.Hour

	keepMinutes = hour // at least, and up to an hour more before they are made hours
)

// sumProbes are the columns of several rows in one, by the first columns. One
// without a latency has no say in the least.
func sumProbes(by string) string {
	return by + `, sum(probes)::int, sum(failures)::int,
		coalesce(min(latency_min) FILTER (WHERE probes > failures), 0), max(latency_max), sum(latency_sum)::bigint`
}

// A span that is counted in several parts, because its shard moved, is their
// sum.
const addProbes = ` ON CONFLICT (instance_id, at) DO UPDATE SET
	probes = known.probes + excluded.probes,
	failures = known.failures + excluded.failures,
	latency_min = CASE WHEN known.probes = known.failures THEN excluded.latency_min
	                   WHEN excluded.probes = excluded.failures THEN known.latency_min
	                   ELSE least(known.latency_min, excluded.latency_min) END,
	latency_max = greatest(known.latency_max, excluded.latency_max),
	latency_sum = known.latency_sum + excluded.latency_sum`

// InstanceProbes are the probes of one instance in one minute.
type InstanceProbes struct {
	Instance toygres.InstanceID
	Probes
}

// RecordProbes adds to the history of many instances at once.
func (s *Store) RecordProbes(ctx context.Context, all []InstanceProbes) error {
	ids, at := make([]toygres.InstanceID, len(all)), make([]time.Time, len(all))
	columns := [5][]int64{}
	for i, p := range all {
		ids[i], at[i] = p.Instance, p.At.UTC().Truncate(minute)
		for c, value := range []int64{int64(p.Count), int64(p.Failures), p.Least.Microseconds(), p.Most.Microseconds(), p.Sum.Microseconds()} {
			columns[c] = append(columns[c], value)
		}
	}
	_, err := s.pool.Exec(ctx, `
		INSERT INTO health_minutes AS known (instance_id, at, probes, failures, latency_min, latency_max, latency_sum)
		SELECT `+sumProbes("id, at")+`
		FROM unnest($1::uuid[], $2::timestamptz[], $3::int[], $4::int[], $5::int[], $6::int[], $7::bigint[])
		     AS new (id, at, probes, failures, latency_min, latency_max, latency_sum)
		GROUP BY 1, 2 ORDER BY 1, 2`+addProbes,
		ids, at, columns[0], columns[1], columns[2], columns[3], columns[4])
	return wrap(err)
}

// foldMinutes moves minutes into the hours that they are part of: each is in
// one of both, whatever is killed when.
var foldMinutes = `
WITH old AS (
	DELETE FROM health_minutes WHERE ctid = ANY (ARRAY(
		SELECT ctid FROM health_minutes WHERE at < date_trunc('hour', now() - $1::interval) ORDER BY instance_id, at LIMIT $2 FOR UPDATE SKIP LOCKED))
	RETURNING *
), folded AS (
	INSERT INTO health_hours AS known (instance_id, at, probes, failures, latency_min, latency_max, latency_sum)
	SELECT ` + sumProbes("instance_id, date_trunc('hour', at, 'UTC')") + `
	FROM old GROUP BY 1, 2 ORDER BY 1, 2` + addProbes + `
)
SELECT count(*) FROM old`

// FoldHealth turns at most limit old minutes of the history into hours, which
// are kept for as long as retention says, and reports whether there may be more.
func (s *Store) FoldHealth(ctx context.Context, limit int) (more bool, err error) {
	var folded int
	err = s.pool.QueryRow(ctx, foldMinutes, keepMinutes, limit).Scan(&folded)
	return folded == limit, wrap(err)
}

// HealthHistory returns the probes of an instance, oldest first, by the minute
// for a window of up to an hour, and by the hour for a longer one. Spans
// without a probe are left out.
func (s *Store) HealthHistory(ctx context.Context, id toygres.InstanceID, window time.Duration) (_ []Probes, span time.Duration, err error) {
	if !isID(id) {
		return nil, 0, notFound("instance")
	}
	span = hour
	if window <= keepMinutes {
		span = minute
	}
	history, err := collect(ctx, s, func(row pgx.CollectableRow) (p Probes, err error) {
		var least, most, sum int64
		err = row.Scan(&p.At, &p.Count, &p.Failures, &least, &most, &sum)
		p.Least, p.Most, p.Sum = time.Duration(least)*time.Microsecond, time.Duration(most)*time.Microsecond, time.Duration(sum)*time.Microsecond
		return p, err
	}, `SELECT `+sumProbes("date_trunc($3, at, 'UTC') AS span")+`
	    FROM (SELECT * FROM health_minutes UNION ALL SELECT * FROM health_hours) AS known
	    WHERE instance_id = $1 AND at >= date_trunc($3, now() - $2::interval, 'UTC')
	    GROUP BY span ORDER BY span`, id, window, map[time.Duration]string{minute: "minute", hour: "hour"}[span])
	return history, span, err
}

package catalog

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype/zeronull"

	"github.com/toygres/toygres"
)

// MaxShards is how many parts the monitor can have.
const MaxShards = 64

// MonitorState is how the monitor is set up and how far it is.
type MonitorState struct {
	Paused bool
	Shards []ShardState
}

// ShardState is what a shard of the monitor has last reported.
type ShardState struct {
	Shard      int
	Worker     string        // where it runs; "" before its first report
	Instances  int           // that it watches
	ReportedAt time.Time     // zero before its first report
	Lag        time.Duration // for how long the most overdue probe has been due
}

// Lag is how far the monitor is behind: as far as its slowest shard. It is 0
// while the monitor is paused.
func (m MonitorState) Lag() time.Duration {
	var lag time.Duration
	for _, shard := range m.Shards {
		lag = max(lag, shard.Lag)
	}
	if m.Paused {
		return 0
	}
	return lag
}

// Monitor returns how the monitor is set up and how far it is.
func (s *Store) Monitor(ctx context.Context) (MonitorState, error) {
	var m MonitorState
	if err := s.pool.QueryRow(ctx, `SELECT paused FROM monitor`).Scan(&m.Paused); err != nil {
		return m, wrap(err)
	}
	var err error
	m.Shards, err = collect(ctx, s, func(row pgx.CollectableRow) (shard ShardState, err error) {
		return shard, row.Scan(&shard.Shard, &shard.Worker, &shard.Instances, (*zeronull.Timestamptz)(&shard.ReportedAt), &shard.Lag)
	}, `SELECT shard, worker, instances, reported_at, greatest(now() - kept_up_to, '0') FROM monitor_shards ORDER BY shard`)
	return m, err
}

// PauseMonitor pauses the monitor as a whole, or resumes it.
func (s *Store) PauseMonitor(ctx context.Context, paused bool) error {
	_, err := s.pool.Exec(ctx, `
		WITH changed AS (UPDATE monitor SET paused = $1 WHERE paused <> $1 RETURNING 1)
		UPDATE monitor_shards SET kept_up_to = now() WHERE EXISTS (SELECT FROM changed)`, paused)
	return wrap(err)
}

// SetShards divides the monitor into n shards. Shards that are there stay.
func (s *Store) SetShards(ctx context.Context, n int) error {
	_, err := s.pool.Exec(ctx, `
		WITH gone AS (DELETE FROM monitor_shards WHERE shard >= $1)
		INSERT INTO monitor_shards (shard) SELECT generate_series(0, $1 - 1) ON CONFLICT DO NOTHING`, n)
	return wrap(err)
}

// SilentShards returns the shards that have not reported for so long.
func (s *Store) SilentShards(ctx context.Context, since time.Duration) ([]int, error) {
	return collect(ctx, s, pgx.RowTo[int],
		`SELECT shard FROM monitor_shards WHERE coalesce(reported_at < now() - $1::interval, true) ORDER BY shard`, since)
}

// ReportShard records how far a shard is: worker runs it, it watches so many
// instances, and every probe that was due longer than lag ago was made. exists
// is false when the monitor has no such shard any more.
func (s *Store) ReportShard(ctx context.Context, shard int, worker string, instances int, lag time.Duration) (exists bool, err error) {
	tag, err := s.pool.Exec(ctx, `
		UPDATE monitor_shards SET worker = $2, instances = $3, reported_at = now(), kept_up_to = now() - $4::interval
		WHERE shard = $1`, shard, clean(worker), instances, lag)
	return tag.RowsAffected() > 0, wrap(err)
}

// Watched is a running instance as its shard of the monitor needs it.
type Watched struct {
	ID            toygres.InstanceID
	Endpoint      toygres.Endpoint
	ServerVersion string
	Health        toygres.Health
	Paused        bool // nobody should watch it; it is told only until its health is unknown
}

// watchedSQL divides by the last byte of the id, which is random.
const watchedSQL = `
SELECT id::text, endpoint_host, endpoint_port, server_version, health, paused
FROM (SELECT i.*, m.paused OR NOT i.monitored AS paused
      FROM instances i, monitor m
      WHERE i.state = 'running' AND i.endpoint_port > 0
        AND get_byte(uuid_send(i.id), 15) % greatest((SELECT count(*) FROM monitor_shards), 1) = $1) AS mine
WHERE NOT paused OR health <> 'unknown'`

// Watched returns the running instances of a shard of the monitor.
func (s *Store) Watched(ctx context.Context, shard int) ([]Watched, error) {
	return collect(ctx, s, func(row pgx.CollectableRow) (w Watched, err error) {
		return w, row.Scan(&w.ID, &w.Endpoint.Host, &w.Endpoint.Port, &w.ServerVersion, &w.Health, &w.Paused)
	}, watchedSQL, shard)
}

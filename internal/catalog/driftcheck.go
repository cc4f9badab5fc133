package catalog

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype/zeronull"

	"github.com/toygres/toygres"
)

const checkColumns = `id::text, coalesce(requested_by::text, ''), requested_at, started_at, ended_at, found, resolved, error`

func scanCheck(row pgx.CollectableRow) (toygres.DriftCheck, error) {
	var c toygres.DriftCheck
	err := row.Scan(&c.ID, &c.RequestedBy, &c.RequestedAt, (*zeronull.Timestamptz)(&c.StartedAt), (*zeronull.Timestamptz)(&c.EndedAt),
		&c.Found, &c.Resolved, &c.Error)
	return c, err
}

// RequestDriftCheck records that somebody wants catalog, provider and Temporal
// compared, and wakes the workers. If such a wish waits already, it is that one.
func (s *Store) RequestDriftCheck(ctx context.Context, actor toygres.UserID) (toygres.DriftCheck, error) {
	for range maxTries {
		check, ok, err := one(ctx, s, scanCheck, `
			WITH asked AS (
				INSERT INTO drift_checks (id, requested_by) VALUES ($1, $2)
				ON CONFLICT ((true)) WHERE started_at IS NULL DO NOTHING
				RETURNING *
			), told AS (SELECT pg_notify($3, ''))
			SELECT `+checkColumns+` FROM asked, told
			UNION ALL SELECT `+checkColumns+` FROM drift_checks, told WHERE started_at IS NULL
			LIMIT 1`, newID(), actor, driftChannel)
		if ok || err != nil {
			return check, err
		}
		// The one in the way has begun meanwhile.
	}
	return toygres.DriftCheck{}, busy()
}

// DriftCheck returns one comparison.
func (s *Store) DriftCheck(ctx context.Context, id string) (toygres.DriftCheck, error) {
	if !isID(id) {
		return toygres.DriftCheck{}, notFound("drift check")
	}
	check, ok, err := one(ctx, s, scanCheck, `SELECT `+checkColumns+` FROM drift_checks WHERE id = $1`, id)
	if err == nil && !ok {
		err = notFound("drift check")
	}
	return check, err
}

// LastDriftCheck returns the comparison that ended last; ok is false when there
// is none.
func (s *Store) LastDriftCheck(ctx context.Context) (check toygres.DriftCheck, ok bool, err error) {
	return one(ctx, s, scanCheck, `SELECT `+checkColumns+` FROM drift_checks WHERE ended_at IS NOT NULL ORDER BY requested_at DESC LIMIT 1`)
}

// The keys of advisory locks, in ASCII.
const driftLock = 0x6472696674 // "drift"

// beginCheck begins the comparison that somebody has asked for, or one that is
// due. What another process has begun and not ended is over: that one would
// have the lock.
const beginCheck = `
WITH lost AS (
	UPDATE drift_checks SET ended_at = now(), error = 'the worker was lost' WHERE started_at IS NOT NULL AND ended_at IS NULL
), asked AS (
	UPDATE drift_checks SET started_at = now() WHERE started_at IS NULL RETURNING id, started_at
), due AS (
	INSERT INTO drift_checks (id, started_at)
	SELECT $1, now() WHERE NOT EXISTS (SELECT FROM asked)
	  AND NOT EXISTS (SELECT FROM drift_checks WHERE started_at > now() - $2::interval)
	RETURNING id, started_at
)
SELECT id::text, started_at FROM asked UNION ALL SELECT id::text, started_at FROM due`

// endCheck ends a comparison, with an event for who has asked for it. Others are
// made all the time, and what they find is an event of its own.
const endCheck = `
WITH ended AS (
	UPDATE drift_checks SET ended_at = now(), found = $2, resolved = $3, error = $4 WHERE id = $1 RETURNING *
), logged AS (
	INSERT INTO events (type, instance_name, actor, message, data)
	SELECT 'drift.checked', '', requested_by, 'Catalog, provider and Temporal were compared.',
	       jsonb_build_object('found', found::text, 'resolved', resolved::text)
	FROM ended WHERE requested_by IS NOT NULL
)
SELECT ` + checkColumns + ` FROM ended`

// CheckDrift compares, and records the result, if somebody has asked for that or
// the last comparison began longer ago than every. It does nothing while another
// process is at it; then the comparison that it returns is zero.
func (s *Store) CheckDrift(ctx context.Context, every time.Duration, compare func(context.Context) (Comparison, error)) (ended toygres.DriftCheck, err error) {
	err = s.locked(ctx, driftLock, func() error {
		type begun struct {
			id string
			at time.Time
		}
		check, ok, err := one(ctx, s, func(row pgx.CollectableRow) (b begun, err error) {
			return b, row.Scan(&b.id, &b.at)
		}, beginCheck, newID(), every)
		if err != nil || !ok {
			return err
		}
		comparison, cause := compare(ctx)
		// What has been seen is recorded although not everything was.
		ctx := context.WithoutCancel(ctx)
		found, resolved, err := s.SettleFindings(ctx, comparison, check.at)
		if err != nil {
			return err
		}
		problem := ""
		if cause != nil {
			problem = toygres.MessageOf(cause)
		}
		ended, _, err = one(ctx, s, scanCheck, endCheck, check.id, found, resolved, clean(problem))
		return err
	})
	return ended, err
}

// WithLeftover calls remove with an instance as it is, unless somebody else is
// removing it. Meanwhile its creation can't be retried.
func (s *Store) WithLeftover(ctx context.Context, id toygres.InstanceID, remove func(toygres.Instance) error) error {
	var key int64
	if err := s.pool.QueryRow(ctx, `SELECT `+instanceLock, id).Scan(&key); err != nil {
		return wrap(err)
	}
	return s.locked(ctx, key, func() error {
		instance, err := s.InstanceByID(ctx, id)
		if err != nil {
			return err
		}
		return remove(instance)
	})
}

// instanceLock is the key of an instance's advisory lock.
const instanceLock = `hashtextextended($1::text, 0)`

// locked calls do while it has the lock of that key, which ends with this
// process. It does nothing when another one has it.
func (s *Store) locked(ctx context.Context, key int64, do func() error) error {
	conn, err := s.pool.Acquire(ctx)
	if err != nil {
		return wrap(err)
	}
	defer conn.Release()
	var got bool
	if err := conn.QueryRow(ctx, `SELECT pg_try_advisory_lock($1)`, key).Scan(&got); err != nil || !got {
		return wrap(err)
	}
	defer func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		defer cancel()
		if _, err := conn.Exec(ctx, `SELECT pg_advisory_unlock($1)`, key); err != nil {
			_ = conn.Conn().Close(ctx) // which ends the lock, too
		}
	}()
	return do()
}

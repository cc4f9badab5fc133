package catalog

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5/pgtype/zeronull"

	"github.com/toygres/toygres"
)

// What happens to an operation after it was recorded. Activities call these,
// possibly more than once for the same fact, so a repeat changes nothing and
// writes no event. Each is one statement. All of them lock the operation's row
// first and insert events last, which keeps them free of deadlocks.

const startOperation = `
WITH begun AS (
	UPDATE operations SET state = 'running', run_id = $2, started_at = now()
	WHERE id = $1 AND state = 'pending'
	RETURNING id, instance_id, kind, requested_by
), logged AS (
	INSERT INTO events (type, instance_id, instance_name, operation_id, actor, message, data)
	SELECT 'operation.started', i.id, i.name, begun.id, begun.requested_by, format('The %s operation began.', begun.kind), jsonb_build_object('kind', begun.kind)
	FROM begun JOIN instances i ON i.id = begun.instance_id
)
SELECT state, run_id, (SELECT count(*) FROM begun) FROM operations WHERE id = $1`

// StartOperation says that the operation's workflow runs, under Temporal's
// run id. For the same run again it does nothing. CodeConflict says that the
// operation is over, taken back, or another run's: the workflow must end
// without touching anything.
func (s *Store) StartOperation(ctx context.Context, id toygres.OperationID, runID string) error {
	if !isID(id) {
		return overOrGone(id)
	}
	for range maxTries {
		var state toygres.OperationState
		var run string
		var begun int
		rows, err := s.pool.Query(ctx, startOperation, id, runID)
		if err != nil {
			return wrap(err)
		}
		found := rows.Next()
		if found {
			err = rows.Scan(&state, &run, &begun)
		}
		rows.Close()
		if err == nil {
			err = rows.Err()
		}
		switch {
		case err != nil:
			return wrap(err)
		case begun == 1 || state == toygres.OperationRunning && run == runID:
			return nil
		case found && state == toygres.OperationPending:
			continue // changed by another transaction meanwhile: look again
		default:
			return overOrGone(id)
		}
	}
	return busy()
}

func overOrGone(id toygres.OperationID) error {
	return &toygres.Error{Code: toygres.CodeConflict, Operation: id,
		Message: fmt.Sprintf("operation %s is over, was taken back, or belongs to another run", id)}
}

// writeStep records a step's new state and its event. A repeat finds the
// state there already. An older attempt's late report is ignored, except that
// attempts may count from 1 again after a failure, which they do when a worker
// was lost; a success counts whenever it comes.
const writeStep = `
WITH op AS (
	SELECT id, instance_id FROM operations
	WHERE id = $1 AND state IN ('pending', 'running')
	FOR NO KEY UPDATE
), stepped AS (
	INSERT INTO steps AS s (operation_id, name, position, state, attempt, error, next_retry_at, started_at, ended_at, worker, build)
	SELECT op.id, $2, coalesce((SELECT max(position) FROM steps WHERE operation_id = $1), 0) + 1, $3, $4, $5, $6,
	       now(), CASE WHEN $3 <> 'running' THEN now() END, $10, $11
	FROM op
	ON CONFLICT (operation_id, name) DO UPDATE SET
		state = excluded.state,
		attempt = greatest(excluded.attempt, CASE WHEN excluded.state = 'succeeded' THEN s.attempt END),
		message = '',
		error = CASE WHEN excluded.state = 'running' THEN s.error ELSE excluded.error END,
		next_retry_at = excluded.next_retry_at,
		started_at = coalesce(s.started_at, excluded.started_at),
		ended_at = excluded.ended_at,
		worker = coalesce(nullif(excluded.worker, ''), s.worker),
		build = coalesce(nullif(excluded.build, ''), s.build)
	WHERE CASE excluded.state
		WHEN 'running' THEN excluded.attempt > s.attempt OR s.state IN ('pending', 'failed')
		WHEN 'failed' THEN excluded.attempt > s.attempt OR excluded.attempt = s.attempt AND s.state IN ('pending', 'running')
		ELSE excluded.attempt > s.attempt OR s.state <> 'succeeded'
	END
	RETURNING s.operation_id
), logged AS (
	INSERT INTO events (type, instance_id, instance_name, operation_id, message, data)
	SELECT $7, i.id, i.name, stepped.operation_id, $8, $9::jsonb
	FROM stepped JOIN op ON op.id = stepped.operation_id JOIN instances i ON i.id = op.instance_id
)
SELECT count(*) FROM op`

type stepReport struct {
	operation toygres.OperationID
	step      toygres.StepName
	state     toygres.StepState
	attempt   int
	error     string
	nextRetry time.Time
	event     toygres.EventType
	message   string
}

func (s *Store) writeStep(ctx context.Context, r stepReport) error {
	if !isID(r.operation) {
		return overOrGone(r.operation)
	}
	data := map[string]string{"step": string(r.step), "attempt": fmt.Sprint(r.attempt)}
	if r.state == toygres.StepFailed {
		data["error"], data["next_retry_at"] = clean(r.error), ""
		if !r.nextRetry.IsZero() {
			data["next_retry_at"] = r.nextRetry.UTC().Format(time.RFC3339Nano)
		}
	}
	return s.report(ctx, r.operation, writeStep, r.operation, r.step, r.state, r.attempt, clean(r.error),
		zeronull.Timestamptz(r.nextRetry), r.event, clean(r.message), data, s.options.Worker, s.options.Build)
}

// report runs a statement that answers whether the operation was in progress.
func (s *Store) report(ctx context.Context, id toygres.OperationID, sql string, args ...any) error {
	var inProgress int
	if err := s.pool.QueryRow(ctx, sql, args...).Scan(&inProgress); err != nil {
		return wrap(err)
	}
	if inProgress == 0 {
		return overOrGone(id)
	}
	return nil
}

// StepStarted says that the attempt, 1 for the first, at a step has begun. A
// step that was not planned is added at the end. Like all reports on steps it
// is CodeConflict when the operation is over or gone.
func (s *Store) StepStarted(ctx context.Context, id toygres.OperationID, step toygres.StepName, attempt int) error {
	message := fmt.Sprintf("Step %q began.", step)
	if attempt > 1 {
		message = fmt.Sprintf("Step %q began its attempt %d.", step, attempt)
	}
	return s.writeStep(ctx, stepReport{operation: id, step: step, state: toygres.StepRunning, attempt: attempt,
		event: toygres.EventStepStarted, message: message})
}

// StepSucceeded says that a step is done.
func (s *Store) StepSucceeded(ctx context.Context, id toygres.OperationID, step toygres.StepName, attempt int) error {
	return s.writeStep(ctx, stepReport{operation: id, step: step, state: toygres.StepSucceeded, attempt: attempt,
		event: toygres.EventStepSucceeded, message: fmt.Sprintf("Step %q is done.", step)})
}

// StepFailed says that an attempt failed, why, and when it is tried again;
// nextRetry is zero when it is not.
func (s *Store) StepFailed(ctx context.Context, id toygres.OperationID, step toygres.StepName, attempt int, message string, nextRetry time.Time) error {
	text := fmt.Sprintf("Step %q failed: %s", step, message)
	if !nextRetry.IsZero() {
		text = fmt.Sprintf("Step %q failed and will be tried again: %s", step, message)
	}
	return s.writeStep(ctx, stepReport{operation: id, step: step, state: toygres.StepFailed, attempt: attempt,
		error: message, nextRetry: nextRetry, event: toygres.EventStepFailed, message: text})
}

const stepProgress = `
WITH op AS (
	SELECT id, instance_id FROM operations
	WHERE id = $1 AND state IN ('pending', 'running')
	FOR NO KEY UPDATE
), stepped AS (
	UPDATE steps SET message = $3 FROM op
	WHERE operation_id = op.id AND name = $2 AND steps.state = $4 AND message <> $3
	RETURNING operation_id
), logged AS (
	INSERT INTO events (type, instance_id, instance_name, operation_id, message, data)
	SELECT 'step.progress', i.id, i.name, stepped.operation_id, $3, jsonb_build_object('step', $2::text)
	FROM stepped JOIN op ON op.id = stepped.operation_id JOIN instances i ON i.id = op.instance_id
)
SELECT count(*) FROM op`

// StepProgress says what a running step waits for. The same message again
// writes nothing.
func (s *Store) StepProgress(ctx context.Context, id toygres.OperationID, step toygres.StepName, message string) error {
	if !isID(id) {
		return overOrGone(id)
	}
	return s.report(ctx, id, stepProgress, id, step, clean(message), toygres.StepRunning)
}

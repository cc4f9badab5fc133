package catalog

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/toygres/toygres"
)

// finishOperation changes nothing unless the operation is in progress ($2) and
// the instance in one of the states that may become the new one ($4). The only
// step of an operation without a workflow began with the request. Whoever
// cancels a purge wants what is in the trash back, and gets the time for it. The
// events need what is changed, so that the owner's row is locked before them.
const finishOperation = `
WITH target AS (
	SELECT o.id, o.kind, o.instance_id, o.created_at, o.workflow_id, o.previous_state, i.name, i.state
	FROM operations o JOIN instances i ON i.id = o.instance_id
	WHERE o.id = $1 AND o.state IN ('pending', 'running') AND i.state = ANY ($4)
	FOR NO KEY UPDATE
), ended AS (
	UPDATE operations o SET state = $2, error_code = $5, error = $6, ended_at = now()
	FROM target WHERE o.id = target.id
), changed AS (
	UPDATE instances i SET
		state = $3,
		message = coalesce($7, message),
		endpoint_host = CASE WHEN $3 = 'deleted' THEN '' WHEN $9 > 0 THEN $8 ELSE endpoint_host END,
		endpoint_port = CASE WHEN $3 = 'deleted' THEN 0 WHEN $9 > 0 THEN $9 ELSE endpoint_port END,
		server_version = CASE WHEN $10 <> '' THEN $10 ELSE server_version END,
		cpu_millis = CASE WHEN $13 > 0 THEN $13 ELSE cpu_millis END,
		memory_mib = CASE WHEN $14 > 0 THEN $14 ELSE memory_mib END,
		storage_gib = CASE WHEN $15 > 0 THEN $15 ELSE storage_gib END,
		parameters = coalesce($16, parameters),
		allowed_cidrs = coalesce($17, allowed_cidrs),
		health = CASE WHEN $3 = 'running' THEN health ELSE 'unknown' END,
		health_message = CASE WHEN $3 = 'running' THEN health_message ELSE '' END,
		purge_at = CASE WHEN $3 <> 'trashed' THEN NULL
		                WHEN target.kind = 'trash' THEN purge_at
		                ELSE greatest(purge_at, now() + interval '1 hour') END,
		trashed_from = CASE WHEN $3 <> 'trashed' THEN ''
		                    WHEN target.kind = 'trash' THEN target.previous_state
		                    ELSE trashed_from END,
		updated_at = now()
	FROM target WHERE i.id = target.instance_id
	RETURNING i.id
), stepped AS (
	UPDATE steps s SET
		state = CASE WHEN s.name = $11 THEN 'succeeded'
		             WHEN s.state = 'pending' THEN 'skipped'
		             WHEN s.state = 'running' AND $2 = 'succeeded' THEN 'succeeded'
		             ELSE 'failed' END,
		attempt = CASE WHEN s.name = $11 THEN greatest(s.attempt, 1) ELSE s.attempt END,
		error = CASE WHEN s.name = $11 THEN '' WHEN s.state = 'running' THEN $6 ELSE s.error END,
		message = '',
		started_at = CASE WHEN s.name = $11 THEN coalesce(s.started_at,
			CASE WHEN target.workflow_id = '' THEN target.created_at ELSE now() END) ELSE s.started_at END,
		ended_at = CASE WHEN s.state = 'pending' AND s.name <> $11 THEN NULL ELSE coalesce(s.ended_at, now()) END,
		next_retry_at = NULL
	FROM target
	WHERE s.operation_id = target.id AND s.state IN ('pending', 'running', 'failed')
	RETURNING s.name, s.attempt
), facts AS (
	SELECT 1 AS nr, 'step.succeeded' AS type, format('Step "%s" is done.', stepped.name) AS message,
	       jsonb_build_object('step', stepped.name, 'attempt', stepped.attempt::text) AS data
	FROM stepped WHERE stepped.name = $11
	UNION ALL
	SELECT 2, 'instance.state', format('The instance is %s.', $3::text), jsonb_build_object('from', target.state, 'to', $3::text)
	FROM target JOIN changed ON changed.id = target.instance_id
	UNION ALL
	SELECT 3, 'operation.ended', $12, jsonb_build_object('kind', target.kind, 'state', $2::text)
	FROM target
), logged AS (
	INSERT INTO events (type, instance_id, instance_name, operation_id, message, data)
	SELECT facts.type, target.instance_id, target.name, target.id, facts.message, facts.data
	FROM target, facts ORDER BY facts.nr
)
SELECT kind, now() - created_at FROM target`

// FinishOperation ends an operation and changes its instance with it. Steps
// that never began become skipped; one that still runs shares the operation's
// fate. An instance put back (InstanceState "") keeps the message it had, and a
// failed one gets the outcome's. Repeating the same outcome is no error. CodeConflict says that the
// operation ended otherwise, is gone, or that the instance can't become what
// the outcome says.
func (s *Store) FinishOperation(ctx context.Context, o toygres.Outcome) error {
	if !isID(o.Operation) {
		return overOrGone(o.Operation)
	}
	if !o.State.Done() {
		return toygres.Errorf(toygres.CodeInternal, "an operation can't end as %q", o.State)
	}
	message := new(string)
	switch o.InstanceState {
	case "":
		previous, err := s.previousState(ctx, o.Operation)
		if err != nil {
			return err
		}
		o.InstanceState, message = previous, nil
	case toygres.StateFailed:
		*message = clean(o.Message)
	}
	var parameters map[string]string // nil is NULL
	var networks []string
	if o.Configuration != nil {
		to := stored(*o.Configuration)
		parameters, networks = to.Parameters, to.AllowedCIDRs
	}
	for range maxTries {
		var kind toygres.Kind
		var took time.Duration
		err := s.pool.QueryRow(ctx, finishOperation, o.Operation, o.State, o.InstanceState, toygres.Sources(o.InstanceState),
			o.Code, clean(o.Message), message, o.Endpoint.Host, o.Endpoint.Port, o.ServerVersion, o.Step, clean(summary(o)),
			o.Size.CPUMillis, o.Size.MemoryMiB, o.Size.StorageGiB, parameters, networks).Scan(&kind, &took)
		if err == nil {
			s.observe(kind, o.State, took)
			return nil
		}
		if !errors.Is(err, pgx.ErrNoRows) {
			return wrap(err)
		}
		again, err := s.notFinished(ctx, o)
		if !again {
			return err
		}
	}
	return busy()
}

// notFinished finds out why an outcome was not recorded. again says that it
// could be now.
func (s *Store) notFinished(ctx context.Context, o toygres.Outcome) (again bool, err error) {
	operation, err := s.Operation(ctx, o.Operation)
	switch {
	case toygres.CodeOf(err) == toygres.CodeNotFound:
		return false, overOrGone(o.Operation)
	case err != nil:
		return false, err
	case operation.State == o.State:
		return false, nil
	case operation.State.Done():
		return false, toygres.Errorf(toygres.CodeConflict, "the operation is over: it %s", ended(operation.State))
	}
	instance, err := s.InstanceByID(ctx, operation.InstanceID)
	if err != nil || instance.State.CanBecome(o.InstanceState) {
		return err == nil, err
	}
	return false, toygres.Errorf(toygres.CodeConflict, "an instance that is %s can't become %s", instance.State, o.InstanceState)
}

// previousState is where the operation's instance was before it.
func (s *Store) previousState(ctx context.Context, id toygres.OperationID) (toygres.State, error) {
	var state toygres.State
	err := s.pool.QueryRow(ctx, `SELECT previous_state FROM operations WHERE id = $1`, id).Scan(&state)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return "", overOrGone(id)
	case err != nil:
		return "", wrap(err)
	case state == "":
		return "", toygres.Errorf(toygres.CodeInternal, "a create has no state before it to go back to")
	}
	return state, nil
}

// summary is the outcome in one sentence.
func summary(o toygres.Outcome) string {
	text := fmt.Sprintf("The operation %s.", ended(o.State))
	if o.Message != "" && o.State != toygres.OperationSucceeded {
		text = strings.TrimSuffix(text, ".") + ": " + o.Message
	}
	return text
}

// StateChange is a change of an instance's state that no operation asked for.
type StateChange struct {
	Instance toygres.InstanceID
	From, To toygres.State
	Message  string // why, for people; kept by a failed instance
}

const changeState = `
WITH target AS (
	SELECT i.id, i.name, i.state FROM instances i
	WHERE i.id = $1 AND i.state = $2
	  AND NOT EXISTS (SELECT FROM operations o WHERE o.instance_id = i.id AND o.state IN ('pending', 'running'))
	FOR NO KEY UPDATE
), changed AS (
	UPDATE instances i SET state = $3, message = CASE WHEN $3 = 'failed' THEN $4 ELSE '' END,
		health = CASE WHEN $3 = 'running' THEN health ELSE 'unknown' END,
		health_message = CASE WHEN $3 = 'running' THEN health_message ELSE '' END,
		updated_at = now()
	FROM target WHERE i.id = target.id
	RETURNING i.id
), logged AS (
	INSERT INTO events (type, instance_id, instance_name, message, data)
	SELECT 'instance.state', target.id, target.name, coalesce(nullif($4, ''), format('The instance is %s.', $3::text)),
	       jsonb_build_object('from', $2::text, 'to', $3::text)
	FROM target JOIN changed USING (id)
)
SELECT count(*) FROM target`

// ChangeState changes the state of an instance that has no operation in
// progress, by compare-and-set. CodeConflict says that it is not in state
// From, that From can't become To, or that an operation is in progress, which
// alone may then change it.
func (s *Store) ChangeState(ctx context.Context, c StateChange) error {
	if !isID(c.Instance) {
		return notFound("instance")
	}
	if !c.From.CanBecome(c.To) {
		return toygres.Errorf(toygres.CodeConflict, "an instance that is %s can't become %s", c.From, c.To)
	}
	var changed int
	err := s.pool.QueryRow(ctx, changeState, c.Instance, c.From, c.To, clean(c.Message)).Scan(&changed)
	if err != nil || changed > 0 {
		return wrap(err)
	}
	instance, err := s.InstanceByID(ctx, c.Instance)
	if err != nil {
		return err
	}
	return &toygres.Error{Code: toygres.CodeConflict, Operation: instance.Operation,
		Message: fmt.Sprintf("%q is %s and did not become %s", instance.Spec.Name, instance.State, c.To)}
}

package catalog

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype/zeronull"

	"github.com/toygres/toygres"
)

// selectOperations reads the operations that the conditions at its end select
// with their steps, one row per step, in one round trip.
const selectOperations = `
WITH page AS (
	SELECT o.*, i.name AS instance_name
	FROM operations o JOIN instances i ON i.id = o.instance_id`

const withSteps = `
)
SELECT o.id::text, o.kind, o.instance_id::text, o.instance_name, o.state, o.workflow_id, o.run_id, o.requested_by::text,
       o.cpu_millis, o.memory_mib, o.storage_gib, o.parameters, o.allowed_cidrs, o.release, o.previous_state, coalesce(o.retry_of::text, ''),
       coalesce((SELECT i.batch_id::text FROM batch_items i WHERE i.operation_id = o.id), ''),
       o.cancel_asked, o.error_code, o.error, o.created_at, o.started_at, o.ended_at,
       coalesce(s.name, ''), coalesce(s.state, ''), coalesce(s.attempt, 0), coalesce(s.message, ''), coalesce(s.error, ''),
       s.started_at, s.ended_at, s.next_retry_at, coalesce(s.worker, ''), coalesce(s.build, '')
FROM page o LEFT JOIN steps s ON s.operation_id = o.id
ORDER BY o.created_at DESC, o.id DESC, s.position, s.name`

// operations runs a query made of the two parts above and folds its rows.
func (s *Store) operations(ctx context.Context, sql string, args ...any) ([]toygres.Operation, error) {
	rows, err := collect(ctx, s, scanOperationStep, selectOperations+sql+withSteps, args...)
	if err != nil {
		return nil, err
	}
	var folded []toygres.Operation
	for _, row := range rows {
		if last := len(folded) - 1; last >= 0 && folded[last].ID == row.ID {
			folded[last].Steps = append(folded[last].Steps, row.Steps...)
			continue
		}
		folded = append(folded, row)
	}
	return folded, nil
}

// scanOperationStep reads one row: an operation with one of its steps, or with
// none.
func scanOperationStep(row pgx.CollectableRow) (toygres.Operation, error) {
	var o toygres.Operation
	var step toygres.Step
	var release string
	err := row.Scan(&o.ID, &o.Kind, &o.InstanceID, &o.InstanceName, &o.State, &o.WorkflowID, &o.RunID, &o.RequestedBy,
		&o.Size.CPUMillis, &o.Size.MemoryMiB, &o.Size.StorageGiB, &o.Configuration.Parameters, &o.Configuration.AllowedCIDRs, &release, &o.Previous, &o.RetryOf, &o.Batch,
		&o.CancelAsked, &o.ErrorCode, &o.Error, &o.CreatedAt, (*zeronull.Timestamptz)(&o.StartedAt), (*zeronull.Timestamptz)(&o.EndedAt),
		&step.Name, &step.State, &step.Attempt, &step.Message, &step.Error,
		(*zeronull.Timestamptz)(&step.StartedAt), (*zeronull.Timestamptz)(&step.EndedAt), (*zeronull.Timestamptz)(&step.NextRetryAt), &step.Worker, &step.Build)
	o.Release = toygres.ParseRelease(release)
	if step.Name != "" {
		o.Steps = []toygres.Step{step}
	}
	return o, err
}

// Operation returns an operation with its steps in order.
func (s *Store) Operation(ctx context.Context, id toygres.OperationID) (toygres.Operation, error) {
	if !isID(id) {
		return toygres.Operation{}, notFound("operation")
	}
	found, err := s.operations(ctx, ` WHERE o.id = $1`, id)
	if err == nil && len(found) == 0 {
		err = notFound("operation")
	}
	if err != nil {
		return toygres.Operation{}, err
	}
	return found[0], nil
}

// OperationFilter selects a page of operations. Zero fields select all.
type OperationFilter struct {
	Instance     toygres.InstanceID
	InstanceName string // also of instances that are gone
	Kind         toygres.Kind
	States       []toygres.OperationState // any of them
	Batch        toygres.BatchID          // that has begun them
	RetryOf      toygres.OperationID      // that they try again
	Since        time.Time                // asked for then or later
	Until        time.Time                // asked for before then
	Cursor       string                   // [OperationPage.Next] of the page before
	Limit        int                      // rows; 50 when zero, at most 200
}

// OperationPage is a part of the list of operations, newest first.
type OperationPage struct {
	Operations []toygres.Operation
	Next       string // cursor of the next page; "" on the last
}

// Operations returns a page of operations with their steps, newest first.
func (s *Store) Operations(ctx context.Context, filter OperationFilter) (OperationPage, error) {
	createdAt, id, err := position(filter.Cursor, operationList)
	if err != nil {
		return OperationPage{}, err
	}
	if filter.Instance != "" && !isID(filter.Instance) || filter.Batch != "" && !isID(filter.Batch) {
		return OperationPage{}, nil
	}
	size := pageSize(filter.Limit)
	where := conditions{}
	where.add("(o.created_at, o.id) < (?, ?)", createdAt, id)
	if filter.Instance != "" {
		where.add("o.instance_id = ?", filter.Instance)
	}
	if filter.InstanceName != "" {
		where.add("i.name = ?", filter.InstanceName)
	}
	if filter.Kind != "" {
		where.add("o.kind = ?", filter.Kind)
	}
	if len(filter.States) > 0 {
		where.add("o.state = ANY (?)", filter.States)
	}
	if filter.Batch != "" {
		where.add("o.id IN (SELECT b.operation_id FROM batch_items b WHERE b.batch_id = ?)", filter.Batch)
	}
	if filter.RetryOf != "" {
		where.add("o.retry_of = ?", filter.RetryOf)
	}
	if !filter.Since.IsZero() {
		where.add("o.created_at >= ?", filter.Since)
	}
	if !filter.Until.IsZero() {
		where.add("o.created_at < ?", filter.Until)
	}
	found, err := s.operations(ctx, where.sql()+` ORDER BY o.created_at DESC, o.id DESC LIMIT `+strconv.Itoa(size+1), where.args...)
	if err != nil {
		return OperationPage{}, err
	}
	page := OperationPage{Operations: found}
	if len(found) > size {
		page.Operations = found[:size]
		last := found[size-1]
		page.Next = cursor{last.CreatedAt, string(last.ID)}.encode(operationList)
	}
	return page, nil
}

const askCancel = `
WITH asked AS (
	UPDATE operations SET cancel_asked = true
	WHERE id = $1 AND state IN ('pending', 'running') AND NOT cancel_asked
	RETURNING id, instance_id, kind
), logged AS (
	INSERT INTO events (type, instance_id, instance_name, operation_id, actor, message, data)
	SELECT 'operation.cancel', i.id, i.name, asked.id, $2, 'Cancellation was requested.', jsonb_build_object('kind', asked.kind)
	FROM asked JOIN instances i ON i.id = asked.instance_id
)
SELECT count(*) FROM asked`

// AskCancel records that somebody wants the operation cancelled and returns
// it. Asking twice is no error. CodeConflict says that it is over.
func (s *Store) AskCancel(ctx context.Context, id toygres.OperationID, actor toygres.UserID) (toygres.Operation, error) {
	if !isID(id) {
		return toygres.Operation{}, notFound("operation")
	}
	var asked int
	if err := s.pool.QueryRow(ctx, askCancel, id, actor).Scan(&asked); err != nil {
		return toygres.Operation{}, wrap(err)
	}
	operation, err := s.Operation(ctx, id)
	if err == nil && asked == 0 && operation.State.Done() {
		err = toygres.Errorf(toygres.CodeConflict, "the operation is over: it %s", ended(operation.State))
	}
	return operation, err
}

// ended is the verb for a final state.
func ended(state toygres.OperationState) string {
	if state == toygres.OperationCancelled {
		return "was cancelled"
	}
	return string(state)
}

// PendingOperations returns the durable operations that were recorded longer
// ago than that and have not begun: their workflow may never have been
// started.
func (s *Store) PendingOperations(ctx context.Context, olderThan time.Duration) ([]toygres.Operation, error) {
	return s.operations(ctx, ` WHERE o.state = 'pending' AND o.workflow_id <> '' AND o.created_at < now() - $1::interval`, olderThan)
}

// RunningOperations returns the durable operations that have begun and not
// ended.
func (s *Store) RunningOperations(ctx context.Context) ([]toygres.Operation, error) {
	return s.operations(ctx, ` WHERE o.state = 'running' AND o.workflow_id <> ''`)
}

// Unsettled is an instance whose state should change to what its provider
// shows.
type Unsettled struct {
	Instance  toygres.Instance
	Operation toygres.Operation // the one in progress, without steps; zero when there is none
}

// Unsettled returns the instances that are stopping, starting or restarting,
// the longest waiting first.
func (s *Store) Unsettled(ctx context.Context) ([]Unsettled, error) {
	return collect(ctx, s, func(row pgx.CollectableRow) (Unsettled, error) {
		var u Unsettled
		i, o := &u.Instance, &u.Operation
		err := row.Scan(append(instanceTargets(i), &o.Kind, &o.State, &o.RequestedBy, &o.CancelAsked, &o.CreatedAt)...)
		if o.ID = i.Operation; o.ID == "" {
			u.Operation = toygres.Operation{}
		} else {
			o.InstanceID, o.InstanceName = i.ID, i.Spec.Name
		}
		return u, err
	}, `SELECT `+instanceColumns+`, coalesce(o.kind, ''), coalesce(o.state, ''), coalesce(o.requested_by::text, ''),
		coalesce(o.cancel_asked, false), coalesce(o.created_at, i.created_at)`+fromInstances+`
		WHERE i.state IN ('stopping', 'starting', 'restarting')
		ORDER BY i.updated_at`)
}

// conditions builds a WHERE clause; each ? becomes the number of its argument.
type conditions struct {
	parts []string
	args  []any
}

func (c *conditions) add(condition string, args ...any) {
	for _, arg := range args {
		c.args = append(c.args, arg)
		condition = strings.Replace(condition, "?", "$"+strconv.Itoa(len(c.args)), 1)
	}
	c.parts = append(c.parts, condition)
}

func (c *conditions) sql() string { return " WHERE " + strings.Join(c.parts, " AND ") }

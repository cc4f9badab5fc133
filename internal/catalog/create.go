package catalog

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/toygres/toygres"
)

// NewInstance is what [Store.BeginCreate] records.
type NewInstance struct {
	Spec        toygres.Spec
	Metadata    toygres.MetadataChange // of that of an instance of which nothing is said
	Owner       toygres.UserID
	Provider    string
	Idempotency *IdempotencyKey // nil when the client sent none
	// Operation is the id of the operation, where that was chosen before; "" for a new one.
	Operation toygres.OperationID
}

// Begun is what a request has set off.
type Begun struct {
	Instance  toygres.Instance
	Operation toygres.Operation // zero when nothing had to be done
	// Replayed says that the request was made before: Operation is that one's,
	// and the caller need not, but may, start its workflow again.
	Replayed bool
	// Previous is the instance's state before, "" for a create.
	Previous toygres.State
}

// WorkflowID returns the id of the workflow behind every durable operation of
// an instance. One instance has one id, so Temporal too allows one at a time.
func WorkflowID(instance toygres.InstanceID) string { return "instance/" + string(instance) }

// beginCreate claims the idempotency key first: of two equal requests the
// second waits there for the first to commit and then inserts nothing, instead
// of stumbling over its own name. Foreign keys are checked at the end of the
// statement.
//
// Then it counts the instance for its owner. Of two at once the second waits
// for the owner's row and sees what the first has got. Where there is no room
// the count breaks the constraint users_quota, and nothing has happened.
const beginCreate = `
WITH claim AS (
	INSERT INTO idempotency_keys (user_id, key, request_hash, operation_id)
	SELECT $2, $11, $12, $3 WHERE $11 <> ''
	ON CONFLICT (user_id, key) DO NOTHING
	RETURNING key
), instance AS (
	INSERT INTO instances (id, owner_id, name, version, cpu_millis, memory_mib, storage_gib, image_type, provider, state,
	                       runtime_image, public, allowed_cidrs, runtime_image_name, counted_gib, source_id, parameters,
	                       display_name, description, tags, deletion_protection, monitored)
	SELECT $1::uuid, $2::uuid, $4, $5, $6, $7, $8, $9, $10, 'creating', $15, $16, $17, $18, $8, nullif($21, '')::uuid, $24,
	       $25, $26, $27, $28, $29
	WHERE $11 = '' OR EXISTS (SELECT FROM claim)
	RETURNING id, name, owner_id, created_at
), counted AS (
	UPDATE users u SET
		used_instances = CASE
			WHEN disabled_at IS NULL AND deleted_at IS NULL
			 AND coalesce(used_instances < coalesce(max_instances, $19), true)
			 AND coalesce(used_storage_gib + $8 <= coalesce(max_storage_gib, $20), true) THEN used_instances + 1
			ELSE -1 END,
		used_storage_gib = used_storage_gib + $8
	FROM instance WHERE u.id = instance.owner_id
	RETURNING instance.id
), operation AS (
	INSERT INTO operations (id, kind, instance_id, state, workflow_id, requested_by)
	SELECT $3, $22, id, 'pending', $13, $2 FROM counted
	RETURNING id
), planned AS (
	INSERT INTO steps (operation_id, position, name)
	SELECT operation.id, step.position, step.name
	FROM operation, unnest($14::text[]) WITH ORDINALITY AS step (name, position)
), logged AS (
	INSERT INTO events (type, instance_id, instance_name, operation_id, actor, message, data)
	SELECT 'instance.state', instance.id, instance.name, operation.id, $2, $23,
	       '{"from": "", "to": "creating"}'
	FROM instance, operation
)
SELECT created_at FROM instance`

// BeginCreate records a new instance in state creating, its create operation,
// or fork if it has a source, in state pending with the planned steps, and the event. A repeat under the
// same idempotency key answers the first request's operation; the key with
// another request is CodeInvalid, and so is a runtime image that is not (any
// more) what its name says; a name in use is CodeConflict; more than
// the owner may have is CodeForbidden.
func (s *Store) BeginCreate(ctx context.Context, n NewInstance) (Begun, error) {
	if err := toygres.ValidateName(n.Spec.Name); err != nil {
		return Begun{}, err
	}
	if err := n.Idempotency.validate(); err != nil {
		return Begun{}, err
	}
	// Once more each time the one in the way vanished between two statements.
	for range maxTries {
		begun, inserted, err := s.insertInstance(ctx, n)
		switch {
		case violates(err, "instances_living_name"):
			switch instance, err := s.Instance(ctx, n.Spec.Name); {
			case err == nil:
				return Begun{}, nameTaken(instance)
			case toygres.CodeOf(err) != toygres.CodeNotFound:
				return Begun{}, err
			}
		case violates(err, heldImage):
			return Begun{}, noImage(n.Spec.RuntimeImageName)
		case violates(err, "users_quota"):
			if err := s.noRoom(ctx, n); err != nil {
				return Begun{}, err
			}
		case err != nil:
			return Begun{}, wrap(err)
		case inserted:
			return begun, nil
		default:
			begun, found, err := s.replay(ctx, n.Owner, n.Idempotency)
			if found || err != nil {
				return begun, err
			}
		}
	}
	return Begun{}, busy()
}

// maxTries is how often a statement is repeated that lost a race; each repeat
// needs another request to win again.
const maxTries = 5

func busy() error {
	return &toygres.Error{Code: toygres.CodeUnavailable, RetryAfter: time.Second,
		Message: "too many requests for the same instance at once; try again in a moment"}
}

func (s *Store) insertInstance(ctx context.Context, n NewInstance) (_ Begun, inserted bool, err error) {
	instance := toygres.Instance{ID: toygres.InstanceID(newID()), Spec: n.Spec, Owner: n.Owner, Provider: n.Provider,
		Metadata: n.Metadata.Of(toygres.Metadata{Tags: map[string]string{}, Monitored: true}),
		State:    toygres.StateCreating, Health: toygres.HealthUnknown}
	kind := toygres.KindCreate
	if n.Spec.Source != "" {
		kind = toygres.KindFork
	}
	operation := toygres.Operation{ID: operationID(n.Operation), Kind: kind, InstanceID: instance.ID, Configuration: stored(toygres.Configuration{}),
		InstanceName: n.Spec.Name, State: toygres.OperationPending, WorkflowID: WorkflowID(instance.ID), RequestedBy: n.Owner}
	var key string
	hash := []byte{}
	if n.Idempotency != nil {
		key, hash = n.Idempotency.Key, n.Idempotency.RequestHash
	}
	steps := toygres.PlannedSteps(kind)
	operation.Steps = pending(steps)
	rows, err := s.pool.Query(ctx, beginCreate, instance.ID, n.Owner, operation.ID, n.Spec.Name, n.Spec.Version,
		n.Spec.CPUMillis, n.Spec.MemoryMiB, n.Spec.StorageGiB, n.Spec.ImageType, n.Provider,
		key, hash, operation.WorkflowID, steps, n.Spec.RuntimeImage, n.Spec.Public, n.Spec.AllowedCIDRs,
		n.Spec.RuntimeImageName, s.options.Quota.Instances, s.options.Quota.StorageGiB, n.Spec.Source, kind, noun(kind)+" was requested.", n.Spec.Parameters,
		instance.DisplayName, instance.Description, instance.Tags, instance.DeletionProtection, instance.Monitored)
	if err != nil {
		return Begun{}, false, err
	}
	created, err := pgx.CollectRows(rows, pgx.RowTo[time.Time])
	if err != nil || len(created) == 0 {
		return Begun{}, false, err
	}
	instance.Operation = operation.ID
	instance.CreatedAt, instance.UpdatedAt, operation.CreatedAt = created[0], created[0], created[0]
	return Begun{Instance: instance, Operation: operation}, true, nil
}

// activeUser is who can have new instances.
const activeUser = `u.id = $1 AND u.disabled_at IS NULL AND u.deleted_at IS NULL`

// noRoom says which quota is in the way, or nil when none is any more.
func (s *Store) noRoom(ctx context.Context, n NewInstance) error {
	owner, quota, use, err := s.quotaOf(ctx, activeUser, n.Owner)
	if err != nil {
		return err
	}
	return overQuota(owner, quota, use, Use{Instances: 1, StorageGiB: n.Spec.StorageGiB})
}

// operationID is the id that was chosen before, or a new one.
func operationID(chosen toygres.OperationID) toygres.OperationID {
	if chosen != "" {
		return chosen
	}
	return toygres.OperationID(newID())
}

// pending returns steps as they are planned.
func pending(names []toygres.StepName) []toygres.Step {
	steps := make([]toygres.Step, len(names))
	for i, name := range names {
		steps[i] = toygres.Step{Name: name, State: toygres.StepPending}
	}
	return steps
}

// nameTaken says what to do about the instance that has a name.
func nameTaken(instance toygres.Instance) error {
	name := instance.Spec.Name
	message := fmt.Sprintf("there is an instance %q already, and it is %s; ", name, instance.State)
	switch instance.State {
	case toygres.StateFailed:
		message += "delete it first, or choose another name"
	case toygres.StateDeleting:
		message += "wait until it is gone, or choose another name"
	case toygres.StateTrashed:
		message = fmt.Sprintf("there is a deleted instance %q in the trash until %s; bring it back with undelete, remove it for good with purge, or choose another name",
			name, moment(instance.PurgeAt))
	default:
		message += "choose another name"
	}
	return &toygres.Error{Code: toygres.CodeConflict, Message: message, Operation: instance.Operation,
		Fields: []toygres.FieldError{{Field: "name", Rule: "unique", Message: "is in use"}}}
}

// abandonCreate relies on the foreign keys to remove what hangs on the
// instance. The events stay, with one more that says so: whoever has seen the
// instance come must see it go.
const abandonCreate = `
WITH target AS (
	SELECT o.id, o.instance_id, i.name
	FROM operations o JOIN instances i ON i.id = o.instance_id
	WHERE o.id = $1 AND o.previous_state = '' AND o.state = 'pending' AND i.state = 'creating'
	FOR UPDATE
), gone AS (
	DELETE FROM instances USING target WHERE instances.id = target.instance_id
	RETURNING instances.id
), logged AS (
	INSERT INTO events (type, instance_id, instance_name, operation_id, message, data)
	SELECT 'instance.state', target.instance_id, target.name, target.id,
	       'Creation was taken back before it began.', '{"from": "creating", "to": "deleted"}'
	FROM target JOIN gone ON gone.id = target.instance_id
)
SELECT (SELECT count(*) FROM gone), coalesce((SELECT state FROM operations WHERE id = $1), '')`

// AbandonCreate removes every row of a create whose workflow could not be
// started, so that its name and idempotency key are free again. Repeating it
// is no error. CodeConflict says that the operation has begun after all, and
// must be left to its workflow.
func (s *Store) AbandonCreate(ctx context.Context, operation toygres.OperationID) error {
	return s.abandon(ctx, abandonCreate, operation)
}

// abandon runs a statement that answers how many it took back and the
// operation's state before.
func (s *Store) abandon(ctx context.Context, sql string, id toygres.OperationID) error {
	if !isID(id) {
		return notFound("operation")
	}
	var done int
	var state toygres.OperationState
	if err := s.pool.QueryRow(ctx, sql, id).Scan(&done, &state); err != nil {
		return wrap(err)
	}
	if done > 0 || state == "" {
		return nil
	}
	return &toygres.Error{Code: toygres.CodeConflict, Operation: id, Message: "the operation has begun already and goes on"}
}

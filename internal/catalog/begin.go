package catalog

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/toygres/toygres"
)

// target returns the state that an operation of kind k puts its instance into
// while it goes on, and the one that makes the request needless, "" for none.
func target(k toygres.Kind) (during, after toygres.State, ok bool) {
	switch k {
	case toygres.KindDelete:
		return toygres.StateDeleting, toygres.StateDeleted, true
	case toygres.KindTrash:
		return toygres.StateDeleting, toygres.StateTrashed, true
	case toygres.KindStop:
		return toygres.StateStopping, toygres.StateStopped, true
	case toygres.KindStart:
		return toygres.StateStarting, toygres.StateRunning, true
	case toygres.KindRestart:
		return toygres.StateRestarting, "", true
	case toygres.KindUpgrade, toygres.KindRotate:
		return toygres.StateUpdating, "", true
	default:
		return "", "", false
	}
}

// durable reports whether an operation of kind k is a workflow.
func durable(k toygres.Kind) bool {
	switch k {
	case toygres.KindCreate, toygres.KindFork, toygres.KindTrash, toygres.KindDelete, toygres.KindResize, toygres.KindUpdate, toygres.KindUpgrade, toygres.KindRotate:
		return true
	default:
		return false
	}
}

// sources are the states from which an operation of kind k begins. What is in
// the trash only comes back or is removed.
func sources(k toygres.Kind, during toygres.State) []toygres.State {
	return slices.DeleteFunc(toygres.Sources(during), func(s toygres.State) bool {
		switch k {
		case toygres.KindDelete:
			return false
		case toygres.KindUndelete:
			return s != toygres.StateTrashed
		case toygres.KindUpgrade, toygres.KindRotate:
			return s != toygres.StateRunning
		default:
			return s == toygres.StateTrashed
		}
	})
}

// begin finds nothing when the instance is in none of the states $3, when a
// resize or update ($10 > 0) is asked of other settings than it has or of more
// storage than its owner may have, when a purge ($17)
// is not due, when it is to be deleted and is protected against that, or when a
// retry ($18) is not of the instance's last operation; a create is a retry, and
// of an instance that never ran and of which no rest is being removed ([Store.WithLeftover]). Of two at once the second waits for the row and then sees the
// first one's state.
const begin = `
WITH target AS (
	SELECT id, name, state, owner_id FROM instances
	WHERE name = $1 AND state <> 'deleted' AND state = ANY ($3)
	  AND ($10 = 0 OR (cpu_millis, memory_mib, storage_gib) = ($13, $14, $15)
	                 AND parameters = $22 AND allowed_cidrs = $23)
	  AND (NOT $17 OR purge_at <= now())
	  AND NOT ($2 = 'deleting' AND deletion_protection)
	  AND ($2 <> 'creating' OR server_version = '' AND pg_try_advisory_xact_lock(hashtextextended(id::text, 0)))
	  AND ($18 = '' OR $18 = (SELECT o.id::text FROM operations o WHERE o.instance_id = instances.id ORDER BY o.created_at DESC, o.id DESC LIMIT 1))
	FOR NO KEY UPDATE
), room AS (
	SELECT u.id FROM users u JOIN target ON target.owner_id = u.id
	WHERE $12 > $15 AND coalesce(u.used_storage_gib + $12 - $15 <= coalesce(u.max_storage_gib, $19), true)
	FOR NO KEY UPDATE OF u
), changed AS (
	UPDATE instances i SET state = $2, updated_at = now(), counted_gib = greatest(i.storage_gib, $12),
		message = CASE WHEN $2 = 'creating' THEN '' ELSE i.message END,
		purge_at = CASE WHEN $16::interval > '0' THEN now() + $16::interval ELSE purge_at END
	FROM target WHERE i.id = target.id AND ($12 <= $15 OR EXISTS (SELECT FROM room))
	RETURNING i.*
), operation AS (
	INSERT INTO operations (id, kind, instance_id, state, previous_state, workflow_id, requested_by,
	                        cpu_millis, memory_mib, storage_gib, retry_of, parameters, allowed_cidrs, release)
	SELECT $4, $5, target.id, 'pending', target.state, CASE WHEN $6 THEN 'instance/' || target.id ELSE '' END, $7,
	       $10, $11, $12, nullif($18, '')::uuid, $20, $21, $24
	FROM target JOIN changed ON changed.id = target.id
	RETURNING id, instance_id, previous_state, created_at
), planned AS (
	INSERT INTO steps (operation_id, position, name)
	SELECT operation.id, step.position, step.name
	FROM operation, unnest($8::text[]) WITH ORDINALITY AS step (name, position)
), logged AS (
	INSERT INTO events (type, instance_id, instance_name, operation_id, actor, message, data)
	SELECT 'instance.state', target.id, target.name, operation.id, CASE WHEN $17 THEN NULL ELSE $7::uuid END, $9,
	       jsonb_build_object('from', target.state, 'to', $2::text)
	FROM target, operation
)
SELECT ` + instanceColumns + `, o.previous_state, o.created_at
FROM changed i JOIN operation o ON o.instance_id = i.id`

// Begin records an operation of kind delete, stop, start, restart or rotate in state pending,
// with its planned steps, and puts the instance into the state that goes with
// it, if the present one allows it. Otherwise it is CodeConflict, with
// Error.Operation set when another operation is in progress.
//
// Stopping what is stopped and starting what runs succeeds without an
// operation: the user has what was asked for.
func (s *Store) Begin(ctx context.Context, name string, kind toygres.Kind, actor toygres.UserID) (Begun, error) {
	during, after, ok := target(kind)
	if !ok {
		return Begun{}, toygres.Errorf(toygres.CodeInternal, "an operation of kind %q does not begin here", kind)
	}
	return s.beginUnless(ctx, beginning{name: name, kind: kind, during: during, actor: actor}, after)
}

// BeginUpgrade records, as [Store.Begin] does, that a running instance's server
// is to have that release of PostgreSQL.
func (s *Store) BeginUpgrade(ctx context.Context, name string, to toygres.Release, actor toygres.UserID) (Begun, error) {
	return s.beginUnless(ctx, beginning{name: name, kind: toygres.KindUpgrade, during: toygres.StateUpdating, actor: actor, release: to}, "")
}

// beginUnless begins, unless the instance is already in the state after.
func (s *Store) beginUnless(ctx context.Context, b beginning, after toygres.State) (Begun, error) {
	for range maxTries {
		begun, err := s.begin(ctx, s.pool, b)
		if begun.Operation.ID != "" || err != nil && !violates(err, "operations_in_progress") {
			return begun, wrap(err)
		}
		instance, err := s.Instance(ctx, b.name)
		switch {
		case err != nil:
			return Begun{}, err
		case instance.Operation == "" && instance.State == after:
			return Begun{Instance: instance, Previous: instance.State}, nil
		case b.during == toygres.StateDeleting && instance.DeletionProtection && instance.Operation == "":
			return Begun{}, protected(instance)
		case instance.Operation != "" || !slices.Contains(sources(b.kind, b.during), instance.State):
			return Begun{}, s.refusal(ctx, instance, b.kind)
		}
		// It changed in between to a state that allows it: once more.
	}
	return Begun{}, busy()
}

// beginning is what an operation begins with.
type beginning struct {
	name   string
	kind   toygres.Kind
	during toygres.State // of the instance, while it goes on
	actor  toygres.UserID
	from   toygres.Settings // of the instance, for a resize or update
	to     toygres.Settings

	release toygres.Release     // for an upgrade
	steps   []toygres.StepName  // that it takes
	state   toygres.State       // that the instance has to have; "" for any that allows it
	keep    time.Duration       // in the trash, for a trash
	due     bool                // only if its time in the trash is over; then nobody asked
	again   toygres.OperationID // that is tried again; it must be the instance's last one

	operation toygres.OperationID // its id, where that was chosen before; "" for a new one
}

// querier is the pool, or one of its transactions.
type querier interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
}

// begin answers the zero Begun when the instance is not as it has to be.
func (s *Store) begin(ctx context.Context, db querier, b beginning) (Begun, error) {
	if b.steps == nil {
		b.steps = toygres.PlannedSteps(b.kind)
	}
	from, to := stored(b.from.Configuration), stored(b.to.Configuration)
	operation := toygres.Operation{ID: operationID(b.operation), Kind: b.kind, InstanceName: b.name, RetryOf: b.again,
		Size: b.to.Size, Configuration: to, Release: b.release, State: toygres.OperationPending, RequestedBy: b.actor, Steps: pending(b.steps)}
	message := noun(b.kind)
	if b.kind == toygres.KindResize {
		message += " to " + b.to.Size.String()
	}
	if b.kind == toygres.KindUpgrade {
		message += " to PostgreSQL " + b.release.String()
	}
	message += " was requested."
	if b.again != "" {
		message = strings.Replace(message, "was requested", "was requested once more", 1)
	}
	if b.due {
		message = "Its time in the trash is over: it is removed for good."
	}
	sources := sources(b.kind, b.during)
	if b.state != "" {
		sources = []toygres.State{b.state}
	}
	rows, err := db.Query(ctx, begin, b.name, b.during, sources, operation.ID, b.kind, durable(b.kind), b.actor,
		b.steps, message, b.to.Size.CPUMillis, b.to.Size.MemoryMiB, b.to.Size.StorageGiB,
		b.from.Size.CPUMillis, b.from.Size.MemoryMiB, b.from.Size.StorageGiB, b.keep, b.due, b.again, s.options.Quota.StorageGiB,
		to.Parameters, to.AllowedCIDRs, from.Parameters, from.AllowedCIDRs, b.release.String())
	if err != nil {
		return Begun{}, err
	}
	found, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (Begun, error) {
		begun := Begun{Operation: operation}
		err := row.Scan(append(instanceTargets(&begun.Instance), &begun.Previous, &begun.Operation.CreatedAt)...)
		return begun, err
	})
	if err != nil || len(found) == 0 {
		return Begun{}, err
	}
	begun := found[0]
	begun.Operation.InstanceID, begun.Operation.Previous = begun.Instance.ID, begun.Previous
	if durable(b.kind) {
		begun.Operation.WorkflowID = WorkflowID(begun.Instance.ID)
	}
	return begun, nil
}

// noun is how people call an operation of kind k at the start of a sentence.
func noun(k toygres.Kind) string {
	switch k {
	case toygres.KindCreate:
		return "Creation"
	case toygres.KindFork:
		return "A fork"
	case toygres.KindTrash, toygres.KindDelete:
		return "Deletion"
	case toygres.KindUndelete:
		return "Undeletion"
	case toygres.KindStop:
		return "Stop"
	case toygres.KindStart:
		return "Start"
	case toygres.KindRestart:
		return "Restart"
	case toygres.KindResize:
		return "Resize"
	case toygres.KindRotate:
		return "Another password"
	case toygres.KindUpdate:
		return "Update"
	case toygres.KindUpgrade:
		return "Upgrade"
	default:
		return string(k)
	}
}

// verb is how people ask for an operation of kind k.
func verb(k toygres.Kind) string {
	switch k {
	case toygres.KindTrash:
		return "delete"
	case toygres.KindRotate:
		return "rotate the password of"
	default:
		return string(k)
	}
}

// refusal says why kind can't begin and what to do.
func (s *Store) refusal(ctx context.Context, instance toygres.Instance, kind toygres.Kind) error {
	name := instance.Spec.Name
	if instance.Operation != "" {
		other, err := s.Operation(ctx, instance.Operation)
		if err != nil {
			return err
		}
		return &toygres.Error{Code: toygres.CodeConflict, Operation: other.ID, Message: fmt.Sprintf(
			"can't %s %q now: its %s operation %s is in progress; wait for it, or cancel it", verb(kind), name, other.Kind, other.ID)}
	}
	hint := "wait until it is running or stopped"
	switch {
	case instance.State == toygres.StateTrashed && kind == toygres.KindTrash:
		hint = "it is removed for good at " + moment(instance.PurgeAt) + "; bring it back with undelete, or purge it now"
	case instance.State == toygres.StateTrashed:
		hint = "bring it back with undelete first"
	case kind == toygres.KindUndelete:
		hint = "it is not in the trash"
	case instance.State == toygres.StateFailed && instance.ServerVersion == "":
		hint = "its creation failed: retry that, or delete it"
	case instance.State == toygres.StateFailed:
		hint = "it failed and can only be deleted"
	case instance.State == toygres.StateStopped && kind == toygres.KindUpgrade:
		hint = "start it: what starts runs the newest release there is"
	case instance.State == toygres.StateStopped && (kind == toygres.KindRestart || kind == toygres.KindRotate):
		hint = "start it"
	}
	return toygres.Errorf(toygres.CodeConflict, "can't %s %q while it is %s; %s", verb(kind), name, instance.State, hint)
}

// abandonBegun removes the operation and puts the instance back.
const abandonBegun = `
WITH target AS (
	SELECT o.id, o.instance_id, o.previous_state, i.name, i.state, before.error
	FROM operations o JOIN instances i ON i.id = o.instance_id LEFT JOIN operations before ON before.id = o.retry_of
	WHERE o.id = $1 AND o.state = 'pending' AND o.previous_state <> ''
	FOR UPDATE OF o, i
), back AS (
	UPDATE instances i SET state = target.previous_state, updated_at = now(),
		message = CASE WHEN target.state = 'creating' THEN coalesce(target.error, i.message) ELSE i.message END,
		purge_at = CASE WHEN target.previous_state = 'trashed' THEN i.purge_at END
	FROM target WHERE i.id = target.instance_id
	RETURNING i.id
), gone AS (
	DELETE FROM operations USING target, back WHERE operations.id = target.id
	RETURNING operations.id
), logged AS (
	INSERT INTO events (type, instance_id, instance_name, operation_id, message, data)
	SELECT 'instance.state', target.instance_id, target.name, target.id, 'The request was taken back before it began.',
	       jsonb_build_object('from', target.state, 'to', target.previous_state)
	FROM target JOIN gone ON gone.id = target.id
)
SELECT (SELECT count(*) FROM gone), coalesce((SELECT state FROM operations WHERE id = $1), '')`

// Abandon takes back what [Store.Begin] recorded, when the workflow could not
// be started or the provider not be reached: the instance has its state from
// before, and the operation is gone. Repeating it is no error. CodeConflict
// says that the operation has begun after all.
func (s *Store) Abandon(ctx context.Context, operation toygres.OperationID) error {
	return s.abandon(ctx, abandonBegun, operation)
}

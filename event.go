package toygres

import "time"

// EventID orders events in the order of their commit.
type EventID int64

// EventType says what kind of fact an event is.
type EventType string

// The types of events.
const (
	EventInstanceState    EventType = "instance.state"    // Data: from, to
	EventInstanceUpdated  EventType = "instance.updated"  // Data: changed, the names of the fields
	EventInstanceHealth   EventType = "instance.health"   // Data: from, to, reason
	EventOperationStarted EventType = "operation.started" // Data: kind
	EventOperationEnded   EventType = "operation.ended"   // Data: kind, state
	EventOperationCancel  EventType = "operation.cancel"  // somebody asked for it
	EventBatchStarted     EventType = "batch.started"     // Data: kind, total
	EventBatchProgress    EventType = "batch.progress"    // Data: total, waiting, running, succeeded, failed, cancelled
	EventBatchEnded       EventType = "batch.ended"       // Data: kind, state, and as above
	EventBatchCancel      EventType = "batch.cancel"      // somebody asked for it; Data: kind
	EventStepStarted      EventType = "step.started"      // Data: step, attempt
	EventStepProgress     EventType = "step.progress"     // Data: step
	EventStepSucceeded    EventType = "step.succeeded"    // Data: step, attempt
	EventStepFailed       EventType = "step.failed"       // Data: step, attempt, error, next_retry_at
	EventPasswordRevealed EventType = "password.revealed" // Actor saw the password
	EventDriftFound       EventType = "drift.found"       // Data: kind, finding
	EventDriftResolved    EventType = "drift.resolved"    // Data: kind, finding
	EventDriftChecked     EventType = "drift.checked"     // a comparison that Actor asked for has ended; Data: found, resolved
	EventQueryRun         EventType = "query.run"         // Data: role, read_only, duration_ms, rows; sqlstate or code when it failed

	EventFunctionStarted   EventType = "durable_function.started"   // Data: function, role, label
	EventFunctionCancelled EventType = "durable_function.cancelled" // Data: function, label
	EventFunctionSignalled EventType = "durable_function.signalled" // Data: function, signal
)

// Event is an append-only fact, most often about an instance or a batch.
type Event struct {
	ID           EventID
	Type         EventType
	InstanceID   InstanceID // "" for a fact about no instance
	InstanceName string
	OperationID  OperationID // "" when no operation is behind it
	Batch        BatchID     // for facts about a batch, which have no instance; "" for all else
	Actor        UserID      // "" when Toygres itself is
	Message      string      // one sentence for people
	Data         map[string]string
	CreatedAt    time.Time
}

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
	EventOperationStarted EventType = "operation.started" // Data: kind
	EventOperationEnded   EventType = "operation.ended"   // Data: kind, state
	EventOperationCancel  EventType = "operation.cancel"  // somebody asked for it
	EventStepStarted      EventType = "step.started"      // Data: step, attempt
	EventStepProgress     EventType = "step.progress"     // Data: step
	EventStepSucceeded    EventType = "step.succeeded"    // Data: step, attempt
	EventStepFailed       EventType = "step.failed"       // Data: step, attempt, next_retry_at
	EventPasswordRevealed EventType = "password.revealed" // Actor saw the password
	EventQueryRun         EventType = "query.run"         // Data: role, read_only, duration_ms, rows; sqlstate or code when it failed
)

// Event is an append-only fact about an instance.
type Event struct {
	ID           EventID
	Type         EventType
	InstanceID   InstanceID
	InstanceName string
	OperationID  OperationID // "" when no operation is behind it
	Actor        UserID      // "" when Toygres itself is
	Message      string      // one sentence for people
	Data         map[string]string
	CreatedAt    time.Time
}

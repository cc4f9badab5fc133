package toygres

import "time"

// Kept is a kind of record that is kept for a limited time.
type Kept string

// The kinds of records that are kept for a limited time.
const (
	KeptEvents          Kept = "events"
	KeptHealth          Kept = "health"           // what the monitor saw, by the hour
	KeptOperations      Kept = "operations"       // that have ended, with their steps; batches, too
	KeptIdempotencyKeys Kept = "idempotency_keys" //
	KeptInstances       Kept = "instances"        // that are deleted, with their operations
	KeptAudit           Kept = "audit"            // the log of who did what
	KeptReports         Kept = "reports"          // comparisons, findings that are resolved, and runs of this
)

// KeptKinds returns every kind.
func KeptKinds() []Kept {
	return []Kept{KeptEvents, KeptHealth, KeptOperations, KeptIdempotencyKeys, KeptInstances, KeptAudit, KeptReports}
}

// RetentionRun is one removal of what was kept for long enough.
type RetentionRun struct {
	ID        string
	StartedAt time.Time
	EndedAt   time.Time              // zero until it has ended
	Keep      map[Kept]time.Duration // for how long each was kept; what is kept for ever is not in it
	Removed   map[Kept]int           // how many records; those of which none was removed are not in it
	Error     string                 // what went wrong last; "" when nothing did
}

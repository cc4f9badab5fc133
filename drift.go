package toygres

import (
	"fmt"
	"time"
)

// DriftKind says what disagrees about an instance.
type DriftKind string

// The kinds of drift.
const (
	DriftLeftover        DriftKind = "leftover"         // the provider has something of an instance that is gone
	DriftUnknown         DriftKind = "unknown_instance" // the provider has an instance that the catalog does not know
	DriftMissing         DriftKind = "missing"          // the provider has nothing of an instance
	DriftNotRunning      DriftKind = "not_running"      // it should run, and is stopped
	DriftFailing         DriftKind = "failing"          // it should run, and its server has given up
	DriftNotStopped      DriftKind = "not_stopped"      // it should be stopped, and is not
	DriftSize            DriftKind = "size"             // it has another size
	DriftLostWorkflow    DriftKind = "lost_workflow"    // an operation goes on, and its workflow does not
	DriftUnknownWorkflow DriftKind = "unknown_workflow" // a workflow goes on, and its operation does not
)

// DriftKinds returns every kind.
func DriftKinds() []DriftKind {
	return []DriftKind{DriftLeftover, DriftUnknown, DriftMissing, DriftNotRunning, DriftFailing, DriftNotStopped, DriftSize,
		DriftLostWorkflow, DriftUnknownWorkflow}
}

// Automatic reports whether drift of kind k is repaired without being asked:
// nothing that anybody could still want is touched.
func (k DriftKind) Automatic() bool { return k == DriftLeftover || k == DriftLostWorkflow }

// RemovesData reports whether a repair of drift of kind k removes data, for which
// whoever asks must say that it may go.
func (k DriftKind) RemovesData() bool { return k == DriftUnknown }

// Repairable reports whether Toygres can repair drift of kind k when it is asked
// to.
func (k DriftKind) Repairable() bool { return !k.Automatic() && k != DriftMissing }

// FindingID identifies a finding. It is a UUID in its canonical text form.
type FindingID string

// Finding is one thing that catalog, provider and Temporal do not agree about.
type Finding struct {
	ID           FindingID
	Kind         DriftKind
	InstanceID   InstanceID
	InstanceName string // "" where the catalog does not know it
	Message      string
	FirstSeen    time.Time
	LastSeen     time.Time
	ResolvedAt   time.Time // zero while it disagrees
}

// Command is what a person runs when what disagrees is not repaired by itself;
// "" when it is.
func (f Finding) Command() string {
	switch {
	case f.Kind == DriftMissing:
		return fmt.Sprintf("toygres delete %s --purge", f.InstanceName)
	case f.Kind.RemovesData():
		return fmt.Sprintf("toygres drift repair %s --remove-data", f.ID)
	case f.Kind.Repairable():
		return fmt.Sprintf("toygres drift repair %s", f.ID)
	default:
		return ""
	}
}

// DriftCheck is one comparison of catalog, provider and Temporal.
type DriftCheck struct {
	ID          string
	RequestedBy UserID // "" when it was due
	RequestedAt time.Time
	StartedAt   time.Time // zero while it waits
	EndedAt     time.Time // zero until it has ended
	Found       int       // findings that were new
	Resolved    int       // findings that were no more
	Error       string    // what could not be looked at; "" when everything was
}

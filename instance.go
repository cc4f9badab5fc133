package toygres

import (
	"reflect"
	"slices"
	"time"
)

// InstanceID identifies an instance for ever, also after its name has been
// given to another one. It is a UUID in its canonical text form.
type InstanceID string

// UserID identifies a user. It is a UUID in its canonical text form.
type UserID string

// State is where an instance is in its life.
type State string

// The states of an instance.
const (
	StateCreating   State = "creating"
	StateRunning    State = "running"
	StateStopping   State = "stopping"
	StateStopped    State = "stopped"
	StateStarting   State = "starting"
	StateRestarting State = "restarting"
	StateUpdating   State = "updating"
	StateDeleting   State = "deleting"
	StateTrashed    State = "trashed" // stopped and hidden, its data kept until it is purged or brought back
	StateDeleted    State = "deleted"
	StateFailed     State = "failed"
)

// transitions is the one table of allowed state changes. Whatever is not in
// it is refused by the catalog. A delete that is cancelled before it touched
// anything goes back to where it came from, hence the ways out of deleting. What
// comes back from the trash starts, or is found stopped. What has failed is
// created once more only if it never ran, which the catalog sees to.
var transitions = map[State][]State{
	StateCreating:   {StateRunning, StateFailed},
	StateRunning:    {StateStopping, StateRestarting, StateUpdating, StateDeleting, StateFailed},
	StateStopping:   {StateStopped, StateRunning, StateFailed},
	StateStopped:    {StateStarting, StateUpdating, StateDeleting, StateFailed},
	StateStarting:   {StateRunning, StateStopped, StateFailed},
	StateRestarting: {StateRunning, StateStopped, StateFailed},
	StateUpdating:   {StateRunning, StateStopped, StateFailed},
	StateDeleting:   {StateTrashed, StateDeleted, StateFailed, StateRunning, StateStopped},
	StateTrashed:    {StateDeleting, StateStarting, StateStopping},
	StateFailed:     {StateDeleting, StateCreating},
	StateDeleted:    {},
}

// States returns every state.
func States() []State {
	return []State{StateCreating, StateRunning, StateStopping, StateStopped, StateStarting,
		StateRestarting, StateUpdating, StateDeleting, StateTrashed, StateDeleted, StateFailed}
}

// CanBecome reports whether an instance in state s may change to next.
func (s State) CanBecome(next State) bool { return slices.Contains(transitions[s], next) }

// Sources returns the states from which next can be reached directly.
func Sources(next State) []State {
	var from []State
	for _, s := range States() {
		if s.CanBecome(next) {
			from = append(from, s)
		}
	}
	return from
}

// Settled reports whether s lasts until somebody asks for a change.
func (s State) Settled() bool {
	switch s {
	case StateRunning, StateStopped, StateTrashed, StateDeleted, StateFailed:
		return true
	default:
		return false
	}
}

// Health is what the monitor last saw, apart from the state.
type Health string

// The healths of an instance.
const (
	HealthHealthy   Health = "healthy"
	HealthUnhealthy Health = "unhealthy"
	HealthUnknown   Health = "unknown"
)

// ImageType is the mode in which an instance is deployed.
type ImageType string

// The image types.
const (
	ImageStock     ImageType = "stock"
	ImagePgDurable ImageType = "pg_durable"
)

// Spec is what a user asks of an instance.
type Spec struct {
	Name       string    // DNS-1123 label, see [Spec.Validate]
	Version    int       // PostgreSQL major version
	CPUMillis  int       // thousandths of a core
	MemoryMiB  int       // MiB of memory
	StorageGiB int       // GiB of storage
	ImageType  ImageType // stock or pg_durable

	// RuntimeImage is the reference of a container image, pinned by its
	// digest, to run instead of the provider's own; "" for that. It is always
	// deployed as stock. RuntimeImageName is what the catalog calls it.
	RuntimeImage     string
	RuntimeImageName string `json:",omitempty"`

	// Source is the instance whose data it begins with; "" for none.
	Source InstanceID `json:",omitempty"`

	Public       bool     // reachable from outside of where instances live
	AllowedCIDRs []string // the networks from which clients may come; empty: wherever it can be reached from

	Parameters map[string]string // PostgreSQL's, beyond what follows from the size
}

// Equal reports whether s and other ask for the same.
func (s Spec) Equal(other Spec) bool {
	same := s.Configuration().Equal(other.Configuration())
	return same && reflect.DeepEqual(s.Configured(Configuration{}), other.Configured(Configuration{}))
}

// Endpoint is the host and port by which clients reach an instance.
type Endpoint struct {
	Host string
	Port int
}

// IsZero reports whether there is no endpoint.
func (e Endpoint) IsZero() bool { return e == Endpoint{} }

// Instance is one PostgreSQL server with its data, as the catalog knows it.
type Instance struct {
	ID   InstanceID
	Spec Spec
	Metadata
	Owner         UserID
	State         State
	Health        Health
	HealthMessage string      // why it is not healthy, as the monitor saw it; "" when there is nothing to say
	Provider      string      // name of the provider where it lives
	Endpoint      Endpoint    // zero until known
	ServerVersion string      // full version as the server reports it; "" until known
	Message       string      // why it failed, or what it waits for; "" when all is well
	Operation     OperationID // the one in progress; "" when there is none
	PurgeAt       time.Time   // when what is in the trash is removed for good; zero for all else
	TrashedFrom   State       // what it was before it went into the trash; "" for all else
	CreatedAt     time.Time
	UpdatedAt     time.Time
}

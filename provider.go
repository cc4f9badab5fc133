package toygres

import (
	"context"
	"io"
	"time"
)

// Provider is where instances live. Every method is idempotent and safe to
// call from several processes at once; none needs the catalog. Errors are
// [Error]s: CodeNotFound for an instance that does not exist (where it
// matters), CodeExhausted when capacity is missing, CodeInvalid for what can
// never succeed, CodeProvider for the rest.
type Provider interface {
	// Name is the provider's name in configuration and catalog.
	Name() string

	// Offer says what can be asked of this provider now.
	Offer(ctx context.Context) (Offer, error)

	// Release is the release of PostgreSQL that a server of this spec has which is
	// started now, be it a new one or one that is started again; zero when that
	// can't be told before it runs.
	Release(spec Spec) Release

	// Provision makes the instance exist and wants it to run. It returns when
	// that is recorded where the provider keeps its state and on its way, not
	// when the server is ready. Called again with the same id it completes
	// what a crashed call left unfinished. The superuser's password is
	// generated here and kept by the provider alone.
	//
	// A spec with a Source makes the data a copy of what that running instance
	// has, which goes on meanwhile; Observe tells how far it is. A source that is
	// not there or should not run, then or before the copy is complete, is
	// CodeConflict. All roles are those of the source, and so are their
	// passwords, but for the superuser's.
	Provision(ctx context.Context, id InstanceID, spec Spec) error

	// Start wants the instance to run; Stop wants it stopped, with its data
	// kept. Both return as soon as that is recorded and on its way.
	Start(ctx context.Context, id InstanceID) error
	Stop(ctx context.Context, id InstanceID) error

	// Restart ends the instance's server and starts another one, with its data
	// kept. It returns as soon as that is recorded and on its way: from then on
	// Observe shows no PhaseReady until a server that was started after the call
	// accepts connections, also if the caller is killed half way.
	//
	// request names who asks, for example an operation, and becomes
	// Observation.Restart. Asked again by the same request nothing more
	// happens, so a call of which nobody knows the result can be repeated. An
	// instance that should not run is CodeConflict.
	Restart(ctx context.Context, id InstanceID, request string) error

	// Resize gives the instance another size; a zero field leaves what is there
	// as it is. It returns when that is recorded and on its way: a server that
	// should run is started anew with its new size, and from then on Observe
	// shows PhaseReady only once that one accepts connections; a stopped
	// instance stays stopped. Called again with the same size it completes what
	// a crashed call left unfinished, and leaves a server alone that has it.
	//
	// Storage only grows. Less than the instance has is CodeInvalid, and so is
	// more where storage can't grow; then nothing has changed.
	Resize(ctx context.Context, id InstanceID, size Size) error

	// Configure gives the instance's server another configuration. It returns when
	// that is recorded and on its way into the server's files, where
	// [ConfigurationMark] tells it. A server that runs takes it up when it is told
	// to read them again; what needs a new server, and a stopped instance, when the
	// next one starts, without fail. Called again it completes what a crashed call
	// left unfinished.
	Configure(ctx context.Context, id InstanceID, to Configuration) error

	// Delete ends the server and removes everything of the instance. It
	// returns when nothing is left. Deleting what does not exist succeeds.
	Delete(ctx context.Context, id InstanceID) error

	// Observe returns what is really there. An instance that does not exist
	// is PhaseAbsent, not an error.
	Observe(ctx context.Context, id InstanceID) (Observation, error)

	// Watch sends the id of every instance whose observation may have changed,
	// until ctx ends, and then closes the channel. It starts with every
	// instance that exists. Changes may be merged, never lost: after a receive,
	// Observe shows a state at least as new as the change.
	Watch(ctx context.Context) (<-chan InstanceID, error)

	// Credentials reveals how the superuser signs in. While a change of the
	// password is interrupted the server has to say which one holds; if it can't,
	// that is CodeUnavailable.
	Credentials(ctx context.Context, id InstanceID) (Credentials, error)

	// RotatePassword gives the superuser another password, which is generated
	// here and kept by the provider alone. Sessions go on. Whatever happens at
	// whatever moment, what [Provider.Credentials] answers is what the server
	// takes then; when this returns nil, that is the new one.
	//
	// request names who asks, as for Restart: asked again by the same request
	// nothing more happens once it is done. An instance that should not run is
	// CodeConflict; one whose server takes no connections now, CodeUnavailable.
	RotatePassword(ctx context.Context, id InstanceID, request string) error

	// Logs returns what the instance's servers have written, oldest first: lines
	// of whatever bytes they wrote, each with "\n" at its end unless it is being
	// written. How much is kept is up to the provider, which may keep nothing of
	// a server that is gone. The reader must be closed.
	Logs(ctx context.Context, id InstanceID, options LogOptions) (io.ReadCloser, error)

	// List returns every instance of which something exists, in no
	// particular order.
	List(ctx context.Context) ([]InstanceID, error)
}

// Offer is what a provider can really deliver.
type Offer struct {
	Versions   []int // PostgreSQL majors, newest first
	ImageTypes []ImageType

	Public bool // instances can be made public
	Forks  bool // an instance can begin with the data of another one

	RuntimeRegistry string // host of the registry from which runtime images may come; "" for none
	NoRuntimeImages string // why there are none, in words
}

// Phase is what a provider shows of an instance.
type Phase string

// The phases of an instance at its provider.
const (
	PhaseAbsent   Phase = "absent"   // nothing exists
	PhaseStopped  Phase = "stopped"  // exists, nothing runs, and nothing should
	PhaseStarting Phase = "starting" // should run, not ready yet
	PhaseReady    Phase = "ready"    // accepts connections
	PhaseStopping Phase = "stopping" // should not run, but something still does
	PhaseFailed   Phase = "failed"   // will not become ready by itself; see Message
)

// Observation is what a provider shows of an instance at one moment.
type Observation struct {
	Phase    Phase
	Endpoint Endpoint // zero until known
	Message  string   // why it is not ready, in words; "" when there is nothing to say
	Restart  string   // the request that last asked for a restart; "" when none has
	Size     Size     // what it has, or will have when it is ready; zero until known
}

// LogOptions select what is read of a log. The zero value is all that is kept.
type LogOptions struct {
	Tail  int       // at most so many of the last lines, very long ones may count as several; 0: all, negative: none
	Since time.Time // only lines that were written then or later; zero: all

	// Follow goes on with what is written from now on, also by servers that are
	// started later. Then the log ends when the instance is deleted, ctx ends or
	// the reader is closed; a reader that is slow gets everything later.
	Follow bool
}

// Credentials sign the superuser in. It prints without its password, so that
// it can't reach a log by accident.
type Credentials struct {
	User     string
	Password string
	Database string
	CA       string // PEM of the CA that signed the server's certificate, for sslmode=verify-full; "" when it has none
}

// String returns the credentials without the password.
func (c Credentials) String() string { return c.User + ":***@" + c.Database }

// GoString returns the same as String, for %#v.
func (c Credentials) GoString() string { return c.String() }

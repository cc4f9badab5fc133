package toygres

import "time"

// OperationID identifies an operation. It is a UUID in its canonical text
// form.
type OperationID string

// Kind is what an operation does.
type Kind string

// The kinds of operations.
const (
	KindCreate   Kind = "create"
	KindFork     Kind = "fork"     // create it with the data of another one
	KindTrash    Kind = "trash"    // stop it and keep it in the trash
	KindUndelete Kind = "undelete" // bring it back from there
	KindDelete   Kind = "delete"   // remove it for good
	KindStop     Kind = "stop"
	KindStart    Kind = "start"
	KindRestart  Kind = "restart"
	KindResize   Kind = "resize"
	KindRotate   Kind = "rotate"  // give the superuser another password
	KindUpdate   Kind = "update"  // give another configuration, perhaps with another size
	KindUpgrade  Kind = "upgrade" // run a newer minor release of PostgreSQL
)

// Kinds returns every kind.
func Kinds() []Kind {
	return []Kind{KindCreate, KindFork, KindTrash, KindUndelete, KindDelete, KindStop, KindStart, KindRestart, KindResize, KindUpdate, KindUpgrade, KindRotate}
}

// OperationState is how far an operation has got.
type OperationState string

// The states of an operation. The last three are final.
const (
	OperationPending   OperationState = "pending" // recorded, not yet begun
	OperationRunning   OperationState = "running"
	OperationSucceeded OperationState = "succeeded"
	OperationFailed    OperationState = "failed"
	OperationCancelled OperationState = "cancelled"
)

// Done reports whether s is final.
func (s OperationState) Done() bool {
	return s == OperationSucceeded || s == OperationFailed || s == OperationCancelled
}

// Operation is one user request that changes something.
type Operation struct {
	ID            OperationID
	Kind          Kind
	InstanceID    InstanceID
	InstanceName  string
	Size          Size          // that a resize or update is to give; zero for all else
	Configuration Configuration // that an update is to give
	Release       Release       // that an upgrade is to bring; zero for all else
	RetryOf       OperationID   // that failed or was cancelled, and that this one tries again; "" for none
	Previous      State         // of the instance, before the operation; "" for a create
	State         OperationState
	WorkflowID    string // Temporal's workflow id; "" for simple operations
	RunID         string // Temporal's run id; "" until it began
	RequestedBy   UserID
	Batch         BatchID   // that it is a part of; "" for none
	CancelAsked   bool      // somebody asked for cancellation
	ErrorCode     ErrorCode // why it failed; "" otherwise
	Error         string    // the same in words
	CreatedAt     time.Time
	StartedAt     time.Time // zero until it began
	EndedAt       time.Time // zero until it ended
	Steps         []Step
}

// Settings are those that a resize or update of an instance with that
// specification is to give.
func (o Operation) Settings(spec Spec) Settings {
	to := Settings{Size: o.Size, Configuration: o.Configuration}
	if o.Kind == KindResize {
		to.Configuration = spec.Configuration()
	}
	return to
}

// StepName names a step of an operation.
type StepName string

// The steps of create, fork, trash, delete, resize, update, upgrade and rotate, and of stop, start, restart and undelete.
const (
	StepProvision      StepName = "provision"       // make the server exist and ask it to run
	StepCopy           StepName = "copy data"       // make the server exist with the data of another one, and ask it to run
	StepAwaitReady     StepName = "wait for ready"  // until the provider shows it ready
	StepConnect        StepName = "test connection" // run a real query through the endpoint
	StepFinish         StepName = "mark running"    // record the result
	StepRemove         StepName = "remove"          // remove the server and its data
	StepForget         StepName = "mark deleted"    // free the name
	StepTrash          StepName = "move to trash"   // record until when it can be brought back
	StepUndo           StepName = "undo"            // compensation: remove what a failed create made, give back what a failed resize or update took, start again what a failed trash or upgrade stopped
	StepResize         StepName = "resize"          // give another size and restart the server
	StepRecord         StepName = "record size"     // record the result of a resize
	StepConfigure      StepName = "configure"       // put other parameters and networks into the server's files
	StepReload         StepName = "reload"          // let the server read them
	StepRecordSettings StepName = "record settings" // record the result of an update
	StepRecordRelease  StepName = "record version"  // record the result of an upgrade
	StepRotate         StepName = "rotate password" // make another password and give it to the server
	StepStop           StepName = "stop"
	StepStart          StepName = "start"
	StepRestart        StepName = "restart"
)

// PlannedSteps returns the steps that an operation of kind k takes when all
// goes well, in order. Compensation is added when it happens.
func PlannedSteps(k Kind) []StepName {
	switch k {
	case KindCreate:
		return []StepName{StepProvision, StepAwaitReady, StepConnect, StepFinish}
	case KindFork:
		return []StepName{StepCopy, StepAwaitReady, StepConnect, StepFinish}
	case KindTrash:
		return []StepName{StepStop, StepTrash}
	case KindDelete:
		return []StepName{StepRemove, StepForget}
	case KindResize:
		return []StepName{StepResize, StepAwaitReady, StepConnect, StepRecord}
	case KindRotate:
		return []StepName{StepRotate, StepFinish}
	case KindUpdate:
		return []StepName{StepConfigure, StepReload, StepRestart, StepAwaitReady, StepConnect, StepRecordSettings}
	case KindUpgrade:
		return []StepName{StepRestart, StepAwaitReady, StepConnect, StepRecordRelease}
	case KindStop:
		return []StepName{StepStop}
	case KindStart, KindUndelete:
		return []StepName{StepStart}
	case KindRestart:
		return []StepName{StepRestart}
	default:
		return nil
	}
}

// UndoStep returns the step that takes back what an operation of kind k has
// begun, once it fails or is cancelled; "" where nothing is taken back.
func UndoStep(k Kind) StepName {
	switch k {
	case KindCreate, KindFork, KindTrash, KindResize, KindUpdate, KindUpgrade:
		return StepUndo
	default:
		return ""
	}
}

// StepState is how far a step has got.
type StepState string

// The states of a step. A failed step whose NextRetryAt is set will be tried
// again.
const (
	StepPending   StepState = "pending"
	StepRunning   StepState = "running"
	StepSucceeded StepState = "succeeded"
	StepFailed    StepState = "failed"
	StepSkipped   StepState = "skipped" // never begun, because the operation ended before
)

// Step is what the user sees of an operation's progress.
type Step struct {
	Name        StepName
	State       StepState
	Attempt     int       // 1 for the first try; 0 until it began
	Message     string    // what it waits for, while it runs
	Error       string    // the last attempt's error; kept while it is tried again
	StartedAt   time.Time // of the first attempt
	EndedAt     time.Time
	NextRetryAt time.Time // zero when no retry is due
	Worker      string    // that ran the last attempt, as Temporal knows it; "" until one did
	Build       string    // that worker's release
}

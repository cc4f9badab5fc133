package toygres

import "time"

// MaxBatch is how many instances one batch may have.
const MaxBatch = 500

// BatchID identifies a batch. It is a UUID in its canonical text form.
type BatchID string

// Batch is many instances asked for at once. What is done to each of them is
// an operation of its own; the batch begins them, a few at a time.
type Batch struct {
	ID          BatchID
	Kind        Kind           // of its operations: KindCreate, KindTrash or KindDelete
	State       OperationState // failed when not all of its items have succeeded
	RunID       string         // Temporal's run id; "" until it began
	RequestedBy UserID
	RetryOf     BatchID // whose failed and cancelled items it tries again; "" for a first try
	RetriedBy   BatchID // that tries its own again; "" for none
	CancelAsked bool
	Counts      BatchCounts
	ErrorCode   ErrorCode // why the batch itself ended early; "" otherwise
	Error       string    // the same in words
	CreatedAt   time.Time
	StartedAt   time.Time // zero until it began
	EndedAt     time.Time // zero until it ended
}

// BatchCounts says how many items of a batch are in which state.
type BatchCounts struct {
	Total, Waiting, Running, Succeeded, Failed, Cancelled int
}

// ItemState is how far one item of a batch has got.
type ItemState string

// The states of an item. The last three are final.
const (
	ItemWaiting   ItemState = "waiting" // its operation has not been begun
	ItemRunning   ItemState = "running"
	ItemSucceeded ItemState = "succeeded"
	ItemFailed    ItemState = "failed"    // or it was refused, and has no operation
	ItemCancelled ItemState = "cancelled" // perhaps before it had an operation
)

// BatchItem is one instance of a batch.
type BatchItem struct {
	Position  int // from 1, in the order in which they are begun
	Name      string
	State     ItemState
	Operation OperationID // "" when none was begun
	ErrorCode ErrorCode   // why it did not succeed; "" otherwise
	Error     string      // the same in words
}

package toygres

// Outcome is how an operation ended, and what that makes of its instance. The
// catalog records both at once.
type Outcome struct {
	Operation OperationID
	State     OperationState // succeeded, failed or cancelled
	// InstanceState is what the instance becomes; "" puts it back to where it
	// was before the operation.
	InstanceState State
	Code          ErrorCode // why, when it did not succeed
	Message       string    // the same in words, for the user
	// Step is the last step when recording the result is all there is to it
	// (StepFinish, StepTrash, StepForget, StepRecord, StepRecordSettings); it may be "".
	Step          StepName
	Endpoint      Endpoint       // zero: as it was
	ServerVersion string         // "": as it was
	Size          Size           // zero: as it was
	Configuration *Configuration // nil: as it was
}

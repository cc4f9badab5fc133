package toygres

// Outcome is how an operation ended, and what that makes of its instance. The
// catalog records both at once.
type Outcome struct {
	Operation     OperationID
	State         OperationState // a final one
	InstanceState State          // what the instance becomes
	Code          ErrorCode      // why the operation did not succeed; "" when it did
	Message       string         // the same in words, for the user
	Endpoint      Endpoint       // zero when unknown or not changed
	ServerVersion string         // "" when unknown or not changed
}

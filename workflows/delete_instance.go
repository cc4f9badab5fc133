package workflows

import (
	"go.temporal.io/sdk/workflow"

	"github.com/toygres/toygres"
)

// DeleteInstanceInput says which recorded operation to carry out.
type DeleteInstanceInput struct {
	OperationID toygres.OperationID
	InstanceID  toygres.InstanceID
	// Previous is the state to go back to if the operation is cancelled before
	// it has touched anything; "" if nobody knows any more.
	Previous toygres.State
}

// DeleteInstanceResult says nothing yet; it leaves room.
type DeleteInstanceResult struct{}

// DeleteInstance removes an instance with its data.
func DeleteInstance(ctx workflow.Context, in DeleteInstanceInput) (DeleteInstanceResult, error) {
	return DeleteInstanceResult{}, nil
}

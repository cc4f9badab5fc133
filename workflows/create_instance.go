package workflows

import (
	"go.temporal.io/sdk/workflow"

	"github.com/toygres/toygres"
)

// CreateInstanceInput says which recorded operation to carry out.
type CreateInstanceInput struct {
	OperationID toygres.OperationID
	InstanceID  toygres.InstanceID
	Spec        toygres.Spec
}

// CreateInstanceResult is what a successful create has made.
type CreateInstanceResult struct {
	Endpoint      toygres.Endpoint
	ServerVersion string
}

// CreateInstance makes a new instance run.
func CreateInstance(ctx workflow.Context, in CreateInstanceInput) (CreateInstanceResult, error) {
	return CreateInstanceResult{}, nil
}

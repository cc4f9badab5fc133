package activities

import (
	"context"

	"github.com/toygres/toygres"
)

// Provider is what servers need of the place where instances live; see
// [toygres.Provider].
type Provider interface {
	Provision(ctx context.Context, id toygres.InstanceID, spec toygres.Spec) error
	Resize(ctx context.Context, id toygres.InstanceID, size toygres.Size) error
	RotatePassword(ctx context.Context, id toygres.InstanceID, request string) error
	Configure(ctx context.Context, id toygres.InstanceID, to toygres.Configuration) error
	Restart(ctx context.Context, id toygres.InstanceID, request string) error
	Start(ctx context.Context, id toygres.InstanceID) error
	Stop(ctx context.Context, id toygres.InstanceID) error
	Delete(ctx context.Context, id toygres.InstanceID) error
	Observe(ctx context.Context, id toygres.InstanceID) (toygres.Observation, error)
	Watch(ctx context.Context) (<-chan toygres.InstanceID, error)
}

// Servers makes, changes and removes the servers of instances.
type Servers struct {
	Provider Provider
	Journal  Journal
}

// ProvisionInput says what to make.
type ProvisionInput struct {
	OperationID toygres.OperationID
	InstanceID  toygres.InstanceID
	Spec        toygres.Spec
	Background  bool // nobody waits for this one alone
}

// ProvisionResult says nothing yet.
type ProvisionResult struct{}

// Provision makes the server exist and asks it to run.
func (s *Servers) Provision(ctx context.Context, in ProvisionInput) (ProvisionResult, error) {
	step := step{journal: s.Journal, operation: in.OperationID, name: toygres.StepProvision, tries: bounded}
	return ProvisionResult{}, step.do(ctx, func(ctx context.Context) error {
		if in.Background {
			ctx = toygres.InBackground(ctx)
		}
		return s.Provider.Provision(ctx, in.InstanceID, in.Spec)
	})
}

// RemoveInput says what to remove, and as which step users see it.
type RemoveInput struct {
	OperationID toygres.OperationID
	InstanceID  toygres.InstanceID
	Step        toygres.StepName // StepRemove or StepUndo
}

// RemoveResult says nothing yet.
type RemoveResult struct{}

// Remove removes the server with its data, whatever there is of it.
func (s *Servers) Remove(ctx context.Context, in RemoveInput) (RemoveResult, error) {
	step := step{journal: s.Journal, operation: in.OperationID, name: in.Step, tries: stubborn}
	return RemoveResult{}, step.do(ctx, func(ctx context.Context) error {
		return s.Provider.Delete(ctx, in.InstanceID)
	})
}

package activities

import (
	"context"

	"github.com/toygres/toygres"
)

// RotatePasswordInput says whose password to change.
type RotatePasswordInput struct {
	OperationID toygres.OperationID
	InstanceID  toygres.InstanceID
}

// RotatePasswordResult says nothing, least of all the password.
type RotatePasswordResult struct{}

// RotatePassword gives the superuser another password, once for each operation.
func (s *Servers) RotatePassword(ctx context.Context, in RotatePasswordInput) (RotatePasswordResult, error) {
	step := step{journal: s.Journal, operation: in.OperationID, name: toygres.StepRotate, tries: bounded}
	return RotatePasswordResult{}, step.do(ctx, func(ctx context.Context) error {
		return s.Provider.RotatePassword(ctx, in.InstanceID, string(in.OperationID))
	})
}

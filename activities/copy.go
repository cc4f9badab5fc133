package activities

import (
	"context"
	"sync"

	"go.temporal.io/sdk/activity"

	"github.com/toygres/toygres"
)

// CopyInput says what to make; the specification names the source.
type CopyInput struct {
	OperationID toygres.OperationID
	InstanceID  toygres.InstanceID
	Spec        toygres.Spec
}

// CopyResult says nothing yet.
type CopyResult struct{}

// Copy makes the server exist with the data of another one and asks it to run.
// Meanwhile it tells how far that is.
func (s *Servers) Copy(ctx context.Context, in CopyInput) (CopyResult, error) {
	step := step{journal: s.Journal, operation: in.OperationID, name: toygres.StepCopy, tries: bounded}
	return CopyResult{}, step.do(ctx, func(ctx context.Context) error {
		watching, stop := context.WithCancel(ctx)
		var teller sync.WaitGroup
		teller.Go(func() {
			err := s.follow(watching, in.InstanceID, func(message string) { step.progress(ctx, message) })
			if err != nil && watching.Err() == nil {
				activity.GetLogger(ctx).Warn("how far a copy has got can't be told", "error", err)
			}
		})
		err := s.Provider.Provision(ctx, in.InstanceID, in.Spec)
		stop()
		teller.Wait()
		return err
	})
}

// follow tells what the provider says of the server until ctx ends.
func (s *Servers) follow(ctx context.Context, id toygres.InstanceID, tell func(string)) error {
	changes, err := s.Provider.Watch(ctx)
	if err != nil {
		return err
	}
	told := ""
	for changed := range changes {
		if changed != id {
			continue
		}
		seen, err := s.Provider.Observe(ctx, id)
		if err != nil {
			return err
		}
		if seen.Message != "" && seen.Message != told {
			told = seen.Message
			tell(told)
		}
	}
	return nil
}

package activities

import (
	"context"

	"github.com/toygres/toygres"
)

// AwaitReadyInput says what to wait for.
type AwaitReadyInput struct {
	OperationID toygres.OperationID
	InstanceID  toygres.InstanceID
}

// AwaitReadyResult is where the server can be reached.
type AwaitReadyResult struct {
	Endpoint toygres.Endpoint
}

// AwaitReady waits until the provider shows the server ready. It watches, and
// looks only when there is something to see.
func (s *Servers) AwaitReady(ctx context.Context, in AwaitReadyInput) (AwaitReadyResult, error) {
	step := step{journal: s.Journal, operation: in.OperationID, name: toygres.StepAwaitReady, tries: bounded}
	var result AwaitReadyResult
	err := step.do(ctx, func(ctx context.Context) error {
		var err error
		result.Endpoint, err = s.awaitReady(ctx, in.InstanceID, func(message string) { step.progress(ctx, message) })
		return err
	})
	return result, err
}

func (s *Servers) awaitReady(ctx context.Context, id toygres.InstanceID, tell func(string)) (toygres.Endpoint, error) {
	ctx, stop := context.WithCancel(ctx)
	defer stop() // ends the watch
	changes, err := s.Provider.Watch(ctx)
	if err != nil {
		return toygres.Endpoint{}, err
	}
	told := ""
	for changed := id; ; {
		if changed == id {
			seen, err := s.Provider.Observe(ctx, id)
			if err != nil {
				return toygres.Endpoint{}, err
			}
			switch seen.Phase {
			case toygres.PhaseReady:
				return seen.Endpoint, nil
			case toygres.PhaseFailed:
				return toygres.Endpoint{}, final{toygres.Errorf(toygres.CodeProvider, "the server failed to start: %s", seen.Message)}
			case toygres.PhaseAbsent:
				return toygres.Endpoint{}, toygres.Errorf(toygres.CodeNotFound, "the server was removed while it was being created")
			}
			if seen.Message != "" && seen.Message != told {
				told = seen.Message
				tell(told)
			}
		}
		var open bool
		select {
		case changed, open = <-changes:
		case <-ctx.Done():
		}
		switch {
		case ctx.Err() != nil:
			return toygres.Endpoint{}, notReady(told)
		case !open:
			return toygres.Endpoint{}, toygres.Errorf(toygres.CodeUnavailable, "the provider stopped reporting changes")
		}
	}
}

func notReady(waitedFor string) error {
	if waitedFor == "" {
		waitedFor = "it did not say why"
	}
	return toygres.Errorf(toygres.CodeProvider, "the server was not ready in time: %s", waitedFor)
}

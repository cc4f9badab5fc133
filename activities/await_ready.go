package activities

import (
	"cmp"
	"context"
	"slices"

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
		seen, err := s.await(ctx, in.InstanceID, ready, func(message string) { step.progress(ctx, message) })
		switch {
		case err != nil:
			return err
		case seen.Phase == toygres.PhaseFailed:
			return startFailed(seen)
		case seen.Phase == toygres.PhaseAbsent:
			return toygres.Errorf(toygres.CodeNotFound, "the server was removed while it was being created")
		}
		result.Endpoint = seen.Endpoint
		return nil
	})
	return result, err
}

// What a server comes to by itself: one that should run, one that should not,
// and any one.
var (
	ready   = []toygres.Phase{toygres.PhaseReady}
	stopped = []toygres.Phase{toygres.PhaseStopped}
	settled = []toygres.Phase{toygres.PhaseReady, toygres.PhaseStopped}
)

func startFailed(seen toygres.Observation) error {
	return final{toygres.Errorf(toygres.CodeProvider, "the server failed to start: %s", seen.Message)}
}

// await watches until the provider shows the server in one of the phases, as
// failed or as absent.
func (s *Servers) await(ctx context.Context, id toygres.InstanceID, phases []toygres.Phase, tell func(string)) (toygres.Observation, error) {
	ctx, stop := context.WithCancel(ctx)
	defer stop() // ends the watch
	changes, err := s.Provider.Watch(ctx)
	if err != nil {
		return toygres.Observation{}, err
	}
	told := ""
	for changed := id; ; {
		if changed == id {
			seen, err := s.Provider.Observe(ctx, id)
			if err != nil {
				return toygres.Observation{}, err
			}
			if seen.Phase == toygres.PhaseFailed || seen.Phase == toygres.PhaseAbsent || slices.Contains(phases, seen.Phase) {
				return seen, nil
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
			return toygres.Observation{}, notReady(told)
		case !open:
			return toygres.Observation{}, toygres.Errorf(toygres.CodeUnavailable, "the provider stopped reporting changes")
		}
	}
}

func notReady(waitedFor string) error {
	return toygres.Errorf(toygres.CodeProvider, "the server was not ready in time: %s", orNothing(waitedFor))
}

// orNothing is what a provider said.
func orNothing(message string) string { return cmp.Or(message, "it did not say why") }

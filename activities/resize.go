package activities

import (
	"context"

	"github.com/toygres/toygres"
)

// ResizeInput says which size to give.
type ResizeInput struct {
	OperationID toygres.OperationID
	InstanceID  toygres.InstanceID
	Size        toygres.Size
}

// ResizeResult says nothing yet.
type ResizeResult struct{}

// Resize gives the server another size, with which it starts anew if it runs.
func (s *Servers) Resize(ctx context.Context, in ResizeInput) (ResizeResult, error) {
	step := step{journal: s.Journal, operation: in.OperationID, name: toygres.StepResize, tries: bounded}
	return ResizeResult{}, step.do(ctx, func(ctx context.Context) error {
		return s.Provider.Resize(ctx, in.InstanceID, in.Size)
	})
}

// AwaitResizedInput says what to wait for.
type AwaitResizedInput struct {
	OperationID toygres.OperationID
	InstanceID  toygres.InstanceID
	Size        toygres.Size
}

// AwaitResizedResult is how the server came out of it.
type AwaitResizedResult struct {
	Stopped  bool // it should not run, and does not
	Endpoint toygres.Endpoint
}

// AwaitResized waits until the provider shows the server ready with this size,
// or stopped.
func (s *Servers) AwaitResized(ctx context.Context, in AwaitResizedInput) (AwaitResizedResult, error) {
	step := step{journal: s.Journal, operation: in.OperationID, name: toygres.StepAwaitReady, tries: bounded}
	var result AwaitResizedResult
	err := step.do(ctx, func(ctx context.Context) error {
		seen, err := s.await(ctx, in.InstanceID, settled, func(message string) { step.progress(ctx, message) })
		switch {
		case err != nil:
			return err
		case seen.Phase == toygres.PhaseFailed:
			return startFailed(seen)
		case seen.Phase == toygres.PhaseAbsent:
			return vanished()
		case seen.Size != in.Size:
			return final{toygres.Errorf(toygres.CodeProvider, "the instance has %s: %s", seen.Size, orNothing(seen.Message))}
		}
		result = AwaitResizedResult{Stopped: seen.Phase == toygres.PhaseStopped, Endpoint: seen.Endpoint}
		return nil
	})
	return result, err
}

func vanished() error {
	return toygres.Errorf(toygres.CodeNotFound, "the server and its data no longer exist where instances live")
}

// UndoResizeInput says which size the server had.
type UndoResizeInput struct {
	OperationID toygres.OperationID
	InstanceID  toygres.InstanceID
	Size        toygres.Size
}

// UndoResizeResult is how the server came out of it.
type UndoResizeResult struct {
	Stopped  bool // it does not run
	Endpoint toygres.Endpoint
	Size     toygres.Size // that it has now: storage that has grown stays
	Failure  string       // why a server that should run was stopped instead; "" otherwise
}

// UndoResize gives the server back the CPU and memory that it had, and waits
// until it is ready, or stopped. A server that fails even so is stopped: its
// data is there, and its user can start it when what is wrong was mended.
func (s *Servers) UndoResize(ctx context.Context, in UndoResizeInput) (UndoResizeResult, error) {
	step := step{journal: s.Journal, operation: in.OperationID, name: toygres.StepUndo, tries: stubborn}
	var result UndoResizeResult
	err := step.do(ctx, func(ctx context.Context) error {
		err := s.Provider.Resize(ctx, in.InstanceID, toygres.Size{CPUMillis: in.Size.CPUMillis, MemoryMiB: in.Size.MemoryMiB})
		if err != nil {
			return err
		}
		seen, failure, err := s.comeBack(ctx, in.InstanceID, step)
		if err != nil {
			return err
		}
		result = UndoResizeResult{Stopped: seen.Phase != toygres.PhaseReady, Endpoint: seen.Endpoint, Size: seen.Size, Failure: failure}
		return nil
	})
	return result, err
}

// comeBack waits until a server that is to be as before is ready, or stopped. One
// that fails even so is stopped, and failure says why.
func (s *Servers) comeBack(ctx context.Context, id toygres.InstanceID, step step) (seen toygres.Observation, failure string, err error) {
	seen, err = s.await(ctx, id, settled, func(message string) { step.progress(ctx, message) })
	switch {
	case err != nil:
		return seen, "", err
	case seen.Phase == toygres.PhaseAbsent:
		return seen, "", vanished()
	case seen.Phase == toygres.PhaseFailed:
		return seen, orNothing(seen.Message), s.Provider.Stop(ctx, id)
	}
	return seen, "", nil
}

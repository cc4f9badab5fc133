package supervisor

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
)

// Supervisor runs the parts of a stack.
type Supervisor struct {
	// Parts returns the parts in the order in which they start. It is called at the start and at every reload, when
	// the parts may differ in everything but their names and order.
	Parts func() ([]Part, error)

	StateFile string
	Logs      string // directory for the parts' logs
	Pace      Pace
	Log       *slog.Logger

	state   *stateFile
	runners []*runner
}

// Run starts everything, keeps it running until ctx is done, and stops it. A value from reload makes it restart the
// parts whose program has changed, and those that it had given up. The error says which part could not be started;
// then everything is stopped as well.
func (s *Supervisor) Run(ctx context.Context, reload <-chan struct{}) (err error) {
	parts, err := s.parts()
	if err != nil {
		return err
	}
	if s.state, err = newStateFile(s.StateFile, parts, s.Logs); err != nil {
		return err
	}
	for _, part := range parts {
		s.runners = append(s.runners, &runner{part: part, pace: s.Pace, state: s.state, log: s.Log})
	}
	defer func() { err = errors.Join(err, s.stop(ctx, err)) }()
	for _, r := range s.runners {
		s.Log.Info("starting a part", "part", r.part.Name)
		if err := r.start(ctx); err != nil {
			if ctx.Err() != nil {
				return nil // we were asked to stop
			}
			return fmt.Errorf("%s: %w", r.part.Name, err)
		}
	}
	s.enter(Running, nil)
	s.Log.Info("all parts are ready")
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-reload:
			s.reload(ctx)
		}
	}
}

func (s *Supervisor) parts() ([]Part, error) {
	parts, err := s.Parts()
	if err != nil {
		return nil, err
	}
	parts = slices.Clone(parts)
	for i := range parts {
		parts[i] = parts[i].withDefaults()
	}
	return parts, nil
}

// reload restarts, in order, what has changed or been given up. It ends at the first part that fails; the others go on
// as they are.
func (s *Supervisor) reload(ctx context.Context) {
	s.enter(Starting, nil)
	err := s.restartChanged(ctx)
	if err != nil {
		s.Log.Error("the reload failed", "error", err)
	}
	s.report(func(state *State) { state.Reloads++ })
	s.enter(Running, err)
}

func (s *Supervisor) restartChanged(ctx context.Context) error {
	parts, err := s.parts()
	if err != nil {
		return err
	}
	for i, r := range s.runners {
		now, program := s.state.part(r.part.Name), parts[i].Command().Path
		digest, err := Digest(program)
		if err != nil {
			return err
		}
		if now.Phase != PartFailed && now.Executable == program && now.Digest == digest {
			continue
		}
		s.Log.Info("restarting a part", "part", r.part.Name)
		if err := r.stop(ctx); err != nil {
			return fmt.Errorf("%s: %w", r.part.Name, err)
		}
		r.part = parts[i]
		if err := r.start(ctx); err != nil {
			return fmt.Errorf("%s: %w", r.part.Name, err)
		}
	}
	return nil
}

// stop ends all parts in reverse order. Why is the reason, nil if we were asked to.
func (s *Supervisor) stop(ctx context.Context, why error) error {
	ctx = context.WithoutCancel(ctx) // it is done; each part has a time-out of its own
	s.enter(Stopping, why)
	var errs []error
	for _, r := range slices.Backward(s.runners) {
		s.Log.Info("stopping a part", "part", r.part.Name)
		if err := r.stop(ctx); err != nil {
			errs = append(errs, fmt.Errorf("stop %s: %w", r.part.Name, err))
		}
	}
	if why != nil {
		s.enter(Failed, why)
	} else {
		s.enter(Stopped, nil)
	}
	return errors.Join(errs...)
}

func (s *Supervisor) enter(phase Phase, why error) {
	s.report(func(state *State) {
		state.Phase, state.Error = phase, ""
		if why != nil {
			state.Error = why.Error()
		}
	})
}

func (s *Supervisor) report(how func(*State)) {
	if err := s.state.change(how); err != nil {
		s.Log.Error("cannot write the state", "error", err)
	}
}

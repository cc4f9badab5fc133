package providertest

import (
	"context"
	"fmt"

	"github.com/toygres/toygres"
)

// Await waits until the provider shows the instance in the phase, by watching.
// It returns early with an error when the instance has failed (unless that is
// what is waited for), and when ctx ends; the error says what was seen last.
func Await(ctx context.Context, p toygres.Provider, id toygres.InstanceID, phase toygres.Phase) (toygres.Observation, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	changes, err := p.Watch(ctx)
	if err != nil {
		return toygres.Observation{}, fmt.Errorf("watching: %w", err)
	}
	for {
		seen, err := p.Observe(ctx, id)
		switch {
		case err != nil:
			return seen, fmt.Errorf("observing instance %s: %w", id, err)
		case seen.Phase == phase:
			return seen, nil
		case seen.Phase == toygres.PhaseFailed:
			return seen, fmt.Errorf("instance %s has failed while it should become %s: %s", id, phase, seen.Message)
		}
		for changed := toygres.InstanceID(""); changed != id; {
			select {
			case next, open := <-changes:
				if !open {
					return seen, fmt.Errorf("instance %s is %s (%s) and not %s: %w", id, seen.Phase, seen.Message, phase, context.Cause(ctx))
				}
				changed = next
			case <-ctx.Done():
				return seen, fmt.Errorf("instance %s is %s (%s) and not %s: %w", id, seen.Phase, seen.Message, phase, context.Cause(ctx))
			}
		}
	}
}

package cli

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/spf13/cobra"

	"github.com/toygres/toygres/openapi"
)

// waiting are the flags of every command that can wait for an operation.
type waiting struct {
	wait    bool
	timeout time.Duration
}

func (w *waiting) flags(cmd *cobra.Command, forWhat string) {
	cmd.Flags().BoolVarP(&w.wait, "wait", "w", false, "show the steps, and return when "+forWhat)
	cmd.Flags().DurationVar(&w.timeout, "timeout", 10*time.Minute, "how long to wait at most; the operation itself goes on")
}

var errTimeIsUp = errors.New("the time is up")

// waitFor follows an operation to its end and shows its steps on the way. It
// returns the operation also when it failed, together with that failure.
func (a *app) waitFor(ctx context.Context, c *client, id uuid.UUID, timeout time.Duration) (*openapi.Operation, error) {
	display := a.newProgress()
	defer display.end()
	waitCtx, cancel := context.WithTimeoutCause(ctx, timeout, errTimeIsUp)
	defer cancel()
	var operation *openapi.Operation
	err := c.follow(waitCtx, openapi.StreamEventsParams{Operation: &id}, func(ctx context.Context) (bool, error) {
		latest, err := decode[openapi.Operation](c.GetOperation(ctx, id))
		if err != nil {
			return false, err
		}
		operation = latest
		display.show(latest)
		return ended(latest.State), nil
	}, display.trouble)
	display.end()
	switch {
	case err == nil:
		return operation, operationFailure(operation)
	case ctx.Err() != nil:
		fmt.Fprintf(a.Err, "toygres: interrupted; the operation goes on\n  follow it with `toygres operations get %s --wait`\n  cancel it with `toygres operations cancel %s`\n", id, id)
		return operation, exitCode(exitInterrupted)
	case errors.Is(context.Cause(waitCtx), errTimeIsUp):
		return operation, &failure{code: exitUnavailable, message: fmt.Sprintf("the operation is not done after %s, and goes on", timeout),
			hint: fmt.Sprintf("follow it with `toygres operations get %s --wait`", id)}
	}
	return operation, err
}

// ended reports whether an operation in this state is over.
func ended(state openapi.OperationState) bool {
	switch state {
	case openapi.OperationStateSucceeded, openapi.OperationStateFailed, openapi.OperationStateCancelled:
		return true
	}
	return false
}

// settled reports whether an instance in this state stays so until somebody
// asks for a change.
func settled(state openapi.InstanceState) bool {
	switch state {
	case openapi.InstanceStateRunning, openapi.InstanceStateStopped, openapi.InstanceStateTrashed, openapi.InstanceStateDeleted, openapi.InstanceStateFailed:
		return true
	}
	return false
}

// operationFailure is nil for an operation that succeeded.
func operationFailure(operation *openapi.Operation) error {
	what := fmt.Sprintf("%s of %s", operation.Kind, operation.InstanceName)
	hint := fmt.Sprintf("see its steps with `toygres operations get %s`", operation.Id)
	switch operation.State {
	case openapi.OperationStateFailed:
		message := what + " failed"
		if reason := text(operation.Error); reason != "" {
			message += ": " + reason
		}
		return &failure{code: exitOperation, message: message, hint: hint}
	case openapi.OperationStateCancelled:
		return &failure{code: exitOperation, message: what + " was cancelled", hint: hint}
	}
	return nil
}

// waitSettled waits until the instance's state lasts, and returns it.
func (a *app) waitSettled(ctx context.Context, c *client, name string, timeout time.Duration) (*openapi.Instance, error) {
	waitCtx, cancel := context.WithTimeoutCause(ctx, timeout, errTimeIsUp)
	defer cancel()
	var instance *openapi.Instance
	look := func(ctx context.Context) (bool, error) {
		latest, err := decode[openapi.Instance](c.GetInstance(ctx, name))
		if err != nil {
			return false, err
		}
		instance = latest
		return settled(latest.State), nil
	}
	if done, err := look(waitCtx); err == nil && done {
		return instance, nil // the usual case, without a stream
	}
	err := c.follow(waitCtx, openapi.StreamEventsParams{Instance: &name}, look, func(error) {})
	if err != nil && ctx.Err() == nil && errors.Is(context.Cause(waitCtx), errTimeIsUp) {
		return instance, &failure{code: exitUnavailable, message: fmt.Sprintf("%s has not settled after %s", name, timeout),
			hint: fmt.Sprintf("look again with `toygres get %s`", name)}
	}
	return instance, err
}

package workflows

import (
	"errors"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/toygres/toygres"
	"github.com/toygres/toygres/activities"
)

// The activities by name. Workflows never call them directly, so the pointers
// stay nil; the worker registers real ones.
var (
	operations  *activities.Operations
	servers     *activities.Servers
	connections *activities.Connections
	trash       *activities.Trash
	retention   *activities.Retention
	batches     *activities.Batches
	places      *activities.Places
	monitor     *activities.Monitor
	updates     *activities.Updates
)

// operation is what workflows know of the operation they carry out.
type operation struct {
	id       toygres.OperationID
	instance toygres.InstanceID
}

// begin records that the operation runs, also when it was cancelled before. It
// fails if the operation is over, for example because the sweep has given up
// on an earlier run; then nothing may be touched.
func (o operation) begin(ctx workflow.Context) error {
	ctx, cancel := workflow.NewDisconnectedContext(ctx)
	defer cancel()
	return workflow.ExecuteLocalActivity(workflow.WithLocalActivityOptions(ctx, recording), operations.Begin,
		activities.BeginInput{OperationID: o.id}).Get(ctx, nil)
}

// finish records how the operation ended. Cancellation comes too late now.
func (o operation) finish(ctx workflow.Context, outcome toygres.Outcome) error {
	ctx, cancel := workflow.NewDisconnectedContext(ctx)
	defer cancel()
	outcome.Operation = o.id
	return workflow.ExecuteLocalActivity(workflow.WithLocalActivityOptions(ctx, recording), operations.Finish,
		activities.FinishInput{Outcome: outcome}).Get(ctx, nil)
}

// fail records that the operation did not succeed and what the instance
// becomes, "" for what it was before, and returns the error with which the workflow ends.
func (o operation) fail(ctx workflow.Context, instance toygres.State, code toygres.ErrorCode, message string) error {
	return o.failWith(ctx, toygres.Outcome{InstanceState: instance, Code: code, Message: message})
}

// failWith is fail with more to say about the instance.
func (o operation) failWith(ctx workflow.Context, outcome toygres.Outcome) error {
	outcome.State = toygres.OperationFailed
	if outcome.Code == toygres.CodeCancelled {
		outcome.State = toygres.OperationCancelled
	}
	err := o.finish(ctx, outcome)
	switch {
	case err != nil:
		return err
	case outcome.State == toygres.OperationCancelled:
		return temporal.NewCanceledError(outcome.Message)
	default:
		return temporal.NewNonRetryableApplicationError(outcome.Message, string(outcome.Code), nil)
	}
}

// execute runs a step's activity and waits for its result.
func execute[Out, In any](ctx workflow.Context, options workflow.ActivityOptions, step toygres.StepName, run any, in In) (Out, error) {
	var out Out
	options.Summary = string(step)
	err := workflow.ExecuteActivity(workflow.WithActivityOptions(ctx, options), run, in).Get(ctx, &out)
	return out, err
}

// reason returns why a step failed, for the user.
func reason(ctx workflow.Context, err error) (toygres.ErrorCode, string) {
	var app *temporal.ApplicationError
	var timeout *temporal.TimeoutError
	switch {
	case temporal.IsCanceledError(err) || ctx.Err() != nil:
		return toygres.CodeCancelled, "it was cancelled"
	case errors.As(err, &app):
		return fromType(app)
	case errors.As(err, &timeout):
		return toygres.CodeUnavailable, "a step did not end in time, and no worker said why"
	default:
		return toygres.CodeInternal, toygres.MessageOf(err)
	}
}

// fromType reads back what an activity has said. Errors that Temporal's
// library makes itself have other types, and texts that are not for users.
func fromType(app *temporal.ApplicationError) (toygres.ErrorCode, string) {
	switch code := toygres.ErrorCode(app.Type()); code {
	case toygres.CodeInvalid, toygres.CodeUnauthenticated, toygres.CodeForbidden, toygres.CodeNotFound, toygres.CodeConflict,
		toygres.CodeRateLimited, toygres.CodeUnavailable, toygres.CodeExhausted, toygres.CodeProvider, toygres.CodeCancelled, toygres.CodeInternal:
		return code, app.Message()
	default:
		return toygres.CodeInternal, toygres.MessageOf(app)
	}
}

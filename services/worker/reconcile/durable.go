package reconcile

import (
	"context"
	"fmt"
	"time"

	"github.com/toygres/toygres"
	"github.com/toygres/toygres/internal/catalog"
)

// sweepDurable looks at every durable operation that is not over: what was
// recorded and never started is started, what was cancelled and has not heard
// of it is told, and what has lost its workflow is ended.
func (r *Reconciler) sweepDurable(ctx context.Context) {
	pending, err := r.Catalog.PendingOperations(ctx, r.Grace)
	if err != nil {
		r.trouble(ctx, "the sweep can't read the catalog", err)
		return
	}
	running, err := r.Catalog.RunningOperations(ctx)
	if err != nil {
		r.trouble(ctx, "the sweep can't read the catalog", err)
		return
	}
	for _, op := range append(pending, running...) {
		run, err := r.Workflows.Look(ctx, op)
		if err != nil {
			r.trouble(ctx, "the sweep can't reach Temporal", err)
			return
		}
		if err := r.resume(ctx, op, run); err != nil {
			r.trouble(ctx, "an operation can't be settled yet", err, "operation", op.ID, "instance", op.InstanceName)
		}
	}
}

func (r *Reconciler) resume(ctx context.Context, op toygres.Operation, run Run) error {
	switch {
	case run.State == RunOpen:
		if op.CancelAsked {
			return r.Workflows.Cancel(ctx, op)
		}
		return nil
	case run.State == RunAbsent && op.State == toygres.OperationPending:
		if err := r.start(ctx, op); err != nil {
			return err
		}
		return r.repaired(ctx, op, "its workflow had not been started")
	}
	// It may have ended after we read it, which is how most end.
	op, err := r.Catalog.Operation(ctx, op.ID)
	if err != nil || op.State.Done() {
		return err
	}
	r.Log.WarnContext(ctx, "an operation goes on, but its workflow does not", "operation", op.ID, "instance", op.InstanceName, "why", run.Why)
	if run.State == RunCompleted {
		return r.complete(ctx, op, run)
	}
	return r.giveUp(ctx, op, run.Why)
}

// start does what the API has not come to after it recorded the operation.
func (r *Reconciler) start(ctx context.Context, op toygres.Operation) error {
	instance, err := r.Catalog.InstanceByID(ctx, op.InstanceID)
	if err != nil {
		return err
	}
	r.Log.InfoContext(ctx, "an operation was recorded and not started; starting it", "operation", op.ID, "instance", op.InstanceName)
	if err := r.Workflows.Start(ctx, op, instance.Spec); err != nil {
		return err
	}
	if op.CancelAsked {
		return r.Workflows.Cancel(ctx, op)
	}
	return nil
}

// complete records a success that the catalog has forgotten, as it does when
// it was restored from a backup.
func (r *Reconciler) complete(ctx context.Context, op toygres.Operation, run Run) error {
	outcome := toygres.Outcome{Operation: op.ID, State: toygres.OperationSucceeded, InstanceState: toygres.StateDeleted, Step: toygres.StepForget}
	switch op.Kind {
	case toygres.KindCreate, toygres.KindFork:
		outcome.InstanceState, outcome.Step = toygres.StateRunning, toygres.StepFinish
		outcome.Endpoint, outcome.ServerVersion = run.Created.Endpoint, run.Created.ServerVersion
	case toygres.KindTrash:
		outcome.InstanceState, outcome.Step = toygres.StateTrashed, toygres.StepTrash
	case toygres.KindRotate:
		outcome.InstanceState, outcome.Step = toygres.StateRunning, toygres.StepFinish
	case toygres.KindUpgrade:
		outcome.InstanceState, outcome.Step = toygres.StateRunning, toygres.StepRecordRelease
		outcome.Endpoint, outcome.ServerVersion = run.Upgraded.Endpoint, run.Upgraded.ServerVersion
	case toygres.KindResize, toygres.KindUpdate:
		outcome.InstanceState, outcome.Step, outcome.Size = toygres.StateRunning, toygres.StepRecord, op.Size
		outcome.Endpoint, outcome.ServerVersion = run.Updated.Endpoint, run.Updated.ServerVersion
		if run.Updated.Stopped {
			outcome.InstanceState = toygres.StateStopped
		}
		if op.Kind == toygres.KindUpdate {
			outcome.Step, outcome.Configuration = toygres.StepRecordSettings, &op.Configuration
		}
	}
	return r.over(ctx, op, outcome, "its workflow had succeeded already")
}

// giveUp ends an operation that nobody carries out any more. What a create has
// made is removed first; a delete can only be asked for again; an instance that
// was being changed otherwise is taken as it is found, once that is one thing
// or another.
func (r *Reconciler) giveUp(ctx context.Context, op toygres.Operation, why string) error {
	outcome := toygres.Outcome{Operation: op.ID, State: toygres.OperationFailed, InstanceState: toygres.StateFailed, Code: toygres.CodeInternal}
	if op.CancelAsked {
		outcome.State, outcome.Code = toygres.OperationCancelled, toygres.CodeCancelled
	}
	switch op.Kind {
	case toygres.KindCreate, toygres.KindFork:
		outcome.Message = why + "; what had been made was removed"
		return r.undone(ctx, op, outcome, why)
	case toygres.KindResize, toygres.KindUpdate, toygres.KindTrash, toygres.KindUpgrade, toygres.KindRotate:
		if op.Kind == toygres.KindUpdate {
			if err := r.configureAsBefore(ctx, op); err != nil {
				return err
			}
		}
		over, err := r.takeAsFound(ctx, op, why, &outcome)
		if err != nil || !over {
			return err
		}
	default:
		outcome.Message = why + "; a part of the instance may be gone already: delete it again to finish"
	}
	return r.over(ctx, op, outcome, why)
}

// over ends an operation that had no workflow.
func (r *Reconciler) over(ctx context.Context, op toygres.Operation, outcome toygres.Outcome, why string) error {
	if err := r.Catalog.FinishOperation(ctx, outcome); err != nil {
		return err
	}
	return r.repaired(ctx, op, why)
}

// undone ends a create whose result is removed first. It can't be retried before
// that: the retry makes the instance under the same id.
func (r *Reconciler) undone(ctx context.Context, op toygres.Operation, outcome toygres.Outcome, why string) error {
	return r.Catalog.WithLeftover(ctx, op.InstanceID, func(i toygres.Instance) error {
		if i.Operation != op.ID {
			return nil
		}
		if err := r.undo(ctx, op); err != nil {
			return err
		}
		return r.over(ctx, op, outcome, why)
	})
}

// repaired records that an operation had no workflow, and is settled.
func (r *Reconciler) repaired(ctx context.Context, op toygres.Operation, why string) error {
	_, _, err := r.Catalog.SettleFindings(ctx, catalog.Comparison{Repaired: []toygres.Finding{{Kind: toygres.DriftLostWorkflow,
		InstanceID: op.InstanceID, InstanceName: op.InstanceName, Message: fmt.Sprintf("its %s operation %s went on without a workflow (%s)", op.Kind, op.ID, why)}}}, time.Now())
	return err
}

// configureAsBefore gives back the configuration that an update was to replace:
// nobody knows how far the server has come with the other.
func (r *Reconciler) configureAsBefore(ctx context.Context, op toygres.Operation) error {
	instance, err := r.Catalog.InstanceByID(ctx, op.InstanceID)
	if err != nil {
		return err
	}
	err = r.Provider.Configure(ctx, op.InstanceID, instance.Spec.Configuration())
	if toygres.CodeOf(err) == toygres.CodeNotFound {
		return nil // which is what will be found
	}
	return err
}

// takeAsFound makes the outcome of any other operation what the provider shows, and
// reports whether that will last. A server that does not start is stopped, as
// after any other start that failed: its data is there.
func (r *Reconciler) takeAsFound(ctx context.Context, op toygres.Operation, why string, outcome *toygres.Outcome) (over bool, err error) {
	seen, err := r.Provider.Observe(ctx, op.InstanceID)
	if err != nil {
		return false, err
	}
	outcome.Size, outcome.Endpoint = seen.Size, seen.Endpoint
	outcome.Message = why + "; the instance has " + seen.Size.String()
	if op.Kind == toygres.KindUpdate {
		outcome.Message += " and, from its next start on, the configuration from before"
	}
	if op.Kind != toygres.KindResize && op.Kind != toygres.KindUpdate {
		outcome.Message = why + "; the instance is as it was found"
	}
	switch seen.Phase {
	case toygres.PhaseReady:
		outcome.InstanceState = toygres.StateRunning
	case toygres.PhaseStopped:
		outcome.InstanceState = toygres.StateStopped
	case toygres.PhaseFailed:
		if err := r.Provider.Stop(ctx, op.InstanceID); err != nil {
			return false, err
		}
		outcome.InstanceState = toygres.StateStopped
		outcome.Message += " and was stopped, because the server failed to start: " + seen.Message
	case toygres.PhaseAbsent:
		outcome.Message = why + "; the server and its data no longer exist where instances live"
	default: // the next sweep sees more
		return false, nil
	}
	return true, nil
}

// undo removes what a create has made, visibly.
func (r *Reconciler) undo(ctx context.Context, op toygres.Operation) error {
	attempt := 1
	for _, step := range op.Steps {
		if step.Name == toygres.StepUndo {
			attempt = step.Attempt + 1
		}
	}
	if err := r.Catalog.StepStarted(ctx, op.ID, toygres.StepUndo, attempt); err != nil {
		return err
	}
	if err := r.remove(ctx, op.InstanceID); err != nil {
		if err := r.Catalog.StepFailed(ctx, op.ID, toygres.StepUndo, attempt, toygres.MessageOf(err), time.Now().Add(r.SweepEvery)); err != nil {
			r.trouble(ctx, "a step's failure was not recorded", err, "operation", op.ID)
		}
		return err
	}
	return r.Catalog.StepSucceeded(ctx, op.ID, toygres.StepUndo, attempt)
}

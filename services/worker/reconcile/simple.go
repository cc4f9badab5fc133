package reconcile

import (
	"context"
	"time"

	"github.com/toygres/toygres"
	"github.com/toygres/toygres/activities"
)

// watch settles stops, starts and restarts as soon as the provider shows a change.
func (r *Reconciler) watch(ctx context.Context) {
	for ctx.Err() == nil {
		changes, err := r.Provider.Watch(ctx)
		if err != nil {
			r.trouble(ctx, "the provider can't be watched; trying again", err)
			pause(ctx, time.Second)
			continue
		}
		for id := range changes {
			r.changed(ctx, id)
		}
	}
}

func (r *Reconciler) changed(ctx context.Context, id toygres.InstanceID) {
	instance, err := r.Catalog.InstanceByID(ctx, id)
	switch {
	case toygres.CodeOf(err) == toygres.CodeNotFound:
		return // the comparison reports it
	case err != nil:
		r.trouble(ctx, "a change at the provider is looked at later", err, "instance_id", id)
		return
	}
	r.settle(ctx, instance)
}

// sweepSimple settles what a missed change has left, and repeats the call to
// the provider that a crashed API has not made.
func (r *Reconciler) sweepSimple(ctx context.Context) {
	unsettled, err := r.Catalog.Unsettled(ctx)
	if err != nil {
		r.trouble(ctx, "the sweep can't read the catalog", err)
		return
	}
	for _, u := range unsettled {
		seen, settled := r.settle(ctx, u.Instance)
		if !settled && unasked(u.Instance, seen) && time.Since(u.Operation.CreatedAt) > r.Grace {
			r.press(ctx, u.Instance)
		}
	}
}

// settle ends the instance's stop, start or restart if the provider shows that it is
// over, and reports whether it has, and otherwise what the provider shows.
// Instances in other states are settled.
func (r *Reconciler) settle(ctx context.Context, i toygres.Instance) (seen toygres.Observation, settled bool) {
	step, waits := stepOf(i.State)
	if !waits {
		return seen, true
	}
	log := r.Log.With("instance", i.Spec.Name, "operation", i.Operation, "state", i.State)
	if i.Operation == "" {
		log.WarnContext(ctx, "an instance changes, but no operation says why")
		return seen, true
	}
	seen, err := r.Provider.Observe(ctx, i.ID)
	if err != nil {
		r.trouble(ctx, "an instance can't be observed", err, "instance", i.Spec.Name)
		return seen, false
	}
	outcome, over := verdict(i, seen)
	if !over {
		return seen, false
	}
	outcome.Operation = i.Operation
	if outcome.State == toygres.OperationSucceeded {
		outcome.Step = step
		if outcome.InstanceState == toygres.StateRunning {
			outcome.ServerVersion = r.versionOf(ctx, i, seen.Endpoint)
		}
	} else if err := r.failStep(ctx, outcome, step, seen); err != nil {
		r.trouble(ctx, "a failed start can't be taken back yet", err, "instance", i.Spec.Name)
		return seen, false
	}
	switch err := r.Catalog.FinishOperation(ctx, outcome); {
	case toygres.CodeOf(err) == toygres.CodeConflict: // another worker was faster
	case err != nil:
		r.trouble(ctx, "an operation's end can't be recorded yet", err, "instance", i.Spec.Name)
		return seen, false
	default:
		log.InfoContext(ctx, "settled", "to", outcome.InstanceState, "result", outcome.State, "message", outcome.Message)
	}
	return seen, true
}

// versionTime bounds how long a server that is ready may take to tell its
// version. The instance is settled without it, too.
const versionTime = 2 * time.Second

// versionOf is the version of a server that has just started, which may be a
// newer release than the one before; "" when it does not tell.
func (r *Reconciler) versionOf(ctx context.Context, i toygres.Instance, at toygres.Endpoint) string {
	asking, cancel := context.WithTimeout(ctx, versionTime)
	defer cancel()
	credentials, err := r.Provider.Credentials(asking, i.ID)
	version := ""
	if err == nil {
		version, err = activities.ServerVersion(asking, at, credentials)
	}
	if err != nil {
		r.trouble(ctx, "a server that has started does not tell its version", err, "instance", i.Spec.Name)
	}
	return version
}

// failStep shows why the step failed. A server that can't start is no longer
// wanted to run, so that what the provider does agrees with `stopped`.
func (r *Reconciler) failStep(ctx context.Context, outcome toygres.Outcome, step toygres.StepName, seen toygres.Observation) error {
	if outcome.InstanceState == toygres.StateStopped && seen.Phase != toygres.PhaseAbsent {
		i, err := r.Catalog.Operation(ctx, outcome.Operation)
		if err != nil {
			return err
		}
		if err := r.Provider.Stop(ctx, i.InstanceID); err != nil {
			return err
		}
	}
	return r.Catalog.StepFailed(ctx, outcome.Operation, step, 1, outcome.Message, time.Time{})
}

// unasked reports whether an instance shows that nobody has asked the provider
// yet. Asking again would do harm: a start forgives the failures so far, and a
// server that can't start would never be given up.
func unasked(i toygres.Instance, seen toygres.Observation) bool {
	switch i.State {
	case toygres.StateStopping:
		return seen.Phase == toygres.PhaseReady || seen.Phase == toygres.PhaseStarting || seen.Phase == toygres.PhaseFailed
	case toygres.StateRestarting:
		return seen.Restart != string(i.Operation)
	default:
		return seen.Phase == toygres.PhaseStopped
	}
}

// press asks the provider again for what an operation wants, unless that was
// settled since i was read.
func (r *Reconciler) press(ctx context.Context, i toygres.Instance) {
	now, err := r.Catalog.InstanceByID(ctx, i.ID)
	if err != nil {
		r.trouble(ctx, "the sweep can't read the catalog", err, "instance", i.Spec.Name)
		return
	}
	if now.Operation != i.Operation {
		return
	}
	step, _ := stepOf(i.State)
	switch step {
	case toygres.StepStop:
		err = r.Provider.Stop(ctx, i.ID)
	case toygres.StepRestart:
		err = r.Provider.Restart(ctx, i.ID, string(i.Operation))
	default:
		err = r.Provider.Start(ctx, i.ID)
	}
	if err != nil {
		r.trouble(ctx, "the provider can't do it; trying again", err, "instance", i.Spec.Name, "step", step)
		err = r.Catalog.StepFailed(ctx, i.Operation, step, 1, toygres.MessageOf(err), time.Now().Add(r.SweepEvery))
		if err != nil {
			r.trouble(ctx, "a step's failure was not recorded", err, "instance", i.Spec.Name)
		}
	}
}

// stepOf is the one step of the simple operation that puts an instance into
// state s.
func stepOf(s toygres.State) (step toygres.StepName, waits bool) {
	switch s {
	case toygres.StateStopping:
		return toygres.StepStop, true
	case toygres.StateStarting:
		return toygres.StepStart, true
	case toygres.StateRestarting:
		return toygres.StepRestart, true
	default:
		return "", false
	}
}

// verdict is what it means that an instance shows itself like that. over is
// false while it is worth waiting.
func verdict(i toygres.Instance, seen toygres.Observation) (_ toygres.Outcome, over bool) {
	succeeded := func(to toygres.State) (toygres.Outcome, bool) {
		return toygres.Outcome{State: toygres.OperationSucceeded, InstanceState: to, Endpoint: seen.Endpoint}, true
	}
	failed := func(to toygres.State, message string) (toygres.Outcome, bool) {
		return toygres.Outcome{State: toygres.OperationFailed, InstanceState: to, Code: toygres.CodeProvider, Message: message}, true
	}
	switch s := i.State; {
	case seen.Phase == toygres.PhaseAbsent:
		return failed(toygres.StateFailed, "the server and its data no longer exist where instances live")
	case s == toygres.StateStopping && seen.Phase == toygres.PhaseStopped:
		return succeeded(toygres.StateStopped)
	case s == toygres.StateStopping:
		return toygres.Outcome{}, false
	case s == toygres.StateRestarting && seen.Phase == toygres.PhaseStopped:
		return failed(toygres.StateStopped, "the server was stopped before it could be restarted")
	case s == toygres.StateRestarting && seen.Restart != string(i.Operation):
		return toygres.Outcome{}, false // this is still the server from before
	case seen.Phase == toygres.PhaseReady:
		return succeeded(toygres.StateRunning)
	case seen.Phase == toygres.PhaseFailed:
		// The data is there, and the user may try again.
		return failed(toygres.StateStopped, "the server failed to start: "+seen.Message)
	default:
		return toygres.Outcome{}, false
	}
}

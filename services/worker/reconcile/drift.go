package reconcile

import (
	"context"
	"errors"
	"fmt"

	"github.com/toygres/toygres"
	"github.com/toygres/toygres/internal/catalog"
)

// checks compares catalog, provider and Temporal when that is due or somebody
// asks for it. Of several workers one does.
func (r *Reconciler) checks(ctx context.Context) {
	for ctx.Err() == nil {
		check, err := r.Catalog.CheckDrift(ctx, r.DriftEvery, r.compare)
		switch {
		case err != nil:
			r.trouble(ctx, "catalog, provider and Temporal can't be compared", err)
		case check.Found > 0 || check.Resolved > 0 || check.Error != "":
			r.Log.WarnContext(ctx, "catalog, provider and Temporal were compared; see `toygres drift`",
				"found", check.Found, "resolved", check.Resolved, "trouble", check.Error)
		}
		waiting, cancel := context.WithTimeout(ctx, r.SweepEvery)
		select {
		case <-waiting.Done():
		case <-r.asked:
		}
		cancel()
	}
}

// listen hears of those who ask for a comparison.
func (r *Reconciler) listen(ctx context.Context) {
	ask := func() {
		select {
		case r.asked <- struct{}{}:
		default: // it will look anyway
		}
	}
	_ = r.Catalog.Listen(ctx, catalog.Listener{Connected: ask, DriftAsked: ask}) // it ends with ctx
}

// compare finds what does not agree. It removes what is left of instances that
// are deleted or never came to be; all else is for people to decide.
func (r *Reconciler) compare(ctx context.Context) (catalog.Comparison, error) {
	c := &comparison{Reconciler: r}
	err := errors.Join(c.servers(ctx), c.workflows(ctx))
	return c.Comparison, err
}

// comparison is one look at everything.
type comparison struct {
	*Reconciler
	catalog.Comparison
}

// servers compares the catalog with what the provider has.
func (c *comparison) servers(ctx context.Context) error {
	ids, err := c.Provider.List(ctx)
	if err != nil {
		return &toygres.Error{Code: toygres.CodeOf(err), Message: "the provider's instances can't be listed: " + toygres.MessageOf(err), Err: err}
	}
	// Rows come before servers, so whatever has a server has a row by now.
	instances, err := c.Catalog.Comparable(ctx, ids)
	if err != nil {
		return err
	}
	for _, id := range ids {
		if _, known := instances[id]; !known {
			// Perhaps another catalog's, or this one was restored: never remove.
			c.find(toygres.DriftUnknown, toygres.Instance{ID: id}, "the provider has an instance that the catalog does not know")
		}
	}
	for _, i := range instances {
		var err error
		if leftover(i) {
			err = c.removeLeftover(ctx, i)
		} else {
			err = c.look(ctx, i)
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			c.trouble(ctx, "an instance can't be compared", err, "instance", i.Spec.Name, "instance_id", i.ID)
			return err
		}
	}
	c.Kinds = append(c.Kinds, toygres.DriftLeftover, toygres.DriftUnknown, toygres.DriftMissing, toygres.DriftNotRunning,
		toygres.DriftFailing, toygres.DriftNotStopped, toygres.DriftSize)
	return nil
}

// find notes what does not agree.
func (c *comparison) find(kind toygres.DriftKind, i toygres.Instance, format string, args ...any) {
	c.Findings = append(c.Findings, toygres.Finding{Kind: kind, InstanceID: i.ID, InstanceName: i.Spec.Name, Message: fmt.Sprintf(format, args...)})
}

// leftover reports whether what the provider has of an instance may go: it is
// deleted, or its creation failed. An instance that failed later has data, and
// only its user may give that up.
func leftover(i toygres.Instance) bool {
	if i.Operation != "" {
		return false
	}
	everRan := i.ServerVersion != ""
	return i.State == toygres.StateDeleted || i.State == toygres.StateFailed && !everRan
}

func (c *comparison) removeLeftover(ctx context.Context, i toygres.Instance) error {
	const what = "something is left of an instance that is gone"
	err := c.Catalog.WithLeftover(ctx, i.ID, func(i toygres.Instance) error {
		if !leftover(i) {
			return nil
		}
		c.Log.WarnContext(ctx, what+"; removing it", "instance", i.Spec.Name, "instance_id", i.ID, "state", i.State)
		if err := c.remove(ctx, i.ID); err != nil {
			return err
		}
		c.Repaired = append(c.Repaired, toygres.Finding{Kind: toygres.DriftLeftover, InstanceID: i.ID, InstanceName: i.Spec.Name, Message: what})
		return nil
	})
	if err != nil && ctx.Err() == nil { // the next comparison tries again
		c.find(toygres.DriftLeftover, i, "%s, and it can't be removed yet (%s)", what, toygres.MessageOf(err))
		return nil
	}
	return err
}

// look compares a settled instance with its server.
func (c *comparison) look(ctx context.Context, i toygres.Instance) error {
	if !lasting(i) {
		return nil
	}
	seen, err := c.Provider.Observe(ctx, i.ID)
	if err != nil {
		return err
	}
	kind, message := disagreement(i, seen)
	if kind == "" {
		return nil
	}
	// What was changed meanwhile was not drift.
	now, err := c.Catalog.InstanceByID(ctx, i.ID)
	if err == nil && lasting(now) && now.UpdatedAt.Equal(i.UpdatedAt) {
		c.find(kind, i, "%s", message)
	}
	return err
}

// lasting reports whether an instance's server should be as the catalog says.
func lasting(i toygres.Instance) bool {
	return i.Operation == "" && (i.State == toygres.StateRunning || i.State == toygres.StateStopped || i.State == toygres.StateTrashed)
}

// disagreement says what is wrong with a server, "" if it is, or is about to be,
// what the catalog says.
func disagreement(i toygres.Instance, seen toygres.Observation) (kind toygres.DriftKind, message string) {
	shows := string(seen.Phase)
	if seen.Message != "" {
		shows += ": " + seen.Message
	}
	running := i.State == toygres.StateRunning
	switch seen.Phase {
	case toygres.PhaseAbsent:
		return toygres.DriftMissing, fmt.Sprintf("the instance is %s, and nothing of it exists where instances live", i.State)
	case toygres.PhaseFailed:
		if running {
			return toygres.DriftFailing, fmt.Sprintf("the instance should run, and its server is %s", shows)
		}
		return toygres.DriftNotStopped, fmt.Sprintf("the instance is %s, and its server is %s", i.State, shows)
	case toygres.PhaseStopped, toygres.PhaseStopping:
		if running {
			return toygres.DriftNotRunning, fmt.Sprintf("the instance should run, and its server is %s", shows)
		}
	default:
		if !running {
			return toygres.DriftNotStopped, fmt.Sprintf("the instance is %s, and its server is %s", i.State, shows)
		}
	}
	if seen.Size != i.Spec.Size() && !seen.Size.IsZero() {
		return toygres.DriftSize, fmt.Sprintf("the instance should have %s, and has %s", i.Spec.Size(), seen.Size)
	}
	return "", ""
}

// workflows finds the workflows that go on without an operation, as after the
// catalog was restored from a backup. Operations without a workflow are settled
// by every sweep.
func (c *comparison) workflows(ctx context.Context) error {
	open, err := c.Workflows.Open(ctx, c.Grace)
	if err != nil {
		return &toygres.Error{Code: toygres.CodeUnavailable, Message: "the workflows in progress can't be listed by Temporal", Err: err}
	}
	for _, op := range open {
		known, err := c.Catalog.Operation(ctx, op.ID)
		gone := toygres.CodeOf(err) == toygres.CodeNotFound
		if err != nil && !gone {
			return err
		}
		if !gone && !known.State.Done() {
			continue
		}
		run, err := c.Workflows.Look(ctx, op) // the list may be a moment old
		if err != nil {
			return err
		}
		if run.State == RunOpen {
			c.find(toygres.DriftUnknownWorkflow, toygres.Instance{ID: op.InstanceID, Spec: toygres.Spec{Name: op.InstanceName}},
				"a workflow of operation %s is in progress, and the operation is not", op.ID)
		}
	}
	c.Kinds = append(c.Kinds, toygres.DriftUnknownWorkflow)
	return nil
}

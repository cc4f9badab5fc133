package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"sync/atomic"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/toygres/toygres/workflows"
)

// deployment lets workers of two releases share the task queue while one
// replaces the other: an operation stays with the release that began it, new
// ones go to the release that is current. Which one that is, is a wish that
// every worker can read; the workers of that release keep making it true.
type deployment struct {
	versioning
	client client.Client
	log    *slog.Logger

	// settled says that new operations go where they should, as far as this
	// release is concerned.
	settled atomic.Bool

	// What settle has seen before; it alone uses them.
	wasWanted bool      // this release should have been current
	lost      time.Time // since when it is not, though it still should be
}

const (
	// settleEvery is the time between two looks at which release is current.
	settleEvery = 5 * time.Second
	// staleAfter is how long another release may be current, although this one
	// should be, before that is corrected. A file that a ConfigMap provides may
	// be a minute old, and then it is the file that is wrong.
	staleAfter = 3 * time.Minute
	// drainEvery is the time between two looks at what an old release still
	// has to do.
	drainEvery = time.Second
	// blindAfter is how long a worker that was asked to stop tries to learn
	// whether it is still needed.
	blindAfter = 30 * time.Second
)

func (d *deployment) options() worker.DeploymentOptions {
	return worker.DeploymentOptions{
		UseVersioning:             true,
		Version:                   d.version(d.BuildID),
		DefaultVersioningBehavior: workflow.VersioningBehaviorPinned,
	}
}

func (v versioning) version(buildID string) worker.WorkerDeploymentVersion {
	return worker.WorkerDeploymentVersion{DeploymentName: v.Deployment, BuildID: buildID}
}

// keepSettled settles again and again until ctx ends.
func (d *deployment) keepSettled(ctx context.Context) {
	for told := ""; ctx.Err() == nil; {
		pause := settleEvery
		err := d.settle(ctx)
		if err != nil {
			pause = retryTemporal
			if ctx.Err() == nil && err.Error() != told {
				told = err.Error()
				d.log.Warn("it is not settled which release new operations go to; trying again", "build_id", d.BuildID, "error", err)
			}
		}
		select {
		case <-ctx.Done():
		case <-time.After(pause):
		}
	}
}

// settle makes this release the current one if it should be, and then takes
// over what others have left.
func (d *deployment) settle(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	wanted, err := d.wanted()
	if err != nil {
		return err
	}
	if wanted != d.BuildID {
		d.wasWanted = false
		d.settled.Store(true) // it has its own operations to end, and no others
		return nil
	}
	handle := d.client.WorkerDeploymentClient().GetHandle(d.Deployment)
	known, err := handle.Describe(ctx, client.WorkerDeploymentDescribeOptions{})
	if err != nil {
		// Not found is the first release's first moment: the server learns of a deployment by its pollers.
		return fmt.Errorf("look which release is current: %w", err)
	}
	if current := known.Info.RoutingConfig.CurrentVersion; current == nil || current.BuildID != d.BuildID {
		if d.maybeStale() {
			return nil
		}
		_, err := handle.SetCurrentVersion(ctx, client.WorkerDeploymentSetCurrentVersionOptions{BuildID: d.BuildID})
		if err != nil {
			return fmt.Errorf("make %s the current release: %w", d.BuildID, err)
		}
		d.log.Info("new operations go to this release", "build_id", d.BuildID)
	}
	d.wasWanted, d.lost = true, time.Time{}
	d.settled.Store(true)
	for _, other := range known.Info.VersionSummaries {
		if other.Version.BuildID == d.BuildID || other.DrainageStatus == client.WorkerDeploymentVersionDrainageStatusDrained {
			continue
		}
		if err := d.takeOverAbandoned(ctx, other.Version.BuildID); err != nil {
			return err
		}
	}
	return nil
}

// maybeStale says whether the wish for this release may be an old one: it was
// fulfilled before, and another release has become current only lately.
func (d *deployment) maybeStale() bool {
	if !d.wasWanted {
		return false
	}
	if d.lost.IsZero() {
		d.lost = time.Now()
	}
	return time.Since(d.lost) < staleAfter
}

// wanted is the build id that should be current.
func (d *deployment) wanted() (string, error) {
	if d.CurrentFile == "" {
		if !d.settled.Load() {
			return d.BuildID, nil
		}
		return "", nil // once is enough: a later release may have come
	}
	data, err := os.ReadFile(d.CurrentFile)
	if err != nil {
		return "", fmt.Errorf("TOYGRES_WORKER_CURRENT_FILE: %w", err)
	}
	return strings.TrimSpace(string(data)), nil
}

// takeOverAbandoned moves the operations of a release that has lost all its
// workers, for example with their node.
func (d *deployment) takeOverAbandoned(ctx context.Context, buildID string) error {
	queue, err := d.client.DescribeTaskQueue(ctx, workflows.TaskQueue, enumspb.TASK_QUEUE_TYPE_WORKFLOW)
	if err != nil {
		return fmt.Errorf("look who takes tasks: %w", err)
	}
	for _, poller := range queue.GetPollers() {
		if poller.GetDeploymentOptions().GetBuildId() == buildID && time.Since(poller.GetLastAccessTime().AsTime()) < d.AbandonedAfter {
			return nil
		}
	}
	return d.move(ctx, buildID, d.BuildID)
}

// leave waits, before a worker stops, until the operations that are bound to
// its release have ended, if a newer release has come. Otherwise others of the
// same release take them over. What has not ended in time is given to the
// current release: its code fits older operations, which the replay tests
// make sure of.
func (d *deployment) leave(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), d.Drain)
	defer cancel()
	told := false
	for seen := time.Now(); time.Since(seen) < blindAfter; {
		needed, left, err := d.needed(ctx)
		switch {
		case err == nil && !needed:
			return
		case err == nil:
			seen = time.Now()
		}
		if !told && needed {
			told = true
			d.log.Info("finishing the operations that are bound to this release", "build_id", d.BuildID, "operations", left)
		}
		select {
		case <-ctx.Done():
			d.handOver(ctx)
			return
		case <-time.After(drainEvery):
		}
	}
	d.log.Warn("stopping without knowing whether operations are bound to this release; the current one will find them")
}

// needed says whether this release is an old one that still has operations.
func (d *deployment) needed(ctx context.Context) (needed bool, operations int64, err error) {
	current, err := d.current(ctx)
	if err != nil || current == "" || current == d.BuildID {
		return false, 0, err
	}
	operations, err = d.open(ctx, d.BuildID)
	return operations > 0, operations, err
}

func (d *deployment) handOver(ctx context.Context) {
	ctx = context.WithoutCancel(ctx)
	current, err := d.current(ctx)
	if err == nil && (current == "" || current == d.BuildID) {
		return
	}
	if err == nil {
		ctx, cancel := context.WithTimeout(ctx, callTimeout)
		defer cancel()
		err = d.move(ctx, d.BuildID, current)
	}
	if err != nil {
		d.log.Warn("operations were not handed over; the current release will find them", "current", current, "error", err)
	}
}

// current is the build id of the current release, "" if there is none.
func (d *deployment) current(ctx context.Context) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	known, err := d.client.WorkerDeploymentClient().GetHandle(d.Deployment).Describe(ctx, client.WorkerDeploymentDescribeOptions{})
	var none *serviceerror.NotFound
	if errors.As(err, &none) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	if v := known.Info.RoutingConfig.CurrentVersion; v != nil {
		return v.BuildID, nil
	}
	return "", nil
}

// bound is the query for the workflows in progress that are bound to a release.
// Others, too, were last carried out by one, but go to the current one by
// themselves.
func (d *deployment) bound(buildID string) string {
	return fmt.Sprintf("TemporalWorkerDeploymentVersion = '%s:%s' AND TemporalWorkflowVersioningBehavior = 'Pinned' AND ExecutionStatus = 'Running'",
		d.Deployment, buildID)
}

func (d *deployment) open(ctx context.Context, buildID string) (int64, error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	counted, err := d.client.CountWorkflow(ctx, &workflowservice.CountWorkflowExecutionsRequest{Query: d.bound(buildID)})
	return counted.GetCount(), err
}

// move binds the operations of one release to another.
func (d *deployment) move(ctx context.Context, from, to string) error {
	for page := []byte(nil); ; {
		found, err := d.client.ListWorkflow(ctx, &workflowservice.ListWorkflowExecutionsRequest{Query: d.bound(from), NextPageToken: page})
		if err != nil {
			return fmt.Errorf("list the operations of release %s: %w", from, err)
		}
		for _, execution := range found.GetExecutions() {
			if err := d.rebind(ctx, execution, to); err != nil {
				return err
			}
		}
		if page = found.GetNextPageToken(); len(page) == 0 {
			return nil
		}
	}
}

func (d *deployment) rebind(ctx context.Context, execution *workflowpb.WorkflowExecutionInfo, to string) error {
	id, run := execution.GetExecution().GetWorkflowId(), execution.GetExecution().GetRunId()
	_, err := d.client.UpdateWorkflowExecutionOptions(ctx, client.UpdateWorkflowExecutionOptionsRequest{
		WorkflowId: id, RunId: run,
		WorkflowExecutionOptionsChanges: client.WorkflowExecutionOptionsChanges{
			VersioningOverride: &client.VersioningOverrideChange{Value: &client.PinnedVersioningOverride{Version: d.version(to)}},
		},
	})
	var over *serviceerror.NotFound
	if errors.As(err, &over) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("bind %s to release %s: %w", id, to, err)
	}
	d.log.Info("an operation was bound to another release", "workflow", id, "build_id", to)
	return nil
}

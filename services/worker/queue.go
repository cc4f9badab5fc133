package main

import (
	"context"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"

	"github.com/toygres/toygres"
	"github.com/toygres/toygres/activities"
	"github.com/toygres/toygres/internal/catalog"
	"github.com/toygres/toygres/services/worker/monitor"
	"github.com/toygres/toygres/workflows"
)

// taskQueue takes workflows and activities from Temporal.
type taskQueue struct {
	client   client.Client
	catalog  *catalog.Store
	provider toygres.Provider
	monitor  *monitor.Monitor
	log      *slog.Logger
	places   int                            // creates at a time
	version  worker.WorkerDeploymentVersion // of this program
	release  *deployment                    // nil without versioning
	keep     map[toygres.Kept]time.Duration // what is not kept for ever

	taking atomic.Bool
}

const (
	// How long we wait before we try Temporal again. Short, because users wait.
	retryTemporal = time.Second
	// A call to a Temporal that does not answer must not hold up what is next.
	callTimeout = 10 * time.Second
)

// ready says why no work, or not the right work, is taken; "" if it is.
func (q *taskQueue) ready() string {
	switch {
	case !q.taking.Load():
		return "no work is taken from Temporal yet; the log says why"
	case q.release != nil && !q.release.settled.Load():
		return "new operations do not come to this release yet; the log says why"
	default:
		return ""
	}
}

// work takes tasks until ctx ends, and then hands over what it has. While
// Temporal can't be reached it says so and tries again.
func (q *taskQueue) work(ctx context.Context) error {
	for told := ""; ctx.Err() == nil; {
		err := q.take(ctx)
		if ctx.Err() == nil && err.Error() != told { // once, not every second
			told = err.Error()
			q.log.Warn("no work is taken from Temporal; trying again", "error", err)
		}
		select {
		case <-ctx.Done():
		case <-time.After(retryTemporal):
		}
	}
	return nil
}

// take takes tasks until ctx ends or Temporal refuses for good.
func (q *taskQueue) take(ctx context.Context) error {
	if err := q.reach(ctx); err != nil {
		return err
	}
	failed := make(chan error, 1)
	options := workerOptions(func(err error) {
		select {
		case failed <- err:
		default: // the first one is enough
		}
	})
	// Without versioning it only tells others which release this is.
	options.DeploymentOptions.Version = q.version
	if q.release != nil {
		options.DeploymentOptions = q.release.options()
	}
	w := worker.New(q.client, workflows.TaskQueue, options)
	q.register(w)
	if err := w.Start(); err != nil {
		return fmt.Errorf("start taking tasks: %w", err)
	}
	q.taking.Store(true)
	defer q.taking.Store(false)
	defer w.Stop()
	q.log.Info("work is taken from Temporal", "task_queue", workflows.TaskQueue)
	taking, stop := context.WithCancel(ctx)
	defer stop()
	go q.keepScheduled(taking)
	if q.release != nil {
		go q.release.keepSettled(taking)
	}
	select {
	case <-ctx.Done():
		if q.release != nil {
			q.release.leave(ctx)
		}
		return nil
	case err := <-failed:
		return fmt.Errorf("take tasks: %w", err)
	}
}

func (q *taskQueue) register(w worker.Worker) {
	workflows.Register(w)
	w.RegisterActivity(&activities.Operations{Catalog: q.catalog})
	servers := &activities.Servers{Provider: q.provider, Journal: q.catalog}
	w.RegisterActivity(servers)
	connections := &activities.Connections{Credentials: q.provider, Journal: q.catalog}
	w.RegisterActivity(connections)
	w.RegisterActivity(&activities.Updates{Servers: servers, Connections: connections})
	w.RegisterActivity(&activities.Monitor{Shards: q.monitor})
	w.RegisterActivity(&activities.Retention{Catalog: q.catalog, Keep: q.keep})
	w.RegisterActivity(&activities.Trash{Catalog: q.catalog, Timers: timers{q.client}})
	w.RegisterActivity(&activities.Places{Catalog: q.catalog, Doors: doors{q.client}, Places: q.places})
	w.RegisterActivity(&activities.Batches{Catalog: q.catalog, Provider: q.provider.Name(), Window: q.places})
}

// startShard starts the workflow of a shard of the monitor, if it is not there.
func (q *taskQueue) startShard(ctx context.Context, shard int) error {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	return workflows.StartShard(ctx, q.client, shard, false)
}

// timers are those of Temporal.
type timers struct{ client client.Client }

func (t timers) SetPurge(ctx context.Context, id toygres.InstanceID, name string, at time.Time) error {
	if err := workflows.SetPurge(ctx, t.client, id, name, at); err != nil {
		return &toygres.Error{Code: toygres.CodeUnavailable, Message: "Temporal can't set a timer now", Err: err}
	}
	return nil
}

// doors are those that workflows wait at.
type doors struct{ client client.Client }

func (d doors) CallIn(ctx context.Context, id toygres.InstanceID) error {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	return workflows.CallIn(ctx, d.client, id)
}

func (q *taskQueue) reach(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	if _, err := q.client.CheckHealth(ctx, &client.CheckHealthRequest{}); err != nil {
		return fmt.Errorf("reach Temporal: %w", err)
	}
	return nil
}

func workerOptions(onFatal func(error)) worker.Options {
	return worker.Options{
		// A wait for readiness holds a place while it lasts, so there are many.
		MaxConcurrentActivityExecutionSize:      200,
		MaxConcurrentLocalActivityExecutionSize: 50,
		MaxConcurrentWorkflowTaskExecutionSize:  50,
		// How soon a cancelled step hears of it, hence at most two seconds.
		MaxHeartbeatThrottleInterval: 2 * time.Second,
		// A step that hears of the stop lets go at once; writing that down
		// and telling Temporal may take a moment.
		WorkerStopTimeout: 15 * time.Second,
		// A workflow that meets a defect fails, and the sweep undoes and
		// explains. The default would leave the operation running in the
		// user's eyes for as long as nobody deploys a fix.
		WorkflowPanicPolicy: worker.FailWorkflow,
		// Which includes workflows that do not yield, so a busy machine must
		// not be mistaken for one.
		DeadlockDetectionTimeout: 30 * time.Second,
		OnFatalError:             onFatal,
	}
}

package activities

import (
	"context"
	"errors"
	"sync"
	"time"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/temporal"

	"github.com/toygres/toygres"
)

// heartbeats is how many heartbeats fit into the time after which Temporal
// takes a silent attempt for dead. Several, because a busy machine may delay
// some; few, because each is a write for Temporal.
const heartbeats = 4

// errWorkerStopping is why a context ends when the worker is asked to stop.
var errWorkerStopping = errors.New("the worker is stopping")

// alive returns a context for the job of an attempt. It keeps Temporal
// informed that the job goes on, from a goroutine of its own, and ends when
// the operation is cancelled, when the worker is asked to stop, and a little
// before the attempt's deadline. stop ends the goroutine.
func alive(ctx context.Context) (_ context.Context, stop func()) {
	info := activity.GetInfo(ctx)
	job, cancel := context.WithCancelCause(ctx)
	release := func() {}
	if left := time.Until(info.Deadline); left > 2*deadlineMargin {
		job, release = context.WithDeadline(job, info.Deadline.Add(-deadlineMargin))
	}
	if info.IsLocalActivity {
		return job, func() { release(); cancel(nil) }
	}
	over := make(chan struct{})
	var done sync.WaitGroup
	done.Go(func() {
		stopping := activity.GetWorkerStopChannel(ctx)
		var due <-chan time.Time // never, without a heartbeat timeout
		if info.HeartbeatTimeout > 0 {
			tick := time.NewTicker(info.HeartbeatTimeout / heartbeats)
			defer tick.Stop()
			due = tick.C
		}
		for {
			select {
			case <-due:
				activity.RecordHeartbeat(ctx)
			case <-stopping:
				cancel(errWorkerStopping)
				stopping = nil // go on until the job has let go
			case <-over:
				return
			}
		}
	})
	return job, func() { close(over); done.Wait(); release(); cancel(nil) }
}

// interrupted returns why job's context ended, if that explains err.
func interrupted(ctx context.Context, err error) error {
	if ctx.Err() == nil {
		return err
	}
	cause := context.Cause(ctx)
	switch {
	case temporal.IsCanceledError(cause):
		return cause
	case errors.Is(cause, errWorkerStopping):
		return &toygres.Error{Code: toygres.CodeUnavailable, Message: "the worker was stopped; the step goes on when one is there again", Err: err}
	case errors.Is(cause, context.DeadlineExceeded):
		if code := toygres.CodeOf(err); code != toygres.CodeInternal && code != toygres.CodeCancelled {
			return err // job has given its own account
		}
		return &toygres.Error{Code: toygres.CodeProvider, Message: "the step took too long", Err: err}
	default:
		return &toygres.Error{Code: toygres.CodeUnavailable, Message: "the worker lost touch with Temporal; the step is tried again", Err: cause}
	}
}

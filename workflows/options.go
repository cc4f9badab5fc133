package workflows

import (
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"
)

// A worker that was killed leaves its steps silent. Eight seconds of silence
// make Temporal try a step again, which together with the first retry's delay
// stays under ten; a busy machine delays heartbeats, sent every two seconds,
// by less.
const silence = 8 * time.Second

// provisioning makes a server. On a machine that takes long for initdb, or
// whose disks are slow to attach, one attempt may need minutes.
var provisioning = workflow.ActivityOptions{
	StartToCloseTimeout:    5 * time.Minute,
	ScheduleToCloseTimeout: 15 * time.Minute,
	HeartbeatTimeout:       silence,
	WaitForCancellation:    true, // undoing must not race with making
	RetryPolicy:            &temporal.RetryPolicy{InitialInterval: time.Second, BackoffCoefficient: 2, MaximumInterval: 30 * time.Second},
}

// copying makes a server with the data of another one, which may be a lot. What
// an attempt has copied is lost with it.
var copying = workflow.ActivityOptions{
	StartToCloseTimeout:    24 * time.Hour,
	ScheduleToCloseTimeout: 48 * time.Hour,
	HeartbeatTimeout:       silence,
	WaitForCancellation:    true, // undoing must not race with making
	RetryPolicy:            &temporal.RetryPolicy{InitialInterval: time.Second, BackoffCoefficient: 2, MaximumInterval: 30 * time.Second},
}

// waiting watches a server until it is ready. It is one long attempt, because
// to look again is free; only a lost worker makes it more than one.
var waiting = workflow.ActivityOptions{
	StartToCloseTimeout:    15 * time.Minute,
	ScheduleToCloseTimeout: 15 * time.Minute,
	HeartbeatTimeout:       silence,
	WaitForCancellation:    true,
	RetryPolicy:            &temporal.RetryPolicy{InitialInterval: time.Second, BackoffCoefficient: 2, MaximumInterval: 10 * time.Second},
}

// resizing changes what is asked of a server. A cluster that is busy may need
// a while to take note.
var resizing = workflow.ActivityOptions{
	StartToCloseTimeout:    2 * time.Minute,
	ScheduleToCloseTimeout: 10 * time.Minute,
	HeartbeatTimeout:       silence,
	WaitForCancellation:    true, // undoing must not race with it
	RetryPolicy:            &temporal.RetryPolicy{InitialInterval: time.Second, BackoffCoefficient: 2, MaximumInterval: 30 * time.Second},
}

// resizingBack undoes a resize and waits for the server. Nobody else would, so
// it is tried for long.
var resizingBack = workflow.ActivityOptions{
	StartToCloseTimeout:    20 * time.Minute,
	ScheduleToCloseTimeout: 2 * time.Hour,
	HeartbeatTimeout:       silence,
	RetryPolicy:            &temporal.RetryPolicy{InitialInterval: time.Second, BackoffCoefficient: 2, MaximumInterval: time.Minute},
}

// rotating changes a password on the server. One that is just being started
// again deserves some patience; its user waits.
var rotating = workflow.ActivityOptions{
	StartToCloseTimeout:    time.Minute,
	ScheduleToCloseTimeout: 5 * time.Minute,
	HeartbeatTimeout:       silence,
	WaitForCancellation:    true,
	RetryPolicy:            &temporal.RetryPolicy{InitialInterval: 500 * time.Millisecond, BackoffCoefficient: 2, MaximumInterval: 10 * time.Second},
}

// connecting runs one query. A server that has just become ready, or a network
// that has just learnt of it, deserves a few quick tries.
var connecting = workflow.ActivityOptions{
	StartToCloseTimeout:    time.Minute,
	ScheduleToCloseTimeout: 5 * time.Minute,
	HeartbeatTimeout:       silence,
	WaitForCancellation:    true,
	RetryPolicy:            &temporal.RetryPolicy{InitialInterval: 500 * time.Millisecond, BackoffCoefficient: 2, MaximumInterval: 10 * time.Second},
}

// stopping ends a server, which may take its time for a checkpoint, and waits.
var stopping = workflow.ActivityOptions{
	StartToCloseTimeout:    10 * time.Minute,
	ScheduleToCloseTimeout: 15 * time.Minute,
	HeartbeatTimeout:       silence,
	WaitForCancellation:    true, // undoing must not race with it
	RetryPolicy:            &temporal.RetryPolicy{InitialInterval: time.Second, BackoffCoefficient: 2, MaximumInterval: 30 * time.Second},
}

// startingAgain undoes a stop and waits for the server. Nobody else would, so it
// is tried for long.
var startingAgain = resizingBack

// timing sets a timer. The next operation of the instance waits for it, and the
// sweep takes its place, so it is not tried for long.
var timing = workflow.ActivityOptions{
	StartToCloseTimeout:    10 * time.Second,
	ScheduleToCloseTimeout: time.Minute,
	RetryPolicy:            &temporal.RetryPolicy{InitialInterval: time.Second, BackoffCoefficient: 2, MaximumInterval: 10 * time.Second},
}

// pruning removes old records. It is long only the first time, and goes on where
// it was when it is tried again.
var pruning = workflow.ActivityOptions{
	StartToCloseTimeout:    time.Hour,
	ScheduleToCloseTimeout: 5 * time.Hour,
	HeartbeatTimeout:       silence,
	RetryPolicy:            &temporal.RetryPolicy{InitialInterval: 10 * time.Second, BackoffCoefficient: 2, MaximumInterval: 10 * time.Minute},
}

// removing removes a server with its data because a user asked for it. The
// user waits, and can ask again.
var removing = workflow.ActivityOptions{
	StartToCloseTimeout:    5 * time.Minute,
	ScheduleToCloseTimeout: 30 * time.Minute,
	HeartbeatTimeout:       silence,
	WaitForCancellation:    true,
	RetryPolicy:            &temporal.RetryPolicy{InitialInterval: time.Second, BackoffCoefficient: 2, MaximumInterval: 30 * time.Second},
}

// undoing removes what a failed create has made. Nobody waits for it, and
// nothing may stay behind, so it is tried for long; the worker's sweep goes on
// where it ends.
var undoing = workflow.ActivityOptions{
	StartToCloseTimeout:    5 * time.Minute,
	ScheduleToCloseTimeout: 2 * time.Hour,
	HeartbeatTimeout:       silence,
	RetryPolicy:            &temporal.RetryPolicy{InitialInterval: time.Second, BackoffCoefficient: 2, MaximumInterval: time.Minute},
}

// leaving hands places out. Who waits for one looks by itself in the end.
var leaving = workflow.LocalActivityOptions{
	StartToCloseTimeout:    5 * time.Second,
	ScheduleToCloseTimeout: 10 * time.Second,
}

// watching has one worker watch a shard of the monitor. Whoever is lost is
// followed by another within ten seconds or a little more, however often that
// happens.
var watching = workflow.ActivityOptions{
	StartToCloseTimeout: watchFor + 10*time.Minute,
	HeartbeatTimeout:    silence,
	RetryPolicy:         &temporal.RetryPolicy{InitialInterval: time.Second, BackoffCoefficient: 1.5, MaximumInterval: 5 * time.Second},
}

// recording writes to the catalog. As a local activity it takes a few
// milliseconds, where a dispatched one takes fifty. The catalog may be away for
// as long as it takes; each retry is an entry in the history, hence the pause.
var recording = workflow.LocalActivityOptions{
	StartToCloseTimeout:    10 * time.Second,
	ScheduleToCloseTimeout: 24 * time.Hour,
	RetryPolicy:            &temporal.RetryPolicy{InitialInterval: 100 * time.Millisecond, BackoffCoefficient: 2, MaximumInterval: time.Minute},
}

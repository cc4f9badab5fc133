package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"
	"google.golang.org/protobuf/proto"

	"github.com/toygres/toygres"
	"github.com/toygres/toygres/activities"
	"github.com/toygres/toygres/workflows"
	"github.com/toygres/toygres/workflows/internal/memory"
)

// scenario is one way an operation can go.
type scenario struct {
	kind        toygres.Kind
	name        string
	arrange     func(w *memory.World, cancel func()) // may be nil
	cancelFirst bool                                 // before any worker is there
	purge       bool                                 // by the timer, of which the history is
	ends        toygres.OperationState
}

// Troubles that pass, and one that does not.
var (
	broken  = memory.Fail(toygres.Errorf(toygres.CodeProvider, "it is broken"))
	invalid = memory.Fail(toygres.Errorf(toygres.CodeInvalid, "it can never succeed"))
	down    = memory.Fail(toygres.Errorf(toygres.CodeUnavailable, "the catalog is down"))
)

func scenarios() []scenario {
	meet := func(at memory.Place, troubles ...memory.Trouble) func(*memory.World, func()) {
		return func(w *memory.World, _ func()) { w.Meet(at, troubles...) }
	}
	cancelled := func(at memory.Place) func(*memory.World, func()) {
		return func(w *memory.World, cancel func()) { w.Meet(at, memory.Hang(cancel)) }
	}
	create, fork, trash, remove, update, upgrade, rotate := toygres.KindCreate, toygres.KindFork, toygres.KindTrash, toygres.KindDelete, toygres.KindUpdate, toygres.KindUpgrade, toygres.KindRotate
	return []scenario{
		{kind: create, name: "succeeded", ends: toygres.OperationSucceeded},
		{kind: create, name: "retried", ends: toygres.OperationSucceeded, arrange: func(w *memory.World, _ func()) {
			w.Meet(memory.AtBegin, down, down)
			w.Meet(memory.AtProvision, broken)
			w.Meet(memory.AtQuery, broken, broken)
			w.Meet(memory.AtFinish, memory.Times(6, down)...)
		}},
		{kind: create, name: "waited", ends: toygres.OperationSucceeded, arrange: func(w *memory.World, _ func()) {
			w.Meet(memory.AtPlace, down)
			w.Queue(2, true)
		}},
		{kind: create, name: "waited_unheard", ends: toygres.OperationSucceeded, arrange: func(w *memory.World, _ func()) { w.Queue(1, false) }},
		{kind: create, name: "cancelled_waiting", ends: toygres.OperationCancelled, arrange: func(w *memory.World, cancel func()) {
			w.Meet(memory.AtPlace, memory.After(cancel))
			w.Queue(1000, false)
		}},
		{kind: create, name: "provision_failed", ends: toygres.OperationFailed, arrange: meet(memory.AtProvision, invalid)},
		{kind: create, name: "start_failed", ends: toygres.OperationFailed, arrange: func(w *memory.World, _ func()) { w.Meet(memory.AtObserve, w.Failing) }},
		{kind: create, name: "query_failed", ends: toygres.OperationFailed, arrange: meet(memory.AtQuery, memory.Times(5, broken)...)},
		{kind: create, name: "panicked", ends: toygres.OperationFailed, arrange: meet(memory.AtQuery,
			memory.Times(5, func(context.Context) error { panic(memory.Password) })...)},
		{kind: create, name: "undo_retried", ends: toygres.OperationFailed, arrange: func(w *memory.World, _ func()) {
			w.Meet(memory.AtQuery, invalid)
			w.Meet(memory.AtDelete, broken, broken)
		}},
		{kind: create, name: "result_refused", ends: toygres.OperationFailed,
			arrange: meet(memory.AtFinish, memory.Fail(toygres.Errorf(toygres.CodeConflict, "it is something else now")))},
		{kind: create, name: "cancelled_first", ends: toygres.OperationCancelled, cancelFirst: true},
		{kind: create, name: "cancelled_provision", ends: toygres.OperationCancelled, arrange: cancelled(memory.AtProvision)},
		{kind: create, name: "cancelled_wait", ends: toygres.OperationCancelled, arrange: cancelled(memory.AtObserve)},
		{kind: create, name: "cancelled_query", ends: toygres.OperationCancelled, arrange: cancelled(memory.AtQuery)},

		{kind: fork, name: "succeeded", ends: toygres.OperationSucceeded},
		{kind: fork, name: "retried", ends: toygres.OperationSucceeded, arrange: meet(memory.AtProvision, broken, down)},
		{kind: fork, name: "copy_refused", ends: toygres.OperationFailed,
			arrange: meet(memory.AtProvision, memory.Fail(toygres.Errorf(toygres.CodeConflict, "the source is stopped")))},
		{kind: fork, name: "cancelled_copy", ends: toygres.OperationCancelled, arrange: cancelled(memory.AtProvision)},
		{kind: fork, name: "cancelled_wait", ends: toygres.OperationCancelled, arrange: cancelled(memory.AtObserve)},

		{kind: trash, name: "succeeded", ends: toygres.OperationSucceeded},
		{kind: trash, name: "stopped_succeeded", ends: toygres.OperationSucceeded, arrange: func(w *memory.World, _ func()) { w.Stopped() }},
		{kind: trash, name: "retried", ends: toygres.OperationSucceeded, arrange: func(w *memory.World, _ func()) {
			w.Meet(memory.AtBegin, down)
			w.Meet(memory.AtStop, broken, broken)
			w.Meet(memory.AtFinish, down)
			w.Meet(memory.AtTimer, down)
		}},
		{kind: trash, name: "failed", ends: toygres.OperationFailed, arrange: meet(memory.AtStop, invalid)},
		{kind: trash, name: "start_failed", ends: toygres.OperationFailed, arrange: func(w *memory.World, _ func()) {
			w.Meet(memory.AtStop, invalid)
			w.Meet(memory.AtObserve, w.Failing)
		}},
		{kind: trash, name: "result_refused", ends: toygres.OperationFailed,
			arrange: meet(memory.AtFinish, memory.Fail(toygres.Errorf(toygres.CodeConflict, "it is something else now")))},
		{kind: trash, name: "cancelled_first", ends: toygres.OperationCancelled, cancelFirst: true},
		{kind: trash, name: "cancelled_stop", ends: toygres.OperationCancelled, arrange: cancelled(memory.AtStop)},

		{kind: remove, name: "purge_succeeded", ends: toygres.OperationSucceeded, purge: true},
		{kind: remove, name: "purge_waited", ends: toygres.OperationSucceeded, purge: true, arrange: func(w *memory.World, _ func()) {
			w.Meet(memory.AtDue, down)
			w.Waits(10 * time.Millisecond)
		}},
		{kind: remove, name: "succeeded", ends: toygres.OperationSucceeded},
		{kind: remove, name: "retried", ends: toygres.OperationSucceeded, arrange: func(w *memory.World, _ func()) {
			w.Meet(memory.AtDelete, broken, broken)
			w.Meet(memory.AtFinish, down)
		}},
		{kind: remove, name: "failed", ends: toygres.OperationFailed, arrange: meet(memory.AtDelete, invalid)},
		{kind: remove, name: "cancelled_first", ends: toygres.OperationCancelled, cancelFirst: true},
		{kind: remove, name: "cancelled_remove", ends: toygres.OperationCancelled, arrange: cancelled(memory.AtDelete)},

		{kind: update, name: "succeeded", ends: toygres.OperationSucceeded},
		{kind: update, name: "reloaded", ends: toygres.OperationSucceeded, arrange: func(w *memory.World, _ func()) { w.WithoutRestart() }},
		{kind: update, name: "resized", ends: toygres.OperationSucceeded, arrange: func(w *memory.World, _ func()) { w.AlsoBigger() }},
		{kind: update, name: "only_resized", ends: toygres.OperationSucceeded, arrange: func(w *memory.World, _ func()) { w.OnlyBigger() }},
		{kind: update, name: "only_resized_start_failed", ends: toygres.OperationFailed, arrange: func(w *memory.World, _ func()) {
			w.OnlyBigger()
			w.Meet(memory.AtObserve, w.Failing)
		}},
		{kind: update, name: "stopped_succeeded", ends: toygres.OperationSucceeded, arrange: func(w *memory.World, _ func()) { w.Stopped() }},
		{kind: update, name: "retried", ends: toygres.OperationSucceeded, arrange: func(w *memory.World, _ func()) {
			w.Meet(memory.AtBegin, down)
			w.Meet(memory.AtConfigure, broken)
			w.Meet(memory.AtReload, broken, broken)
			w.Meet(memory.AtRestart, broken)
			w.Meet(memory.AtFinish, down)
		}},
		{kind: update, name: "refused", ends: toygres.OperationFailed, arrange: meet(memory.AtReload, invalid)},
		{kind: update, name: "start_failed", ends: toygres.OperationFailed, arrange: func(w *memory.World, _ func()) {
			w.Meet(memory.AtObserve, memory.After(func() {}), w.Failing)
		}},
		{kind: update, name: "undo_retried", ends: toygres.OperationFailed, arrange: func(w *memory.World, _ func()) {
			w.Meet(memory.AtQuery, invalid)
			w.Meet(memory.AtConfigure, memory.After(func() {}), broken)
		}},
		{kind: update, name: "result_refused", ends: toygres.OperationFailed,
			arrange: meet(memory.AtFinish, memory.Fail(toygres.Errorf(toygres.CodeConflict, "it is something else now")))},
		{kind: update, name: "cancelled_first", ends: toygres.OperationCancelled, cancelFirst: true},
		{kind: update, name: "cancelled_configure", ends: toygres.OperationCancelled, arrange: cancelled(memory.AtConfigure)},
		{kind: update, name: "cancelled_reload", ends: toygres.OperationCancelled, arrange: cancelled(memory.AtReload)},
		{kind: update, name: "cancelled_restart", ends: toygres.OperationCancelled, arrange: cancelled(memory.AtRestart)},
		{kind: update, name: "cancelled_query", ends: toygres.OperationCancelled, arrange: cancelled(memory.AtQuery)},

		{kind: upgrade, name: "succeeded", ends: toygres.OperationSucceeded},
		{kind: upgrade, name: "retried", ends: toygres.OperationSucceeded, arrange: func(w *memory.World, _ func()) {
			w.Meet(memory.AtBegin, down)
			w.Meet(memory.AtRestart, broken)
			w.Meet(memory.AtQuery, broken, broken)
			w.Meet(memory.AtFinish, down)
		}},
		{kind: upgrade, name: "refused", ends: toygres.OperationFailed, arrange: meet(memory.AtRestart, invalid)},
		{kind: upgrade, name: "start_failed", ends: toygres.OperationFailed, arrange: func(w *memory.World, _ func()) { w.Meet(memory.AtObserve, w.Failing) }},
		{kind: upgrade, name: "stays_older", ends: toygres.OperationFailed, arrange: func(w *memory.World, _ func()) { w.StaysOlder() }},
		{kind: upgrade, name: "result_refused", ends: toygres.OperationFailed,
			arrange: meet(memory.AtFinish, memory.Fail(toygres.Errorf(toygres.CodeConflict, "it is something else now")))},
		{kind: upgrade, name: "cancelled_first", ends: toygres.OperationCancelled, cancelFirst: true},
		{kind: upgrade, name: "cancelled_restart", ends: toygres.OperationCancelled, arrange: cancelled(memory.AtRestart)},
		{kind: upgrade, name: "cancelled_wait", ends: toygres.OperationCancelled, arrange: cancelled(memory.AtObserve)},

		{kind: rotate, name: "succeeded", ends: toygres.OperationSucceeded},
		{kind: rotate, name: "retried", ends: toygres.OperationSucceeded, arrange: func(w *memory.World, _ func()) {
			w.Meet(memory.AtBegin, down)
			w.Meet(memory.AtRotate, down, broken)
			w.Meet(memory.AtFinish, down)
		}},
		{kind: rotate, name: "refused", ends: toygres.OperationFailed, arrange: meet(memory.AtRotate, invalid)},
		{kind: rotate, name: "cancelled_first", ends: toygres.OperationCancelled, cancelFirst: true},
		{kind: rotate, name: "cancelled_rotate", ends: toygres.OperationCancelled, arrange: cancelled(memory.AtRotate)},
	}
}

// record carries the scenario out and returns the history. It fails if the
// operation does not end as it should, or if the history holds the password.
func (s scenario) record(ctx context.Context, c client.Client, number int) (*historypb.History, error) {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	id := func(kind int) string { return fmt.Sprintf("0190c3a0-0000-7000-8000-%06x%06x", kind, number) }
	w := memory.New(s.kind, toygres.OperationID(id(1)), toygres.InstanceID(id(2)))
	op := w.Operation()
	cancelWorkflow := func() {
		if err := c.CancelWorkflow(ctx, workflows.ID(op.InstanceID), ""); err != nil {
			panic(err)
		}
	}
	if s.arrange != nil {
		s.arrange(w, cancelWorkflow)
		op = w.Operation() // it may ask for something else now
	}
	var run string
	var err error
	if s.purge {
		err = workflows.SetPurge(ctx, c, op.InstanceID, op.InstanceName, time.Now())
	} else {
		run, err = workflows.Start(ctx, c, op, w.Instance().Spec)
	}
	if err != nil {
		return nil, err
	}
	if s.cancelFirst {
		cancelWorkflow()
	}
	workers := worker.New(c, workflows.TaskQueue, worker.Options{MaxHeartbeatThrottleInterval: 2 * time.Second})
	workflows.Register(workers)
	workers.RegisterActivity(&activities.Operations{Catalog: w})
	servers, connections := &activities.Servers{Provider: w, Journal: w}, &activities.Connections{Credentials: w, Journal: w, Query: w.Query}
	workers.RegisterActivity(servers)
	workers.RegisterActivity(connections)
	workers.RegisterActivity(&activities.Updates{Servers: servers, Connections: connections, Load: w.Load})
	workers.RegisterActivity(&activities.Trash{Catalog: w, Timers: w})
	workers.RegisterActivity(&activities.Places{Catalog: w, Doors: memory.Doors(func() error { return workflows.CallIn(ctx, c, op.InstanceID) })})
	if err := workers.Start(); err != nil {
		return nil, err
	}
	defer workers.Stop()
	if s.purge {
		if err := c.GetWorkflow(ctx, workflows.PurgeID(op.InstanceID), "").Get(ctx, nil); err != nil {
			return nil, err
		}
	}
	endErr := c.GetWorkflow(ctx, workflows.ID(op.InstanceID), run).Get(ctx, nil)
	if state := w.Operation().State; state != s.ends {
		return nil, fmt.Errorf("the operation ended as %q, not %q: %w", state, s.ends, endErr)
	}
	if s.purge {
		return history(ctx, c, workflows.PurgeID(op.InstanceID), "")
	}
	return history(ctx, c, workflows.ID(op.InstanceID), run)
}

func history(ctx context.Context, c client.Client, id, run string) (*historypb.History, error) {
	all := &historypb.History{}
	events := c.GetWorkflowHistory(ctx, id, run, false, 0)
	for events.HasNext() {
		event, err := events.Next()
		if err != nil {
			return nil, err
		}
		if queue := event.GetWorkflowTaskScheduledEventAttributes().GetTaskQueue(); queue.GetKind() == enumspb.TASK_QUEUE_KIND_STICKY {
			queue.Name = "sticky" // it names this machine
		}
		all.Events = append(all.Events, event)
	}
	raw, err := proto.Marshal(all)
	if err != nil {
		return nil, err
	}
	if bytes.Contains(raw, []byte(memory.Password)) {
		return nil, errors.New("the history holds the password")
	}
	return all, nil
}

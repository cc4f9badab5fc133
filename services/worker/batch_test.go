package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	"golang.org/x/sync/errgroup"

	"github.com/toygres/toygres"
	"github.com/toygres/toygres/internal/catalog"
	"github.com/toygres/toygres/workflows"
)

// batch records a batch and starts it.
func (w *world) batch(kind toygres.Kind, names ...string) toygres.Batch {
	w.t.Helper()
	n := catalog.NewBatch{Kind: kind, Owner: w.owner}
	for _, name := range names {
		spec := toygres.Spec{Name: name}.WithDefaults()
		n.Items = append(n.Items, catalog.NewItem{Name: name, Spec: &spec})
	}
	b, _, err := w.catalog.BeginBatch(w.t.Context(), n)
	require.NoError(w.t, err)
	require.NoError(w.t, workflows.StartBatch(w.t.Context(), w.client, b))
	return b
}

// comesTo waits until the batch is as it should be.
func (w *world) comesTo(id toygres.BatchID, what string, done func(toygres.Batch) bool) toygres.Batch {
	w.t.Helper()
	return await(w.t, func() (toygres.Batch, error) {
		b, err := w.catalog.Batch(w.t.Context(), id)
		if err == nil && !done(b) {
			err = fmt.Errorf("the batch is not %s: %+v", what, b)
		}
		return b, err
	})
}

func over(b toygres.Batch) bool { return b.State.Done() }

func TestABatchGoesOnUnderAnotherWorker(t *testing.T) {
	t.Setenv("TOYGRES_CREATES_AT_ONCE", "2")
	w := newWorld(t)
	stop := w.work()
	require.Equal(t, toygres.OperationSucceeded, w.ends(w.create("taken").Operation.ID).State)
	b := w.batch(toygres.KindCreate, "one", "taken", "two", "three")
	w.comesTo(b.ID, "begun", func(b toygres.Batch) bool { return b.Counts.Running+b.Counts.Succeeded > 0 })
	stop()
	w.work()
	made := w.comesTo(b.ID, "over", over)
	require.Equal(t, toygres.OperationFailed, made.State)
	require.Equal(t, toygres.BatchCounts{Total: 4, Succeeded: 3, Failed: 1}, made.Counts)
	for _, name := range []string{"one", "taken", "two", "three"} {
		instance, err := w.catalog.Instance(t.Context(), name)
		require.NoError(t, err)
		require.NoError(t, w.query(instance), name)
	}

	removed := w.comesTo(w.batch(toygres.KindDelete, "one", "two", "three", "nobody", "taken").ID, "over", over)
	require.Equal(t, toygres.BatchCounts{Total: 5, Succeeded: 4, Failed: 1}, removed.Counts)
	left, err := w.provider.List(t.Context())
	require.NoError(t, err)
	require.Empty(t, left)
}

// stepsBack looks for an initdb of this test that lets others go first.
func stepsBack() error {
	commands, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil || runtime.GOOS != "linux" {
		return err
	}
	for _, path := range commands {
		command, err := os.ReadFile(path)
		if err != nil || !strings.Contains(string(command), "bin/initdb") || !strings.Contains(string(command), os.Getenv("TOYGRES_LOCAL_DIR")) {
			continue // it may have ended meanwhile
		}
		stat, _ := os.ReadFile(filepath.Join(filepath.Dir(path), "stat"))
		_, fields, _ := strings.Cut(string(stat), ") ")
		if values := strings.Fields(fields); len(values) > 16 && values[16] != "0" { // nice, see proc_pid_stat(5)
			return nil
		}
	}
	return errors.New("no initdb of the batch steps back")
}

var waits = regexp.MustCompile(`^waiting for a place: [0-3] before it$`)

// Whoever creates one instance goes before a batch that was there first.
func TestACreateGoesBeforeABatchAndSaysHowLongItWaits(t *testing.T) {
	t.Setenv("TOYGRES_CREATES_AT_ONCE", "1")
	w := newWorld(t)
	w.work()
	b := w.batch(toygres.KindCreate, "a1", "a2", "a3")
	w.comesTo(b.ID, "begun", func(b toygres.Batch) bool { return b.Counts.Running > 0 })
	// At once, so that not all of them come when the place is free.
	creates := []catalog.Begun{w.begin("one"), w.begin("two"), w.begin("three")}
	var starts errgroup.Group
	for _, create := range creates {
		starts.Go(func() error {
			_, err := workflows.Start(t.Context(), w.client, create.Operation, create.Instance.Spec)
			return err
		})
	}
	require.NoError(t, starts.Wait())
	await(t, func() (struct{}, error) {
		for _, create := range creates {
			events, err := w.catalog.Events(t.Context(), catalog.EventFilter{
				Operation: create.Operation.ID, Types: []toygres.EventType{toygres.EventStepProgress}}, 1)
			if err != nil || len(events) > 0 && waits.MatchString(events[0].Message) {
				return struct{}{}, err
			}
		}
		return struct{}{}, errors.New("none says what it waits for")
	})

	var slowest toygres.Operation
	for _, create := range creates {
		op := w.ends(create.Operation.ID)
		require.Equal(t, toygres.OperationSucceeded, op.State, op.Error)
		if slowest.ID == "" || op.EndedAt.After(slowest.EndedAt) {
			slowest = op
		}
	}
	w.comesTo(b.ID, "over", over)
	items, err := w.catalog.BatchItems(t.Context(), b.ID, nil, 2, 1)
	require.NoError(t, err)
	last, err := w.catalog.Operation(t.Context(), items[0].Operation)
	require.NoError(t, err)
	require.True(t, slowest.EndedAt.Before(last.EndedAt), "the batch's last one was made after it")
}

func TestACancelledBatchLeavesWhatHasSucceededAndIsRetried(t *testing.T) {
	t.Setenv("TOYGRES_CREATES_AT_ONCE", "2")
	w := newWorld(t)
	w.work()
	b := w.batch(toygres.KindCreate, "a1", "a2", "a3", "a4", "a5", "a6")
	await(t, func() (struct{}, error) { return struct{}{}, stepsBack() })
	w.comesTo(b.ID, "half done", func(b toygres.Batch) bool { return b.Counts.Succeeded > 0 })
	_, err := w.catalog.AskBatchCancel(t.Context(), b.ID, w.owner)
	require.NoError(t, err)
	require.NoError(t, w.client.CancelWorkflow(t.Context(), workflows.RunBatchID(b.ID), ""))

	cancelled := w.comesTo(b.ID, "over", over)
	require.Equal(t, toygres.OperationCancelled, cancelled.State)
	require.Zero(t, cancelled.Counts.Waiting+cancelled.Counts.Running)
	require.Positive(t, cancelled.Counts.Cancelled)
	left, err := w.provider.List(t.Context())
	require.NoError(t, err)
	require.Len(t, left, cancelled.Counts.Succeeded, "what was in progress is undone")
	await(t, func() (struct{}, error) {
		d, err := w.client.DescribeWorkflowExecution(t.Context(), workflows.RunBatchID(b.ID), "")
		if status := d.GetWorkflowExecutionInfo().GetStatus(); err == nil && status != enumspb.WORKFLOW_EXECUTION_STATUS_CANCELED {
			err = fmt.Errorf("the workflow is %s", status)
		}
		return struct{}{}, err
	})

	again, _, err := w.catalog.BeginBatchRetry(t.Context(), b.ID, w.owner)
	require.NoError(t, err)
	require.NoError(t, workflows.StartBatch(t.Context(), w.client, again))
	rest := w.comesTo(again.ID, "over", over)
	require.Equal(t, toygres.OperationSucceeded, rest.State, rest.Error)
	require.Equal(t, cancelled.Counts.Cancelled, rest.Counts.Succeeded)
	for _, name := range []string{"a1", "a2", "a3", "a4", "a5", "a6"} {
		instance, err := w.catalog.Instance(t.Context(), name)
		require.NoError(t, err)
		require.NoError(t, w.query(instance), name)
	}
}

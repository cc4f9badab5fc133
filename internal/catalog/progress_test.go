package catalog_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"github.com/toygres/toygres"
	"github.com/toygres/toygres/internal/catalog"
)

// A worker that got no answer says it again.
func TestRepeatedReportsChangeNothing(t *testing.T) {
	t.Parallel()
	s, url := openURL(t)
	ctx, pool, owner := t.Context(), sql(t, url), newUser(t, s, "ann")
	op := create(t, s, owner, "mydb").Operation.ID
	retry := time.Now().Add(time.Minute).UTC().Truncate(time.Millisecond)

	twice := func(what string, call func() error) {
		before := count(t, pool, `SELECT count(*) FROM events`)
		require.NoError(t, call(), what)
		after, err := s.Operation(ctx, op)
		require.NoError(t, err)
		events := count(t, pool, `SELECT count(*) FROM events`)
		require.Greater(t, events, before, what)
		require.NoError(t, call(), what+", again")
		again, err := s.Operation(ctx, op)
		require.NoError(t, err)
		require.Equal(t, after, again, what)
		require.Equal(t, events, count(t, pool, `SELECT count(*) FROM events`), what+" wrote an event again")
	}
	twice("begin", func() error { return s.StartOperation(ctx, op, "run") })
	twice("start", func() error { return s.StepStarted(ctx, op, toygres.StepProvision, 1) })
	twice("progress", func() error { return s.StepProgress(ctx, op, toygres.StepProvision, "copying") })
	twice("fail", func() error { return s.StepFailed(ctx, op, toygres.StepProvision, 1, "disk is full", retry) })
	operation, err := s.Operation(ctx, op)
	require.NoError(t, err)
	step := operation.Steps[0]
	require.Equal(t, "disk is full", step.Error)
	require.Equal(t, retry, step.NextRetryAt)
	require.Empty(t, step.Message)

	twice("start again", func() error { return s.StepStarted(ctx, op, toygres.StepProvision, 2) })
	operation, err = s.Operation(ctx, op)
	require.NoError(t, err)
	require.Equal(t, "disk is full", operation.Steps[0].Error, "kept while it is tried again")
	require.Zero(t, operation.Steps[0].NextRetryAt)
	require.Equal(t, step.StartedAt, operation.Steps[0].StartedAt, "of the first attempt")
	require.NoError(t, s.StepFailed(ctx, op, toygres.StepProvision, 1, "late", time.Time{}))
	operation, err = s.Operation(ctx, op)
	require.NoError(t, err)
	require.Equal(t, toygres.StepRunning, operation.Steps[0].State, "an older attempt's failure comes too late")

	twice("succeed", func() error { return s.StepSucceeded(ctx, op, toygres.StepProvision, 2) })
	operation, err = s.Operation(ctx, op)
	require.NoError(t, err)
	require.Empty(t, operation.Steps[0].Error)
	require.NoError(t, s.StepStarted(ctx, op, toygres.StepProvision, 2))
	require.NoError(t, s.StepFailed(ctx, op, toygres.StepProvision, 2, "no", time.Time{}))
	operation, err = s.Operation(ctx, op)
	require.NoError(t, err)
	require.Equal(t, toygres.StepSucceeded, operation.Steps[0].State, "what is done stays done")

	twice("undo, which was not planned", func() error { return s.StepStarted(ctx, op, toygres.StepUndo, 1) })
	twice("cancel", func() error { _, err := s.AskCancel(ctx, op, owner); return err })
	twice("finish", func() error {
		return s.FinishOperation(ctx, toygres.Outcome{Operation: op, State: toygres.OperationCancelled,
			InstanceState: toygres.StateFailed, Code: toygres.CodeCancelled, Message: "it was cancelled"})
	})
	operation, err = s.Operation(ctx, op)
	require.NoError(t, err)
	require.Equal(t, toygres.StepUndo, operation.Steps[4].Name)
	require.Equal(t, toygres.StepFailed, operation.Steps[4].State, "what still ran shares the operation's fate")
	require.Equal(t, toygres.StepSkipped, operation.Steps[1].State)
	require.Zero(t, operation.Steps[1].EndedAt)
	instance, err := s.Instance(ctx, "mydb")
	require.NoError(t, err)
	require.Equal(t, "it was cancelled", instance.Message)
}

// The attempts of a step count from 1 again when the worker that ran it is
// lost.
func TestStepGoesOnWhenAttemptsCountFromOneAgain(t *testing.T) {
	t.Parallel()
	s := open(t)
	ctx := t.Context()
	op := create(t, s, newUser(t, s, "ann"), "mydb").Operation.ID
	require.NoError(t, s.StepStarted(ctx, op, toygres.StepProvision, 3))
	require.NoError(t, s.StepFailed(ctx, op, toygres.StepProvision, 3, "no", time.Time{}))
	require.NoError(t, s.StepStarted(ctx, op, toygres.StepProvision, 1))
	require.NoError(t, s.StepSucceeded(ctx, op, toygres.StepProvision, 1))
	operation, err := s.Operation(ctx, op)
	require.NoError(t, err)
	require.Equal(t, toygres.StepSucceeded, operation.Steps[0].State)
}

func TestOperationThatIsOverTakesNoMoreReports(t *testing.T) {
	t.Parallel()
	s, url := openURL(t)
	ctx, pool, owner := t.Context(), sql(t, url), newUser(t, s, "ann")
	begun := create(t, s, owner, "mydb")
	op := begun.Operation.ID
	require.NoError(t, s.StartOperation(ctx, op, "run-1"))
	requireCode(t, toygres.CodeConflict, s.StartOperation(ctx, op, "run-2"))
	finish(t, s, begun, toygres.StateRunning)
	before := count(t, pool, `SELECT count(*) FROM events`)

	requireCode(t, toygres.CodeConflict, s.StartOperation(ctx, op, "run-1"))
	requireCode(t, toygres.CodeConflict, s.StepStarted(ctx, op, toygres.StepProvision, 9))
	requireCode(t, toygres.CodeConflict, s.StepProgress(ctx, op, toygres.StepProvision, "x"))
	requireCode(t, toygres.CodeConflict, s.StepFailed(ctx, op, toygres.StepProvision, 9, "x", time.Time{}))
	requireCode(t, toygres.CodeConflict, s.StepSucceeded(ctx, op, toygres.StepProvision, 9))
	_, err := s.AskCancel(ctx, op, owner)
	requireCode(t, toygres.CodeConflict, err)
	requireCode(t, toygres.CodeConflict, s.FinishOperation(ctx, toygres.Outcome{Operation: op,
		State: toygres.OperationFailed, InstanceState: toygres.StateFailed}))
	requireCode(t, toygres.CodeConflict, s.FinishOperation(ctx, toygres.Outcome{
		Operation: "0192d3c4-0000-7000-8000-000000000000", State: toygres.OperationFailed, InstanceState: toygres.StateFailed}))
	requireCode(t, toygres.CodeInternal, s.FinishOperation(ctx, toygres.Outcome{Operation: op,
		State: toygres.OperationRunning, InstanceState: toygres.StateFailed}))
	require.Equal(t, before, count(t, pool, `SELECT count(*) FROM events`))
}

func TestCancelledDeletePutsTheInstanceBackAsItWas(t *testing.T) {
	t.Parallel()
	s := open(t)
	ctx, owner := t.Context(), newUser(t, s, "ann")
	begun := create(t, s, owner, "mydb")
	require.NoError(t, s.FinishOperation(ctx, toygres.Outcome{Operation: begun.Operation.ID, State: toygres.OperationFailed,
		InstanceState: toygres.StateFailed, Message: "the disk is full"}))
	before, err := s.Instance(ctx, "mydb")
	require.NoError(t, err)

	deletion, err := s.Begin(ctx, "mydb", toygres.KindDelete, owner)
	require.NoError(t, err)
	cancelled := toygres.Outcome{Operation: deletion.Operation.ID, State: toygres.OperationCancelled, Code: toygres.CodeCancelled, Message: "it was cancelled"}
	require.NoError(t, s.FinishOperation(ctx, cancelled))
	require.NoError(t, s.FinishOperation(ctx, cancelled), "once more")
	after, err := s.Instance(ctx, "mydb")
	require.NoError(t, err)
	after.UpdatedAt = before.UpdatedAt
	require.Equal(t, before, after)
}

// What a store call does and the event that tells of it can't be apart.
func TestWithoutItsEventNothingChanges(t *testing.T) {
	t.Parallel()
	s, url := openURL(t)
	ctx, pool, owner := t.Context(), sql(t, url), newUser(t, s, "ann")
	still := running(t, s, owner, "still")
	young := create(t, s, owner, "young").Operation.ID
	old := create(t, s, owner, "old").Operation.ID
	require.NoError(t, s.StepStarted(ctx, old, toygres.StepProvision, 1))
	running(t, s, owner, "leaving")
	leaving, err := s.Begin(ctx, "leaving", toygres.KindDelete, owner)
	require.NoError(t, err)

	exec(t, pool, `CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'no events today'; END $$`)
	exec(t, pool, `CREATE TRIGGER refuse BEFORE INSERT ON events EXECUTE FUNCTION refuse()`)
	before := everything(t, pool)
	for what, call := range map[string]func() error{
		"create":        func() error { _, err := s.BeginCreate(ctx, request(owner, "more")); return err },
		"stop":          func() error { _, err := s.Begin(ctx, "still", toygres.KindStop, owner); return err },
		"abandon":       func() error { return s.Abandon(ctx, leaving.Operation.ID) },
		"abandonCreate": func() error { return s.AbandonCreate(ctx, young) },
		"start":         func() error { return s.StartOperation(ctx, young, "run") },
		"stepStarted":   func() error { return s.StepStarted(ctx, young, toygres.StepProvision, 1) },
		"stepProgress":  func() error { return s.StepProgress(ctx, old, toygres.StepProvision, "x") },
		"stepFailed":    func() error { return s.StepFailed(ctx, old, toygres.StepProvision, 1, "x", time.Time{}) },
		"stepSucceeded": func() error { return s.StepSucceeded(ctx, old, toygres.StepProvision, 1) },
		"askCancel":     func() error { _, err := s.AskCancel(ctx, old, owner); return err },
		"finish": func() error {
			return s.FinishOperation(ctx, toygres.Outcome{Operation: old, State: toygres.OperationSucceeded, InstanceState: toygres.StateRunning})
		},
		"changeState": func() error {
			return s.ChangeState(ctx, catalog.StateChange{Instance: still.ID, From: toygres.StateRunning, To: toygres.StateFailed})
		},
	} {
		requireCode(t, toygres.CodeInternal, call())
		require.Equal(t, before, everything(t, pool), what)
	}
}

// everything describes all rows that tell how things stand.
func everything(t *testing.T, pool *pgxpool.Pool) (all string) {
	t.Helper()
	require.NoError(t, pool.QueryRow(t.Context(), `
		SELECT (SELECT json_agg(i ORDER BY id) FROM instances i)::text || (SELECT json_agg(o ORDER BY id) FROM operations o)::text ||
		       (SELECT json_agg(s ORDER BY operation_id, name) FROM steps s)::text`).Scan(&all))
	return all
}

// All at once on the same few instances: every call ends, with success or a
// conflict, and none with a deadlock.
func TestNoDeadlocks(t *testing.T) {
	t.Parallel()
	s, url := openURL(t)
	owner := newUser(t, s, "ann")
	kinds := []toygres.Kind{toygres.KindDelete, toygres.KindStop, toygres.KindStart, toygres.KindRestart}
	act := func(ctx context.Context, r *rand.Rand) error {
		name := fmt.Sprintf("db-%d", r.IntN(3))
		instance, err := s.Instance(ctx, name)
		if err != nil {
			_, err = s.BeginCreate(ctx, request(owner, name))
			return err
		}
		op := instance.Operation
		if op == "" {
			_, err = s.Begin(ctx, name, kinds[r.IntN(len(kinds))], owner)
			return err
		}
		switch r.IntN(7) {
		case 0:
			return s.StartOperation(ctx, op, "run")
		case 1:
			return s.StepStarted(ctx, op, toygres.StepName(fmt.Sprintf("step %d", r.IntN(5))), 1+r.IntN(3))
		case 2:
			return s.StepSucceeded(ctx, op, toygres.StepName(fmt.Sprintf("step %d", r.IntN(5))), 1+r.IntN(3))
		case 3:
			_, err := s.AskCancel(ctx, op, owner)
			return err
		case 4:
			return s.Abandon(ctx, op)
		case 5:
			return s.AbandonCreate(ctx, op)
		default:
			for _, to := range r.Perm(len(toygres.States())) {
				if state := toygres.States()[to]; instance.State.CanBecome(state) {
					return s.FinishOperation(ctx, toygres.Outcome{Operation: op, State: toygres.OperationSucceeded, InstanceState: state})
				}
			}
			return nil
		}
	}
	var group errgroup.Group
	for n := range uint64(12) {
		group.Go(func() error {
			r := rand.New(rand.NewPCG(n, 1))
			for range 150 {
				err := act(t.Context(), r)
				switch toygres.CodeOf(err) {
				case "", toygres.CodeConflict, toygres.CodeNotFound:
				default:
					return err
				}
			}
			return nil
		})
	}
	require.NoError(t, group.Wait())
	require.Zero(t, count(t, sql(t, url), `
		SELECT count(*) FROM instances i
		WHERE (state IN ('creating', 'stopping', 'starting', 'restarting', 'updating', 'deleting'))
		   <> EXISTS (SELECT FROM operations o WHERE o.instance_id = i.id AND o.state IN ('pending', 'running'))`),
		"an instance is in between exactly while an operation is in progress")
}

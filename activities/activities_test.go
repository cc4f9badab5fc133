package activities_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	sdklog "go.temporal.io/sdk/log"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"

	"github.com/toygres/toygres"
	"github.com/toygres/toygres/activities"
	"github.com/toygres/toygres/dev/postgrestest"
	"github.com/toygres/toygres/internal/catalog"
	"github.com/toygres/toygres/providers/local"
)

// realWorld is a real catalog with a create that has begun, and a real
// provider.
type realWorld struct {
	catalog  *catalog.Store
	provider *local.Provider
	begun    catalog.Begun
}

func newRealWorld(t *testing.T) realWorld {
	t.Helper()
	url := postgrestest.NewDatabase(t)
	_, err := catalog.Migrate(t.Context(), url, catalog.MigrateUp)
	require.NoError(t, err)
	store, err := catalog.Open(t.Context(), url, catalog.Options{})
	require.NoError(t, err)
	t.Cleanup(store.Close)
	owner, err := store.CreateUser(t.Context(), "ada", "$argon2id$x", toygres.RoleOperator)
	require.NoError(t, err)
	begun, err := store.BeginCreate(t.Context(), catalog.NewInstance{
		Spec: toygres.Spec{Name: "demo"}.WithDefaults(), Owner: owner.ID, Provider: local.Name})
	require.NoError(t, err)
	// Not below the test's directory, which only root can enter.
	dir, err := os.MkdirTemp("", "toygres-activities-")
	require.NoError(t, err)
	require.NoError(t, os.Chmod(dir, 0o755))
	t.Cleanup(func() { require.NoError(t, os.RemoveAll(dir)) })
	first, last := postgrestest.Ports(t)
	provider, err := local.New(local.Config{Dir: filepath.Join(dir, "instances"), Prefixes: postgrestest.Prefixes(t)[:1],
		FirstPort: first, LastPort: last, Logger: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, provider.Shutdown(context.Background())) })
	return realWorld{store, provider, begun}
}

func environment(t *testing.T) *testsuite.TestActivityEnvironment {
	t.Helper()
	var suite testsuite.WorkflowTestSuite
	suite.SetLogger(sdklog.NewStructuredLogger(slog.New(slog.DiscardHandler)))
	return suite.NewTestActivityEnvironment()
}

// The whole of a create against what it meets in production, each activity
// twice, as after a crash.
func TestActivitiesCanBeRepeatedAgainstRealServers(t *testing.T) {
	t.Parallel()
	w := newRealWorld(t)
	env := environment(t)
	operations := &activities.Operations{Catalog: w.catalog}
	servers := &activities.Servers{Provider: w.provider, Journal: w.catalog}
	connections := &activities.Connections{Credentials: w.provider, Journal: w.catalog}
	for _, a := range []any{operations, servers, connections} {
		env.RegisterActivity(a)
	}
	op, id := w.begun.Operation.ID, w.begun.Instance.ID
	var ready activities.AwaitReadyResult
	var tested activities.TestConnectionResult
	for range 2 {
		_, err := env.ExecuteActivity(operations.Begin, activities.BeginInput{OperationID: op})
		require.NoError(t, err)
		_, err = env.ExecuteActivity(servers.Provision, activities.ProvisionInput{OperationID: op, InstanceID: id, Spec: w.begun.Instance.Spec})
		require.NoError(t, err)
		value, err := env.ExecuteActivity(servers.AwaitReady, activities.AwaitReadyInput{OperationID: op, InstanceID: id})
		require.NoError(t, err)
		require.NoError(t, value.Get(&ready))
		value, err = env.ExecuteActivity(connections.TestConnection,
			activities.TestConnectionInput{OperationID: op, InstanceID: id, Endpoint: ready.Endpoint})
		require.NoError(t, err)
		require.NoError(t, value.Get(&tested))
	}
	require.Regexp(t, `^18\.\d`, tested.ServerVersion)
	for range 2 {
		_, err := env.ExecuteActivity(operations.Finish, activities.FinishInput{Outcome: toygres.Outcome{Operation: op,
			State: toygres.OperationSucceeded, InstanceState: toygres.StateRunning, Step: toygres.StepFinish,
			Endpoint: ready.Endpoint, ServerVersion: tested.ServerVersion}})
		require.NoError(t, err)
	}
	done, err := w.catalog.Operation(t.Context(), op)
	require.NoError(t, err)
	require.Equal(t, toygres.OperationSucceeded, done.State)
	for _, step := range done.Steps {
		require.Equal(t, toygres.StepSucceeded, step.State, step.Name)
	}

	deleting, err := w.catalog.Begin(t.Context(), "demo", toygres.KindDelete, w.begun.Instance.Owner)
	require.NoError(t, err)
	for range 2 {
		_, err = env.ExecuteActivity(servers.Remove, activities.RemoveInput{OperationID: deleting.Operation.ID, InstanceID: id, Step: toygres.StepRemove})
		require.NoError(t, err)
	}
	left, err := w.provider.List(t.Context())
	require.NoError(t, err)
	require.Empty(t, left)
}

// wrong reveals credentials that the server refuses.
type wrong struct{}

const secret = "hunter2-is-not-it"

func (wrong) Credentials(context.Context, toygres.InstanceID) (toygres.Credentials, error) {
	return toygres.Credentials{User: "postgres", Password: secret, Database: "postgres"}, nil
}

func TestRefusedConnectionSaysWhyWithoutThePassword(t *testing.T) {
	t.Parallel()
	w := newRealWorld(t)
	env := environment(t)
	servers := &activities.Servers{Provider: w.provider, Journal: w.catalog}
	connections := &activities.Connections{Credentials: wrong{}, Journal: w.catalog}
	env.RegisterActivity(servers)
	env.RegisterActivity(connections)
	op, id := w.begun.Operation.ID, w.begun.Instance.ID
	_, err := env.ExecuteActivity(servers.Provision, activities.ProvisionInput{OperationID: op, InstanceID: id, Spec: w.begun.Instance.Spec})
	require.NoError(t, err)
	value, err := env.ExecuteActivity(servers.AwaitReady, activities.AwaitReadyInput{OperationID: op, InstanceID: id})
	require.NoError(t, err)
	var ready activities.AwaitReadyResult
	require.NoError(t, value.Get(&ready))
	_, err = env.ExecuteActivity(connections.TestConnection, activities.TestConnectionInput{OperationID: op, InstanceID: id, Endpoint: ready.Endpoint})
	app := applicationError(t, err)
	require.Equal(t, string(toygres.CodeProvider), app.Type())
	require.Contains(t, app.Message(), "password authentication failed")
	require.NotContains(t, fmt.Sprintf("%v %+v %#v", err, err, err), secret)
	recorded, err := w.catalog.Operation(t.Context(), op)
	require.NoError(t, err)
	require.NotContains(t, fmt.Sprintf("%+v", recorded), secret)
}

func applicationError(t *testing.T, err error) *temporal.ApplicationError {
	t.Helper()
	var app *temporal.ApplicationError
	require.ErrorAs(t, err, &app)
	return app
}

// journal notes what users would see.
type journal struct {
	mu       sync.Mutex
	lines    []string
	startErr error
}

func (j *journal) note(format string, args ...any) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.lines = append(j.lines, fmt.Sprintf(format, args...))
}

func (j *journal) StepStarted(_ context.Context, _ toygres.OperationID, step toygres.StepName, attempt int) error {
	if j.startErr != nil {
		return j.startErr
	}
	j.note("%s: attempt %d", step, attempt)
	return nil
}

func (j *journal) StepProgress(_ context.Context, _ toygres.OperationID, step toygres.StepName, message string) error {
	j.note("%s: %s", step, message)
	return nil
}

func (j *journal) StepFailed(ctx context.Context, _ toygres.OperationID, step toygres.StepName, attempt int, message string, nextRetry time.Time) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	again := "for good"
	if !nextRetry.IsZero() {
		again = "again in " + time.Until(nextRetry).Round(100*time.Millisecond).String()
	}
	j.note("%s: attempt %d failed: %s, %s", step, attempt, message, again)
	return nil
}

func (j *journal) StepSucceeded(_ context.Context, _ toygres.OperationID, step toygres.StepName, attempt int) error {
	j.note("%s: attempt %d succeeded", step, attempt)
	return nil
}

// shows is a provider that shows these observations, one after each change.
type shows struct {
	mu        sync.Mutex
	seen      []toygres.Observation
	provision func(context.Context) error
	calls     []string // that change something
}

func (s *shows) Provision(ctx context.Context, _ toygres.InstanceID, _ toygres.Spec) error {
	return s.provision(ctx)
}

func (s *shows) Resize(_ context.Context, _ toygres.InstanceID, size toygres.Size) error {
	s.calls = append(s.calls, "resize "+size.String())
	return nil
}

func (s *shows) RotatePassword(context.Context, toygres.InstanceID, string) error { return nil }

func (s *shows) Configure(_ context.Context, _ toygres.InstanceID, to toygres.Configuration) error {
	s.calls = append(s.calls, "configure "+to.Mark())
	return nil
}

func (s *shows) Restart(_ context.Context, _ toygres.InstanceID, request string) error {
	s.calls = append(s.calls, "restart "+request)
	return nil
}

func (s *shows) Credentials(context.Context, toygres.InstanceID) (toygres.Credentials, error) {
	return toygres.Credentials{Password: secret}, nil
}

func (s *shows) Stop(context.Context, toygres.InstanceID) error {
	s.calls = append(s.calls, "stop")
	return nil
}

func (s *shows) Start(context.Context, toygres.InstanceID) error { return nil }

func (s *shows) Delete(context.Context, toygres.InstanceID) error { return nil }

func (s *shows) Observe(context.Context, toygres.InstanceID) (toygres.Observation, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	next := s.seen[0]
	if len(s.seen) > 1 {
		s.seen = s.seen[1:]
	}
	return next, nil
}

// Watch tells of changes of others too.
func (s *shows) Watch(ctx context.Context) (<-chan toygres.InstanceID, error) {
	changes := make(chan toygres.InstanceID)
	go func() {
		defer close(changes)
		for _, id := range []toygres.InstanceID{"other", "mine", "other", "mine", "mine", "mine"} {
			select {
			case changes <- id:
			case <-ctx.Done():
				return
			}
		}
		<-ctx.Done()
	}()
	return changes, nil
}

func awaitReady(t *testing.T, p *shows) (*journal, error) {
	t.Helper()
	j := &journal{}
	env := environment(t)
	servers := &activities.Servers{Provider: p, Journal: j}
	env.RegisterActivity(servers)
	_, err := env.ExecuteActivity(servers.AwaitReady, activities.AwaitReadyInput{OperationID: "op", InstanceID: "mine"})
	return j, err
}

func TestAwaitReadyTellsWhatItWaitsForOnce(t *testing.T) {
	t.Parallel()
	starting := toygres.Observation{Phase: toygres.PhaseStarting, Message: "pulling the image"}
	recovering := toygres.Observation{Phase: toygres.PhaseStarting, Message: "recovering"}
	j, err := awaitReady(t, &shows{seen: []toygres.Observation{starting, starting, recovering, {Phase: toygres.PhaseReady}}})
	require.NoError(t, err)
	require.Equal(t, []string{"wait for ready: attempt 1", "wait for ready: pulling the image", "wait for ready: recovering",
		"wait for ready: attempt 1 succeeded"}, j.lines)
}

func TestAwaitReadyGivesUpAtOnceOnAServerThatFailed(t *testing.T) {
	t.Parallel()
	j, err := awaitReady(t, &shows{seen: []toygres.Observation{{Phase: toygres.PhaseStarting}, {Phase: toygres.PhaseFailed, Message: "the disk is full"}}})
	app := applicationError(t, err)
	require.True(t, app.NonRetryable())
	require.Equal(t, "the server failed to start: the disk is full", app.Message())
	require.Equal(t, "wait for ready: attempt 1 failed: the server failed to start: the disk is full, for good", j.lines[len(j.lines)-1])
}

func TestAwaitReadyNoticesThatTheServerVanished(t *testing.T) {
	t.Parallel()
	_, err := awaitReady(t, &shows{seen: []toygres.Observation{{Phase: toygres.PhaseStarting}, {Phase: toygres.PhaseAbsent}}})
	require.True(t, applicationError(t, err).NonRetryable())
}

var (
	had  = toygres.Size{CPUMillis: 1000, MemoryMiB: 1024, StorageGiB: 10}
	asks = toygres.Size{CPUMillis: 2000, MemoryMiB: 4096, StorageGiB: 20}
)

func TestResizeHasSucceededWhenTheServerHasTheNewSize(t *testing.T) {
	t.Parallel()
	await := func(seen ...toygres.Observation) (result activities.AwaitResizedResult, err error) {
		env := environment(t)
		servers := &activities.Servers{Provider: &shows{seen: seen}, Journal: &journal{}}
		env.RegisterActivity(servers)
		value, err := env.ExecuteActivity(servers.AwaitResized, activities.AwaitResizedInput{OperationID: "op", InstanceID: "mine", Size: asks})
		if err == nil {
			err = value.Get(&result)
		}
		return result, err
	}
	endpoint := toygres.Endpoint{Host: "localhost", Port: 15500}
	result, err := await(toygres.Observation{Phase: toygres.PhaseStarting, Size: asks}, toygres.Observation{Phase: toygres.PhaseReady, Size: asks, Endpoint: endpoint})
	require.NoError(t, err)
	require.Equal(t, activities.AwaitResizedResult{Endpoint: endpoint}, result)
	result, err = await(toygres.Observation{Phase: toygres.PhaseStopped, Size: asks})
	require.NoError(t, err)
	require.True(t, result.Stopped)

	partly := asks
	partly.StorageGiB = had.StorageGiB
	_, err = await(toygres.Observation{Phase: toygres.PhaseReady, Size: partly, Message: "its volume has not grown"})
	require.True(t, applicationError(t, err).NonRetryable())
	require.Equal(t, "the instance has 2000m CPU, 4096 MiB of memory, 10 GiB of storage: its volume has not grown", applicationError(t, err).Message())
	_, err = await(toygres.Observation{Phase: toygres.PhaseFailed, Message: "no memory"})
	require.Equal(t, "the server failed to start: no memory", applicationError(t, err).Message())
	_, err = await(toygres.Observation{Phase: toygres.PhaseAbsent})
	require.Equal(t, string(toygres.CodeNotFound), applicationError(t, err).Type())
}

// A server that does not start any more is stopped, and storage is not asked
// to shrink.
func TestUndoneResizeGivesBackCPUAndMemory(t *testing.T) {
	t.Parallel()
	undo := func(seen ...toygres.Observation) (calls []string, result activities.UndoResizeResult) {
		env := environment(t)
		p := &shows{seen: seen}
		servers := &activities.Servers{Provider: p, Journal: &journal{}}
		env.RegisterActivity(servers)
		value, err := env.ExecuteActivity(servers.UndoResize, activities.UndoResizeInput{OperationID: "op", InstanceID: "mine", Size: had})
		require.NoError(t, err)
		require.NoError(t, value.Get(&result))
		return p.calls, result
	}
	const resize = "resize 1000m CPU, 1024 MiB of memory, 0 GiB of storage"
	grown := had
	grown.StorageGiB = 20
	calls, result := undo(toygres.Observation{Phase: toygres.PhaseStarting}, toygres.Observation{Phase: toygres.PhaseReady, Size: grown})
	require.Equal(t, []string{resize}, calls)
	require.Equal(t, activities.UndoResizeResult{Size: grown}, result)
	calls, result = undo(toygres.Observation{Phase: toygres.PhaseStopped, Size: had})
	require.Equal(t, []string{resize}, calls)
	require.Equal(t, activities.UndoResizeResult{Size: had, Stopped: true}, result)
	calls, result = undo(toygres.Observation{Phase: toygres.PhaseFailed, Size: had, Message: "no memory"})
	require.Equal(t, []string{resize, "stop"}, calls)
	require.Equal(t, activities.UndoResizeResult{Size: had, Stopped: true, Failure: "no memory"}, result)
}

func provision(t *testing.T, j *journal, do func(context.Context) error, options func(*testsuite.TestActivityEnvironment)) error {
	t.Helper()
	env := environment(t)
	if options != nil {
		options(env)
	}
	servers := &activities.Servers{Provider: &shows{provision: do}, Journal: j}
	env.RegisterActivity(servers)
	_, err := env.ExecuteActivity(servers.Provision, activities.ProvisionInput{OperationID: "op", InstanceID: "mine"})
	return err
}

// What is not meant for users stays in the log.
func TestInternalsOfAnErrorStayOutOfTemporal(t *testing.T) {
	t.Parallel()
	j := &journal{}
	err := provision(t, j, func(context.Context) error { return errors.New("dsn: postgres://u:" + secret + "@h/d") }, nil)
	app := applicationError(t, err)
	require.Equal(t, string(toygres.CodeInternal), app.Type())
	require.NoError(t, app.Unwrap())
	require.NotContains(t, fmt.Sprintf("%+v %v", err, j.lines), secret)

	err = provision(t, j, func(context.Context) error { panic(secret) }, nil)
	require.Equal(t, string(toygres.CodeInternal), applicationError(t, err).Type())
	require.NotContains(t, fmt.Sprintf("%+v %v", err, j.lines), secret)
}

func TestStoppingWorkerLetsGoAndTheStepIsTriedAgain(t *testing.T) {
	t.Parallel()
	j := &journal{}
	stopping := make(chan struct{})
	err := provision(t, j, func(ctx context.Context) error {
		close(stopping)
		<-ctx.Done()
		return ctx.Err()
	}, func(env *testsuite.TestActivityEnvironment) { env.SetWorkerStopChannel(stopping) })
	app := applicationError(t, err)
	require.False(t, app.NonRetryable())
	require.Equal(t, string(toygres.CodeUnavailable), app.Type())
	require.Contains(t, j.lines[len(j.lines)-1], "the worker was stopped; the step goes on when one is there again, again in")
}

func TestStepOfAnOperationThatIsOverDoesNothing(t *testing.T) {
	t.Parallel()
	j := &journal{startErr: toygres.Errorf(toygres.CodeConflict, "the operation is over")}
	err := provision(t, j, func(context.Context) error { panic("must not run") }, nil)
	app := applicationError(t, err)
	require.True(t, app.NonRetryable())
	require.Equal(t, string(toygres.CodeConflict), app.Type())
	require.Empty(t, j.lines)
}

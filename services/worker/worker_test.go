package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"
	"google.golang.org/protobuf/proto"

	"github.com/toygres/toygres"
	"github.com/toygres/toygres/dev/postgrestest"
	"github.com/toygres/toygres/dev/stack/ports"
	"github.com/toygres/toygres/dev/temporaltest"
	"github.com/toygres/toygres/internal/catalog"
	"github.com/toygres/toygres/providers/local"
	"github.com/toygres/toygres/workflows"
)

// world is everything around a worker, all of it real.
type world struct {
	t        *testing.T
	catalog  *catalog.Store
	provider *local.Provider
	temporal *temporaltest.Server
	client   client.Client
	owner    toygres.UserID
	health   string
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, temporal: temporaltest.New(t), health: freeAddress(t)}
	url := postgrestest.NewDatabase(t)
	_, err := catalog.Migrate(t.Context(), url, catalog.MigrateUp)
	require.NoError(t, err)
	w.catalog, err = catalog.Open(t.Context(), url, catalog.Options{})
	require.NoError(t, err)
	t.Cleanup(w.catalog.Close)
	owner, err := w.catalog.CreateUser(t.Context(), "ada", "$argon2id$x", toygres.RoleOperator)
	require.NoError(t, err)
	w.owner = owner.ID

	// Not below the test's directory, which only root can enter.
	dir, err := os.MkdirTemp("", "toygres-worker-")
	require.NoError(t, err)
	require.NoError(t, os.Chmod(dir, 0o755))
	t.Cleanup(func() { require.NoError(t, os.RemoveAll(dir)) })
	first, last := postgrestest.Ports(t)
	for name, value := range map[string]string{
		"CATALOG_URL": url, "WORKER_LISTEN": w.health, "LOG_LEVEL": "error",
		"TEMPORAL_ADDRESS": w.temporal.Address, "TEMPORAL_NAMESPACE": temporaltest.Namespace,
		"LOCAL_DIR": filepath.Join(dir, "instances"), "LOCAL_POSTGRES": strings.Join(postgrestest.Prefixes(t), ":"),
		"LOCAL_PORTS": fmt.Sprintf("%d-%d", first, last),
	} {
		t.Setenv("TOYGRES_"+name, value)
	}
	c, err := readConfig()
	require.NoError(t, err)
	opened, err := c.Provider.Open(nil)
	require.NoError(t, err)
	w.provider = opened.(*local.Provider)
	t.Cleanup(func() { require.NoError(t, w.provider.Shutdown(context.Background())) })
	w.client, err = client.NewLazyClient(client.Options{HostPort: w.temporal.Address, Namespace: temporaltest.Namespace})
	require.NoError(t, err)
	t.Cleanup(w.client.Close)
	return w
}

// work runs the worker until the returned function is called.
func (w *world) work() (stop func()) {
	w.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- run(ctx) }()
	stopped := false
	stop = func() {
		if stopped {
			return
		}
		stopped = true
		cancel()
		require.NoError(w.t, <-ended)
	}
	w.t.Cleanup(stop)
	return stop
}

func (w *world) create(name string) catalog.Begun {
	w.t.Helper()
	begun := w.begin(name)
	w.start(begun)
	return begun
}

// begin records a create whose workflow is not started yet.
func (w *world) begin(name string) catalog.Begun {
	w.t.Helper()
	begun, err := w.catalog.BeginCreate(w.t.Context(), catalog.NewInstance{
		Spec: toygres.Spec{Name: name}.WithDefaults(), Owner: w.owner, Provider: local.Name})
	require.NoError(w.t, err)
	return begun
}

func (w *world) delete(name string) catalog.Begun {
	w.t.Helper()
	begun, err := w.catalog.Begin(w.t.Context(), name, toygres.KindDelete, w.owner)
	require.NoError(w.t, err)
	w.start(begun)
	return begun
}

// start starts the workflow, perhaps only once that of the operation before has
// closed: what it did is in the catalog a moment earlier.
func (w *world) start(begun catalog.Begun) {
	w.t.Helper()
	await(w.t, func() (string, error) {
		return workflows.Start(w.t.Context(), w.client, begun.Operation, begun.Instance.Spec)
	})
}

// ends waits until the operation has ended and returns it.
func (w *world) ends(id toygres.OperationID) toygres.Operation {
	w.t.Helper()
	return await(w.t, func() (toygres.Operation, error) {
		op, err := w.catalog.Operation(w.t.Context(), id)
		if err == nil && !op.State.Done() {
			err = fmt.Errorf("operation %+v has not ended", op)
		}
		return op, err
	})
}

// reaches waits until the operation is at a step.
func (w *world) reaches(id toygres.OperationID, name toygres.StepName) {
	w.t.Helper()
	await(w.t, func() (struct{}, error) {
		op, err := w.catalog.Operation(w.t.Context(), id)
		if err != nil {
			return struct{}{}, err
		}
		for _, step := range op.Steps {
			if step.Name == name && step.Attempt > 0 {
				return struct{}{}, nil
			}
		}
		return struct{}{}, errors.New("the step has not begun")
	})
}

func await[T any](t *testing.T, look func() (T, error)) T {
	t.Helper()
	var seen T
	require.EventuallyWithT(t, func(c *assert.CollectT) {
		var err error
		seen, err = look()
		require.NoError(c, err)
	}, 3*time.Minute, 20*time.Millisecond)
	return seen
}

// query connects to the instance as a client would.
func (w *world) query(i toygres.Instance) error {
	credentials, err := w.provider.Credentials(w.t.Context(), i.ID)
	if err != nil {
		return err
	}
	conn, err := pgx.Connect(w.t.Context(), fmt.Sprintf("postgres://%s:%s@%s/%s", credentials.User, credentials.Password,
		net.JoinHostPort(i.Endpoint.Host, fmt.Sprint(i.Endpoint.Port)), credentials.Database))
	if err != nil {
		return err
	}
	defer conn.Close(context.Background())
	return conn.Ping(w.t.Context())
}

func (w *world) readyz() (int, string) {
	response, err := http.Get("http://" + w.health + "/readyz")
	if err != nil {
		return 0, err.Error()
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	require.NoError(w.t, err)
	return response.StatusCode, string(body)
}

func TestWorkerCreatesAndDeletes(t *testing.T) {
	w := newWorld(t)
	w.work()

	created := w.create("demo")
	op := w.ends(created.Operation.ID)
	require.Equal(t, toygres.OperationSucceeded, op.State, op.Error)
	for _, step := range op.Steps {
		require.Equal(t, toygres.StepSucceeded, step.State, step.Name)
		require.Equal(t, 1, step.Attempt, step.Name)
	}
	instance, err := w.catalog.Instance(t.Context(), "demo")
	require.NoError(t, err)
	require.Equal(t, toygres.StateRunning, instance.State)
	require.Regexp(t, `^18\.`, instance.ServerVersion)
	require.NoError(t, w.query(instance))
	w.requireNoSecret(created)

	deleted := w.delete("demo")
	op = w.ends(deleted.Operation.ID)
	require.Equal(t, toygres.OperationSucceeded, op.State, op.Error)
	ids, err := w.provider.List(t.Context())
	require.NoError(t, err)
	require.Empty(t, ids)
	_, err = w.catalog.Instance(t.Context(), "demo")
	require.Equal(t, toygres.CodeNotFound, toygres.CodeOf(err))
}

// requireNoSecret looks for the password in every byte that Temporal has of
// the operation.
func (w *world) requireNoSecret(begun catalog.Begun) {
	w.t.Helper()
	credentials, err := w.provider.Credentials(w.t.Context(), begun.Instance.ID)
	require.NoError(w.t, err)
	require.NotEmpty(w.t, credentials.Password)
	events := w.client.GetWorkflowHistory(w.t.Context(), begun.Operation.WorkflowID, "", false, 0)
	for events.HasNext() {
		event, err := events.Next()
		require.NoError(w.t, err)
		raw, err := proto.Marshal(event)
		require.NoError(w.t, err)
		require.NotContains(w.t, string(raw), credentials.Password)
	}
}

func TestCancelledCreateLeavesNothingOnTheMachine(t *testing.T) {
	w := newWorld(t)
	w.work()
	created := w.create("demo")
	w.reaches(created.Operation.ID, toygres.StepProvision)
	require.NoError(t, w.client.CancelWorkflow(t.Context(), created.Operation.WorkflowID, ""))
	op := w.ends(created.Operation.ID)
	require.Equal(t, toygres.OperationCancelled, op.State, op.Error)
	ids, err := w.provider.List(t.Context())
	require.NoError(t, err)
	require.Empty(t, ids)
}

// A worker that is asked to stop hands its work over, and nothing fails.
func TestStoppedWorkerHandsOver(t *testing.T) {
	w := newWorld(t)
	stop := w.work()
	created := w.create("demo")
	w.reaches(created.Operation.ID, toygres.StepProvision)
	stop()
	op, err := w.catalog.Operation(t.Context(), created.Operation.ID)
	require.NoError(t, err)
	require.Equal(t, toygres.OperationRunning, op.State, "stopping the worker ends no operation")

	w.work()
	op = w.ends(created.Operation.ID)
	require.Equal(t, toygres.OperationSucceeded, op.State, op.Error)
	instance, err := w.catalog.Instance(t.Context(), "demo")
	require.NoError(t, err)
	require.NoError(t, w.query(instance))
}

func TestWorkerWaitsForTemporal(t *testing.T) {
	w := newWorld(t)
	require.NoError(t, w.temporal.Down())
	w.work()
	await(t, func() (struct{}, error) {
		status, body := w.readyz()
		if status != http.StatusServiceUnavailable {
			return struct{}{}, fmt.Errorf("readyz says %d %s", status, body)
		}
		return struct{}{}, nil
	})
	_, body := w.readyz()
	require.Contains(t, body, "temporal")

	require.NoError(t, w.temporal.Up(t.Context()))
	await(t, func() (struct{}, error) {
		status, body := w.readyz()
		if status != http.StatusOK {
			return struct{}{}, fmt.Errorf("readyz says %d %s", status, body)
		}
		return struct{}{}, nil
	})
	op := w.ends(w.create("demo").Operation.ID)
	require.Equal(t, toygres.OperationSucceeded, op.State, op.Error)
}

// An operator who terminates a workflow in Temporal Web ends the operation:
// the sweep undoes it and says why.
func TestTerminatedCreateIsUndone(t *testing.T) {
	w := newWorld(t)
	stop := w.work()
	created := w.create("demo")
	w.reaches(created.Operation.ID, toygres.StepProvision)
	stop()
	require.NoError(t, w.client.TerminateWorkflow(t.Context(), created.Operation.WorkflowID, "", "by an operator"))

	w.work()
	op := w.ends(created.Operation.ID)
	require.Equal(t, toygres.OperationFailed, op.State)
	require.Equal(t, "its workflow was terminated in Temporal; what had been made was removed", op.Error)
	ids, err := w.provider.List(t.Context())
	require.NoError(t, err)
	require.Empty(t, ids)
}

func freeAddress(t *testing.T) string {
	t.Helper()
	address, release, err := ports.Claim("127.0.0.1")
	require.NoError(t, err)
	t.Cleanup(release)
	return address
}

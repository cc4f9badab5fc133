package reconcile_test

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

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/toygres/toygres"
	"github.com/toygres/toygres/dev/postgrestest"
	"github.com/toygres/toygres/internal/catalog"
	"github.com/toygres/toygres/providers/local"
	"github.com/toygres/toygres/services/worker/reconcile"
)

// world is a real catalog and a real provider, with Temporal as the test
// tells it.
type world struct {
	t         *testing.T
	catalog   *catalog.Store
	sql       *pgxpool.Pool
	provider  *local.Provider
	workflows *temporal
	owner     toygres.UserID
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, workflows: &temporal{runs: map[toygres.OperationID]reconcile.Run{},
		batches: map[toygres.BatchID]reconcile.Run{}, batchesCancelled: map[toygres.BatchID]bool{}}}
	url := postgrestest.NewDatabase(t)
	_, err := catalog.Migrate(t.Context(), url, catalog.MigrateUp)
	require.NoError(t, err)
	w.catalog, err = catalog.Open(t.Context(), url, catalog.Options{})
	require.NoError(t, err)
	t.Cleanup(w.catalog.Close)
	w.sql, err = pgxpool.New(t.Context(), url)
	require.NoError(t, err)
	t.Cleanup(w.sql.Close)
	owner, err := w.catalog.CreateUser(t.Context(), "ada", "$argon2id$x", toygres.RoleOperator)
	require.NoError(t, err)
	w.owner = owner.ID
	// Not below the test's directory, which only root can enter.
	dir, err := os.MkdirTemp("", "toygres-reconcile-")
	require.NoError(t, err)
	require.NoError(t, os.Chmod(dir, 0o755))
	t.Cleanup(func() { require.NoError(t, os.RemoveAll(dir)) })
	first, last := postgrestest.Ports(t)
	w.provider, err = local.New(local.Config{
		Dir: filepath.Join(dir, "instances"), Prefixes: postgrestest.Prefixes(t)[:1], FirstPort: first, LastPort: last,
		Logger: slog.New(slog.DiscardHandler),
	})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, w.provider.Shutdown(context.Background())) })
	return w
}

// reconcile runs n reconcilers until the test ends.
func (w *world) reconcile(n int, options reconcile.Options) {
	options.Catalog, options.Workflows, options.Log = w.catalog, w.workflows, slog.New(slog.DiscardHandler)
	if options.Provider == nil {
		options.Provider = w.provider
	}
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	for range n {
		running.Go(func() { assert.NoError(w.t, reconcile.New(options).Run(ctx)) })
	}
	w.t.Cleanup(func() { cancel(); running.Wait() })
}

// recorded records the creation of an instance and nothing else.
func (w *world) recorded(name string) catalog.Begun {
	w.t.Helper()
	begun, err := w.catalog.BeginCreate(w.t.Context(), catalog.NewInstance{
		Spec: toygres.Spec{Name: name}.WithDefaults(), Owner: w.owner, Provider: local.Name})
	require.NoError(w.t, err)
	return begun
}

// provisioned records the creation of an instance, begins it and makes its
// server.
func (w *world) provisioned(name string) catalog.Begun {
	w.t.Helper()
	begun := w.recorded(name)
	require.NoError(w.t, w.catalog.StartOperation(w.t.Context(), begun.Operation.ID, "run"))
	require.NoError(w.t, w.provider.Provision(w.t.Context(), begun.Instance.ID, begun.Instance.Spec))
	return begun
}

// running is provisioned, and ready.
func (w *world) running(name string) catalog.Begun {
	w.t.Helper()
	begun := w.provisioned(name)
	w.eventually(func() error {
		seen, err := w.provider.Observe(w.t.Context(), begun.Instance.ID)
		if err == nil && seen.Phase != toygres.PhaseReady {
			err = fmt.Errorf("it is %s", seen.Phase)
		}
		return err
	})
	require.NoError(w.t, w.catalog.FinishOperation(w.t.Context(), toygres.Outcome{Operation: begun.Operation.ID,
		State: toygres.OperationSucceeded, InstanceState: toygres.StateRunning, ServerVersion: "18.4"}))
	return begun
}

func (w *world) begin(name string, kind toygres.Kind) catalog.Begun {
	w.t.Helper()
	begun, err := w.catalog.Begin(w.t.Context(), name, kind, w.owner)
	require.NoError(w.t, err)
	return begun
}

func (w *world) eventually(look func() error) {
	w.t.Helper()
	require.EventuallyWithT(w.t, func(c *assert.CollectT) { assert.NoError(c, look()) }, time.Minute, 20*time.Millisecond)
}

// ends waits until the operation and its instance are in those states.
func (w *world) ends(id toygres.OperationID, state toygres.OperationState, instance toygres.State) toygres.Operation {
	w.t.Helper()
	var op toygres.Operation
	w.eventually(func() error {
		var err error
		if op, err = w.catalog.Operation(w.t.Context(), id); err != nil {
			return err
		}
		i, err := w.catalog.InstanceByID(w.t.Context(), op.InstanceID)
		if err == nil && (op.State != state || i.State != instance) {
			err = fmt.Errorf("the operation is %s (%s) and the instance %s", op.State, op.Error, i.State)
		}
		return err
	})
	return op
}

func (w *world) phase(id toygres.InstanceID) toygres.Phase {
	w.t.Helper()
	seen, err := w.provider.Observe(w.t.Context(), id)
	require.NoError(w.t, err)
	return seen.Phase
}

// temporal is Temporal as a test tells it.
type temporal struct {
	mu        sync.Mutex
	down      bool
	runs      map[toygres.OperationID]reconcile.Run
	cancelled []toygres.OperationID
	open      []toygres.Operation // what else Temporal has in progress

	batches          map[toygres.BatchID]reconcile.Run
	batchesCancelled map[toygres.BatchID]bool
}

func (f *temporal) batchIs(id toygres.BatchID, run reconcile.Run) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.batches[id] = run
}

// batch returns how the workflow of a batch is, and whether it was told to
// cancel.
func (f *temporal) batch(id toygres.BatchID) (run reconcile.Run, cancelled bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.batches[id], f.batchesCancelled[id]
}

func (f *temporal) LookAtBatch(_ context.Context, b toygres.Batch) (reconcile.Run, error) {
	run, _ := f.batch(b.ID)
	return run, nil
}

func (f *temporal) StartBatch(_ context.Context, b toygres.Batch) error {
	f.batchIs(b.ID, reconcile.Run{State: reconcile.RunOpen})
	return nil
}

func (f *temporal) CancelBatch(_ context.Context, b toygres.Batch) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.batchesCancelled[b.ID] = true
	return nil
}

func (f *temporal) is(op toygres.OperationID, run reconcile.Run) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.runs[op] = run
}

func (f *temporal) Look(_ context.Context, op toygres.Operation) (reconcile.Run, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.down {
		return reconcile.Run{}, errors.New("connection refused")
	}
	run, ok := f.runs[op.ID]
	if !ok {
		run = reconcile.Run{State: reconcile.RunAbsent, Why: "it is not there"}
	}
	return run, nil
}

func (f *temporal) Start(_ context.Context, op toygres.Operation, _ toygres.Spec) error {
	f.is(op.ID, reconcile.Run{State: reconcile.RunOpen})
	return nil
}

func (f *temporal) Cancel(_ context.Context, op toygres.Operation) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.cancelled = append(f.cancelled, op.ID)
	return nil
}

func (f *temporal) Open(context.Context, time.Duration) ([]toygres.Operation, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.down {
		return nil, errors.New("connection refused")
	}
	return f.open, nil
}

func (f *temporal) started(op toygres.OperationID) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.runs[op].State == reconcile.RunOpen
}

func (f *temporal) toldToCancel(op toygres.OperationID) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, id := range f.cancelled {
		if id == op {
			return true
		}
	}
	return false
}

func (f *temporal) forget() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.cancelled = nil
}

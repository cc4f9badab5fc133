package main

import (
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/worker"

	"github.com/toygres/toygres"
	"github.com/toygres/toygres/internal/catalog"
	"github.com/toygres/toygres/providers/local"
	"github.com/toygres/toygres/workflows"
)

// releases are workers of different releases in one world.
type releases struct {
	*world
	current string // file that says which is the current one
}

func newReleases(t *testing.T) *releases {
	t.Helper()
	r := &releases{world: newWorld(t), current: filepath.Join(t.TempDir(), "current")}
	t.Setenv("TOYGRES_WORKER_VERSIONING", "true")
	t.Setenv("TOYGRES_WORKER_CURRENT_FILE", r.current)
	return r
}

func (r *releases) wants(buildID string) {
	r.t.Helper()
	require.NoError(r.t, os.WriteFile(r.current, []byte(buildID+"\n"), 0o600))
}

// start runs a worker of a release and waits until it is ready.
func (r *releases) start(buildID string) (stop func()) {
	r.t.Helper()
	r.health = freeAddress(r.t)
	r.t.Setenv("TOYGRES_WORKER_LISTEN", r.health)
	r.t.Setenv("TOYGRES_WORKER_BUILD_ID", buildID)
	stop = r.work()
	await(r.t, func() (struct{}, error) {
		status, body := r.readyz()
		if status != http.StatusOK {
			return struct{}{}, fmt.Errorf("readyz says %d %s", status, body)
		}
		return struct{}{}, nil
	})
	return stop
}

// held is an operation whose steps can't proceed until release is called.
func (r *releases) held(name string) (begun catalog.Begun, release func()) {
	r.t.Helper()
	begun, err := r.catalog.BeginCreate(r.t.Context(), catalog.NewInstance{
		Spec: toygres.Spec{Name: name}.WithDefaults(), Owner: r.owner, Provider: local.Name})
	require.NoError(r.t, err)
	conn, err := pgx.Connect(r.t.Context(), os.Getenv("TOYGRES_CATALOG_URL"))
	require.NoError(r.t, err)
	r.t.Cleanup(func() { _ = conn.Close(r.t.Context()) })
	tx, err := conn.Begin(r.t.Context())
	require.NoError(r.t, err)
	_, err = tx.Exec(r.t.Context(), "SELECT FROM steps WHERE operation_id = $1 FOR UPDATE", begun.Operation.ID)
	require.NoError(r.t, err)
	_, err = workflows.Start(r.t.Context(), r.client, begun.Operation, begun.Instance.Spec)
	require.NoError(r.t, err)
	return begun, func() { require.NoError(r.t, tx.Rollback(r.t.Context())) }
}

// boundTo waits until the operation is bound to a release.
func (r *releases) boundTo(begun catalog.Begun, buildID string) {
	r.t.Helper()
	await(r.t, func() (struct{}, error) {
		described, err := r.client.DescribeWorkflowExecution(r.t.Context(), begun.Operation.WorkflowID, "")
		if err != nil {
			return struct{}{}, err
		}
		versioning := described.GetWorkflowExecutionInfo().GetVersioningInfo()
		bound := versioning.GetDeploymentVersion().GetBuildId()
		if override := versioning.GetVersioningOverride().GetPinned().GetVersion().GetBuildId(); override != "" {
			bound = override
		}
		if bound != buildID {
			return struct{}{}, fmt.Errorf("it is bound to %q, not to %q", bound, buildID)
		}
		return struct{}{}, nil
	})
}

func (r *releases) succeeds(begun catalog.Begun) {
	r.t.Helper()
	op := r.ends(begun.Operation.ID)
	require.Equal(r.t, toygres.OperationSucceeded, op.State, op.Error)
}

func TestOperationStaysWithTheReleaseThatBeganIt(t *testing.T) {
	r := newReleases(t)
	r.wants("v1")
	stop := r.start("v1")
	old, release := r.held("older")
	r.boundTo(old, "v1")

	// The upgrade: the new release is ready before the old one is asked to stop.
	r.wants("v2")
	r.start("v2")
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		stop()
	}()
	created := r.create("young")
	r.succeeds(created)
	r.boundTo(created, "v2")
	r.boundTo(old, "v1")
	select {
	case <-stopped:
		t.Fatal("the old release has left an operation behind")
	default:
	}
	op, err := r.catalog.Operation(t.Context(), old.Operation.ID)
	require.NoError(t, err)
	require.Equal(t, toygres.OperationRunning, op.State)

	release()
	r.succeeds(old)
	r.boundTo(old, "v1")
	select {
	case <-stopped:
	case <-time.After(time.Minute):
		t.Fatal("the old release does not stop, though all its operations have ended")
	}
}

// As after helm rollback: the current release is the one that is wished for,
// not the youngest.
func TestOlderReleaseBecomesCurrentAgain(t *testing.T) {
	r := newReleases(t)
	r.wants("v1")
	r.start("v1")
	r.wants("v2")
	r.start("v2")
	created := r.create("demo")
	r.boundTo(created, "v2")
	r.succeeds(created)

	r.wants("v1")
	r.start("v1")
	deleted := r.delete("demo")
	r.boundTo(deleted, "v1")
	r.succeeds(deleted)
}

// A file from a ConfigMap lags behind: for a minute an old worker reads that
// its release should be current, when a new one already is.
func TestOldWishDoesNotTakeTheCurrentReleaseBack(t *testing.T) {
	r := newReleases(t)
	r.wants("v1")
	r.start("v1")
	old := &deployment{versioning: versioning{Deployment: "toygres-worker", BuildID: "v1", CurrentFile: filepath.Join(t.TempDir(), "current")},
		client: r.client, log: slog.New(slog.DiscardHandler)}
	require.NoError(t, os.WriteFile(old.CurrentFile, []byte("v1"), 0o600))
	require.NoError(t, old.settle(t.Context()))

	current := func() string {
		build, err := old.current(t.Context())
		require.NoError(t, err)
		return build
	}
	r.wants("v2")
	r.start("v2")
	require.Equal(t, "v2", current())
	require.NoError(t, old.settle(t.Context()))
	require.Equal(t, "v2", current())

	// What lasts is no old wish.
	r.wants("none of these")
	old.lost = time.Now().Add(-staleAfter)
	await(t, func() (struct{}, error) {
		err := old.settle(t.Context())
		if err == nil && current() != "v1" {
			err = fmt.Errorf("%s is current", current())
		}
		return struct{}{}, err
	})
}

func TestOperationThatTakesTooLongIsHandedOver(t *testing.T) {
	r := newReleases(t)
	t.Setenv("TOYGRES_WORKER_DRAIN", "0s")
	r.wants("v1")
	stop := r.start("v1")
	old, release := r.held("older")
	r.boundTo(old, "v1")
	r.wants("v2")
	r.start("v2")
	stop()
	r.boundTo(old, "v2")
	release()
	r.succeeds(old)
}

func TestOperationOfALostReleaseIsTakenOver(t *testing.T) {
	r := newReleases(t)
	t.Setenv("TOYGRES_WORKER_ABANDONED_AFTER", "3s")
	r.wants("v1")

	// A worker that hands nothing over: it is there, and then it is not.
	lost := &deployment{versioning: versioning{Deployment: "toygres-worker", BuildID: "v1", CurrentFile: r.current},
		client: r.client, log: slog.New(slog.DiscardHandler)}
	options := workerOptions(nil)
	options.DeploymentOptions = lost.options()
	options.WorkerStopTimeout = 0
	w := worker.New(r.client, workflows.TaskQueue, options)
	(&taskQueue{catalog: r.catalog, provider: r.provider}).register(w)
	require.NoError(t, w.Start())
	await(t, func() (struct{}, error) { return struct{}{}, lost.settle(t.Context()) })
	old, release := r.held("older")
	r.boundTo(old, "v1")
	w.Stop()

	r.wants("v2")
	r.start("v2")
	r.boundTo(old, "v2")
	release()
	r.succeeds(old)
}

package main

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/testsuite"

	"github.com/toygres/toygres"
	"github.com/toygres/toygres/activities"
	"github.com/toygres/toygres/dev/postgrestest"
	"github.com/toygres/toygres/providers/local"
	"github.com/toygres/toygres/providers/providertest"
)

// A server takes up its configuration, says what needs a restart and what it
// refuses, and gets back what it had, also when it does not start.
func TestUpdatesOfARealServer(t *testing.T) {
	t.Parallel()
	p, id := provisioned(t)
	none := toygres.Configuration{}
	set := func(name, value string) toygres.Configuration {
		return toygres.Configuration{Parameters: map[string]string{name: value}, AllowedCIDRs: []string{"192.0.2.0/24"}}
	}
	var suite testsuite.WorkflowTestSuite
	env := suite.NewTestActivityEnvironment()
	servers := &activities.Servers{Provider: p, Journal: silent{}}
	updates := &activities.Updates{Servers: servers, Connections: &activities.Connections{Credentials: p, Journal: silent{}}}
	env.RegisterActivity(updates)
	env.RegisterActivity(servers)
	reload := func(c toygres.Configuration, changed ...string) (result activities.ReloadResult, err error) {
		_, err = env.ExecuteActivity(updates.Configure, activities.ConfigureInput{OperationID: "op", InstanceID: id, Configuration: c})
		require.NoError(t, err)
		value, err := env.ExecuteActivity(updates.Reload, activities.ReloadInput{OperationID: "op", InstanceID: id, Configuration: c, Changed: changed})
		if err == nil {
			err = value.Get(&result)
		}
		return result, err
	}
	shows := func(name string) (value string) {
		t.Helper()
		seen, err := providertest.Await(t.Context(), p, id, toygres.PhaseReady)
		require.NoError(t, err)
		credentials, err := p.Credentials(t.Context(), id)
		require.NoError(t, err)
		conn, err := pgx.Connect(t.Context(), providertest.URL(seen.Endpoint, credentials))
		require.NoError(t, err)
		defer conn.Close(t.Context())
		require.NoError(t, conn.QueryRow(t.Context(), `SELECT current_setting($1)`, name).Scan(&value))
		return value
	}
	undo := func(from, to toygres.Configuration) (result activities.UndoResizeResult) {
		size := toygres.Spec{}.WithDefaults().Size()
		value, err := env.ExecuteActivity(updates.UndoUpdate, activities.UndoUpdateInput{OperationID: "op", InstanceID: id,
			From: toygres.Settings{Size: size, Configuration: from}, To: toygres.Settings{Size: size, Configuration: to}})
		require.NoError(t, err)
		require.NoError(t, value.Get(&result))
		return result
	}

	loaded, err := reload(set("work_mem", "9MB"), "work_mem")
	require.NoError(t, err)
	require.Empty(t, loaded.Pending)
	require.Equal(t, "9MB", shows("work_mem"))

	_, err = reload(set("log_checkpoints", "perhaps"), "log_checkpoints")
	require.ErrorContains(t, err, "PostgreSQL refuses the value of log_checkpoints")
	require.Empty(t, undo(none, set("log_checkpoints", "perhaps")).Failure)

	loaded, err = reload(set("max_connections", "33"), "max_connections")
	require.NoError(t, err)
	require.Equal(t, []string{"max_connections"}, loaded.Pending)

	// It does not start with this one.
	bad := set("shared_preload_libraries", "nothing_of_this_name")
	loaded, err = reload(bad, "shared_preload_libraries", "max_connections")
	require.NoError(t, err)
	require.Equal(t, []string{"shared_preload_libraries"}, loaded.Pending)
	_, err = env.ExecuteActivity(updates.Restart, activities.RestartInput{OperationID: "op", InstanceID: id})
	require.NoError(t, err)
	_, err = env.ExecuteActivity(servers.AwaitResized, activities.AwaitResizedInput{OperationID: "op", InstanceID: id, Size: toygres.Spec{}.WithDefaults().Size()})
	require.ErrorContains(t, err, "nothing_of_this_name")
	require.Empty(t, undo(none, bad).Failure)
	require.Empty(t, shows("shared_preload_libraries"))
}

// provisioned returns a local provider with a server that runs.
func provisioned(t *testing.T) (*local.Provider, toygres.InstanceID) {
	t.Helper()
	// Not below the test's directory, which only root can enter.
	dir, err := os.MkdirTemp("", "toygres-update-")
	require.NoError(t, err)
	require.NoError(t, os.Chmod(dir, 0o755))
	t.Cleanup(func() { require.NoError(t, os.RemoveAll(dir)) })
	first, last := postgrestest.Ports(t)
	p, err := local.New(local.Config{Dir: filepath.Join(dir, "instances"), Prefixes: postgrestest.Prefixes(t)[:1], FirstPort: first, LastPort: last})
	require.NoError(t, err)
	id := toygres.InstanceID(uuid.NewString())
	offer, err := p.Offer(t.Context())
	require.NoError(t, err)
	spec := toygres.Spec{Name: "demo", Version: offer.Versions[0]}.WithDefaults()
	require.NoError(t, p.Provision(t.Context(), id, spec))
	t.Cleanup(func() { require.NoError(t, p.Delete(context.Background(), id)) })
	_, err = providertest.Await(t.Context(), p, id, toygres.PhaseReady)
	require.NoError(t, err)
	return p, id
}

// silent is a journal that nobody reads.
type silent struct{}

func (silent) StepStarted(context.Context, toygres.OperationID, toygres.StepName, int) error {
	return nil
}
func (silent) StepProgress(context.Context, toygres.OperationID, toygres.StepName, string) error {
	return nil
}
func (silent) StepFailed(context.Context, toygres.OperationID, toygres.StepName, int, string, time.Time) error {
	return nil
}
func (silent) StepSucceeded(context.Context, toygres.OperationID, toygres.StepName, int) error {
	return nil
}

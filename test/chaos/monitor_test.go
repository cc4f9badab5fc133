package chaos

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/toygres/toygres/dev/stacktest"
	"github.com/toygres/toygres/openapi"
)

// becomes waits until the instance has that health, and returns the reason.
func becomes(t *testing.T, stack *stacktest.Stack, name string, health openapi.Health) (reason string) {
	t.Helper()
	require.EventuallyWithT(t, func(c *assert.CollectT) {
		response, err := stack.Client.GetInstanceWithResponse(t.Context(), name)
		require.NoError(c, err)
		require.NotNil(c, response.JSON200, "%s", response.Body)
		reason = ""
		if response.JSON200.HealthMessage != nil {
			reason = *response.JSON200.HealthMessage
		}
		require.Equal(c, health, response.JSON200.Health, reason)
	}, 2*time.Minute, 200*time.Millisecond)
	return reason
}

// healthEvents are the changes of the instance's health, oldest first.
func healthEvents(t *testing.T, stack *stacktest.Stack, name string) (changes []string) {
	t.Helper()
	response, err := stack.Client.ListInstanceEventsWithResponse(t.Context(), name, nil)
	require.NoError(t, err)
	require.NotNil(t, response.JSON200, "%s", response.Body)
	for _, e := range response.JSON200.Items {
		if e.Type == "instance.health" {
			changes = append([]string{(*e.Data)["from"] + " to " + (*e.Data)["to"]}, changes...)
		}
	}
	return changes
}

func TestHealthIsWatchedOnAfterItsWorkerIsKilled(t *testing.T) {
	stack := newStack(t)
	require.Equal(t, openapi.OperationStateSucceeded, stack.MustAwait(t, create(t, stack, "watched").Id).State)
	becomes(t, stack, "watched", openapi.Healthy)

	lost := stack.PID("worker")
	killWorker(t, stack)
	require.EventuallyWithT(t, func(c *assert.CollectT) {
		response, err := stack.Client.GetMonitorWithResponse(t.Context())
		require.NoError(c, err)
		require.NotNil(c, response.JSON200, "%s", response.Body)
		require.NotEmpty(c, response.JSON200.Shards)
		for _, shard := range response.JSON200.Shards {
			require.NotNil(c, shard.Worker)
			require.NotContains(c, *shard.Worker, fmt.Sprintf("/%d ", lost), "shard %d is with the worker that is lost", shard.Shard)
		}
	}, 2*time.Minute, 200*time.Millisecond)

	// A server that takes no sign-in any more, of clients and of the monitor alike.
	stack.Query(t, "watched", "CREATE ROLE rescue SUPERUSER LOGIN PASSWORD 'rescue'")
	config, err := pgx.ParseConfig(stack.ConnectionURL(t, "watched"))
	require.NoError(t, err)
	superuser := pgx.Identifier{config.User}.Sanitize()
	config.User, config.Password = "rescue", "rescue"
	rescue, err := pgx.ConnectConfig(t.Context(), config)
	require.NoError(t, err)
	defer rescue.Close(t.Context())
	_, err = rescue.Exec(t.Context(), "ALTER ROLE "+superuser+" NOLOGIN")
	require.NoError(t, err)
	_, err = rescue.Exec(t.Context(), "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'toygres monitor'")
	require.NoError(t, err)
	require.Contains(t, becomes(t, stack, "watched", openapi.Unhealthy), "not permitted to log in")
	_, err = rescue.Exec(t.Context(), "ALTER ROLE "+superuser+" LOGIN")
	require.NoError(t, err)
	becomes(t, stack, "watched", openapi.Healthy)
	require.Equal(t, []string{"unknown to healthy", "healthy to unhealthy", "unhealthy to healthy"}, healthEvents(t, stack, "watched"))

	if !onKubernetes() { // there nobody can mend what is in the volume of a pod that does not start
		killForGood(t, stack)
	}
}

// killForGood kills a server that then can't start, until somebody mends it.
func killForGood(t *testing.T, stack *stacktest.Stack) {
	t.Helper()
	stack.Query(t, "watched", "ALTER SYSTEM SET shared_preload_libraries = 'absent'")
	response, err := stack.Client.GetInstanceWithResponse(t.Context(), "watched")
	require.NoError(t, err)
	data := filepath.Join(stack.InstancesDir, response.JSON200.Id.String(), "data")
	pid, err := os.ReadFile(filepath.Join(data, "postmaster.pid"))
	require.NoError(t, err)
	first, _, _ := strings.Cut(string(pid), "\n")
	server, err := strconv.Atoi(first)
	require.NoError(t, err)
	require.NoError(t, syscall.Kill(server, syscall.SIGKILL))
	require.NotEmpty(t, becomes(t, stack, "watched", openapi.Unhealthy))

	require.NoError(t, os.Truncate(filepath.Join(data, "postgresql.auto.conf"), 0))
	out, err := stack.CLI(t.Context(), "restart", "watched", "--wait").CombinedOutput()
	require.NoError(t, err, "%s", out)
	becomes(t, stack, "watched", openapi.Healthy)
}

package e2e

import (
	"net/http"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/toygres/toygres/dev/stacktest"
	"github.com/toygres/toygres/openapi"
)

func TestWithoutTemporalReadsWorkAndACreateIsRefusedWithoutATrace(t *testing.T) {
	stack := stacktest.New(t)
	temporal := stack.PID("temporal")
	require.NoError(t, syscall.Kill(temporal, syscall.SIGSTOP)) // hangs, the worst way to be down
	resume := func() { _ = syscall.Kill(temporal, syscall.SIGCONT) }
	defer resume()

	key := "asked-during-the-outage"
	params := &openapi.CreateInstanceParams{IdempotencyKey: &key}
	body := openapi.CreateInstanceJSONRequestBody{Name: "later"}
	refused, err := stack.Client.CreateInstanceWithResponse(t.Context(), params, body)
	require.NoError(t, err)
	require.Equal(t, http.StatusServiceUnavailable, refused.StatusCode(), "%s", refused.Body)
	require.NotEmpty(t, refused.HTTPResponse.Header.Get("Retry-After"))
	require.Equal(t, "application/problem+json", refused.HTTPResponse.Header.Get("Content-Type"))

	listed, err := stack.Client.ListInstancesWithResponse(t.Context(), nil)
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, listed.StatusCode())
	for _, instance := range listed.JSON200.Items {
		require.NotEqual(t, "later", instance.Name, "no orphan row")
	}
	require.Equal(t, "1", stack.Query(t, "demo", "SELECT 1"), "instances do not notice")

	resume()
	require.Eventually(t, func() bool {
		accepted, err := stack.Client.CreateInstanceWithResponse(t.Context(), params, body)
		require.NoError(t, err)
		if accepted.JSON202 == nil {
			return false
		}
		return stack.MustAwait(t, accepted.JSON202.Id).State == openapi.OperationStateSucceeded
	}, time.Minute, 200*time.Millisecond, "the same request works when Temporal is back")
}

func TestWithoutTheCatalogEveryRequestSaysSoAndAllIsWellAfterwards(t *testing.T) {
	stack := stacktest.New(t)
	catalog := stack.PID("catalog")
	require.NoError(t, syscall.Kill(catalog, syscall.SIGKILL))
	require.Eventually(t, func() bool {
		response, err := stack.Client.ListInstancesWithResponse(t.Context(), nil)
		require.NoError(t, err)
		if response.StatusCode() == http.StatusServiceUnavailable {
			require.NotEmpty(t, response.HTTPResponse.Header.Get("Retry-After"))
			return false
		}
		require.Equal(t, http.StatusOK, response.StatusCode(), "%s", response.Body)
		return stack.PID("catalog") != catalog
	}, time.Minute, 50*time.Millisecond, "the catalog is restarted and the API finds it again")
	// A connection of the API's that the crash has broken may still turn up; 503 means that nothing was begun.
	var created *openapi.CreateInstanceResponse
	require.Eventually(t, func() bool {
		var err error
		created, err = stack.Client.CreateInstanceWithResponse(t.Context(), nil, openapi.CreateInstanceJSONRequestBody{Name: "after"})
		require.NoError(t, err)
		return created.StatusCode() != http.StatusServiceUnavailable
	}, time.Minute, 50*time.Millisecond)
	require.Equal(t, http.StatusAccepted, created.StatusCode(), "%s", created.Body)
	require.Equal(t, openapi.OperationStateSucceeded, stack.MustAwait(t, created.JSON202.Id).State)
	require.Equal(t, "1", stack.Query(t, "after", "SELECT 1"))
}

func TestEveryPartMayBeKilledDuringACreate(t *testing.T) {
	stack := stacktest.New(t)
	for _, part := range []string{"api", "temporal", "worker", "catalog"} {
		name := "during-" + part
		created, err := stack.Client.CreateInstanceWithResponse(t.Context(), nil, openapi.CreateInstanceJSONRequestBody{Name: name})
		require.NoError(t, err)
		require.Equal(t, http.StatusAccepted, created.StatusCode(), "%s: %s", part, created.Body)
		require.NoError(t, syscall.Kill(stack.PID(part), syscall.SIGKILL))
		require.Equal(t, openapi.OperationStateSucceeded, stack.MustAwait(t, created.JSON202.Id).State, part)
		require.Equal(t, "1", stack.Query(t, name, "SELECT 1"), part)
	}
}

func TestDownKeepsTheDataAndUpBringsItBackAndASecondUpChangesNothing(t *testing.T) {
	stack := stacktest.New(t)
	stack.Query(t, "demo", "CREATE TABLE kept AS SELECT 7 AS n")
	before := stack.PIDs()
	require.NoError(t, stack.Up(t.Context()))
	require.Equal(t, before, stack.PIDs(), "a second up changes nothing that runs")

	require.NoError(t, stack.Down(t.Context()))
	require.Empty(t, stack.ServerDirs(t), "no server is left running")
	for part, pid := range before {
		require.ErrorIs(t, syscall.Kill(pid, 0), syscall.ESRCH, "%s still runs", part)
	}
	require.NoError(t, stack.Up(t.Context()))
	require.Equal(t, "7", stack.Query(t, "demo", "SELECT n::text FROM kept"))
}

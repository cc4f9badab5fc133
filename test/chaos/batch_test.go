package chaos

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/toygres/toygres/dev/stacktest"
	"github.com/toygres/toygres/openapi"
)

func bulk(name string) openapi.CreateInstancesRequest {
	return openapi.CreateInstancesRequest{Instances: []openapi.CreateInstanceRequest{small(name)}}
}

// comesTo waits until the batch is as it should be, also while parts are dead.
func comesTo(t *testing.T, stack *stacktest.Stack, batch openapi.Batch, done func(openapi.Batch) bool) openapi.Batch {
	t.Helper()
	require.EventuallyWithT(t, func(c *assert.CollectT) {
		answer, err := stack.Client.GetBatchWithResponse(t.Context(), batch.Id, nil)
		require.NoError(c, err)
		require.NotNil(c, answer.JSON200, "%s", answer.Body)
		batch = *answer.JSON200
		require.True(c, done(batch), "%+v", batch.Counts)
	}, 2*time.Minute, 50*time.Millisecond)
	return batch
}

// requireMade wants every instance of the batch to work, and to have been begun
// once.
func requireMade(t *testing.T, stack *stacktest.Stack, batch openapi.Batch, n int) {
	t.Helper()
	require.Equal(t, openapi.BatchCounts{Total: n, Succeeded: n}, batch.Counts)
	for _, item := range *batch.Items {
		require.Equal(t, "1", stack.Query(t, item.Name, "SELECT 1"))
		operations, err := stack.Client.ListOperationsWithResponse(t.Context(), &openapi.ListOperationsParams{Instance: &item.Name})
		require.NoError(t, err)
		require.Len(t, operations.JSON200.Items, 1)
		require.Equal(t, batch.Id, *operations.JSON200.Items[0].BatchId)
	}
	requireNoOrphans(t, stack)
}

func TestAWorkerKilledInTheMiddleOfABatchLosesAndRepeatsNothing(t *testing.T) {
	stack := newStack(t, stacktest.WithEnvironment("TOYGRES_CREATES_AT_ONCE=3"))
	answer, err := stack.Client.CreateInstancesWithResponse(t.Context(), nil, bulk("batch-{1..5}"))
	require.NoError(t, err)
	require.Equal(t, http.StatusAccepted, answer.StatusCode(), "%s", answer.Body)
	begun := comesTo(t, stack, *answer.JSON202, func(b openapi.Batch) bool { return b.Counts.Succeeded > 0 })
	require.Positive(t, begun.Counts.Running+begun.Counts.Waiting, "the worker is to be killed in the middle")
	killWorker(t, stack)
	made := comesTo(t, stack, begun, func(b openapi.Batch) bool { return b.EndedAt != nil })
	requireMade(t, stack, made, 5)
}

func TestABatchWhoseAPIWasKilledBeforeItStartedItIsCarriedOutOnce(t *testing.T) {
	if onKubernetes() {
		t.Skip("where instances are has no part in it")
	}
	stack := newStack(t)
	// While Temporal does not answer, the API has recorded the batch and waits.
	api, temporal := stack.PID("api"), stack.PID("temporal")
	require.NoError(t, syscall.Kill(temporal, syscall.SIGSTOP))
	t.Cleanup(func() { _ = syscall.Kill(temporal, syscall.SIGCONT) })
	key := "the key of both requests"
	asked, gone := context.WithCancel(t.Context())
	defer gone()
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		// Nobody is there to answer it.
		_, _ = stack.Client.CreateInstancesWithResponse(asked, &openapi.CreateInstancesParams{IdempotencyKey: &key}, bulk("batch-{1..2}"))
	}()
	catalog := connect(t, stack.CatalogURL)
	id := ""
	require.Eventually(t, func() bool {
		err := catalog.QueryRow(t.Context(), `SELECT id::text FROM batches WHERE state = 'pending'`).Scan(&id)
		if !errors.Is(err, pgx.ErrNoRows) {
			require.NoError(t, err)
		}
		return id != ""
	}, time.Minute, 5*time.Millisecond, "the batch was not recorded")
	require.NoError(t, syscall.Kill(api, syscall.SIGKILL))
	<-ended
	require.NoError(t, syscall.Kill(temporal, syscall.SIGCONT))

	var batch openapi.Batch
	require.EventuallyWithT(t, func(c *assert.CollectT) {
		answer, err := stack.Client.CreateInstancesWithResponse(t.Context(), &openapi.CreateInstancesParams{IdempotencyKey: &key}, bulk("batch-{1..2}"))
		require.NoError(c, err)
		require.NotNil(c, answer.JSON202, "%s", answer.Body)
		batch = *answer.JSON202
	}, time.Minute, 100*time.Millisecond)
	require.Equal(t, id, fmt.Sprint(batch.Id), "the repeat is answered with the first request's batch")
	requireMade(t, stack, comesTo(t, stack, batch, func(b openapi.Batch) bool { return b.EndedAt != nil }), 2)
}

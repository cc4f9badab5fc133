package chaos

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/toygres/toygres"
	"github.com/toygres/toygres/dev/stacktest"
	"github.com/toygres/toygres/openapi"
)

// Each moment asks for another size, and for more storage than the one before.
func TestAWorkerKilledAtAnyStepOfResizeLeavesAnInstanceOfTheNewSize(t *testing.T) {
	stack := newStack(t)
	installHolds(t, stack.CatalogURL)
	const name = "resize"
	require.Equal(t, openapi.OperationStateSucceeded, stack.MustAwait(t, create(t, stack, name).Id).State)
	for i, moment := range moments(toygres.KindResize) {
		t.Run(moment.String(), func(t *testing.T) {
			memory := 256 + 64*(1+i%3)
			storage := 11 + i
			h := holdStep(t, stack.CatalogURL, moment)
			operation := resize(t, stack, name, openapi.UpdateInstanceRequest{MemoryMib: &memory, StorageGib: &storage})
			h.reached()
			killWorker(t, stack)
			h.release()

			operation = stack.MustAwait(t, operation.Id)
			require.Equal(t, openapi.OperationStateSucceeded, operation.State)
			requireSize(t, stack, name, memory, storage)
		})
	}
	require.Equal(t, openapi.OperationStateSucceeded, remove(t, stack, name).State)
	requireNoOrphans(t, stack)
}

func TestAResizeCancelledWhileItsWorkerIsDeadIsUndone(t *testing.T) {
	stack := newStack(t)
	installHolds(t, stack.CatalogURL)
	const name = "cancelled"
	require.Equal(t, openapi.OperationStateSucceeded, stack.MustAwait(t, create(t, stack, name).Id).State)
	for i, step := range toygres.PlannedSteps(toygres.KindResize)[:3] {
		t.Run(string(step), func(t *testing.T) {
			memory, storage := 384, 11+i
			h := holdStep(t, stack.CatalogURL, moment{step, toygres.StepSucceeded})
			operation := resize(t, stack, name, openapi.UpdateInstanceRequest{MemoryMib: &memory, StorageGib: &storage})
			h.reached()
			killWorker(t, stack)
			h.release()
			cancelled, err := stack.Client.CancelOperationWithResponse(t.Context(), operation.Id)
			require.NoError(t, err)
			require.Equal(t, http.StatusAccepted, cancelled.StatusCode(), "%s", cancelled.Body)

			operation = stack.MustAwait(t, operation.Id)
			require.Equal(t, openapi.OperationStateCancelled, operation.State)
			requireSize(t, stack, name, 256, storage) // which can't shrink again
		})
	}
	require.Equal(t, openapi.OperationStateSucceeded, remove(t, stack, name).State)
	requireNoOrphans(t, stack)
}

func resize(t *testing.T, stack *stacktest.Stack, name string, to openapi.UpdateInstanceRequest) openapi.Operation {
	t.Helper()
	response := accepted(t, func() (*openapi.UpdateInstanceResponse, error) {
		return stack.Client.UpdateInstanceWithResponse(t.Context(), name, nil, to)
	})
	require.Equal(t, http.StatusAccepted, response.StatusCode(), "%s", response.Body)
	return *response.JSON202
}

// requireSize compares what is known of the instance's size with what its
// server says.
func requireSize(t *testing.T, stack *stacktest.Stack, name string, memoryMiB, storageGiB int) {
	t.Helper()
	instance, err := stack.Client.GetInstanceWithResponse(t.Context(), name)
	require.NoError(t, err)
	require.Equal(t, openapi.InstanceStateRunning, instance.JSON200.State)
	require.Equal(t, memoryMiB, instance.JSON200.MemoryMib)
	require.Equal(t, storageGiB, instance.JSON200.StorageGib)
	require.Equal(t, fmt.Sprintf("%dMB", memoryMiB/4), stack.Query(t, name, "SHOW shared_buffers"))
}

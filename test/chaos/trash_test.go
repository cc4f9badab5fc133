package chaos

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/toygres/toygres"
	"github.com/toygres/toygres/dev/stacktest"
	"github.com/toygres/toygres/openapi"
)

func TestAWorkerKilledAtAnyStepOfASoftDeleteLeavesAnInstanceThatComesBack(t *testing.T) {
	stack := newStack(t)
	installHolds(t, stack.CatalogURL)
	const name = "trash"
	require.Equal(t, openapi.OperationStateSucceeded, stack.MustAwait(t, create(t, stack, name).Id).State)
	stack.Query(t, name, "CREATE TABLE kept AS SELECT 42 AS n")
	for _, moment := range moments(toygres.KindTrash) {
		t.Run(moment.String(), func(t *testing.T) {
			h := holdStep(t, stack.CatalogURL, moment)
			operation := softDelete(t, stack, name)
			h.reached()
			killWorker(t, stack)
			h.release()

			require.Equal(t, openapi.OperationStateSucceeded, stack.MustAwait(t, operation.Id).State)
			require.Equal(t, openapi.InstanceStateTrashed, stateOf(t, stack, name))
			undelete(t, stack, name)
			require.Equal(t, "42", stack.Query(t, name, "SELECT n FROM kept"))
		})
	}
	require.Equal(t, openapi.OperationStateSucceeded, remove(t, stack, name).State)
	requireNoOrphans(t, stack)
}

// The timer fires while nobody is there, or its purge loses its worker.
func TestAWorkerKilledAsTheTimeInTheTrashEndsLeavesNothingBehind(t *testing.T) {
	stack := newStack(t, stacktest.WithEnvironment("TOYGRES_KEEP_DELETED=5s"))
	installHolds(t, stack.CatalogURL)
	for i, moment := range moments(toygres.KindDelete) {
		name := fmt.Sprintf("purge-%d", i)
		t.Run(moment.String(), func(t *testing.T) {
			require.Equal(t, openapi.OperationStateSucceeded, stack.MustAwait(t, create(t, stack, name).Id).State)
			h := holdStep(t, stack.CatalogURL, moment)
			require.Equal(t, openapi.OperationStateSucceeded, stack.MustAwait(t, softDelete(t, stack, name).Id).State)
			if i == 0 { // before the timer, or as it fires
				killWorker(t, stack)
			}
			h.reached()
			killWorker(t, stack)
			h.release()
			require.Eventually(t, func() bool { return stateOf(t, stack, name) == "" }, 2*time.Minute, 100*time.Millisecond)
		})
	}
	requireNoOrphans(t, stack)
}

func softDelete(t *testing.T, stack *stacktest.Stack, name string) openapi.Operation {
	t.Helper()
	response := accepted(t, func() (*openapi.DeleteInstanceResponse, error) {
		return stack.Client.DeleteInstanceWithResponse(t.Context(), name, nil)
	})
	require.Equal(t, http.StatusAccepted, response.StatusCode(), "%s", response.Body)
	require.Equal(t, openapi.Trash, response.JSON202.Kind)
	return *response.JSON202
}

// undelete brings an instance back, and waits until it runs.
func undelete(t *testing.T, stack *stacktest.Stack, name string) {
	t.Helper()
	back := accepted(t, func() (*openapi.UndeleteInstanceResponse, error) {
		return stack.Client.UndeleteInstanceWithResponse(t.Context(), name)
	})
	require.Equal(t, http.StatusOK, back.StatusCode(), "%s", back.Body)
	require.Eventually(t, func() bool { return stateOf(t, stack, name) == openapi.InstanceStateRunning },
		2*time.Minute, 100*time.Millisecond)
}

// stateOf is the state of an instance, "" when it is gone.
func stateOf(t *testing.T, stack *stacktest.Stack, name string) openapi.InstanceState {
	t.Helper()
	response, err := stack.Client.GetInstanceWithResponse(t.Context(), name)
	require.NoError(t, err)
	if response.JSON200 == nil {
		return ""
	}
	return response.JSON200.State
}

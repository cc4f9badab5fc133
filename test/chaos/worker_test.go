package chaos

import (
	"fmt"
	"net/http"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/toygres/toygres"
	"github.com/toygres/toygres/dev/stacktest"
	"github.com/toygres/toygres/openapi"
)

// A moment is when the worker is killed: as a step begins, before the world
// has changed, or as it ends, when the world has changed and nobody has
// written it down.
type moment struct {
	step  toygres.StepName
	state toygres.StepState
}

// moments are those of every step of an operation. The last step only writes
// down the result, in one statement, so it has no beginning of its own.
func moments(kind toygres.Kind) []moment {
	var all []moment
	steps := toygres.PlannedSteps(kind)
	for i, step := range steps {
		if i < len(steps)-1 {
			all = append(all, moment{step, toygres.StepRunning})
		}
		all = append(all, moment{step, toygres.StepSucceeded})
	}
	return all
}

func (m moment) String() string { return fmt.Sprintf("%s as %s", m.step, m.state) }

func TestAWorkerKilledAtAnyStepOfCreateLeavesAnInstanceThatWorks(t *testing.T) {
	stack := newStack(t)
	installHolds(t, stack.CatalogURL)
	for i, moment := range moments(toygres.KindCreate) {
		name := fmt.Sprintf("create-%d", i)
		t.Run(moment.String(), func(t *testing.T) {
			h := holdStep(t, stack.CatalogURL, moment)
			operation := create(t, stack, name)
			h.reached()
			killWorker(t, stack)
			h.release()

			operation = stack.MustAwait(t, operation.Id)
			require.Equal(t, openapi.OperationStateSucceeded, operation.State)
			require.Equal(t, "1", stack.Query(t, name, "SELECT 1"))
			require.Equal(t, openapi.OperationStateSucceeded, remove(t, stack, name).State)
		})
	}
	requireNoOrphans(t, stack)
}

func TestAWorkerKilledAtAnyStepOfDeleteLeavesNothingBehind(t *testing.T) {
	stack := newStack(t)
	installHolds(t, stack.CatalogURL)
	for i, moment := range moments(toygres.KindDelete) {
		name := fmt.Sprintf("delete-%d", i)
		t.Run(moment.String(), func(t *testing.T) {
			require.Equal(t, openapi.OperationStateSucceeded, stack.MustAwait(t, create(t, stack, name).Id).State)
			h := holdStep(t, stack.CatalogURL, moment)
			operation := startRemoval(t, stack, name)
			h.reached()
			killWorker(t, stack)
			h.release()

			require.Equal(t, openapi.OperationStateSucceeded, stack.MustAwait(t, operation.Id).State)
			requireGone(t, stack, name)
		})
	}
	requireNoOrphans(t, stack)
}

func TestACreateCancelledWhileItsWorkerIsDeadIsUndone(t *testing.T) {
	stack := newStack(t)
	installHolds(t, stack.CatalogURL)
	for i, step := range toygres.PlannedSteps(toygres.KindCreate)[:3] {
		name := fmt.Sprintf("cancelled-%d", i)
		t.Run(string(step), func(t *testing.T) {
			h := holdStep(t, stack.CatalogURL, moment{step, toygres.StepSucceeded})
			operation := create(t, stack, name)
			h.reached()
			killWorker(t, stack)
			// The dead worker's statement holds the operation's row, for which
			// a cancellation waits no longer than the catalog's lock timeout.
			// Nobody takes the step over for another eight seconds.
			h.release()
			cancelled, err := stack.Client.CancelOperationWithResponse(t.Context(), operation.Id)
			require.NoError(t, err)
			require.Equal(t, http.StatusAccepted, cancelled.StatusCode(), "%s", cancelled.Body)

			operation = stack.MustAwait(t, operation.Id)
			require.Equal(t, openapi.OperationStateCancelled, operation.State)
			instance, err := stack.Client.GetInstanceWithResponse(t.Context(), name)
			require.NoError(t, err)
			require.Equal(t, openapi.InstanceStateFailed, instance.JSON200.State)
			require.NotNil(t, instance.JSON200.Message, "a failed instance says why")
			require.Equal(t, openapi.OperationStateSucceeded, remove(t, stack, name).State)
		})
	}
	requireNoOrphans(t, stack)
}

// accepted asks until the answer is another one than that a part is away, with
// which nothing was begun.
func accepted[Response interface{ StatusCode() int }](t *testing.T, ask func() (Response, error)) (response Response) {
	t.Helper()
	require.Eventually(t, func() bool {
		var err error
		response, err = ask()
		return err == nil && response.StatusCode() != http.StatusServiceUnavailable
	}, time.Minute, 100*time.Millisecond)
	return response
}

func create(t *testing.T, stack *stacktest.Stack, name string) openapi.Operation {
	t.Helper()
	response := accepted(t, func() (*openapi.CreateInstanceResponse, error) {
		return stack.Client.CreateInstanceWithResponse(t.Context(), nil, small(name))
	})
	require.Equal(t, http.StatusAccepted, response.StatusCode(), "%s", response.Body)
	return *response.JSON202
}

var (
	yes   = true
	purge = openapi.DeleteInstanceParams{Purge: &yes}
)

func startRemoval(t *testing.T, stack *stacktest.Stack, name string) openapi.Operation {
	t.Helper()
	response := accepted(t, func() (*openapi.DeleteInstanceResponse, error) {
		return stack.Client.DeleteInstanceWithResponse(t.Context(), name, &purge)
	})
	require.Equal(t, http.StatusAccepted, response.StatusCode(), "%s", response.Body)
	return *response.JSON202
}

func remove(t *testing.T, stack *stacktest.Stack, name string) openapi.Operation {
	t.Helper()
	return stack.MustAwait(t, startRemoval(t, stack, name).Id)
}

func requireGone(t *testing.T, stack *stacktest.Stack, name string) {
	t.Helper()
	response, err := stack.Client.GetInstanceWithResponse(t.Context(), name)
	require.NoError(t, err)
	require.Equal(t, http.StatusNotFound, response.StatusCode())
}

// killWorker ends the worker as a power cut would. The stack's supervisor
// starts another one.
func killWorker(t *testing.T, stack *stacktest.Stack) {
	t.Helper()
	require.NoError(t, syscall.Kill(stack.PID("worker"), syscall.SIGKILL))
}

package chaos

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/toygres/toygres"
	"github.com/toygres/toygres/openapi"
)

// Each moment rotates the password of the same instance, whose connections go on.
func TestAWorkerKilledAtAnyStepOfRotateLeavesAPasswordThatWorks(t *testing.T) {
	stack := newStack(t)
	installHolds(t, stack.CatalogURL)
	const name = "rotate"
	require.Equal(t, openapi.OperationStateSucceeded, stack.MustAwait(t, create(t, stack, name).Id).State)
	password := func() string {
		t.Helper()
		response, err := stack.Client.RevealConnectionWithResponse(t.Context(), name)
		require.NoError(t, err)
		require.Equal(t, http.StatusOK, response.StatusCode(), "%s", response.Body)
		return *response.JSON200.Password
	}
	for _, moment := range moments(toygres.KindRotate) {
		t.Run(moment.String(), func(t *testing.T) {
			before := password()
			h := holdStep(t, stack.CatalogURL, moment)
			response, err := stack.Client.RotatePasswordWithResponse(t.Context(), name)
			require.NoError(t, err)
			require.Equal(t, http.StatusAccepted, response.StatusCode(), "%s", response.Body)
			h.reached()
			killWorker(t, stack)
			require.Equal(t, "1", stack.Query(t, name, "SELECT 1"), "what is revealed in between works")
			h.release()

			require.Equal(t, openapi.OperationStateSucceeded, stack.MustAwait(t, response.JSON202.Id).State)
			require.NotEqual(t, before, password())
			require.Equal(t, "1", stack.Query(t, name, "SELECT 1"))
		})
	}
	require.Equal(t, openapi.OperationStateSucceeded, remove(t, stack, name).State)
	requireNoOrphans(t, stack)
}

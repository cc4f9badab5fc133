package e2e

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/toygres/toygres/openapi"
)

func TestWithoutTemporalReadsWorkAndACreateIsRefusedWithoutATrace(t *testing.T) {
	toygres := deployForThisTest(t)
	thaw := toygres.FreezeTemporal(t) // hangs, the worst way to be down
	defer thaw()

	key := "asked-during-the-outage"
	params := &openapi.CreateInstanceParams{IdempotencyKey: &key}
	body := openapi.CreateInstanceJSONRequestBody{Name: "later"}
	refused, err := toygres.Client.CreateInstanceWithResponse(t.Context(), params, body)
	require.NoError(t, err)
	require.Equal(t, http.StatusServiceUnavailable, refused.StatusCode(), "%s", refused.Body)
	require.NotEmpty(t, refused.HTTPResponse.Header.Get("Retry-After"))
	require.Equal(t, "application/problem+json", refused.HTTPResponse.Header.Get("Content-Type"))

	listed, err := toygres.Client.ListInstancesWithResponse(t.Context(), nil)
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, listed.StatusCode())
	for _, instance := range listed.JSON200.Items {
		require.NotEqual(t, "later", instance.Name, "no orphan row")
	}
	require.Equal(t, "1", toygres.Query(t, "demo", "SELECT 1"), "instances do not notice")

	thaw()
	require.Eventually(t, func() bool {
		accepted, err := toygres.Client.CreateInstanceWithResponse(t.Context(), params, body)
		require.NoError(t, err)
		if accepted.JSON202 == nil {
			return false
		}
		return toygres.MustAwait(t, accepted.JSON202.Id).State == openapi.OperationStateSucceeded
	}, time.Minute, 200*time.Millisecond, "the same request works when Temporal is back")
}

func TestWithoutTheCatalogEveryRequestSaysSoAndAllIsWellAfterwards(t *testing.T) {
	toygres := deployForThisTest(t)
	back := toygres.Kill(t, "catalog")
	require.Eventually(t, func() bool {
		response, err := toygres.Client.ListInstancesWithResponse(t.Context(), nil)
		require.NoError(t, err)
		if response.StatusCode() == http.StatusServiceUnavailable {
			require.NotEmpty(t, response.HTTPResponse.Header.Get("Retry-After"))
			return false
		}
		require.Equal(t, http.StatusOK, response.StatusCode(), "%s", response.Body)
		return back()
	}, time.Minute, 50*time.Millisecond, "the catalog is restarted and the API finds it again")
	// A connection of the API's that the crash has broken may still turn up; 503 means that nothing was begun.
	var created *openapi.CreateInstanceResponse
	require.Eventually(t, func() bool {
		var err error
		created, err = toygres.Client.CreateInstanceWithResponse(t.Context(), nil, openapi.CreateInstanceJSONRequestBody{Name: "after"})
		require.NoError(t, err)
		return created.StatusCode() != http.StatusServiceUnavailable
	}, time.Minute, 50*time.Millisecond)
	require.Equal(t, http.StatusAccepted, created.StatusCode(), "%s", created.Body)
	require.Equal(t, openapi.OperationStateSucceeded, toygres.MustAwait(t, created.JSON202.Id).State)
	require.Equal(t, "1", toygres.Query(t, "after", "SELECT 1"))
}

func TestEveryPartMayBeKilledDuringACreate(t *testing.T) {
	toygres := deployForThisTest(t)
	for _, part := range []string{"api", "temporal", "worker", "catalog"} {
		name := "during-" + part
		created, err := toygres.Client.CreateInstanceWithResponse(t.Context(), nil, openapi.CreateInstanceJSONRequestBody{Name: name})
		require.NoError(t, err)
		require.Equal(t, http.StatusAccepted, created.StatusCode(), "%s: %s", part, created.Body)
		toygres.Kill(t, part)
		require.Equal(t, openapi.OperationStateSucceeded, toygres.MustAwait(t, created.JSON202.Id).State, part)
		require.Equal(t, "1", toygres.Query(t, name, "SELECT 1"), part)
	}
}

package e2e

import (
	"bufio"
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"
	"google.golang.org/protobuf/encoding/protojson"

	"github.com/toygres/toygres/openapi"
)

func TestARepeatedCreateWithTheSameKeyMakesOneInstance(t *testing.T) {
	t.Parallel()
	key := "the-same-key"
	params := &openapi.CreateInstanceParams{IdempotencyKey: &key}
	body := openapi.CreateInstanceJSONRequestBody{Name: "once"}
	first, err := shared.Client.CreateInstanceWithResponse(t.Context(), params, body)
	require.NoError(t, err)
	require.Equal(t, http.StatusAccepted, first.StatusCode(), "%s", first.Body)
	shared.MustAwait(t, first.JSON202.Id)
	second, err := shared.Client.CreateInstanceWithResponse(t.Context(), params, body)
	require.NoError(t, err)
	require.Equal(t, http.StatusAccepted, second.StatusCode(), "%s", second.Body)
	require.Equal(t, first.JSON202.Id, second.JSON202.Id)
	require.Equal(t, openapi.OperationStateSucceeded, second.JSON202.State, "the operation as it is now")

	body.Name = "other"
	third, err := shared.Client.CreateInstanceWithResponse(t.Context(), params, body)
	require.NoError(t, err)
	require.Equal(t, http.StatusUnprocessableEntity, third.StatusCode(), "%s", third.Body)
	toygres(t, "delete", "once", "--purge", "--yes", "--wait")
}

func TestTheEventStreamTellsTheWholeStoryOfACreate(t *testing.T) {
	t.Parallel()
	const name = "story"
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, shared.URL+"/api/events?instance="+name, nil)
	require.NoError(t, err)
	request.Header.Set("Authorization", "Bearer "+shared.Token)
	response, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	defer response.Body.Close()
	require.Equal(t, "text/event-stream", strings.Split(response.Header.Get("Content-Type"), ";")[0])

	created, err := shared.Client.CreateInstanceWithResponse(t.Context(), nil, openapi.CreateInstanceJSONRequestBody{Name: name})
	require.NoError(t, err)
	require.Equal(t, http.StatusAccepted, created.StatusCode(), "%s", created.Body)

	var succeeded []string
	lines := bufio.NewScanner(response.Body)
	for lines.Scan() {
		data, ok := strings.CutPrefix(lines.Text(), "data:")
		if !ok {
			continue
		}
		var event openapi.Event
		require.NoError(t, json.Unmarshal([]byte(data), &event))
		require.Equal(t, name, event.InstanceName)
		if event.Type == "step.succeeded" {
			succeeded = append(succeeded, (*event.Data)["step"])
		}
		if event.Type == "operation.ended" {
			require.Equal(t, "succeeded", (*event.Data)["state"])
			break
		}
	}
	var planned []string
	for _, step := range created.JSON202.Steps {
		planned = append(planned, step.Name)
	}
	require.Equal(t, planned, succeeded)
	toygres(t, "delete", name, "--purge", "--yes", "--wait")
}

func TestNoHistoryAndNoLogHoldsAPassword(t *testing.T) {
	t.Parallel()
	const name = "secretive"
	toygres(t, "create", name, "--wait")
	instance := get(t, name)
	password := shared.Password(t, name)
	toygres(t, "delete", name, "--purge", "--yes", "--wait")

	temporal, err := client.Dial(client.Options{HostPort: shared.TemporalAddress(), Namespace: "toygres"})
	require.NoError(t, err)
	defer temporal.Close()
	operations, err := shared.Client.ListOperationsWithResponse(t.Context(), &openapi.ListOperationsParams{})
	require.NoError(t, err)
	read := 0
	for _, operation := range operations.JSON200.Items {
		if operation.InstanceId != instance.Id {
			continue
		}
		require.NotNil(t, operation.TemporalUrl)
		parts := strings.Split(*operation.TemporalUrl, "/")
		history := temporal.GetWorkflowHistory(t.Context(), "instance/"+instance.Id.String(), parts[len(parts)-1], false, 0)
		for history.HasNext() {
			event, err := history.Next()
			require.NoError(t, err)
			text, err := protojson.Marshal(event)
			require.NoError(t, err)
			require.NotContains(t, string(text), password)
			read++
		}
	}
	require.Greater(t, read, 20, "both histories were read")
	for part, log := range shared.Logs(t) {
		require.NotContains(t, log, password, "the log of %s", part)
		require.NotContains(t, log, shared.Token, "the log of %s", part)
	}
}

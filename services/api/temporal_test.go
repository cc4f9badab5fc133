package main

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"

	"github.com/toygres/toygres/dev/temporaltest"
	"github.com/toygres/toygres/openapi"
)

// collector takes OTLP over HTTP and keeps what it got.
func collector(t *testing.T) func() string {
	t.Helper()
	var mu sync.Mutex
	var got strings.Builder
	web := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		data, err := io.ReadAll(r.Body)
		mu.Lock()
		defer mu.Unlock()
		if err == nil && r.URL.Path == "/v1/traces" {
			got.Write(data)
		}
	}))
	t.Cleanup(web.Close)
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", web.URL)
	return func() string {
		mu.Lock()
		defer mu.Unlock()
		return got.String()
	}
}

func (p *program) do(t *testing.T, cookie *http.Cookie, method, path, body string, header http.Header) (int, []byte) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, p.url+path, strings.NewReader(body))
	require.NoError(t, err)
	if header != nil {
		request.Header = header.Clone()
	}
	request.Header.Set("Content-Type", "application/json")
	request.AddCookie(cookie)
	response, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	defer response.Body.Close()
	data, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	return response.StatusCode, data
}

func TestOperationsReachARealTemporal(t *testing.T) {
	file := environment(t)
	exported := collector(t)
	temporal := temporaltest.New(t)
	t.Setenv("TOYGRES_TEMPORAL_ADDRESS", temporal.Address)
	t.Setenv("TOYGRES_TEMPORAL_NAMESPACE", temporaltest.Namespace)
	t.Setenv("TOYGRES_TEMPORAL_UI_URL", "http://temporal.test/")
	_, err := command(t, "", "migrate")
	require.NoError(t, err)
	_, err = command(t, "", "admin", "--password-file", file)
	require.NoError(t, err)
	p := startProgram(t)
	cookie := p.signIn(t)

	// Create starts a workflow that can be found, and carries the trace on.
	const trace = "4bf92f3577b34da6a3ce929d0e0e4736"
	status, body := p.do(t, cookie, "POST", "/api/instances", `{"name":"demo"}`,
		http.Header{"Traceparent": {"00-" + trace + "-00f067aa0ba902b7-01"}})
	require.Equal(t, 202, status, "%s", body)
	var operation openapi.Operation
	require.NoError(t, json.Unmarshal(body, &operation))
	c, err := client.Dial(client.Options{HostPort: temporal.Address, Namespace: temporaltest.Namespace})
	require.NoError(t, err)
	defer c.Close()
	workflow := "instance/" + operation.InstanceId.String()
	described, err := c.DescribeWorkflowExecution(t.Context(), workflow, "")
	require.NoError(t, err)
	info := described.GetWorkflowExecutionInfo()
	require.Equal(t, "CreateInstance", info.GetType().GetName())
	require.Equal(t, "http://temporal.test/namespaces/toygres/workflows/instance%2F"+operation.InstanceId.String()+"/"+
		info.GetExecution().GetRunId(), *operation.TemporalUrl)
	require.Contains(t, string(info.GetSearchAttributes().GetIndexedFields()["ToygresInstance"].GetData()), "demo")
	history := c.GetWorkflowHistory(t.Context(), workflow, "", false, enumspb.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
	first, err := history.Next()
	require.NoError(t, err)
	header := first.GetWorkflowExecutionStartedEventAttributes().GetHeader().GetFields()["_tracer-data"]
	require.Contains(t, string(header.GetData()), trace)

	// Cancel asks that workflow.
	status, body = p.do(t, cookie, "POST", "/api/operations/"+operation.Id.String()+"/cancel", "", nil)
	require.Equal(t, 202, status, "%s", body)
	var asked bool
	for history = c.GetWorkflowHistory(t.Context(), workflow, "", false, enumspb.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT); history.HasNext(); {
		event, err := history.Next()
		require.NoError(t, err)
		asked = asked || event.GetEventType() == enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_CANCEL_REQUESTED
	}
	require.True(t, asked)

	// Without Temporal, reads go on, and creating says so and leaves nothing.
	require.NoError(t, temporal.Down())
	status, body = p.do(t, cookie, "POST", "/api/instances", `{"name":"other"}`, nil)
	require.Equal(t, 503, status, "%s", body)
	status, _ = p.do(t, cookie, "GET", "/api/instances/other", "", nil)
	require.Equal(t, 404, status)
	status, _ = p.do(t, cookie, "GET", "/api/instances/demo", "", nil)
	require.Equal(t, 200, status)

	// It recovers by itself.
	require.NoError(t, temporal.Up(t.Context()))
	require.Eventually(t, func() bool {
		status, _ := p.do(t, cookie, "POST", "/api/instances", `{"name":"other"}`, nil)
		return status == 202
	}, time.Minute, 100*time.Millisecond, "creating does not recover")

	p.stop()
	require.NoError(t, <-p.ended)
	require.Contains(t, exported(), "POST /api/instances", "the span has the route's name")
	require.NotContains(t, exported(), password)
}

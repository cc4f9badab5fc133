package main

import (
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"

	"github.com/toygres/toygres/dev/temporaltest"
)

func TestTemporalIsPreparedOnceAndForAll(t *testing.T) {
	server := temporaltest.New(t)
	t.Setenv("TOYGRES_TEMPORAL_ADDRESS", server.Address)
	t.Setenv("TOYGRES_TEMPORAL_NAMESPACE", "another")
	for range 2 {
		out, err := command(t, "", "temporal")
		require.NoError(t, err)
		require.Contains(t, out, `"another"`)
	}
	c, err := client.Dial(client.Options{HostPort: server.Address, Namespace: "another"})
	require.NoError(t, err)
	defer c.Close()
	_, err = c.CountWorkflow(t.Context(), &workflowservice.CountWorkflowExecutionsRequest{Query: "ToygresInstance = 'a' OR ToygresOperation = 'b'"})
	require.NoError(t, err)
}

func TestCheckNamesThePartThatIsMissing(t *testing.T) {
	environment(t) // Temporal's address leads nowhere
	_, err := command(t, "", "migrate")
	require.NoError(t, err)
	p := startProgram(t)
	_, err = command(t, "", "check", p.url)
	require.ErrorContains(t, err, "temporal: Temporal can't be reached")
	_, err = command(t, "", "check", "http://127.0.0.1:1")
	require.ErrorContains(t, err, "connection refused")

	server := temporaltest.New(t)
	t.Setenv("TOYGRES_TEMPORAL_ADDRESS", server.Address)
	p = startProgram(t)
	out, err := command(t, "", "check", p.url+"/")
	require.NoError(t, err)
	require.Contains(t, out, "is ready")
}

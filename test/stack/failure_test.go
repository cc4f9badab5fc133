package stack

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/toygres/toygres"
	"github.com/toygres/toygres/dev/kubernetestest"
	"github.com/toygres/toygres/openapi"
)

// TestACreateThatCanNotSucceedFailsWithTheReasonAndLeavesNothing lets others
// mend trouble for ten seconds only.
func TestACreateThatCanNotSucceedFailsWithTheReasonAndLeavesNothing(t *testing.T) {
	stack := newStack(t, "TOYGRES_KUBERNETES_PATIENCE=10s",
		"TOYGRES_KUBERNETES_IMAGES=18=postgres:18,17=127.0.0.1:1/postgres:17,16=No/Image Name")
	for _, c := range []struct {
		name   string
		change func(*testing.T, *openapi.CreateInstanceJSONRequestBody)
		reason string
	}{
		{"no-room", noRoom, "Insufficient cpu"},
		{"no-image", noImage, "127.0.0.1:1"},
		{"bad-image", badImage, "InvalidImageName"},
		{"no-volume", noVolume, "has not made its volume yet"},
	} {
		t.Run(c.name, func(t *testing.T) {
			request := small(c.name)
			c.change(t, &request)
			operation := stack.MustAwait(t, create(t, stack, request).Id)
			require.Equal(t, openapi.OperationStateFailed, operation.State)
			require.NotNil(t, operation.Error)
			require.Contains(t, *operation.Error, c.reason)
			requireNothingLeft(t, stack, operation.InstanceId)
			failed := instance(t, stack, c.name)
			require.Equal(t, openapi.InstanceStateFailed, failed.State)
			require.NotNil(t, failed.Message)
			require.Contains(t, *failed.Message, c.reason)
			remove(t, stack, c.name)
		})
	}
}

func noRoom(_ *testing.T, r *openapi.CreateInstanceJSONRequestBody) {
	r.CpuMillis = new(toygres.MaxCPUMillis)
}
func noImage(_ *testing.T, r *openapi.CreateInstanceJSONRequestBody)  { r.Version = new(17) }
func badImage(_ *testing.T, r *openapi.CreateInstanceJSONRequestBody) { r.Version = new(16) }

// noVolume makes the cluster's default storage class one that makes no volumes.
func noVolume(t *testing.T, _ *openapi.CreateInstanceJSONRequestBody) {
	kubernetestest.Cluster(t).IdleStorageClass(t, true)
}

func TestACreateThatCanNotSucceedYetCanBeCancelledAndLeavesNothing(t *testing.T) {
	stack := newStack(t, "TOYGRES_KUBERNETES_IMAGES=18=postgres:18,17=127.0.0.1:1/postgres:17")
	for _, c := range []struct {
		name   string
		change func(*testing.T, *openapi.CreateInstanceJSONRequestBody)
		reason string
	}{
		{"no-room", noRoom, "Insufficient cpu"},
		{"no-image", noImage, "127.0.0.1:1"},
		{"no-volume", noVolume, "has not made its volume yet"},
	} {
		t.Run(c.name, func(t *testing.T) {
			request := small(c.name)
			c.change(t, &request)
			operation := create(t, stack, request)
			awaitStep(t, stack, operation.Id, "the reason is shown", func(step openapi.Step) bool {
				return step.Message != nil && strings.Contains(*step.Message, c.reason)
			})
			cancelled, err := stack.Client.CancelOperationWithResponse(t.Context(), operation.Id)
			require.NoError(t, err)
			require.Equal(t, http.StatusAccepted, cancelled.StatusCode(), "%s", cancelled.Body)
			operation = stack.MustAwait(t, operation.Id)
			require.Equal(t, openapi.OperationStateCancelled, operation.State)
			requireNothingLeft(t, stack, operation.InstanceId)
			require.Equal(t, openapi.InstanceStateFailed, instance(t, stack, c.name).State)
			remove(t, stack, c.name)
		})
	}
}

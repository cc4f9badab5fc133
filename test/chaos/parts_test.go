package chaos

import (
	"fmt"
	"net/http"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/toygres/toygres"
	"github.com/toygres/toygres/dev/kubernetestest"
	"github.com/toygres/toygres/dev/stacktest"
	"github.com/toygres/toygres/openapi"
)

// A change is one durable operation, asked for as a user would. It leaves the
// instance kept as it was, or has none of its own left.
type change struct {
	kind   toygres.Kind
	before func(t *testing.T, stack *stacktest.Stack, name string) // makes what it is asked of; nil: it is asked of the instance kept
	ask    func(t *testing.T, stack *stacktest.Stack, name string) openapi.Operation
	after  func(t *testing.T, stack *stacktest.Stack, name string) // sees that it was done
}

const kept = "kept"

var changes = []change{
	{kind: toygres.KindCreate, before: nothing, ask: create, after: func(t *testing.T, stack *stacktest.Stack, name string) {
		require.Equal(t, "1", stack.Query(t, name, "SELECT 1"))
		require.Equal(t, openapi.OperationStateSucceeded, remove(t, stack, name).State)
	}},
	{kind: toygres.KindDelete, before: exists, ask: startRemoval, after: requireGone},
	{kind: toygres.KindResize, ask: func(t *testing.T, stack *stacktest.Stack, name string) openapi.Operation {
		memory := 256
		if memoryOf(t, stack, name) == memory {
			memory = 384
		}
		return resize(t, stack, name, openapi.UpdateInstanceRequest{MemoryMib: &memory})
	}, after: func(t *testing.T, stack *stacktest.Stack, name string) {
		requireSize(t, stack, name, memoryOf(t, stack, name), toygres.DefaultStorageGiB)
	}},
	{kind: toygres.KindTrash, ask: softDelete, after: func(t *testing.T, stack *stacktest.Stack, name string) {
		require.Equal(t, openapi.InstanceStateTrashed, stateOf(t, stack, name))
		undelete(t, stack, name)
	}},
}

func memoryOf(t *testing.T, stack *stacktest.Stack, name string) int {
	t.Helper()
	instance, err := stack.Client.GetInstanceWithResponse(t.Context(), name)
	require.NoError(t, err)
	require.NotNil(t, instance.JSON200, "%s", instance.Body)
	return instance.JSON200.MemoryMib
}

func nothing(*testing.T, *stacktest.Stack, string) {}

func exists(t *testing.T, stack *stacktest.Stack, name string) {
	t.Helper()
	require.Equal(t, openapi.OperationStateSucceeded, stack.MustAwait(t, create(t, stack, name).Id).State)
}

// The worker has tests of its own, which say more about what it leaves. The
// others take turns, because the supervisor gives a part up that does nothing
// but die.
func TestAnyOtherPartKilledAtAnyStepOfAnyOperationIsNotNoticedInTheEnd(t *testing.T) {
	survive(t, newStack(t), map[string]func(*testing.T, *stacktest.Stack){
		"api":      func(t *testing.T, stack *stacktest.Stack) { killPart(t, stack, "api") },
		"temporal": func(t *testing.T, stack *stacktest.Stack) { killPart(t, stack, "temporal") },
		"catalog":  func(t *testing.T, stack *stacktest.Stack) { killPart(t, stack, "catalog") },
	})
}

// It runs alone, because all others on the cluster would notice.
func TestTheAPIServerOfKubernetesKilledAtAnyStepOfAnyOperationIsNotNoticedInTheEnd(t *testing.T) {
	if !onKubernetes() {
		t.Skip("there is none: instances are processes of this machine")
	}
	survive(t, stacktest.New(t, placement(t)...), map[string]func(*testing.T, *stacktest.Stack){
		"apiserver": func(t *testing.T, _ *stacktest.Stack) { kubernetestest.Cluster(t).Kill(t, "kube-apiserver") },
	})
}

func survive(t *testing.T, stack *stacktest.Stack, kills map[string]func(*testing.T, *stacktest.Stack)) {
	installHolds(t, stack.CatalogURL)
	exists(t, stack, kept)
	for _, c := range changes {
		for i, moment := range moments(c.kind) {
			for part, kill := range kills {
				t.Run(fmt.Sprintf("%s: %s: %s", c.kind, moment, part), func(t *testing.T) {
					name := kept
					if c.before != nil {
						name = fmt.Sprintf("%s-%d-%s", c.kind, i, part)
						c.before(t, stack, name)
					}
					h := holdStep(t, stack.CatalogURL, moment)
					operation := c.ask(t, stack, name)
					h.reached()
					kill(t, stack)
					h.release()
					require.Equal(t, openapi.OperationStateSucceeded, stack.MustAwait(t, operation.Id).State)
					answering(t, stack)
					c.after(t, stack, name)
				})
			}
		}
	}
	requireNoOrphans(t, stack)
}

// killPart ends a part as a power cut would, and waits until there is another
// one.
func killPart(t *testing.T, stack *stacktest.Stack, part string) {
	t.Helper()
	killed := stack.PID(part)
	require.NoError(t, syscall.Kill(killed, syscall.SIGKILL))
	require.Eventually(t, func() bool { now := stack.PID(part); return now != 0 && now != killed }, time.Minute, 100*time.Millisecond)
}

// answering waits until the API has found everything again that it needs, the
// provider included.
func answering(t *testing.T, stack *stacktest.Stack) {
	t.Helper()
	revealed := accepted(t, func() (*openapi.RevealConnectionResponse, error) {
		return stack.Client.RevealConnectionWithResponse(t.Context(), kept)
	})
	require.Contains(t, []int{http.StatusOK, http.StatusConflict}, revealed.StatusCode(), "%s", revealed.Body)
}

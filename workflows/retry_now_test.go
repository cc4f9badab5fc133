package workflows_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"

	"github.com/toygres/toygres"
	"github.com/toygres/toygres/activities"
	"github.com/toygres/toygres/dev/temporaltest"
	"github.com/toygres/toygres/workflows"
	"github.com/toygres/toygres/workflows/internal/memory"
)

// Left alone, a step that fails so often would take longer than this test may.
func TestRetryNowEndsThePauseOfAStepOnARealServer(t *testing.T) {
	t.Parallel()
	server := temporaltest.New(t)
	c, err := client.NewLazyClient(client.Options{HostPort: server.Address, Namespace: temporaltest.Namespace, Logger: quiet})
	require.NoError(t, err)
	t.Cleanup(c.Close)
	w := memory.New(toygres.KindCreate, operationID, instanceID)
	w.Meet(memory.AtProvision, memory.Times(9, unavailable)...)
	tasks := worker.New(c, workflows.TaskQueue, worker.Options{})
	workflows.Register(tasks)
	tasks.RegisterActivity(&activities.Operations{Catalog: w})
	tasks.RegisterActivity(&activities.Servers{Provider: w, Journal: w})
	tasks.RegisterActivity(&activities.Connections{Credentials: w, Journal: w, Query: w.Query})
	tasks.RegisterActivity(&activities.Places{Catalog: w, Doors: memory.Doors(func() error { return nil })})
	require.NoError(t, tasks.Start())
	t.Cleanup(tasks.Stop)

	op := w.Operation()
	op.WorkflowID = workflows.ID(op.InstanceID)
	now := func(op toygres.Operation) (bool, error) {
		return workflows.RetryNow(t.Context(), c, temporaltest.Namespace, op)
	}
	var none *serviceerror.NotFound
	_, err = now(op)
	require.ErrorAs(t, err, &none)
	_, err = workflows.Start(t.Context(), c, op, w.Instance().Spec)
	require.NoError(t, err)
	another := op
	another.ID = "0190c3a0-0000-7000-8000-00000000000c"
	_, err = now(another)
	require.ErrorAs(t, err, &none, "it is not that operation's workflow")

	retries := 0
	require.EventuallyWithT(t, func(t *assert.CollectT) {
		retried, err := now(op)
		if retried {
			retries++
		}
		require.ErrorAs(t, err, &none, "it goes on: %+v", w.Operation())
	}, time.Minute, 50*time.Millisecond)
	require.Equal(t, toygres.OperationSucceeded, w.Operation().State)
	require.Equal(t, toygres.PhaseReady, w.Server())
	require.GreaterOrEqual(t, retries, 5)
}

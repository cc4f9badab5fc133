package workflows_test

import (
	"log/slog"
	"testing"

	"github.com/stretchr/testify/require"
	sdklog "go.temporal.io/sdk/log"
	"go.temporal.io/sdk/testsuite"

	"github.com/toygres/toygres"
	"github.com/toygres/toygres/activities"
	"github.com/toygres/toygres/workflows"
	"github.com/toygres/toygres/workflows/internal/memory"
)

const (
	operationID = toygres.OperationID("0190c3a0-0000-7000-8000-00000000000a")
	instanceID  = toygres.InstanceID("0190c3a0-0000-7000-8000-00000000000b")
)

// quiet is for troubles that are made on purpose.
var quiet = sdklog.NewStructuredLogger(slog.New(slog.DiscardHandler))

// carryOut runs an operation of the kind in a world of its own, with the real
// activities, and returns what is there when the workflow has ended. arrange
// gets the world and a function that cancels the operation.
func carryOut(t *testing.T, kind toygres.Kind, arrange func(w *memory.World, cancel func())) (*memory.World, error) {
	t.Helper()
	var suite testsuite.WorkflowTestSuite
	suite.SetLogger(quiet)
	env := suite.NewTestWorkflowEnvironment()
	w := memory.New(kind, operationID, instanceID)
	workflows.Register(env)
	env.RegisterActivity(&activities.Operations{Catalog: w})
	servers, connections := &activities.Servers{Provider: w, Journal: w}, &activities.Connections{Credentials: w, Journal: w, Query: w.Query}
	env.RegisterActivity(servers)
	env.RegisterActivity(connections)
	env.RegisterActivity(&activities.Updates{Servers: servers, Connections: connections, Load: w.Load})
	env.RegisterActivity(&activities.Trash{Catalog: w, Timers: w})
	env.RegisterActivity(&activities.Places{Catalog: w, Doors: memory.Doors(func() error { env.SignalWorkflow("place", nil); return nil })})
	arrange(w, env.CancelWorkflow)

	switch kind {
	case toygres.KindCreate, toygres.KindFork:
		env.ExecuteWorkflow(workflows.CreateInstance, workflows.CreateInstanceInput{
			OperationID: operationID, InstanceID: instanceID, Spec: w.Instance().Spec})
	case toygres.KindResize, toygres.KindUpdate:
		env.ExecuteWorkflow(workflows.UpdateInstance, workflows.UpdateInstanceInput{OperationID: operationID, InstanceID: instanceID,
			From: w.Instance().Spec.Settings(), To: toygres.Settings{Size: w.Operation().Size, Configuration: w.Operation().Configuration}})
	case toygres.KindTrash:
		env.ExecuteWorkflow(workflows.TrashInstance, workflows.TrashInstanceInput{OperationID: operationID, InstanceID: instanceID,
			Ran: w.Operation().Previous == toygres.StateRunning})
	case toygres.KindUpgrade:
		env.ExecuteWorkflow(workflows.UpgradeInstance, workflows.UpgradeInstanceInput{
			OperationID: operationID, InstanceID: instanceID, To: w.Operation().Release})
	case toygres.KindRotate:
		env.ExecuteWorkflow(workflows.RotatePassword, workflows.RotatePasswordInput{OperationID: operationID, InstanceID: instanceID})
	case toygres.KindDelete:
		env.ExecuteWorkflow(workflows.DeleteInstance, workflows.DeleteInstanceInput{OperationID: operationID, InstanceID: instanceID})
	}
	require.True(t, env.IsWorkflowCompleted(), "the workflow must end")
	return w, env.GetWorkflowError()
}

// steps are the steps of w's operation with their states.
func steps(w *memory.World) map[toygres.StepName]toygres.StepState {
	states := map[toygres.StepName]toygres.StepState{}
	for _, step := range w.Operation().Steps {
		states[step.Name] = step.State
	}
	return states
}

func step(t *testing.T, w *memory.World, name toygres.StepName) toygres.Step {
	t.Helper()
	for _, step := range w.Operation().Steps {
		if step.Name == name {
			return step
		}
	}
	t.Fatalf("there is no step %q", name)
	return toygres.Step{}
}

// Troubles of each kind.
var (
	unavailable = memory.Fail(toygres.Errorf(toygres.CodeUnavailable, "it is down"))
	broken      = memory.Fail(toygres.Errorf(toygres.CodeProvider, "it is broken"))
	exhausted   = memory.Fail(toygres.Errorf(toygres.CodeExhausted, "no port is free"))
	invalid     = memory.Fail(toygres.Errorf(toygres.CodeInvalid, "it can never succeed"))
	absent      = memory.Fail(toygres.Errorf(toygres.CodeNotFound, "there is no such server"))
	conflict    = memory.Fail(toygres.Errorf(toygres.CodeConflict, "something else is there"))
)

// often is more than any step is tried.
const often = 50

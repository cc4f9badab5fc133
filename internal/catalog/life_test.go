package catalog_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/toygres/toygres"
	"github.com/toygres/toygres/internal/catalog"
)

func TestLifeOfAnInstance(t *testing.T) {
	t.Parallel()
	s, ctx := open(t), t.Context()
	owner := newUser(t, s, "ann")

	begun := create(t, s, owner, "mydb")
	id := begun.Operation.ID
	instance, err := s.Instance(ctx, "mydb")
	require.NoError(t, err)
	require.Equal(t, begun.Instance, instance, "what BeginCreate answers is what is stored")
	operation, err := s.Operation(ctx, id)
	require.NoError(t, err)
	require.Equal(t, begun.Operation, operation)

	require.NoError(t, s.StartOperation(ctx, id, "run-1"))
	require.NoError(t, s.StepStarted(ctx, id, toygres.StepProvision, 1))
	require.NoError(t, s.StepFailed(ctx, id, toygres.StepProvision, 1, "no\x00port \xff", time.Now().Add(time.Second)))
	require.NoError(t, s.StepStarted(ctx, id, toygres.StepProvision, 2))
	require.NoError(t, s.StepProgress(ctx, id, toygres.StepProvision, "unpacking"))
	require.NoError(t, s.StepProgress(ctx, id, toygres.StepProvision, "unpacking"))
	require.NoError(t, s.StepSucceeded(ctx, id, toygres.StepProvision, 2))
	require.NoError(t, s.FinishOperation(ctx, toygres.Outcome{Operation: id, State: toygres.OperationSucceeded,
		InstanceState: toygres.StateRunning, Step: toygres.StepFinish,
		Endpoint: toygres.Endpoint{Host: "127.0.0.1", Port: 15500}, ServerVersion: "18.4"}))

	instance, err = s.Instance(ctx, "mydb")
	require.NoError(t, err)
	require.Equal(t, toygres.StateRunning, instance.State)
	require.Equal(t, toygres.Endpoint{Host: "127.0.0.1", Port: 15500}, instance.Endpoint)
	require.Equal(t, "18.4", instance.ServerVersion)
	require.Empty(t, instance.Operation)

	operation, err = s.Operation(ctx, id)
	require.NoError(t, err)
	require.Equal(t, toygres.OperationSucceeded, operation.State)
	require.Equal(t, "run-1", operation.RunID)
	states := map[toygres.StepName]toygres.StepState{}
	for _, step := range operation.Steps {
		states[step.Name] = step.State
	}
	require.Equal(t, map[toygres.StepName]toygres.StepState{
		toygres.StepProvision: toygres.StepSucceeded, toygres.StepAwaitReady: toygres.StepSkipped,
		toygres.StepConnect: toygres.StepSkipped, toygres.StepFinish: toygres.StepSucceeded}, states)
	require.Equal(t, 2, operation.Steps[0].Attempt)

	stop, err := s.Begin(ctx, "mydb", toygres.KindStop, owner)
	require.NoError(t, err)
	unsettled, err := s.Unsettled(ctx)
	require.NoError(t, err)
	require.Len(t, unsettled, 1)
	require.Equal(t, stop.Operation.ID, unsettled[0].Operation.ID)
	stored, err := s.Operation(ctx, stop.Operation.ID)
	require.NoError(t, err)
	require.Equal(t, stop.Operation, stored)
	require.NoError(t, s.FinishOperation(ctx, toygres.Outcome{Operation: stop.Operation.ID,
		State: toygres.OperationSucceeded, InstanceState: toygres.StateStopped, Step: toygres.StepStop}))
	stored, err = s.Operation(ctx, stop.Operation.ID)
	require.NoError(t, err)
	require.Equal(t, stored.CreatedAt, stored.Steps[0].StartedAt, "its only step took as long as the stop")

	deletion, err := s.Begin(ctx, "mydb", toygres.KindDelete, owner)
	require.NoError(t, err)
	require.NoError(t, s.FinishOperation(ctx, toygres.Outcome{Operation: deletion.Operation.ID,
		State: toygres.OperationSucceeded, InstanceState: toygres.StateDeleted, Step: toygres.StepForget}))
	_, err = s.Instance(ctx, "mydb")
	requireCode(t, toygres.CodeNotFound, err)
	create(t, s, owner, "mydb")

	events, err := s.Events(ctx, catalog.EventFilter{Instance: instance.ID}, 0)
	require.NoError(t, err)
	var types []toygres.EventType
	for _, e := range events {
		require.Equal(t, "mydb", e.InstanceName)
		types = append(types, e.Type)
	}
	require.Equal(t, []toygres.EventType{"instance.state", "operation.started",
		"step.started", "step.failed", "step.started", "step.progress", "step.succeeded",
		"step.succeeded", "instance.state", "operation.ended",
		"instance.state", "step.succeeded", "instance.state", "operation.ended",
		"instance.state", "step.succeeded", "instance.state", "operation.ended"}, types)
}

package server_test

import (
	"context"
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	deploymentpb "go.temporal.io/api/deployment/v1"
	enumspb "go.temporal.io/api/enums/v1"
	taskqueuepb "go.temporal.io/api/taskqueue/v1"
	"go.temporal.io/api/workflowservice/v1"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/toygres/toygres"
	"github.com/toygres/toygres/internal/catalog"
	"github.com/toygres/toygres/openapi"
	"github.com/toygres/toygres/services/api/server"
)

func (s service) DescribeTaskQueue(_ context.Context, in *workflowservice.DescribeTaskQueueRequest, _ ...grpc.CallOption) (*workflowservice.DescribeTaskQueueResponse, error) {
	return s.temporal.queues[in.GetTaskQueueType()], nil
}

func (c *caller) system() openapi.System {
	c.api.t.Helper()
	got := c.get("/api/system")
	require.Equal(c.api.t, 200, got.status, "%s", got.body)
	var system openapi.System
	require.NoError(c.api.t, json.Unmarshal(got.body, &system))
	return system
}

func TestSystemTellsWhichReleasesWorkAndWhatWaits(t *testing.T) {
	t.Parallel()
	seen := time.Now().UTC().Truncate(time.Second)
	poller := func(identity, build string, ago time.Duration) *taskqueuepb.PollerInfo {
		return &taskqueuepb.PollerInfo{Identity: identity, LastAccessTime: timestamppb.New(seen.Add(-ago)),
			DeploymentOptions: &deploymentpb.WorkerDeploymentOptions{BuildId: build}}
	}
	current := &taskqueuepb.TaskQueueVersioningInfo{CurrentDeploymentVersion: &deploymentpb.WorkerDeploymentVersion{BuildId: "v2"}}
	f := &temporal{queues: map[enumspb.TaskQueueType]*workflowservice.DescribeTaskQueueResponse{
		enumspb.TASK_QUEUE_TYPE_WORKFLOW: {VersioningInfo: current, Stats: &taskqueuepb.TaskQueueStats{},
			Pollers: []*taskqueuepb.PollerInfo{poller("2@new", "v2", time.Minute), poller("1@old", "v1", time.Second)}},
		enumspb.TASK_QUEUE_TYPE_ACTIVITY: {VersioningInfo: current,
			Stats:   &taskqueuepb.TaskQueueStats{ApproximateBacklogCount: 12, ApproximateBacklogAge: durationpb.New(3 * time.Second)},
			Pollers: []*taskqueuepb.PollerInfo{poller("2@new", "v2", 0)}},
	}}
	a := start(t, f.option, func(o *server.Options) {
		o.Places = 3
		o.Settings = []server.Setting{{Name: "TOYGRES_CATALOG_URL", Secret: true}, {Name: "TOYGRES_LISTEN", Value: "127.0.0.1:8080", Default: true}}
	})
	a.waiting("first")

	operator := a.as(a.user("olga", toygres.RoleOperator))
	got := operator.system()
	v1, v2, listen, limit := "v1", "v2", "127.0.0.1:8080", 3
	require.Equal(t, []openapi.Worker{
		{Identity: "1@old", Build: &v1, Takes: []openapi.TaskKind{"workflow"}, LastSeenAt: seen.Add(-time.Second)},
		{Identity: "2@new", Build: &v2, Takes: []openapi.TaskKind{"workflow", "activity"}, TakesNew: true, LastSeenAt: seen},
	}, got.Workers)
	require.Len(t, got.TaskQueues, 2)
	require.Equal(t, openapi.TaskQueue{Name: "toygres", Takes: "activity", Workers: 1, Backlog: 12, BacklogAgeSeconds: 3}, got.TaskQueues[1])
	require.Equal(t, openapi.Places{Limit: &limit, Used: 0, Waiting: 1}, got.Places)
	require.Equal(t, []openapi.Setting{{Name: "TOYGRES_CATALOG_URL", Secret: true}, {Name: "TOYGRES_LISTEN", Value: &listen, Default: true}}, got.Settings)
	require.Equal(t, "local", got.Provider)
	require.Nil(t, got.Temporal.Error)
	migrations, err := catalog.Migrate(t.Context(), a.catalog, catalog.MigrateStatus)
	require.NoError(t, err)
	require.Equal(t, migrations[len(migrations)-1].Version, got.SchemaVersion)
	a.as(a.user("vera", toygres.RoleViewer)).get("/api/system").problem(403, toygres.CodeForbidden)
}

func TestSystemIsToldWhileTemporalIsDown(t *testing.T) {
	t.Parallel()
	got := start(t).asAdmin().system()
	require.Contains(t, *got.Temporal.Error, "Temporal does not answer")
	require.NotNil(t, got.Workers)
	require.Empty(t, got.Workers)
	require.Empty(t, got.TaskQueues)
	require.Nil(t, got.Places.Limit, "nobody has said how many there are")
}

// waiting puts an operation into the catalog that waits for a place.
func (a *api) waiting(name string) {
	a.t.Helper()
	begun, err := a.store.BeginCreate(a.t.Context(), catalog.NewInstance{
		Spec: toygres.Spec{Name: name}.WithDefaults(), Owner: a.admin.ID, Provider: "local"})
	require.NoError(a.t, err)
	require.NoError(a.t, a.store.StartOperation(a.t.Context(), begun.Operation.ID, "run"))
	place, _, err := a.store.TakePlace(a.t.Context(), begun.Operation.ID, 0)
	require.NoError(a.t, err)
	require.False(a.t, place.Taken)
}

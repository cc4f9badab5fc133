package server

import (
	"cmp"
	"context"
	"slices"

	enumspb "go.temporal.io/api/enums/v1"
	taskqueuepb "go.temporal.io/api/taskqueue/v1"
	"go.temporal.io/api/workflowservice/v1"

	"github.com/toygres/toygres/openapi"
	"github.com/toygres/toygres/workflows"
)

var taskKinds = []struct {
	kind openapi.TaskKind
	of   enumspb.TaskQueueType
}{
	{openapi.Workflow, enumspb.TASK_QUEUE_TYPE_WORKFLOW},
	{openapi.Activity, enumspb.TASK_QUEUE_TYPE_ACTIVITY},
}

// workers asks Temporal who takes which tasks, and how many wait.
func (s *Server) workers(ctx context.Context) ([]openapi.Worker, []openapi.TaskQueue, error) {
	found := map[string]*openapi.Worker{}
	var queues []openapi.TaskQueue
	for _, k := range taskKinds {
		told, err := s.options.Temporal.WorkflowService().DescribeTaskQueue(ctx, &workflowservice.DescribeTaskQueueRequest{
			Namespace: s.options.TemporalNamespace, ReportStats: true, TaskQueueType: k.of,
			TaskQueue: &taskqueuepb.TaskQueue{Name: workflows.TaskQueue, Kind: enumspb.TASK_QUEUE_KIND_NORMAL},
		})
		if err != nil {
			return nil, nil, err
		}
		stats := told.GetStats()
		queues = append(queues, openapi.TaskQueue{Name: workflows.TaskQueue, Takes: k.kind, Workers: len(told.GetPollers()),
			Backlog: stats.GetApproximateBacklogCount(), BacklogAgeSeconds: stats.GetApproximateBacklogAge().AsDuration().Seconds(),
			AddedPerSecond: float64(stats.GetTasksAddRate()), DispatchedPerSecond: float64(stats.GetTasksDispatchRate())})
		current := told.GetVersioningInfo().GetCurrentDeploymentVersion().GetBuildId()
		for _, poller := range told.GetPollers() {
			build := poller.GetDeploymentOptions().GetBuildId()
			w := found[poller.GetIdentity()]
			if w == nil {
				w = &openapi.Worker{Identity: poller.GetIdentity(), Build: optional(build), TakesNew: current == "" || current == build}
				found[w.Identity] = w
			}
			w.Takes = append(w.Takes, k.kind)
			if seen := poller.GetLastAccessTime().AsTime(); seen.After(w.LastSeenAt) {
				w.LastSeenAt = seen
			}
		}
	}
	workers := make([]openapi.Worker, 0, len(found))
	for _, w := range found {
		workers = append(workers, *w)
	}
	slices.SortFunc(workers, func(a, b openapi.Worker) int { return cmp.Compare(a.Identity, b.Identity) })
	return workers, queues, nil
}

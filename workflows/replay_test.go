package workflows_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"
	"google.golang.org/protobuf/proto"

	"github.com/toygres/toygres/activities"
	"github.com/toygres/toygres/workflows"
	"github.com/toygres/toygres/workflows/internal/memory"
)

// How many histories there are at least, so that they can't get fewer unseen.
// Raise it with every recording; see package record.
const (
	recordedCreates  = 27
	recordedBatches  = 4
	recordedTrashes  = 8
	recordedPurges   = 2
	recordedDeletes  = 5
	recordedResizes  = 13
	recordedUpdates  = 16
	recordedRotates  = 5
	recordedForks    = 5
	recordedPrunes   = 1
	recordedWatches  = 3
	recordedUpgrades = 9
)

// Operations that began under released code go on under today's.
func TestTodaysWorkflowsContinueRecordedHistories(t *testing.T) {
	t.Parallel()
	replayer := worker.NewWorkflowReplayer()
	workflows.Register(replayer)
	batches, creates, trashes, purges, deletes, resizes, updates, rotates, forks, prunes := 0, 0, 0, 0, 0, 0, 0, 0, 0, 0
	watches, upgrades := 0, 0
	for _, path := range histories(t) {
		name := filepath.Base(path)
		switch {
		case strings.Contains(name, "_batch_"):
			batches++
		case strings.Contains(name, "_create_"):
			creates++
		case strings.Contains(name, "_trash_"):
			trashes++
		case strings.Contains(name, "_purge_"):
			purges++
		case strings.Contains(name, "_resize_"):
			resizes++
		case strings.Contains(name, "_upgrade_"):
			upgrades++
		case strings.Contains(name, "_update_"):
			updates++
		case strings.Contains(name, "_rotate_"):
			rotates++
		case strings.Contains(name, "_fork_"):
			forks++
		case strings.Contains(name, "_prune_"):
			prunes++
		case strings.Contains(name, "_monitor_"):
			watches++
		default:
			deletes++
		}
		require.NoError(t, replayer.ReplayWorkflowHistoryFromJSONFile(nil, path), name)
	}
	require.GreaterOrEqual(t, creates, recordedCreates)
	require.GreaterOrEqual(t, batches, recordedBatches)
	require.GreaterOrEqual(t, trashes, recordedTrashes)
	require.GreaterOrEqual(t, purges, recordedPurges)
	require.GreaterOrEqual(t, deletes, recordedDeletes)
	require.GreaterOrEqual(t, resizes, recordedResizes)
	require.GreaterOrEqual(t, updates, recordedUpdates)
	require.GreaterOrEqual(t, rotates, recordedRotates)
	require.GreaterOrEqual(t, forks, recordedForks)
	require.GreaterOrEqual(t, prunes, recordedPrunes)
	require.GreaterOrEqual(t, watches, recordedWatches)
	require.GreaterOrEqual(t, upgrades, recordedUpgrades)
}

// This is what the test above is good for: a step that is left out would
// break operations that are under way, and a replay finds it.
func TestReplayFindsAChangedWorkflow(t *testing.T) {
	t.Parallel()
	replayer := worker.NewWorkflowReplayer()
	replayer.RegisterWorkflowWithOptions(withoutProvision, workflow.RegisterOptions{Name: "CreateInstance"})
	succeeded := filepath.Join("testdata", "histories", "v0.1_create_succeeded.json")
	require.ErrorContains(t, replayer.ReplayWorkflowHistoryFromJSONFile(quiet, succeeded), "[TMPRL1100]")
}

func withoutProvision(ctx workflow.Context, in workflows.CreateInstanceInput) (workflows.CreateInstanceResult, error) {
	var operations *activities.Operations
	var servers *activities.Servers
	local := workflow.WithLocalActivityOptions(ctx, workflow.LocalActivityOptions{StartToCloseTimeout: 1e9})
	if err := workflow.ExecuteLocalActivity(local, operations.Begin, activities.BeginInput{OperationID: in.OperationID}).Get(ctx, nil); err != nil {
		return workflows.CreateInstanceResult{}, err
	}
	ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{StartToCloseTimeout: 1e9})
	return workflows.CreateInstanceResult{}, workflow.ExecuteActivity(ctx, servers.AwaitReady, activities.AwaitReadyInput{InstanceID: in.InstanceID}).Get(ctx, nil)
}

// Histories are read by operators and kept for weeks.
func TestHistoriesHoldNoPassword(t *testing.T) {
	t.Parallel()
	for _, path := range histories(t) {
		raw, err := proto.Marshal(read(t, path))
		require.NoError(t, err)
		require.Contains(t, string(raw), string(workflows.TaskQueue), "payloads must be readable for this test to mean something")
		require.False(t, bytes.Contains(raw, []byte(memory.Password)), filepath.Base(path))
	}
}

func histories(t *testing.T) []string {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join("testdata", "histories", "*.json"))
	require.NoError(t, err)
	require.NotEmpty(t, paths)
	return paths
}

func read(t *testing.T, path string) *historypb.History {
	t.Helper()
	file, err := os.Open(path)
	require.NoError(t, err)
	defer file.Close()
	history, err := client.HistoryFromJSON(file, client.HistoryJSONOptions{})
	require.NoError(t, err)
	return history
}

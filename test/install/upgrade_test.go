package install_test

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/util/retry"

	"github.com/toygres/toygres/dev/charttest"
	"github.com/toygres/toygres/dev/temporaltest"
	"github.com/toygres/toygres/openapi"
)

// A create waits for a node while the release is upgraded. Old workers end what they began, and new ones do what is new.
func TestAnOperationInFlightEndsOnTheReleaseThatBeganIt(t *testing.T) {
	place := newPlace(t)
	older, newer := place.Version, place.Version+"-next"
	anywhere := charttest.Values{"tolerations": []any{charttest.Values{"operator": "Exists"}}}
	values := func(version string) charttest.Values {
		return charttest.Values{"image": charttest.Values{"tag": version}, "api": anywhere, "worker": anywhere}
	}
	require.NoError(t, place.Install(t.Context(), values(older)))
	create(t, place, "before")
	oldPods := podNames(t, place)
	require.NotEmpty(t, oldPods)

	free := taintNode(t)
	held := begin(t, place, "held")
	require.Eventually(t, func() bool {
		return slices.ContainsFunc(operation(t, place, held).Steps, func(s openapi.Step) bool {
			return s.Message != nil && strings.Contains(*s.Message, "taint")
		})
	}, patience, 100*time.Millisecond, "it waits for a node")

	require.NoError(t, place.Import(t.Context(), newer))
	answered := keepAsking(t, place.URL+"/healthz")
	require.NoError(t, place.Install(t.Context(), values(newer)))
	answered()
	require.Subset(t, podNames(t, place), oldPods, "old workers are needed")

	toygres(t, place, "delete", "before", "--purge", "--yes", "--wait")
	young := begin(t, place, "young")
	require.Equal(t, openapi.OperationStateRunning, operation(t, place, held).State)
	free()
	for name, id := range map[string]uuid.UUID{"held": held, "young": young} {
		ended := place.MustAwait(t, id)
		require.Equal(t, openapi.OperationStateSucceeded, ended.State, "%s: %+v", name, ended)
		require.Equal(t, "1", query(t, connectionURL(t, place, name), "SELECT 1"))
	}

	temporal, err := client.Dial(client.Options{HostPort: place.Temporal.Address, Namespace: temporaltest.Namespace})
	require.NoError(t, err)
	defer temporal.Close()
	build, pods := whoDid(t, temporal, operation(t, place, held))
	require.Equal(t, older, build)
	require.Subset(t, oldPods, pods)
	build, pods = whoDid(t, temporal, operation(t, place, young))
	require.Equal(t, newer, build)
	for _, pod := range pods {
		require.NotContains(t, oldPods, pod)
	}
	require.Eventually(t, func() bool {
		now := podNames(t, place)
		return len(now) > 0 && !slices.ContainsFunc(now, func(pod string) bool { return slices.Contains(oldPods, pod) })
	}, patience, 500*time.Millisecond, "old workers go when they are not needed any more")
}

func begin(t *testing.T, place *charttest.Installation, name string) uuid.UUID {
	t.Helper()
	memory, storage := 256, 1
	created, err := place.Client.CreateInstanceWithResponse(t.Context(), nil,
		openapi.CreateInstanceJSONRequestBody{Name: name, MemoryMib: &memory, StorageGib: &storage})
	require.NoError(t, err)
	require.Equal(t, http.StatusAccepted, created.StatusCode(), "%s", created.Body)
	return created.JSON202.Id
}

func operation(t *testing.T, place *charttest.Installation, id uuid.UUID) openapi.Operation {
	t.Helper()
	got, err := place.Client.GetOperationWithResponse(t.Context(), id)
	require.NoError(t, err)
	require.NotNil(t, got.JSON200, "%s", got.Body)
	return *got.JSON200
}

// keepAsking asks again and again, always by a new connection, until answered is called, which requires that each was answered.
func keepAsking(t *testing.T, address string) (answered func()) {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	asked := 0
	go func() {
		asker := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: patience}
		for ctx.Err() == nil {
			response, err := asker.Get(address)
			if err != nil {
				ended <- err
				return
			}
			_ = response.Body.Close()
			asked++
			time.Sleep(20 * time.Millisecond)
		}
		ended <- nil
	}()
	return func() {
		t.Helper()
		stop()
		require.NoError(t, <-ended, "after %d answers", asked)
		require.Greater(t, asked, 50)
	}
}

// podNames are the workers' pods, those that end too.
func podNames(t *testing.T, place *charttest.Installation) (names []string) {
	t.Helper()
	pods, err := place.Pods(t.Context(), "worker")
	require.NoError(t, err)
	for _, pod := range pods {
		names = append(names, pod.Name)
	}
	return names
}

// whoDid are the release to which an operation's workflow is bound and the pods that carried it out.
func whoDid(t *testing.T, temporal client.Client, o openapi.Operation) (build string, pods []string) {
	t.Helper()
	id := "instance/" + o.InstanceId.String()
	run := (*o.TemporalUrl)[strings.LastIndex(*o.TemporalUrl, "/")+1:]
	described, err := temporal.DescribeWorkflowExecution(t.Context(), id, run)
	require.NoError(t, err)
	history := temporal.GetWorkflowHistory(t.Context(), id, run, false, enumspb.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
	for history.HasNext() {
		event, err := history.Next()
		require.NoError(t, err)
		if completed := event.GetWorkflowTaskCompletedEventAttributes(); completed != nil {
			_, pod, _ := strings.Cut(completed.GetIdentity(), "@") // 1@<pod>@
			pods = append(pods, strings.TrimSuffix(pod, "@"))
		}
	}
	require.NotEmpty(t, pods)
	return described.GetWorkflowExecutionInfo().GetVersioningInfo().GetDeploymentVersion().GetBuildId(), pods
}

// taintNode lets the node take no more pods, but for those that tolerate it, until free is called or the test ends.
func taintNode(t *testing.T) (free func()) {
	t.Helper()
	taint := corev1.Taint{Key: "toygres.dev/full", Effect: corev1.TaintEffectNoSchedule}
	change := func(taints func([]corev1.Taint) []corev1.Taint) {
		nodes := cluster.Client.CoreV1().Nodes()
		require.NoError(t, retry.RetryOnConflict(retry.DefaultBackoff, func() error {
			list, err := nodes.List(context.Background(), metav1.ListOptions{})
			if err != nil {
				return err
			}
			node := &list.Items[0]
			node.Spec.Taints = taints(node.Spec.Taints)
			_, err = nodes.Update(context.Background(), node, metav1.UpdateOptions{})
			return err
		}))
	}
	free = func() {
		change(func(taints []corev1.Taint) []corev1.Taint {
			return slices.DeleteFunc(taints, func(t corev1.Taint) bool { return t.Key == taint.Key })
		})
	}
	change(func(taints []corev1.Taint) []corev1.Taint { return append(taints, taint) })
	t.Cleanup(free)
	return free
}

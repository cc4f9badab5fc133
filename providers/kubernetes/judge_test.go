package kubernetes

import (
	"cmp"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/toygres/toygres"
	"github.com/toygres/toygres/providers/internal/basebackup"
)

// TestWhatTheClusterShowsIsJudged has what can't be provoked quickly, or at
// all, in a test's cluster; test/kubernetes has the rest.
func TestWhatTheClusterShowsIsJudged(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	ago := func(d time.Duration) metav1.Time { return metav1.NewTime(now.Add(-d)) }
	const patience = 10 * time.Minute
	one, none := int32(1), int32(0)
	set := func(replicas *int32) *appsv1.StatefulSet {
		return &appsv1.StatefulSet{Spec: appsv1.StatefulSetSpec{Replicas: replicas}}
	}
	pod := func(s corev1.ContainerStatus, conditions ...corev1.PodCondition) *corev1.Pod {
		s.Name = containerName
		return &corev1.Pod{Status: corev1.PodStatus{ContainerStatuses: []corev1.ContainerStatus{s}, Conditions: conditions}}
	}
	waiting := func(reason, message string) corev1.ContainerStatus {
		return corev1.ContainerStatus{State: corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: reason, Message: message}}}
	}
	crashed := func(restarts int32, lived time.Duration) corev1.ContainerStatus {
		s := waiting("CrashLoopBackOff", "back-off")
		s.RestartCount = restarts
		s.LastTerminationState.Terminated = &corev1.ContainerStateTerminated{
			ExitCode: 1, StartedAt: ago(lived), FinishedAt: ago(0),
			Message: "LOG:  starting\n2026-11-24 [1] FATAL:  could not load library\nLOG:  database system is shut down\n",
		}
		return s
	}
	ready := corev1.PodCondition{Type: corev1.PodReady, Status: corev1.ConditionTrue}
	unschedulable := func(since time.Duration) corev1.PodCondition {
		return corev1.PodCondition{Type: corev1.PodScheduled, Status: corev1.ConditionFalse, Reason: "Unschedulable", Message: "0/3 nodes", LastTransitionTime: ago(since)}
	}
	warning := func(reason string, since time.Duration) []corev1.Event {
		return []corev1.Event{{Reason: reason, Message: "because", FirstTimestamp: ago(since), LastTimestamp: ago(0)}}
	}
	runs := pod(corev1.ContainerStatus{State: corev1.ContainerState{Running: &corev1.ContainerStateRunning{StartedAt: ago(8 * time.Second)}}})
	runs.Spec.NodeName, runs.Status.PodIP = "node-1", "10.244.0.7"
	copies := pod(waiting("PodInitializing", ""))
	copies.Spec.NodeName = "node-1"
	copies.Status.InitContainerStatuses = []corev1.ContainerStatus{{Name: copyName, State: corev1.ContainerState{Running: &corev1.ContainerStateRunning{}}}}
	copied := copies.DeepCopy() // at the second attempt
	copied.Status.InitContainerStatuses = []corev1.ContainerStatus{
		{Name: copyName, RestartCount: 1, State: corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{}}, LastTerminationState: corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{ExitCode: 1}}},
		{Name: takeOverName, State: corev1.ContainerState{Running: &corev1.ContainerStateRunning{}}},
	}
	failing := copies.DeepCopy()
	failing.Status.InitContainerStatuses = []corev1.ContainerStatus{crashed(6, time.Hour)}
	failing.Status.InitContainerStatuses[0].Name = copyName
	terminating := pod(corev1.ContainerStatus{}, ready)
	terminating.DeletionTimestamp = &metav1.Time{Time: now}
	pending := &corev1.PersistentVolumeClaim{Status: corev1.PersistentVolumeClaimStatus{Phase: corev1.ClaimPending}}
	// Instances here should have 10 GiB, and these were made with 5.
	small := set(&one)
	small.Spec.VolumeClaimTemplates = []corev1.PersistentVolumeClaim{volume("5Gi")}
	claim := func(holds string, status corev1.ClaimResourceStatus) *corev1.PersistentVolumeClaim {
		c := volume("10Gi")
		c.Status.Capacity = corev1.ResourceList{corev1.ResourceStorage: resource.MustParse(holds)}
		c.Status.AllocatedResourceStatuses = map[corev1.ResourceName]corev1.ClaimResourceStatus{corev1.ResourceStorage: status}
		return &c
	}
	other := pod(corev1.ContainerStatus{}, ready)
	other.Annotations = map[string]string{annotationSize: "cpu=1m memory=1Mi storage=1Gi"}
	unmade := func(since time.Duration) *corev1.PersistentVolumeClaim {
		class, claim := "fast", pending.DeepCopy()
		claim.Spec.StorageClassName = &class
		claim.Annotations = map[string]string{annotationNode: "node-1"}
		claim.CreationTimestamp, claim.ManagedFields = ago(time.Hour), []metav1.ManagedFieldsEntry{{Time: new(ago(since))}}
		return claim
	}
	public := &corev1.Service{Spec: corev1.ServiceSpec{ClusterIP: "10.96.7.7"}}

	for name, c := range map[string]struct {
		view    view
		stopped bool
		public  bool
		restart string
		phase   toygres.Phase
		message string
		again   time.Duration
		storage int // that it is shown with; 0 is 10 GiB
	}{
		"deleting":               {view: view{deleting: true, pod: pod(corev1.ContainerStatus{}, ready)}, phase: toygres.PhaseStopping, message: "being deleted"},
		"stopped":                {view: view{set: set(&none)}, stopped: true, phase: toygres.PhaseStopped},
		"stopping":               {view: view{set: set(&none), pod: terminating}, stopped: true, phase: toygres.PhaseStopping, message: "ending"},
		"not yet scaled":         {view: view{set: set(&one)}, stopped: true, phase: toygres.PhaseStopping, message: "ending"},
		"nothing but the record": {view: view{}, phase: toygres.PhaseStarting, message: "objects"},
		"ready":                  {view: view{set: set(&one), pod: pod(corev1.ContainerStatus{}, ready)}, phase: toygres.PhaseReady},
		"runs":                   {view: view{set: set(&one), pod: runs}, phase: toygres.PhaseStarting, message: "PostgreSQL is starting", again: time.Second},
		"answers":                {view: view{set: set(&one), pod: runs, answers: true}, phase: toygres.PhaseReady},
		"restarting":             {view: view{set: set(&one), pod: terminating}, phase: toygres.PhaseStarting, message: "started again"},
		"from before a restart":  {view: view{set: set(&one), pod: pod(corev1.ContainerStatus{}, ready)}, restart: "again", phase: toygres.PhaseStarting, message: "started again"},
		"no room":                {view: view{set: set(&one), pod: pod(corev1.ContainerStatus{}, unschedulable(time.Minute))}, phase: toygres.PhaseStarting, message: "0/3 nodes", again: 9 * time.Minute},
		"no room for too long":   {view: view{set: set(&one), pod: pod(corev1.ContainerStatus{}, unschedulable(patience))}, phase: toygres.PhaseFailed, message: "0/3 nodes"},
		"bad image name":         {view: view{set: set(&one), pod: pod(waiting("InvalidImageName", "no"))}, phase: toygres.PhaseFailed, message: "InvalidImageName"},
		"first failed pull":      {view: view{set: set(&one), pod: pod(waiting("ErrImagePull", "not found"))}, phase: toygres.PhaseStarting, message: "not found"},
		"pulls fail":             {view: view{set: set(&one), pod: pod(waiting("ImagePullBackOff", "not found")), events: warning("Failed", time.Minute)}, phase: toygres.PhaseStarting, message: "not found", again: 9 * time.Minute},
		"pulls go on failing":    {view: view{set: set(&one), pod: pod(waiting("ImagePullBackOff", "not found")), events: warning("Failed", patience)}, phase: toygres.PhaseFailed, message: "not found"},
		"crashed":                {view: view{set: set(&one), pod: pod(crashed(2, time.Second))}, phase: toygres.PhaseStarting, message: "could not load library"},
		"crashes again":          {view: view{set: set(&one), pod: pod(crashed(6, time.Second))}, phase: toygres.PhaseFailed, message: "could not load library"},
		"crashes now and then":   {view: view{set: set(&one), pod: pod(crashed(60, time.Hour))}, phase: toygres.PhaseStarting, message: "could not load library"},
		"no volume":              {view: view{set: set(&one), pod: pod(corev1.ContainerStatus{}), claim: pending, events: warning("ProvisioningFailed", patience)}, phase: toygres.PhaseFailed, message: "volume can't be had: because"},
		"volume on its way":      {view: view{set: set(&one), pod: pod(corev1.ContainerStatus{}), claim: unmade(time.Minute)}, phase: toygres.PhaseStarting, message: "storage class fast", again: 9 * time.Minute},
		"volume nobody makes":    {view: view{set: set(&one), pod: pod(corev1.ContainerStatus{}), claim: unmade(patience)}, phase: toygres.PhaseFailed, message: "storage class fast"},
		"slow volume":            {view: view{set: set(&one), pod: pod(waiting("ContainerCreating", "")), events: warning("FailedAttachVolume", patience)}, phase: toygres.PhaseStarting, message: "because"},
		"no pod":                 {view: view{set: set(&one), events: warning("FailedCreate", time.Minute)}, phase: toygres.PhaseStarting, message: "because", again: 9 * time.Minute},
		"no public address":      {view: view{set: set(&one), pod: pod(corev1.ContainerStatus{}, ready), service: public}, public: true, phase: toygres.PhaseStarting, message: "load balancer"},
		"copying":                {view: view{set: set(&one), pod: copies, far: basebackup.Progress{Done: 3 << 20, Of: 4 << 20}}, phase: toygres.PhaseStarting, message: "copying data: 75 % of 4 MiB", again: copyPause},
		"taking over":            {view: view{set: set(&one), pod: copied}, phase: toygres.PhaseStarting, message: "is copied"},
		"copies end too early":   {view: view{set: set(&one), pod: failing}, phase: toygres.PhaseFailed, message: "copy-data ended with exit code 1"},
		"another size":           {view: view{set: set(&one), pod: other}, phase: toygres.PhaseStarting, message: "new size"},
		"growing":                {view: view{set: small, pod: pod(corev1.ContainerStatus{}, ready), claim: claim("5Gi", "")}, phase: toygres.PhaseStarting, message: "grows from 5Gi to 10Gi"},
		"growth fails":           {view: view{set: small, pod: pod(corev1.ContainerStatus{}, ready), claim: claim("5Gi", ""), events: warning("VolumeResizeFailed", time.Minute)}, phase: toygres.PhaseStarting, message: "because", again: 9 * time.Minute},
		"growth goes on failing": {view: view{set: small, pod: pod(corev1.ContainerStatus{}, ready), claim: claim("5Gi", ""), events: warning("VolumeResizeFailed", patience)}, phase: toygres.PhaseReady, message: "because", storage: 5},
		"growth is infeasible":   {view: view{set: small, pod: pod(corev1.ContainerStatus{}, ready), claim: claim("5Gi", corev1.PersistentVolumeClaimControllerResizeInfeasible)}, phase: toygres.PhaseReady, message: "can't grow", storage: 5},
		"grown":                  {view: view{set: small, pod: pod(corev1.ContainerStatus{}, ready), claim: claim("10Gi", "")}, phase: toygres.PhaseReady},
	} {
		c.view.desired = testDesired(t, Config{Namespace: "databases", PublicDNSSuffix: "example.com"}, toygres.Spec{Name: "orders", Public: c.public})
		c.view.running, c.view.restart = !c.stopped, c.restart
		if c.view.set != nil {
			c.view.claimed = claimedBy(c.view.set)
		}
		if c.view.service == nil && c.view.set != nil {
			c.view.service = public
		}
		o, again := c.view.judge(now, patience)
		require.Equal(t, c.phase, o.Phase, name)
		require.Contains(t, o.Message, c.message, name)
		require.Equal(t, c.message == "", o.Message == "", "%s: %q", name, o.Message)
		require.Equal(t, c.again, again, name)
		require.Equal(t, cmp.Or(c.storage, 10), o.Size.StorageGiB, name)
	}
}

// Pods from before there were marks are replaced when they have another size,
// and left alone otherwise: an upgrade restarts no database.
func TestAPodIsKnownByItsMarkOrElseByItsLimits(t *testing.T) {
	t.Parallel()
	d := testDesired(t, Config{Namespace: "databases", ReservedCPUPercent: 10}, toygres.Spec{Name: "orders"})
	size, larger := d.spec.Size(), d.spec.Size()
	larger.MemoryMiB *= 2
	more := size
	more.StorageGiB++
	pod := &corev1.Pod{Spec: corev1.PodSpec{Containers: []corev1.Container{{Name: containerName, Resources: corev1.ResourceRequirements{
		Requests: resources(d.spec, 10), Limits: resources(d.spec, 100),
	}}}}}
	require.True(t, fits(pod, size))
	require.False(t, fits(pod, larger))
	pod.Annotations = map[string]string{annotationSize: sizeMark(size)}
	require.True(t, fits(pod, size))
	require.False(t, fits(pod, larger))
	require.False(t, fits(pod, more), "settings follow from storage, too")
}

// volume is a claim that asks for so much storage.
func volume(storage string) corev1.PersistentVolumeClaim {
	return corev1.PersistentVolumeClaim{ObjectMeta: metav1.ObjectMeta{Name: volumeData}, Spec: corev1.PersistentVolumeClaimSpec{
		Resources: corev1.VolumeResourceRequirements{Requests: corev1.ResourceList{corev1.ResourceStorage: resource.MustParse(storage)}},
	}}
}

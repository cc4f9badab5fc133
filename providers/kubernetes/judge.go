package kubernetes

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/toygres/toygres"
)

// judge says what the view means. Where time alone will change that, it also
// says after how much.
func (v view) judge(now time.Time, patience time.Duration) (toygres.Observation, time.Duration) {
	clusterIP := ""
	if v.service != nil {
		clusterIP = v.service.Spec.ClusterIP
	}
	o := toygres.Observation{Endpoint: v.endpoint(clusterIP), Restart: v.restart, Size: v.spec.Size()}
	switch {
	case v.deleting:
		o.Phase, o.Message = toygres.PhaseStopping, "the instance is being deleted"
		return o, 0
	case v.running:
		return v.judgeRunning(o, now, patience)
	case v.pod == nil && v.scaledDown():
		o.Phase = toygres.PhaseStopped
		return o, 0
	default:
		o.Phase, o.Message = toygres.PhaseStopping, "the server is writing its data and ending"
		return o, 0
	}
}

// scaledDown reports whether no pod will come any more.
func (v view) scaledDown() bool {
	return v.set != nil && v.set.Spec.Replicas != nil && *v.set.Spec.Replicas == 0 &&
		observed(v.set) && v.set.Status.Replicas == 0
}

func (v view) judgeRunning(o toygres.Observation, now time.Time, patience time.Duration) (toygres.Observation, time.Duration) {
	o.Phase = toygres.PhaseStarting
	switch {
	case v.set == nil || v.service == nil:
		o.Message = "its Kubernetes objects are being made"
		return o, 0
	case v.pod != nil && (v.pod.DeletionTimestamp != nil || restarts(v.pod, v.restart)):
		o.Message = "the server is ending and will be started again"
		return o, 0
	case v.pod != nil && !fits(v.pod, v.spec.Size()):
		o.Message = "the server is about to be started again with its new size"
		return o, 0
	case v.ready() && v.spec.Public && v.address() == "":
		o.Message = "the server is ready; waiting for the load balancer's address"
		if e, found := v.latest("SyncLoadBalancerFailed"); found {
			o.Message = "the load balancer has no address: " + printable(e.Message)
		}
		return o, 0
	case v.ready() && v.growing():
		return v.judgeGrowth(o, now, patience)
	case v.ready():
		o.Phase = toygres.PhaseReady
		return o, 0
	}
	t := v.trouble()
	o.Message = t.message
	if t.message == "" {
		o.Message = v.progress()
	}
	switch {
	case t.hopeless:
		o.Phase = toygres.PhaseFailed
	case !t.mends.IsZero():
		left := t.mends.Add(patience).Sub(now)
		if left <= 0 {
			o.Phase = toygres.PhaseFailed
		}
		return o, max(left, 0)
	case mayServe(v.pod):
		return o, askAgain(v.pod, now)
	case copying(v.pod):
		return o, copyPause
	}
	return o, 0
}

// trouble is why a server does not get ready.
type trouble struct {
	message  string
	hopeless bool      // will not mend by itself
	mends    time.Time // others may mend it; they have known since then. Zero: it is left to time
}

// telling are the reasons of events that say what no object says.
var telling = map[string]bool{
	"FailedCreate":           true, // a pod or claim, by the StatefulSet
	"ProvisioningFailed":     true, // a volume
	"FailedBinding":          true,
	"FailedMount":            true,
	"FailedMapVolume":        true,
	"FailedAttachVolume":     true,
	"FailedCreatePodSandBox": true,
	"SyncLoadBalancerFailed": true,
	"VolumeResizeFailed":     true,
	"FileSystemResizeFailed": true,
}

func (v view) trouble() trouble {
	if v.pod == nil {
		if e, found := v.latest("FailedCreate"); found {
			return trouble{message: "its pod can't be made: " + printable(e.Message), mends: firstSeen(e)}
		}
		return trouble{}
	}
	if v.claim != nil && v.claim.Status.Phase == corev1.ClaimPending {
		if e, found := v.latest("ProvisioningFailed", "FailedBinding"); found {
			return trouble{message: "its volume can't be had: " + printable(e.Message), mends: firstSeen(e)}
		}
		if t := volumeTrouble(v.claim); t.message != "" {
			return t
		}
	}
	if c := condition(v.pod, corev1.PodScheduled); c != nil && c.Status == corev1.ConditionFalse && c.Reason == corev1.PodReasonUnschedulable {
		return trouble{message: "no node has room for it: " + printable(c.Message), mends: c.LastTransitionTime.Time}
	}
	if v.pod.Status.Phase == corev1.PodFailed { // evicted, for instance; its controller makes another one
		return trouble{message: "its pod has ended: " + printable(v.pod.Status.Reason+": "+v.pod.Status.Message)}
	}
	for _, s := range slices.Concat(v.pod.Status.InitContainerStatuses, v.pod.Status.ContainerStatuses) {
		if t := v.containerTrouble(s); t.message != "" {
			return t
		}
	}
	if !started(v.pod) {
		if e, found := v.latest("FailedMount", "FailedMapVolume", "FailedAttachVolume", "FailedCreatePodSandBox"); found {
			return trouble{message: "its pod can't be started yet: " + printable(e.Message)}
		}
	}
	return trouble{}
}

// volumeTrouble is that nobody makes the volume of a claim for which a node is
// chosen. Its provisioner may be slow, or not there at all, and nothing but
// time tells one from the other.
func volumeTrouble(claim *corev1.PersistentVolumeClaim) trouble {
	if claim.Annotations[annotationNode] == "" || claim.Spec.StorageClassName == nil {
		return trouble{}
	}
	asked := claim.CreationTimestamp.Time
	for _, f := range claim.ManagedFields {
		if f.Time != nil && f.Time.After(asked) {
			asked = f.Time.Time
		}
	}
	return trouble{message: "the storage class " + *claim.Spec.StorageClassName + " has not made its volume yet", mends: asked}
}

// A server that ends so soon after its start, and has done so this often, will
// do it again.
const (
	shortLife   = time.Minute
	crashLimit  = 6
	crashReason = "CrashLoopBackOff"
)

func (v view) containerTrouble(s corev1.ContainerStatus) trouble {
	last := s.LastTerminationState.Terminated
	if s.State.Terminated != nil && s.State.Terminated.ExitCode != 0 {
		last = s.State.Terminated
	}
	w := s.State.Waiting
	switch {
	case w == nil && (s.State.Terminated == nil || s.State.Terminated.ExitCode == 0):
		return trouble{}
	case w == nil, w.Reason == crashReason:
		if last == nil {
			return trouble{}
		}
		repeats := s.RestartCount >= crashLimit && (s.Name == copyName || last.FinishedAt.Sub(last.StartedAt.Time) < shortLife)
		return trouble{
			message:  fmt.Sprintf("%s ended with exit code %d (restarts: %d): %s", s.Name, last.ExitCode, s.RestartCount, lastWords(last.Message, last.Reason)),
			hopeless: repeats && w != nil,
		}
	}
	message := printable(w.Reason + ": " + w.Message)
	switch w.Reason {
	case "InvalidImageName", "ErrImageNeverPull":
		return trouble{message: fmt.Sprintf("its image %s can't be used: %s", s.Image, message), hopeless: true}
	case "ErrImagePull", "ImagePullBackOff", "ImageInspectError", "RegistryUnavailable", "SignatureValidationFailed":
		t := trouble{message: fmt.Sprintf("its image can't be pulled: %s", message)}
		if e, found := v.earliest("Failed"); found {
			t.mends = firstSeen(e)
		}
		return t
	case "CreateContainerConfigError", "CreateContainerError", "RunContainerError":
		t := trouble{message: "its container can't be made: " + message}
		if e, found := v.earliest("Failed"); found {
			t.mends = firstSeen(e)
		}
		return t
	default: // ContainerCreating, PodInitializing
		return trouble{}
	}
}

// progress says what happens when all goes well.
func (v view) progress() string {
	switch {
	case v.pod == nil:
		return "its pod is being made"
	case v.pod.Spec.NodeName == "":
		return "a node is being chosen"
	case copying(v.pod):
		return v.far.String()
	case takesOver(v.pod):
		return "the data is copied and is made ready for the new server"
	case !started(v.pod):
		return "volume and image are being made ready on the node " + v.pod.Spec.NodeName
	default:
		return "PostgreSQL is starting"
	}
}

func condition(pod *corev1.Pod, kind corev1.PodConditionType) *corev1.PodCondition {
	for i := range pod.Status.Conditions {
		if pod.Status.Conditions[i].Type == kind {
			return &pod.Status.Conditions[i]
		}
	}
	return nil
}

func podReady(pod *corev1.Pod) bool {
	if pod == nil || pod.DeletionTimestamp != nil {
		return false
	}
	c := condition(pod, corev1.PodReady)
	return c != nil && c.Status == corev1.ConditionTrue
}

func readySince(pod *corev1.Pod) time.Time {
	if c := condition(pod, corev1.PodReady); c != nil {
		return c.LastTransitionTime.Time
	}
	return time.Time{}
}

// started reports whether the server's container has begun to run at least
// once.
func started(pod *corev1.Pod) bool {
	return slices.ContainsFunc(pod.Status.ContainerStatuses, func(s corev1.ContainerStatus) bool {
		return s.State.Running != nil || s.State.Terminated != nil || s.LastTerminationState.Terminated != nil
	})
}

// latest returns the last event with one of these reasons.
func (v view) latest(reasons ...string) (corev1.Event, bool) {
	return v.event(func(a, b corev1.Event) int { return lastSeen(a).Compare(lastSeen(b)) }, reasons)
}

// earliest returns the first event with one of these reasons.
func (v view) earliest(reasons ...string) (corev1.Event, bool) {
	return v.event(func(a, b corev1.Event) int { return firstSeen(b).Compare(firstSeen(a)) }, reasons)
}

func (v view) event(order func(a, b corev1.Event) int, reasons []string) (corev1.Event, bool) {
	matching := slices.DeleteFunc(slices.Clone(v.events), func(e corev1.Event) bool { return !slices.Contains(reasons, e.Reason) })
	if len(matching) == 0 {
		return corev1.Event{}, false
	}
	return slices.MaxFunc(matching, order), true
}

func firstSeen(e corev1.Event) time.Time {
	if e.FirstTimestamp.IsZero() {
		return e.EventTime.Time
	}
	return e.FirstTimestamp.Time
}

func lastSeen(e corev1.Event) time.Time {
	if e.Series != nil {
		return e.Series.LastObservedTime.Time
	}
	if e.LastTimestamp.IsZero() {
		return e.EventTime.Time
	}
	return e.LastTimestamp.Time
}

var fatalLine = regexp.MustCompile(`(?:FATAL|PANIC):\s+(.*)`)

// lastWords are why a container ended, by the end of its log: the last FATAL or
// PANIC, else the last line, else the reason that Kubernetes gives.
func lastWords(log, reason string) string {
	var fatal, last string
	for line := range strings.Lines(log) {
		line = printable(line)
		if m := fatalLine.FindStringSubmatch(line); m != nil {
			fatal = m[1]
		}
		last = cmp.Or(line, last)
	}
	return cmp.Or(fatal, last, printable(reason), "it did not say why")
}

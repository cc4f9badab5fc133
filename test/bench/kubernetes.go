package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/google/uuid"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"

	"github.com/toygres/toygres/dev/kubernetestest"
	"github.com/toygres/toygres/dev/stacktest"
)

const createOnKubernetesTarget = 1.15

// benchKubernetes compares what a user waits for when instances are on a
// cluster with `kubectl apply` of the very same objects by hand until the same
// query is answered, in turns. Whoever does it by hand may wait until the server
// is ready, or try the query again and again; the faster way is the floor. It
// also tells what our programs hold when they talk with a cluster.
func benchKubernetes(ctx context.Context, s settings) ([]figure, error) {
	if runtime.GOOS != "linux" || os.Geteuid() != 0 {
		return nil, leftOut{errors.New("a Kubernetes on this machine needs root on Linux")}
	}
	cluster, err := kubernetestest.Up(ctx)
	if err != nil {
		return nil, err
	}
	defer cluster.Close()
	stack, err := stacktest.Up(ctx, os.Stderr, stacktest.OnKubernetes(cluster.Kubeconfig))
	if err != nil {
		return nil, err
	}
	defer stack.Clean()
	hand, err := newByHand(ctx, cluster, stack)
	if err != nil {
		return nil, err
	}
	defer hand.clean()

	var ours, waiting, trying []time.Duration
	steps := newSplit()
	for round := range max(1, s.rounds/3) {
		name := fmt.Sprintf("bench-%d", round)
		took, operation, err := createOnce(ctx, stack, name)
		if err != nil {
			return nil, fmt.Errorf("round %d: %w", round, err)
		}
		ours = append(ours, took)
		steps.add(took, operation)
		if err := deleteOnce(ctx, stack, name); err != nil {
			return nil, err
		}
		if took, err = hand.once(ctx, true); err != nil {
			return nil, fmt.Errorf("by hand, waiting, round %d: %w", round, err)
		}
		waiting = append(waiting, took)
		if took, err = hand.once(ctx, false); err != nil {
			return nil, fmt.Errorf("by hand, trying, round %d: %w", round, err)
		}
		trying = append(trying, took)
	}
	figures := []figure{{
		name: "create on Kubernetes", value: median(ours).Seconds(), floor: min(median(waiting), median(trying)).Seconds(), target: createOnKubernetesTarget,
		detail: fmt.Sprintf("create %s, by hand %s with kubectl wait, %s without; medians of %d; steps: %s",
			millis(median(ours)), millis(median(waiting)), millis(median(trying)), len(ours), steps),
	}}
	memory, err := memoryFigures(stack, " on Kubernetes")
	return append(figures, memory...), err
}

// byHand makes instances as somebody would who has their manifests and
// kubectl.
type byHand struct {
	cluster   *kubernetestest.Kubernetes
	namespace string
	manifests string // of the instance from which they are copied
	id        string // its id
	password  string
	dir       string
}

// newByHand copies the objects of the instance demo, to be applied in a
// namespace that no worker watches.
func newByHand(ctx context.Context, cluster *kubernetestest.Kubernetes, stack *stacktest.Stack) (*byHand, error) {
	demo, err := stack.Client.GetInstanceWithResponse(ctx, "demo")
	if err != nil {
		return nil, err
	}
	if demo.JSON200 == nil {
		return nil, fmt.Errorf("get demo: %s", demo.Body)
	}
	revealed, err := stack.Client.RevealConnectionWithResponse(ctx, "demo")
	if err != nil {
		return nil, err
	}
	if revealed.JSON200 == nil || revealed.JSON200.Password == nil {
		return nil, fmt.Errorf("reveal demo: %s", revealed.Status())
	}
	h := &byHand{cluster: cluster, id: demo.JSON200.Id.String(), password: *revealed.JSON200.Password}
	if h.manifests, err = h.copyObjects(ctx, stack.Namespace); err != nil {
		return nil, err
	}
	made, err := cluster.Client.CoreV1().Namespaces().Create(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{GenerateName: "by-hand-"}}, metav1.CreateOptions{})
	if err != nil {
		return nil, err
	}
	h.namespace = made.Name
	h.manifests = strings.ReplaceAll(h.manifests, stack.Namespace, h.namespace)
	h.dir, err = os.MkdirTemp("", "toygres-by-hand-")
	return h, err
}

// copyObjects are the instance's manifests, without what the cluster has added,
// the server last.
func (h *byHand) copyObjects(ctx context.Context, namespace string) (string, error) {
	client, err := dynamic.NewForConfig(h.cluster.Config)
	if err != nil {
		return "", err
	}
	list := unstructured.UnstructuredList{Object: map[string]any{"apiVersion": "v1", "kind": "List"}}
	for _, kind := range []schema.GroupVersionResource{
		{Version: "v1", Resource: "configmaps"}, {Version: "v1", Resource: "secrets"}, {Version: "v1", Resource: "services"},
		{Group: "networking.k8s.io", Version: "v1", Resource: "networkpolicies"}, {Group: "policy", Version: "v1", Resource: "poddisruptionbudgets"},
		{Group: "apps", Version: "v1", Resource: "statefulsets"},
	} {
		found, err := client.Resource(kind).Namespace(namespace).List(ctx, metav1.ListOptions{LabelSelector: "toygres.io/instance-id=" + h.id})
		if err != nil {
			return "", err
		}
		for _, o := range found.Items {
			unstructured.RemoveNestedField(o.Object, "status")
			for _, field := range []string{"uid", "resourceVersion", "creationTimestamp", "generation", "managedFields"} {
				unstructured.RemoveNestedField(o.Object, "metadata", field)
			}
			if address, _, _ := unstructured.NestedString(o.Object, "spec", "clusterIP"); address != corev1.ClusterIPNone {
				unstructured.RemoveNestedField(o.Object, "spec", "clusterIP")
				unstructured.RemoveNestedField(o.Object, "spec", "clusterIPs")
			}
			list.Items = append(list.Items, o)
		}
	}
	const objects = 8 // see the package comment of providers/kubernetes
	if len(list.Items) != objects {
		return "", fmt.Errorf("an instance has %d objects and not %d", len(list.Items), objects)
	}
	content, err := json.Marshal(&list)
	return string(content), err
}

// once tells how long it took until the query was answered, and removes
// everything.
func (h *byHand) once(ctx context.Context, wait bool) (took time.Duration, err error) {
	id := uuid.NewString()
	file := filepath.Join(h.dir, id+".json")
	if err := os.WriteFile(file, []byte(strings.ReplaceAll(h.manifests, h.id, id)), 0o600); err != nil {
		return 0, err
	}
	name := "pg-" + id
	defer func() { err = errors.Join(err, h.remove(ctx, file, name)) }()

	began := time.Now()
	if err := h.kubectl(ctx, "apply", "--filename", file); err != nil {
		return 0, err
	}
	if wait {
		if err := h.kubectl(ctx, "wait", "statefulset/"+name, "--for=jsonpath={.status.readyReplicas}=1", "--timeout=2m"); err != nil {
			return 0, err
		}
	}
	service, err := h.cluster.Client.CoreV1().Services(h.namespace).Get(ctx, name, metav1.GetOptions{})
	if err != nil {
		return 0, err
	}
	target := url.URL{Scheme: "postgres", User: url.UserPassword("postgres", h.password), Host: net.JoinHostPort(service.Spec.ClusterIP, "5432"),
		Path: "postgres", RawQuery: "sslmode=require"}
	for query(ctx, target.String()) != nil {
		if ctx.Err() != nil {
			return 0, ctx.Err()
		}
		time.Sleep(2 * time.Millisecond)
	}
	return time.Since(began), nil
}

// remove waits until the pod and its volume claim are gone, too, so that the
// next create meets a quiet machine.
func (h *byHand) remove(ctx context.Context, file, name string) error {
	err := h.kubectl(ctx, "delete", "--filename", file, "--cascade=foreground", "--wait")
	return cmp.Or(err, h.kubectl(ctx, "delete", "persistentvolumeclaim/data-"+name+"-0", "--wait"))
}

func (h *byHand) kubectl(ctx context.Context, args ...string) error {
	program := "kubectl"
	args = append(args, "--namespace", h.namespace, "--kubeconfig", h.cluster.Kubeconfig)
	if _, ours := h.cluster.State(); ours != "" {
		program, args = ours, append([]string{"kubectl"}, args...)
	}
	if out, err := exec.CommandContext(ctx, program, args...).CombinedOutput(); err != nil {
		return fmt.Errorf("kubectl %s: %w: %s", args[1], err, out)
	}
	return nil
}

func (h *byHand) clean() {
	err := h.cluster.Client.CoreV1().Namespaces().Delete(context.Background(), h.namespace, metav1.DeleteOptions{})
	if err != nil && !apierrors.IsNotFound(err) {
		fmt.Fprintln(os.Stderr, "bench: the namespace", h.namespace, "was not removed:", err)
	}
	_ = os.RemoveAll(h.dir)
}

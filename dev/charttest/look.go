package charttest

import (
	"context"
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/metadata"
)

// Pods are those of a part: api, worker or catalog. Those that end are among them.
func (i *Installation) Pods(ctx context.Context, part string) ([]corev1.Pod, error) {
	list, err := i.Kubernetes.Client.CoreV1().Pods(i.Namespace).List(ctx, metav1.ListOptions{
		LabelSelector: "app.kubernetes.io/instance=" + Release + ",app.kubernetes.io/component=" + part,
	})
	if err != nil {
		return nil, err
	}
	return list.Items, nil
}

// Logs are the logs of all pods and of what ran in them before, by pod.
func (i *Installation) Logs(ctx context.Context) (map[string]string, error) {
	pods := i.Kubernetes.Client.CoreV1().Pods(i.Namespace)
	list, err := pods.List(ctx, metav1.ListOptions{})
	if err != nil {
		return nil, err
	}
	logs := map[string]string{}
	for _, pod := range list.Items {
		for _, container := range append(pod.Status.InitContainerStatuses, pod.Status.ContainerStatuses...) {
			for _, previous := range []bool{true, false} {
				if previous && container.RestartCount == 0 {
					continue
				}
				text, err := pods.GetLogs(pod.Name, &corev1.PodLogOptions{Container: container.Name, Previous: previous}).DoRaw(ctx)
				if err != nil && !apierrors.IsBadRequest(err) { // it has not started yet, or the older log is gone
					return nil, err
				}
				logs[pod.Name] += string(text)
			}
		}
	}
	return logs, nil
}

// Objects are the names of all objects of a namespace, of every kind that the cluster knows, that match; events are left out.
func (i *Installation) Objects(ctx context.Context, namespace string, match func(metav1.PartialObjectMetadata) bool) ([]string, error) {
	kinds, err := i.Kubernetes.Client.Discovery().ServerPreferredResources()
	if err != nil {
		return nil, err
	}
	client, err := metadata.NewForConfig(i.Kubernetes.Config)
	if err != nil {
		return nil, err
	}
	var found []string
	for _, group := range discovery.FilteredBy(discovery.SupportsAllVerbs{Verbs: []string{"list", "delete"}}, kinds) {
		version, err := schema.ParseGroupVersion(group.GroupVersion)
		if err != nil {
			return nil, err
		}
		for _, kind := range group.APIResources {
			if !kind.Namespaced || kind.Kind == "Event" {
				continue
			}
			list, err := client.Resource(version.WithResource(kind.Name)).Namespace(namespace).List(ctx, metav1.ListOptions{})
			if err != nil {
				return nil, fmt.Errorf("list %s: %w", kind.Name, err)
			}
			for _, object := range list.Items {
				if match(object) {
					found = append(found, kind.Name+"/"+object.Name)
				}
			}
		}
	}
	return found, nil
}

// explain tells how the pods are, for when the release did not become ready.
func (i *Installation) explain(ctx context.Context) {
	list, err := i.Kubernetes.Client.CoreV1().Pods(i.Namespace).List(ctx, metav1.ListOptions{})
	if err != nil {
		fmt.Fprintln(i.log, err)
		return
	}
	for _, pod := range list.Items {
		fmt.Fprintf(i.log, "pod %s: %s\n", pod.Name, pod.Status.Phase)
		for _, container := range append(pod.Status.InitContainerStatuses, pod.Status.ContainerStatuses...) {
			fmt.Fprintf(i.log, "  %s: ready %v, restarts %d, %+v\n", container.Name, container.Ready, container.RestartCount, container.State)
		}
	}
	logs, err := i.Logs(ctx)
	if err != nil {
		fmt.Fprintln(i.log, err)
	}
	for pod, log := range logs {
		lines := strings.Split(log, "\n")
		fmt.Fprintf(i.log, "--- %s\n%s\n", pod, strings.Join(lines[max(0, len(lines)-20):], "\n"))
	}
}

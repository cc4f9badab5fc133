package cluster

import (
	"context"
	"fmt"
	"os"
	"sync"

	core "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/util/workqueue"
)

const cloudUser = "toygres:cloud"

// cloud does on this machine what a cloud does for its clusters: it has disks for claims and addresses for Services.
type cloud struct {
	Config
	client kubernetes.Interface
}

// RunCloud is a program of the node.
func RunCloud(ctx context.Context) error {
	c, err := Load(nodeState)
	if err != nil {
		return err
	}
	config, err := clientcmd.BuildConfigFromFlags("", kubeconfig("cloud"))
	if err != nil {
		return err
	}
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return err
	}
	cl := cloud{c, client}
	var all sync.WaitGroup
	all.Go(func() { cl.watch(ctx, "services", &core.Service{}, cl.balance) })
	all.Go(func() { cl.watch(ctx, "persistentvolumeclaims", &core.PersistentVolumeClaim{}, cl.provide) })
	all.Go(func() { cl.watch(ctx, "persistentvolumes", &core.PersistentVolume{}, cl.reclaim) })
	all.Wait()
	return nil
}

// watch calls settle for each object that is there or changes, one at a time, and again after an error.
func (c cloud) watch(ctx context.Context, resource string, kind runtime.Object, settle func(ctx context.Context, namespace, name string) error) {
	queue := workqueue.NewTypedRateLimitingQueue(workqueue.DefaultTypedControllerRateLimiter[string]())
	enqueue := func(object any) {
		if key, err := cache.MetaNamespaceKeyFunc(object); err == nil {
			queue.Add(key)
		}
	}
	_, informer := cache.NewInformerWithOptions(cache.InformerOptions{
		ListerWatcher: cache.NewListWatchFromClient(c.client.CoreV1().RESTClient(), resource, meta.NamespaceAll, fields.Everything()),
		ObjectType:    kind,
		Handler:       cache.ResourceEventHandlerFuncs{AddFunc: enqueue, UpdateFunc: func(_, object any) { enqueue(object) }},
	})
	go informer.RunWithContext(ctx)
	go func() {
		<-ctx.Done()
		queue.ShutDown()
	}()
	for {
		key, shutdown := queue.Get()
		if shutdown {
			return
		}
		namespace, name, err := cache.SplitMetaNamespaceKey(key)
		if err == nil {
			err = settle(ctx, namespace, name)
		}
		if err != nil && !apierrors.IsNotFound(err) {
			fmt.Fprintf(os.Stderr, "%s %s: %v\n", resource, key, err)
			queue.AddRateLimited(key)
		} else {
			queue.Forget(key)
		}
		queue.Done(key)
	}
}

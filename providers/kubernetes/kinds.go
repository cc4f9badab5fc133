package kubernetes

import (
	"context"
	"errors"
	"sync"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/toygres/toygres"
)

// kinds are the kinds of objects that an instance consists of. Its record is a
// ConfigMap.
var (
	configMaps   = corev1.SchemeGroupVersion.WithResource("configmaps")
	statefulSets = appsv1.SchemeGroupVersion.WithResource("statefulsets")
	pods         = corev1.SchemeGroupVersion.WithResource("pods")
	claims       = corev1.SchemeGroupVersion.WithResource("persistentvolumeclaims")
	services     = corev1.SchemeGroupVersion.WithResource("services")

	kinds = []schema.GroupVersionResource{
		statefulSets, pods, claims, services,
		corev1.SchemeGroupVersion.WithResource("secrets"),
		networkingv1.SchemeGroupVersion.WithResource("networkpolicies"),
		policyv1.SchemeGroupVersion.WithResource("poddisruptionbudgets"),
		configMaps,
	}
)

// object is one object in the cluster.
type object struct {
	kind schema.GroupVersionResource
	metav1.ObjectMeta
}

// find returns the metadata of the objects of these kinds that the selector
// selects.
func (p *Provider) find(ctx context.Context, selector string, among []schema.GroupVersionResource) ([]object, error) {
	found := make([][]object, len(among))
	errs := make([]error, len(among))
	var all sync.WaitGroup
	for i, kind := range among {
		all.Go(func() {
			list, err := p.metadata.Resource(kind).Namespace(p.config.Namespace).List(ctx, metav1.ListOptions{LabelSelector: selector})
			if err != nil {
				errs[i] = p.failure(request{"list", kind.Resource}, err)
				return
			}
			for _, item := range list.Items {
				found[i] = append(found[i], object{kind, item.ObjectMeta})
			}
		})
	}
	all.Wait()
	var flat []object
	for _, f := range found {
		flat = append(flat, f...)
	}
	return flat, errors.Join(errs...)
}

// of selects everything of an instance.
func of(id toygres.InstanceID) string { return labelID + "=" + string(id) }

// List returns every instance of which an object exists.
func (p *Provider) List(ctx context.Context) ([]toygres.InstanceID, error) {
	found, err := p.find(ctx, labelID, kinds)
	if err != nil {
		return nil, err
	}
	var ids []toygres.InstanceID
	known := map[toygres.InstanceID]bool{}
	for _, o := range found {
		id := toygres.InstanceID(o.Labels[labelID])
		if identity.MatchString(string(id)) && !known[id] {
			known[id] = true
			ids = append(ids, id)
		}
	}
	return ids, nil
}

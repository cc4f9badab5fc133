package kubernetes

import (
	"context"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/toygres/toygres"
)

// Configure changes the record and the ConfigMap that the server's files come
// from. The node brings them into the pod within a minute or so; at once when
// the pod itself changes, so it is marked, too.
func (p *Provider) Configure(ctx context.Context, id toygres.InstanceID, to toygres.Configuration) error {
	r, err := p.change(ctx, id, func(r record) (toygres.Spec, error) { return r.spec.Configured(to), nil })
	if err != nil || !r.running {
		return err
	}
	patch := fmt.Appendf(nil, `{"metadata":{"annotations":{%q:%q}}}`, annotationConfiguration, r.spec.Configuration().Mark())
	_, err = p.client.CoreV1().Pods(p.config.Namespace).Patch(ctx, podName(id), types.MergePatchType, patch, metav1.PatchOptions{FieldManager: fieldManager})
	if apierrors.IsNotFound(err) || apierrors.IsForbidden(err) {
		return nil // it will be made with the new files, or gets them later
	}
	return p.failure(request{"patch", "pods"}, err)
}

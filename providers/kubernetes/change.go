package kubernetes

import (
	"context"
	"encoding/json"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/toygres/toygres"
)

// change records what is asked of the instance now, as next says by what was,
// and makes what follows from it. It returns the record that was settled last.
func (p *Provider) change(ctx context.Context, id toygres.InstanceID, next func(record) (toygres.Spec, error)) (record, error) {
	r, err := p.recordChange(ctx, id, next)
	if err != nil {
		return r, err
	}
	// Whoever wants something else at the same time may be overtaken by what
	// is settled here, so look again until nothing has changed.
	for {
		if err := p.settle(ctx, r); err != nil {
			return r, err
		}
		now, err := p.load(ctx, id)
		if err != nil {
			return r, err
		}
		if now.deleting {
			return r, beingDeleted(id)
		}
		if now.version == r.version {
			return r, nil
		}
		r = now
	}
}

func (p *Provider) recordChange(ctx context.Context, id toygres.InstanceID, next func(record) (toygres.Spec, error)) (record, error) {
	for {
		r, err := p.load(ctx, id)
		if err != nil {
			return r, err
		}
		if r.deleting {
			return r, beingDeleted(id)
		}
		if r.uid == "" {
			r, err = p.createRecord(ctx, r)
			if apierrors.IsAlreadyExists(err) {
				continue // somebody was faster
			}
			if err != nil {
				return r, p.failure(request{"create", "configmaps"}, err)
			}
		}
		spec, err := next(r)
		if err != nil || spec.Equal(r.spec) {
			return r, err
		}
		changed, err := p.recordSpec(ctx, r, spec)
		if !apierrors.IsConflict(err) {
			return changed, p.absentOr(id, request{"patch", "configmaps"}, err)
		}
	}
}

// recordSpec changes what was asked, if the record is still what it was.
func (p *Provider) recordSpec(ctx context.Context, r record, spec toygres.Spec) (record, error) {
	raw, err := json.Marshal(spec)
	if err != nil {
		return r, err
	}
	patch := fmt.Appendf(nil, `{"metadata":{"uid":%q,"resourceVersion":%q,"annotations":{%q:%q}}}`, r.uid, r.version, annotationSpec, raw)
	c, err := p.client.CoreV1().ConfigMaps(p.config.Namespace).Patch(ctx, baseName(r.id), types.MergePatchType, patch,
		metav1.PatchOptions{FieldManager: fieldManager})
	if err != nil {
		return r, err
	}
	return recordOf(r.id, c)
}

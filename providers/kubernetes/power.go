package kubernetes

import (
	"context"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/toygres/toygres"
)

// Start wants the instance to run: it scales it to one.
func (p *Provider) Start(ctx context.Context, id toygres.InstanceID) error {
	return p.power(ctx, id, true)
}

// Stop wants the instance stopped: it scales it to none. PostgreSQL cuts its
// connections off, rolls transactions back and writes its data.
func (p *Provider) Stop(ctx context.Context, id toygres.InstanceID) error {
	return p.power(ctx, id, false)
}

func (p *Provider) power(ctx context.Context, id toygres.InstanceID, running bool) error {
	r, err := p.load(ctx, id)
	if err != nil {
		return err
	}
	if r.deleting {
		return beingDeleted(id)
	}
	if r.uid == "" {
		if r, err = p.createRecord(ctx, r); err != nil {
			return p.failure(request{"create", "configmaps"}, err)
		}
	}
	if r.running != running {
		if r, err = p.wants(ctx, r, running); err != nil {
			return p.absentOr(id, request{"patch", "configmaps"}, err)
		}
	}
	// Of several who want different things, the record has the last one's. All
	// look at it again after they have scaled, so the last to scale does it right.
	for {
		if err := p.scale(ctx, r); err != nil {
			return err
		}
		now, err := p.load(ctx, id)
		if err != nil || now.running == r.running || now.deleting {
			return err
		}
		r = now
	}
}

// scale makes the StatefulSet's replicas what the record wants, or all objects
// if there is no StatefulSet.
func (p *Provider) scale(ctx context.Context, r record) error {
	patch := `{"spec":{"replicas":0}}`
	if r.running {
		patch = fmt.Sprintf(`{"spec":{"replicas":1,"template":{"spec":%s}}}`, p.imageNow(r))
	}
	_, err := p.client.AppsV1().StatefulSets(p.config.Namespace).Patch(ctx, baseName(r.id), types.StrategicMergePatchType,
		[]byte(patch), metav1.PatchOptions{FieldManager: fieldManager})
	if apierrors.IsNotFound(err) {
		return p.settle(ctx, r)
	}
	return p.failure(request{"patch", "statefulsets"}, err)
}

// absentOr says that the instance is not there if err does so of its record.
func (p *Provider) absentOr(id toygres.InstanceID, r request, err error) error {
	if apierrors.IsNotFound(err) {
		return notFound(id)
	}
	return p.failure(r, err)
}

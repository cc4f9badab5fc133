package kubernetes

import (
	"context"
	"encoding/json"
	"fmt"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/toygres/toygres"
)

// record is what we keep of an instance: what was asked, and what is wanted
// now. All else follows from it.
type record struct {
	id           toygres.InstanceID
	uid          types.UID // of the ConfigMap; "" when somebody has deleted it and the StatefulSet remembers
	version      string    // of the ConfigMap; another one may say something else
	spec         toygres.Spec
	raw          string // spec as it is kept
	storageClass string
	running      bool
	restart      string // the request that last asked for a restart; "" when none has
	deleting     bool
	copied       bool   // it has the data of its source
	ca           string // the CA that clients verify the server with; "" until it is known
	fresh        bool   // made by this call, so there are no data yet
}

// load returns the record of an instance, CodeNotFound when there is none.
func (p *Provider) load(ctx context.Context, id toygres.InstanceID) (record, error) {
	if !identity.MatchString(string(id)) {
		return record{}, notFound(id)
	}
	c, err := p.client.CoreV1().ConfigMaps(p.config.Namespace).Get(ctx, baseName(id), metav1.GetOptions{})
	switch {
	case err == nil:
		return recordOf(id, c)
	case !apierrors.IsNotFound(err):
		return record{}, p.failure(request{"get", "configmaps"}, err)
	}
	s, err := p.client.AppsV1().StatefulSets(p.config.Namespace).Get(ctx, baseName(id), metav1.GetOptions{})
	if apierrors.IsNotFound(err) || err == nil && s.DeletionTimestamp != nil {
		return record{}, notFound(id)
	}
	if err != nil {
		return record{}, p.failure(request{"get", "statefulsets"}, err)
	}
	return rememberedBy(id, s)
}

func recordOf(id toygres.InstanceID, c *corev1.ConfigMap) (record, error) {
	r := record{
		id: id, uid: c.UID, version: c.ResourceVersion, raw: c.Annotations[annotationSpec], storageClass: c.Annotations[annotationStorageClass],
		running:  c.Annotations[annotationWants] != wantsStopped,
		restart:  c.Annotations[annotationRestart],
		copied:   c.Annotations[annotationCopied] != "",
		deleting: c.Annotations[annotationDeleting] != "" || c.DeletionTimestamp != nil,
		ca:       c.Data[keyCA],
	}
	return r, r.read("ConfigMap")
}

// rememberedBy is the record as the StatefulSet has it.
func rememberedBy(id toygres.InstanceID, s *appsv1.StatefulSet) (record, error) {
	r := record{
		id: id, raw: s.Annotations[annotationSpec], storageClass: s.Annotations[annotationStorageClass],
		running: s.Spec.Replicas == nil || *s.Spec.Replicas > 0, restart: s.Spec.Template.Annotations[annotationRestart],
		copied: s.Annotations[annotationCopied] != "",
	}
	return r, r.read("StatefulSet")
}

func (r *record) read(kind string) error {
	if err := json.Unmarshal([]byte(r.raw), &r.spec); err != nil && !r.deleting {
		return toygres.Errorf(toygres.CodeProvider, "the annotation %s of the %s %s can't be read; restore it, or delete the instance: %w",
			annotationSpec, kind, baseName(r.id), err)
	}
	return nil
}

// desired is what follows from the record.
func (p *Provider) desired(r record) (desired, error) {
	image, err := p.config.image(r.spec)
	return desired{
		config: &p.config, id: r.id, spec: r.spec, recorded: r.raw, storageClass: r.storageClass, image: image, running: r.running,
		restart: r.restart, copied: r.copied,
	}, err
}

// claim makes the record of an instance that should run, or takes the one that
// exists, which must ask for the same.
func (p *Provider) claim(ctx context.Context, id toygres.InstanceID, spec toygres.Spec) (record, error) {
	raw, err := json.Marshal(spec)
	if err != nil {
		return record{}, err
	}
	for {
		r, err := p.load(ctx, id)
		fresh := toygres.CodeOf(err) == toygres.CodeNotFound
		switch {
		case fresh:
			r = record{id: id, spec: spec, raw: string(raw), storageClass: p.config.StorageClass, running: true}
		case err != nil:
			return r, err
		case r.deleting:
			return r, beingDeleted(id)
		case !r.spec.Equal(spec):
			return r, toygres.Errorf(toygres.CodeConflict, "the instance %s exists already with another specification", id)
		}
		if r.uid == "" {
			r, err = p.createRecord(ctx, r)
			if apierrors.IsAlreadyExists(err) {
				continue // somebody was faster
			}
			if err != nil {
				return r, p.failure(request{"create", "configmaps"}, err)
			}
			r.fresh = fresh
		}
		if r.running {
			return r, nil
		}
		r, err = p.wants(ctx, r, true)
		if !apierrors.IsNotFound(err) {
			return r, p.failure(request{"patch", "configmaps"}, err)
		}
	}
}

func (p *Provider) createRecord(ctx context.Context, r record) (record, error) {
	d, err := p.desired(r)
	if err != nil {
		return r, err
	}
	annotations := d.recordedOn()
	annotations[annotationWants] = wantsRunning
	if !r.running {
		annotations[annotationWants] = wantsStopped
	}
	if r.restart != "" {
		annotations[annotationRestart] = r.restart
	}
	made, err := p.client.CoreV1().ConfigMaps(p.config.Namespace).Create(ctx, &corev1.ConfigMap{
		ObjectMeta: metav1.ObjectMeta{Name: baseName(r.id), Namespace: p.config.Namespace, Labels: d.labelsOf(), Annotations: annotations},
	}, metav1.CreateOptions{FieldManager: fieldManager})
	if err != nil {
		return r, err
	}
	return recordOf(r.id, made)
}

// wants records whether the instance should run.
func (p *Provider) wants(ctx context.Context, r record, running bool) (record, error) {
	value := wantsStopped
	if running {
		value = wantsRunning
	}
	return p.annotate(ctx, r, annotationWants, value)
}

// annotate sets an annotation of the record, if it is still the same one.
func (p *Provider) annotate(ctx context.Context, r record, annotation, value string) (record, error) {
	patch := fmt.Appendf(nil, `{"metadata":{"uid":%q,"annotations":{%q:%q}}}`, r.uid, annotation, value)
	c, err := p.client.CoreV1().ConfigMaps(p.config.Namespace).Patch(ctx, baseName(r.id), types.MergePatchType, patch,
		metav1.PatchOptions{FieldManager: fieldManager})
	if apierrors.IsConflict(err) { // another one's by now
		err = apierrors.NewNotFound(corev1.Resource("configmaps"), baseName(r.id))
	}
	if err != nil {
		return r, err
	}
	return recordOf(r.id, c)
}

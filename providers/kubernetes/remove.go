package kubernetes

import (
	"context"
	"slices"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/toygres/toygres"
)

// Delete removes every object of the instance, its volume claim with its data
// too, and returns when none is left. The volume itself is the business of
// its storage class. The record is marked first and goes last, so that
// whoever comes after a crash goes on.
func (p *Provider) Delete(ctx context.Context, id toygres.InstanceID) error {
	if !identity.MatchString(string(id)) {
		return nil
	}
	r, err := p.load(ctx, id)
	switch code := toygres.CodeOf(err); {
	case code == toygres.CodeNotFound:
		r = record{id: id} // there may be objects nevertheless
	case err != nil && r.id == "":
		return err
	}
	if r.uid != "" && !r.deleting {
		_, err := p.annotate(ctx, r, annotationDeleting, "true")
		if err != nil && !apierrors.IsNotFound(err) {
			return p.failure(request{"patch", "configmaps"}, err)
		}
	}
	watching, stop := context.WithCancel(ctx)
	defer stop()
	changes, err := p.watcher.subscribe(watching)
	if err != nil {
		return err
	}
	everythingElse := slices.DeleteFunc(slices.Clone(kinds), func(k schema.GroupVersionResource) bool { return k == configMaps })
	if err := p.removeAll(ctx, r, changes, everythingElse); err != nil {
		return err
	}
	if err := p.removeAll(ctx, r, changes, []schema.GroupVersionResource{configMaps}); err != nil {
		return err
	}
	p.forget(id)
	return nil
}

// removeAll removes the instance's objects of these kinds, and waits until
// they are gone, or belong to a later instance with this id.
func (p *Provider) removeAll(ctx context.Context, r record, changes <-chan toygres.InstanceID, among []schema.GroupVersionResource) error {
	asked := map[string]bool{}
	for {
		left, err := p.find(ctx, of(r.id), among)
		if err != nil {
			return err
		}
		later, err := p.replaced(ctx, r)
		if err != nil || later {
			return err
		}
		among = nil
		for _, o := range left {
			if o.kind == configMaps && r.uid != "" && o.UID != r.uid {
				continue // the record of a later instance with this id
			}
			if !slices.Contains(among, o.kind) {
				among = append(among, o.kind)
			}
			if !asked[string(o.UID)] {
				if err := p.remove(ctx, o); err != nil {
					return err
				}
				asked[string(o.UID)] = true
			}
		}
		if len(among) == 0 {
			return nil
		}
		for changed := toygres.InstanceID(""); changed != r.id; {
			var open bool
			select {
			case changed, open = <-changes:
			case <-ctx.Done():
			}
			if ctx.Err() != nil || !open {
				return p.failure(request{"watch", among[0].Resource}, context.Cause(ctx))
			}
		}
	}
}

// replaced reports whether the instance has been made again under its id since r
// was read. A record is made before all else, so what was found before this is
// not the later instance's.
func (p *Provider) replaced(ctx context.Context, r record) (bool, error) {
	if r.uid == "" && r.raw != "" {
		return false, nil // Keep makes a record that was deleted by hand again
	}
	now, err := p.load(ctx, r.id)
	if err != nil && now.id == "" { // else it is there and can't be read
		return false, ignoreNotFound(err)
	}
	return now.uid != "" && now.uid != r.uid, nil
}

// remove asks for the end of one object. What others have made for it goes
// before it does, so that nothing is left once it is gone.
func (p *Provider) remove(ctx context.Context, o object) error {
	options := metav1.DeleteOptions{Preconditions: &metav1.Preconditions{UID: &o.UID}}
	switch o.kind {
	case statefulSets, services:
		foreground := metav1.DeletePropagationForeground
		options.PropagationPolicy = &foreground
	case pods: // whose data go, too
		soon := int64(1)
		options.GracePeriodSeconds = &soon
	}
	err := p.metadata.Resource(o.kind).Namespace(p.config.Namespace).Delete(ctx, o.Name, options)
	if apierrors.IsNotFound(err) || apierrors.IsConflict(err) { // gone, or another one by now
		return nil
	}
	return p.failure(request{"delete", o.kind.Resource}, err)
}

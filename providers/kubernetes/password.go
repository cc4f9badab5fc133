package kubernetes

import (
	"context"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/toygres/toygres"
	"github.com/toygres/toygres/providers/internal/admin"
)

// copier writes what the Secret of the certificate keeps of passwords, so that
// Kubernetes tells when the certificate was written; see lastWritten.
const copier = fieldManager + "-password"

// RotatePassword keeps the next password in the Secret of the certificate,
// gives it to the server, and then puts it in the present one's place. Each of
// these can be repeated, by any number of processes.
func (p *Provider) RotatePassword(ctx context.Context, id toygres.InstanceID, asked string) error {
	r, err := p.restartable(ctx, id)
	if err != nil {
		return err
	}
	d, err := p.desired(r)
	if err != nil {
		return err
	}
	next, err := p.keepNextPassword(ctx, id, asked)
	if err != nil || next == "" {
		return err
	}
	kept, err := p.settlePassword(ctx, d)
	if err != nil {
		return err
	}
	at, err := p.readyEndpoint(ctx, id)
	if err != nil {
		return err
	}
	if err := admin.ChangePassword(ctx, at, credentialsIn(kept, r.ca), next); err != nil {
		return err // the next one stays: another process may be about to give it to the server
	}
	if err := p.replacePassword(ctx, d, next); err != nil {
		return err
	}
	return p.writeRotation(ctx, id, func(s *corev1.Secret) {
		if string(s.Data[keyNextPassword]) != next {
			return // somebody was faster
		}
		s.Data[keyPassword] = []byte(next)
		delete(s.Data, keyNextPassword)
		metav1.SetMetaDataAnnotation(&s.ObjectMeta, annotationRotation, asked)
	})
}

// keepNextPassword returns the next password, which it makes if there is none;
// "" when this request has changed the password already.
func (p *Provider) keepNextPassword(ctx context.Context, id toygres.InstanceID, asked string) (next string, err error) {
	err = p.writeRotation(ctx, id, func(s *corev1.Secret) {
		if len(s.Data[keyNextPassword]) == 0 && s.Annotations[annotationRotation] != asked {
			s.Data[keyNextPassword] = []byte(admin.NewPassword())
		}
		next = string(s.Data[keyNextPassword])
	})
	return next, err
}

// writeRotation changes what the Secret of the certificate keeps of passwords.
func (p *Provider) writeRotation(ctx context.Context, id toygres.InstanceID, change func(*corev1.Secret)) error {
	secrets := p.client.CoreV1().Secrets(p.config.Namespace)
	return p.apply(ctx, "secrets", func() error {
		kept, err := secrets.Get(ctx, tlsName(id), metav1.GetOptions{})
		if err != nil {
			return p.absentOr(id, request{"get", "secrets"}, err)
		}
		was := kept.DeepCopy()
		if change(kept); string(was.Data[keyPassword]) == string(kept.Data[keyPassword]) &&
			string(was.Data[keyNextPassword]) == string(kept.Data[keyNextPassword]) &&
			was.Annotations[annotationRotation] == kept.Annotations[annotationRotation] {
			return nil
		}
		_, err = secrets.Update(ctx, kept, metav1.UpdateOptions{FieldManager: copier})
		return err
	})
}

// keepRotation lets a Secret that replaces another one keep what that one has
// of a change of the password.
func keepRotation(s, replaced *corev1.Secret) {
	if next := replaced.Data[keyNextPassword]; len(next) > 0 {
		s.Data[keyNextPassword] = next
	}
	if asked := replaced.Annotations[annotationRotation]; asked != "" {
		metav1.SetMetaDataAnnotation(&s.ObjectMeta, annotationRotation, asked)
	}
}

// replacePassword puts a Secret with this password in the place of the one that
// there is. Others may restore the old one in between.
func (p *Provider) replacePassword(ctx context.Context, d desired, password string) error {
	secrets := p.client.CoreV1().Secrets(p.config.Namespace)
	for {
		kept, err := secrets.Get(ctx, superuserName(d.id), metav1.GetOptions{})
		switch {
		case apierrors.IsNotFound(err):
			_, err = secrets.Create(ctx, superuserSecret(d, password), metav1.CreateOptions{FieldManager: fieldManager})
			if !apierrors.IsAlreadyExists(err) {
				return p.failure(request{"create", "secrets"}, err)
			}
		case err != nil:
			return p.failure(request{"get", "secrets"}, err)
		case string(kept.Data[keyPassword]) == password:
			return nil
		default:
			err = secrets.Delete(ctx, kept.Name, metav1.DeleteOptions{Preconditions: &metav1.Preconditions{UID: &kept.UID}})
			if err != nil && !apierrors.IsConflict(err) && !apierrors.IsNotFound(err) {
				return p.failure(request{"delete", "secrets"}, err)
			}
		}
	}
}

// readyEndpoint is where the instance's server takes connections.
func (p *Provider) readyEndpoint(ctx context.Context, id toygres.InstanceID) (toygres.Endpoint, error) {
	seen, err := p.Observe(ctx, id)
	if err == nil && seen.Phase != toygres.PhaseReady {
		err = toygres.Errorf(toygres.CodeUnavailable, "the server takes no connections now: it is %s", seen.Phase)
	}
	return seen.Endpoint, err
}

// Credentials returns how the superuser signs in, and the CA to verify the
// server with. Both Secrets are as they were before or after a change of the
// password only when they agree; which is not for long, unless somebody has
// edited the copy.
func (p *Provider) Credentials(ctx context.Context, id toygres.InstanceID) (toygres.Credentials, error) {
	if !identity.MatchString(string(id)) {
		return toygres.Credentials{}, notFound(id)
	}
	r, err := p.load(ctx, id)
	if err != nil && r.id == "" {
		return toygres.Credentials{}, err
	}
	secrets := p.client.CoreV1().Secrets(p.config.Namespace)
	for try := 0; ; try++ {
		kept, err := secrets.Get(ctx, superuserName(id), metav1.GetOptions{})
		if kept, err = existing(kept, p, request{"get", "secrets"}, err); err != nil {
			return toygres.Credentials{}, err
		}
		copied, err := secrets.Get(ctx, tlsName(id), metav1.GetOptions{})
		if copied, err = existing(copied, p, request{"get", "secrets"}, err); err != nil {
			return toygres.Credentials{}, err
		}
		if kept == nil {
			kept = copied
		}
		switch {
		case kept == nil:
			return toygres.Credentials{}, notFound(id)
		case copied != nil && len(copied.Data[keyNextPassword]) > 0:
			return p.whichHolds(ctx, id, credentialsIn(kept, r.ca), string(copied.Data[keyNextPassword]))
		case copied == nil || try > 0 || string(kept.Data[keyPassword]) == string(copied.Data[keyPassword]):
			return credentialsIn(kept, r.ca), nil
		}
	}
}

// whichHolds asks the server which password it takes.
func (p *Provider) whichHolds(ctx context.Context, id toygres.InstanceID, present toygres.Credentials, next string) (toygres.Credentials, error) {
	becomes := present
	becomes.Password = next
	changed := false
	at, err := p.readyEndpoint(ctx, id)
	if err == nil {
		changed, err = admin.SignsIn(ctx, at, becomes)
	}
	switch {
	case err != nil:
		return toygres.Credentials{}, toygres.Errorf(toygres.CodeUnavailable,
			"a change of the password was interrupted, and only the server knows which one holds; try again when it runs: %w", err)
	case changed:
		return becomes, nil
	default:
		return present, nil
	}
}

// credentialsIn are those that the Secret keeps.
func credentialsIn(s *corev1.Secret, ca string) toygres.Credentials {
	return toygres.Credentials{User: superuser, Password: string(s.Data[keyPassword]), Database: defaultDatabase, CA: ca}
}

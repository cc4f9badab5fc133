package kubernetes

import (
	"context"
	"errors"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/util/retry"

	"golang.org/x/sync/errgroup"

	"github.com/toygres/toygres"
	"github.com/toygres/toygres/providers/internal/admin"
)

// Provision records what is asked and makes the objects that follow. Killed at
// any point, it goes on there when called again.
func (p *Provider) Provision(ctx context.Context, id toygres.InstanceID, spec toygres.Spec) error {
	if !identity.MatchString(string(id)) {
		return toygres.Errorf(toygres.CodeInvalid, "%q is no instance id; it must be a UUID in lower case", id)
	}
	if err := spec.Validate(p.config.offer()); err != nil {
		return err
	}
	if _, err := p.config.image(spec); err != nil {
		return err
	}
	r, err := p.claim(ctx, id, spec)
	if err != nil {
		return err
	}
	if r.copies() {
		err = p.fork(ctx, r)
	} else {
		err = p.settle(ctx, r)
	}
	if err != nil {
		return err
	}
	return p.stillWanted(ctx, r)
}

// stillWanted takes back what has been made for an instance that was deleted
// meanwhile: whoever deleted it may have looked before we made it.
func (p *Provider) stillWanted(ctx context.Context, r record) error {
	now, err := p.load(ctx, r.id)
	gone := toygres.CodeOf(err) == toygres.CodeNotFound || err == nil && now.uid == ""
	switch {
	case gone && r.fresh, err == nil && now.deleting:
		if err := p.Delete(ctx, r.id); err != nil {
			return err
		}
		return beingDeleted(r.id)
	case gone:
		return beingDeleted(r.id) // or its record was deleted by hand, which Keep mends
	default:
		return err
	}
}

// settle makes an instance's objects what its record says. When they are, it
// changes nothing. If the record changes meanwhile, it begins again: what it
// says now must not be overwritten with what it said before.
func (p *Provider) settle(ctx context.Context, r record) error {
	for {
		err := p.settleAs(ctx, r)
		if !errors.Is(err, errRecordChanged) {
			return err
		}
		if r, err = p.load(ctx, r.id); err != nil || r.deleting || r.uid == "" {
			return ignoreNotFound(err) // whoever made it so, or Keep, goes on
		}
	}
}

// errRecordChanged says that the record is another one by now.
var errRecordChanged = errors.New("the record has changed")

// settleAs is settle for one state of the record. The StatefulSet comes last,
// so that its pod finds all that it needs.
func (p *Provider) settleAs(ctx context.Context, r record) error {
	d, err := p.desired(r)
	if err != nil {
		return err
	}
	if d.copies() {
		if d.source, err = p.sourceEndpoint(ctx, d.spec.Source); err != nil {
			return err
		}
	}
	ns := p.config.Namespace
	force := metav1.ApplyOptions{FieldManager: fieldManager, Force: true}
	var ca authority
	group, all := errgroup.WithContext(ctx)
	group.Go(func() error {
		return p.apply(all, "services", func() error {
			_, err := p.client.CoreV1().Services(ns).Apply(all, headlessService(d), force)
			return err
		})
	})
	group.Go(func() error {
		return p.apply(all, "networkpolicies", func() error {
			_, err := p.client.NetworkingV1().NetworkPolicies(ns).Apply(all, networkPolicy(d), force)
			return err
		})
	})
	group.Go(func() error { return p.settleCopyPolicy(all, d, force) })
	group.Go(func() error {
		return p.apply(all, "poddisruptionbudgets", func() error {
			_, err := p.client.PolicyV1().PodDisruptionBudgets(ns).Apply(all, podDisruptionBudget(d), force)
			return err
		})
	})
	group.Go(func() error {
		var service *corev1.Service
		err := p.apply(all, "services", func() error {
			var err error
			service, err = p.client.CoreV1().Services(ns).Apply(all, clientService(d), force)
			return err
		})
		if err != nil {
			return err
		}
		if ca, err = p.authority(all); err != nil {
			return err
		}
		if err := p.settleSecrets(all, d, ca, service.Spec.ClusterIP); err != nil {
			return err
		}
		_, err = p.client.CoreV1().ConfigMaps(ns).Apply(all, configMap(d, string(ca.pem)).WithResourceVersion(r.version), force)
		if err != nil && p.changed(all, r) {
			return errRecordChanged
		}
		return p.failure(request{"patch", "configmaps"}, err)
	})
	if err := group.Wait(); err != nil {
		return err
	}
	if d.claimed, err = p.claimed(ctx, r.id); err != nil {
		return err
	}
	err = p.apply(ctx, "statefulsets", func() error {
		_, err := p.client.AppsV1().StatefulSets(ns).Apply(ctx, statefulSet(d), force)
		return err
	})
	if err != nil || !d.grown() {
		return err
	}
	return p.grow(ctx, d) // a claim that was lost has come back as it was first
}

// changed reports whether the record is not, or no longer, r.
func (p *Provider) changed(ctx context.Context, r record) bool {
	now, err := p.load(ctx, r.id)
	return toygres.CodeOf(err) == toygres.CodeNotFound || err == nil && now.version != r.version
}

// apply repeats what loses a race against others who do the same.
func (p *Provider) apply(ctx context.Context, resource string, try func() error) error {
	err := retry.OnError(raceBackoff, func(err error) bool {
		return ctx.Err() == nil && (apierrors.IsConflict(err) || apierrors.IsAlreadyExists(err))
	}, try)
	return p.failure(request{"patch", resource}, err)
}

var raceBackoff = wait.Backoff{Steps: 8, Duration: 10 * time.Millisecond, Factor: 2, Jitter: 0.5}

// settleSecrets makes the password and the certificate, if there are none that
// will do.
func (p *Provider) settleSecrets(ctx context.Context, d desired, ca authority, clusterIP string) error {
	password, err := p.settlePassword(ctx, d)
	if err != nil {
		return err
	}
	var certificate *corev1.Secret
	err = p.apply(ctx, "secrets", func() error {
		var err error
		certificate, err = p.settleCertificate(ctx, d, ca, clusterIP, string(password.Data[keyPassword]))
		return err
	})
	for _, secret := range []*corev1.Secret{password, certificate} {
		if err == nil && !labelled(secret, d.labelsOf()) {
			err = p.apply(ctx, "secrets", func() error {
				_, err := p.client.CoreV1().Secrets(p.config.Namespace).Apply(ctx, secretLabels(d, secret.Name),
					metav1.ApplyOptions{FieldManager: fieldManager, Force: true})
				return err
			})
		}
	}
	return err
}

func labelled(s *corev1.Secret, with map[string]string) bool {
	for key, value := range with {
		if s.Labels[key] != value {
			return false
		}
	}
	return true
}

// settlePassword returns the Secret with the superuser's password: the one that
// is kept, else its copy, else a new one.
func (p *Provider) settlePassword(ctx context.Context, d desired) (*corev1.Secret, error) {
	secrets := p.client.CoreV1().Secrets(p.config.Namespace)
	for {
		kept, err := secrets.Get(ctx, superuserName(d.id), metav1.GetOptions{})
		if err == nil {
			return kept, nil
		}
		if !apierrors.IsNotFound(err) {
			return nil, p.failure(request{"get", "secrets"}, err)
		}
		password := admin.NewPassword()
		switch kept, err = secrets.Get(ctx, tlsName(d.id), metav1.GetOptions{}); {
		case err == nil:
			password = string(kept.Data[keyPassword])
		case !apierrors.IsNotFound(err):
			return nil, p.failure(request{"get", "secrets"}, err)
		}
		made, err := secrets.Create(ctx, superuserSecret(d, password), metav1.CreateOptions{FieldManager: fieldManager})
		if err == nil {
			return made, nil
		}
		if !apierrors.IsAlreadyExists(err) {
			return nil, p.failure(request{"create", "secrets"}, err)
		}
	}
}

// settleCertificate returns the Secret with the server's certificate, and makes
// one unless there is one that fits.
func (p *Provider) settleCertificate(ctx context.Context, d desired, ca authority, clusterIP, password string) (*corev1.Secret, error) {
	secrets := p.client.CoreV1().Secrets(p.config.Namespace)
	kept, err := secrets.Get(ctx, tlsName(d.id), metav1.GetOptions{})
	exists := err == nil
	if err != nil && !apierrors.IsNotFound(err) {
		return nil, p.failure(request{"get", "secrets"}, err)
	}
	hosts := d.hosts(clusterIP)
	if exists && ca.fits(certificateIn(kept), hosts, time.Now()) {
		return kept, p.writeRotation(ctx, d.id, func(s *corev1.Secret) { s.Data[keyPassword] = []byte(password) })
	}
	issued, err := ca.issue(hosts, time.Now())
	if err != nil {
		return nil, err
	}
	secret := tlsSecret(d, issued, password)
	if !exists {
		return secrets.Create(ctx, secret, metav1.CreateOptions{FieldManager: fieldManager})
	}
	p.log.Info("the instance gets a new certificate", "instance", d.id)
	secret.ResourceVersion = kept.ResourceVersion
	keepRotation(secret, kept)
	return secrets.Update(ctx, secret, metav1.UpdateOptions{FieldManager: fieldManager})
}

func certificateIn(s *corev1.Secret) certificate {
	return certificate{certificate: s.Data[keyCertificate], key: s.Data[keyPrivate], ca: s.Data[keyCA]}
}

// AuthoritySecret is the name of the Secret with the CA that signs the
// servers' certificates. Whoever wants another CA puts it there, as tls.crt
// and tls.key; it is made when there is none.
const AuthoritySecret = "toygres-ca"

// authority returns the CA of the namespace.
func (p *Provider) authority(ctx context.Context) (authority, error) {
	secrets := p.client.CoreV1().Secrets(p.config.Namespace)
	for {
		kept, err := secrets.Get(ctx, AuthoritySecret, metav1.GetOptions{})
		if err == nil {
			return readAuthority(kept.Data[keyCertificate], kept.Data[keyPrivate])
		}
		if !apierrors.IsNotFound(err) {
			return authority{}, p.failure(request{"get", "secrets"}, err)
		}
		public, private, err := newAuthority(time.Now())
		if err != nil {
			return authority{}, err
		}
		_, err = secrets.Create(ctx, authoritySecret(p.config.Namespace, public, private), metav1.CreateOptions{FieldManager: fieldManager})
		if err != nil && !apierrors.IsAlreadyExists(err) {
			return authority{}, p.failure(request{"create", "secrets"}, err)
		}
	}
}

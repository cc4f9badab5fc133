package kubernetes

import (
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	applycore "k8s.io/client-go/applyconfigurations/core/v1"
)

// superuserSecret holds the password. It is immutable, so that nobody breaks it
// by an edit: [Provider.RotatePassword] puts another one in its place. PostgreSQL
// takes the password from it once, when the data is made.
func superuserSecret(d desired, password string) *corev1.Secret {
	immutable := true
	return &corev1.Secret{
		TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "Secret"},
		ObjectMeta: metav1.ObjectMeta{Name: superuserName(d.id), Namespace: d.config.Namespace, Labels: d.labelsOf()},
		Type:       corev1.SecretTypeBasicAuth,
		Immutable:  &immutable,
		Data: map[string][]byte{
			keyUser: []byte(superuser), keyPassword: []byte(password), keyDatabase: []byte(defaultDatabase),
		},
	}
}

// tlsSecret holds the server's certificate, and a copy of the password from
// which superuserSecret can be restored. While the password is changed it keeps
// the next one, too. It is created, and replaced only while it is as it was
// seen, so that racing processes agree on one.
func tlsSecret(d desired, c certificate, password string) *corev1.Secret {
	return &corev1.Secret{
		TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "Secret"},
		ObjectMeta: metav1.ObjectMeta{Name: tlsName(d.id), Namespace: d.config.Namespace, Labels: d.labelsOf()},
		Type:       corev1.SecretTypeTLS,
		Data: map[string][]byte{
			keyCertificate: c.certificate, keyPrivate: c.key, keyCA: c.ca, keyPassword: []byte(password),
		},
	}
}

// secretLabels is a Secret's part that may be applied again and again.
func secretLabels(d desired, name string) *applycore.SecretApplyConfiguration {
	return applycore.Secret(name, d.config.Namespace).WithLabels(d.labelsOf())
}

// authoritySecret holds the CA of the namespace.
func authoritySecret(namespace string, certificatePEM, keyPEM []byte) *corev1.Secret {
	return &corev1.Secret{
		TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "Secret"},
		ObjectMeta: metav1.ObjectMeta{Name: AuthoritySecret, Namespace: namespace, Labels: map[string]string{
			labelName: AuthoritySecret, labelPartOf: productName, labelManagedBy: productName,
		}},
		Type: corev1.SecretTypeTLS,
		Data: map[string][]byte{keyCertificate: certificatePEM, keyPrivate: keyPEM},
	}
}

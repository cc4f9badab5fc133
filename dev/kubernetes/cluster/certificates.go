package cluster

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"io/fs"
	"math/big"
	"net"
	"os"
	"time"

	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/tools/clientcmd/api"
)

const validity = 5 * 365 * 24 * time.Hour

// authority signs the certificates of one cluster.
type authority struct {
	certificate *x509.Certificate
	key         *ecdsa.PrivateKey
	pem         []byte
}

// keyPair is a certificate and its key, both as PEM.
type keyPair struct{ certificate, key []byte }

// The identities of the cluster's programs. The groups are those that Kubernetes' own roles are bound to.
var identities = map[string]pkix.Name{
	"admin":              {CommonName: "toygres-admin", Organization: []string{"system:masters"}},
	"apiserver-kubelet":  {CommonName: "kube-apiserver-kubelet-client", Organization: []string{"system:masters"}},
	"controller-manager": {CommonName: "system:kube-controller-manager"},
	"scheduler":          {CommonName: "system:kube-scheduler"},
	"kubelet":            {CommonName: "system:node:" + NodeName, Organization: []string{"system:nodes"}},
	"proxy":              {CommonName: "system:kube-proxy"},
	"coredns":            {CommonName: corednsUser},
	"cloud":              {CommonName: cloudUser},
}

// createIdentities makes all keys and certificates, and a kubeconfig for each identity. It does nothing if that was done.
func (c Config) createIdentities() error {
	done := c.path("pki", "done")
	if _, err := os.Stat(done); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := os.MkdirAll(c.path("pki"), 0o700); err != nil {
		return err
	}
	ca, err := newAuthority()
	if err != nil {
		return err
	}
	apiNames := []string{"kubernetes", "kubernetes.default", "kubernetes.default.svc", "kubernetes.default.svc." + Domain, "localhost"}
	apiAddresses := []net.IP{c.NodeAddress().AsSlice(), c.apiService().AsSlice(), net.IPv4(127, 0, 0, 1)}
	apiServer, err := ca.issue(pkix.Name{CommonName: "kube-apiserver"}, apiNames, apiAddresses)
	if err != nil {
		return err
	}
	kubeletServer, err := ca.issue(identities["kubelet"], []string{NodeName}, []net.IP{c.NodeAddress().AsSlice()})
	if err != nil {
		return err
	}
	// Service accounts' tokens are signed with a key that has no certificate.
	serviceAccounts, err := ca.issue(pkix.Name{CommonName: "service-accounts"}, nil, nil)
	if err != nil {
		return err
	}
	files := map[string][]byte{
		"ca.crt":        ca.pem,
		"apiserver.crt": apiServer.certificate, "apiserver.key": apiServer.key,
		"kubelet.crt": kubeletServer.certificate, "kubelet.key": kubeletServer.key,
		"service-accounts.key": serviceAccounts.key,
	}
	for name, subject := range identities {
		client, err := ca.issue(subject, nil, nil)
		if err != nil {
			return err
		}
		if name == "apiserver-kubelet" {
			files[name+".crt"], files[name+".key"] = client.certificate, client.key
			continue
		}
		if files[name+".kubeconfig"], err = c.kubeconfig(name, ca, client); err != nil {
			return err
		}
	}
	for name, content := range files {
		if err := os.WriteFile(c.path("pki", name), content, 0o600); err != nil {
			return err
		}
	}
	if err := os.WriteFile(c.Kubeconfig(), files["admin.kubeconfig"], 0o600); err != nil {
		return err
	}
	return os.WriteFile(done, nil, 0o600)
}

func (c Config) kubeconfig(user string, ca *authority, client keyPair) ([]byte, error) {
	config := api.NewConfig()
	name := "toygres-" + c.ID
	config.Clusters[name] = &api.Cluster{Server: c.apiURL(), CertificateAuthorityData: ca.pem}
	config.AuthInfos[user] = &api.AuthInfo{ClientCertificateData: client.certificate, ClientKeyData: client.key}
	config.Contexts[name] = &api.Context{Cluster: name, AuthInfo: user}
	config.CurrentContext = name
	return clientcmd.Write(*config)
}

func newAuthority() (*authority, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	template := certificate(pkix.Name{CommonName: "toygres-kubernetes"})
	template.IsCA, template.BasicConstraintsValid = true, true
	template.KeyUsage |= x509.KeyUsageCertSign
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return nil, err
	}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, err
	}
	return &authority{parsed, key, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})}, nil
}

// issue makes a certificate for a client, and for a server if it has names or addresses.
func (a *authority) issue(subject pkix.Name, names []string, addresses []net.IP) (keyPair, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return keyPair{}, err
	}
	template := certificate(subject)
	template.DNSNames, template.IPAddresses = names, addresses
	template.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
	if len(names)+len(addresses) > 0 {
		template.ExtKeyUsage = append(template.ExtKeyUsage, x509.ExtKeyUsageServerAuth)
	}
	der, err := x509.CreateCertificate(rand.Reader, template, a.certificate, key.Public(), a.key)
	if err != nil {
		return keyPair{}, err
	}
	encoded, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		return keyPair{}, err
	}
	return keyPair{
		pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}),
		pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: encoded}),
	}, nil
}

func certificate(subject pkix.Name) *x509.Certificate {
	serial, _ := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120)) // never fails
	return &x509.Certificate{
		SerialNumber: serial, Subject: subject,
		NotBefore: time.Now().Add(-time.Minute), NotAfter: time.Now().Add(validity),
		KeyUsage: x509.KeyUsageDigitalSignature,
	}
}

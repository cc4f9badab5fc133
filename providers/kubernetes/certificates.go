package kubernetes

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"slices"
	"time"

	"github.com/toygres/toygres"
)

const (
	authorityValidity   = 20 * 365 * 24 * time.Hour
	certificateValidity = 365 * 24 * time.Hour
	renewBefore         = certificateValidity / 3
	clockSkew           = 5 * time.Minute // that a client's clock may be behind ours
)

// certificate is a server's certificate and key, and the certificate of the CA
// that signed it, each as PEM.
type certificate struct{ certificate, key, ca []byte }

// authority is the CA that signs the servers' certificates.
type authority struct {
	certificate *x509.Certificate
	key         crypto.PrivateKey
	pem         []byte
}

// newAuthority makes a CA and returns its certificate and key as PEM.
func newAuthority(now time.Time) (certificatePEM, keyPEM []byte, err error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, nil, err
	}
	template := &x509.Certificate{
		SerialNumber:          serialNumber(),
		Subject:               pkix.Name{CommonName: "Toygres instance CA"},
		NotBefore:             now.Add(-clockSkew),
		NotAfter:              now.Add(authorityValidity),
		IsCA:                  true,
		MaxPathLenZero:        true,
		BasicConstraintsValid: true,
		KeyUsage:              x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return nil, nil, err
	}
	return encode(der, key)
}

// readAuthority reads a CA, which may have been made elsewhere.
func readAuthority(certificatePEM, keyPEM []byte) (authority, error) {
	pair, err := tls.X509KeyPair(certificatePEM, keyPEM)
	if err != nil {
		return authority{}, toygres.Errorf(toygres.CodeInvalid, "the CA can't be read; its Secret needs certificate and key as PEM: %w", err)
	}
	leaf, err := x509.ParseCertificate(pair.Certificate[0])
	if err != nil {
		return authority{}, err
	}
	if !leaf.IsCA {
		return authority{}, toygres.Errorf(toygres.CodeInvalid, "the certificate %q is no CA's; use one whose basic constraints say CA", leaf.Subject)
	}
	return authority{certificate: leaf, key: pair.PrivateKey, pem: certificatePEM}, nil
}

// issue makes a server's certificate.
func (a authority) issue(hosts []string, now time.Time) (certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return certificate{}, err
	}
	template := &x509.Certificate{
		SerialNumber: serialNumber(),
		Subject:      pkix.Name{CommonName: hosts[0]},
		NotBefore:    now.Add(-clockSkew),
		NotAfter:     earlier(now.Add(certificateValidity), a.certificate.NotAfter),
		KeyUsage:     x509.KeyUsageDigitalSignature,
		ExtKeyUsage:  []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	template.DNSNames, template.IPAddresses = splitHosts(hosts)
	der, err := x509.CreateCertificate(rand.Reader, template, a.certificate, key.Public(), a.key)
	if err != nil {
		return certificate{}, err
	}
	c := certificate{ca: a.pem}
	c.certificate, c.key, err = encode(der, key)
	return c, err
}

// fits reports whether c may go on being used: it is ours, for these hosts and
// for long enough.
func (a authority) fits(c certificate, hosts []string, now time.Time) bool {
	if !bytes.Equal(c.ca, a.pem) {
		return false
	}
	pair, err := tls.X509KeyPair(c.certificate, c.key)
	if err != nil {
		return false
	}
	leaf, err := x509.ParseCertificate(pair.Certificate[0])
	if err != nil || leaf.CheckSignatureFrom(a.certificate) != nil {
		return false
	}
	names, addresses := splitHosts(hosts)
	same := slices.Equal(leaf.DNSNames, names) && slices.EqualFunc(leaf.IPAddresses, addresses, net.IP.Equal)
	// One that ends with its CA can't be made any longer.
	lasts := now.Before(leaf.NotAfter.Add(-renewBefore)) || leaf.NotAfter.Equal(a.certificate.NotAfter) && now.Before(leaf.NotAfter)
	return same && lasts
}

func splitHosts(hosts []string) (names []string, addresses []net.IP) {
	for _, h := range hosts {
		if ip := net.ParseIP(h); ip != nil {
			addresses = append(addresses, ip)
		} else {
			names = append(names, h)
		}
	}
	return names, addresses
}

func encode(der []byte, key *ecdsa.PrivateKey) (certificatePEM, keyPEM []byte, err error) {
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, nil, err
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}),
		pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private}), nil
}

// serialNumber has 127 random bits: it must be positive and unlikely to repeat.
func serialNumber() *big.Int {
	b := make([]byte, 16)
	_, _ = rand.Read(b) // never fails
	b[0] &= 0x7f
	return new(big.Int).SetBytes(b)
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

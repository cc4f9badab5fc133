package kubernetes

import (
	"crypto/x509"
	"encoding/pem"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/toygres/toygres"
)

func newTestAuthority(t *testing.T, now time.Time) authority {
	t.Helper()
	public, private, err := newAuthority(now)
	require.NoError(t, err)
	ca, err := readAuthority(public, private)
	require.NoError(t, err)
	return ca
}

func TestACertificateIsForItsHostsAndByItsCA(t *testing.T) {
	t.Parallel()
	ca := newTestAuthority(t, time.Now())
	c, err := ca.issue([]string{"pg-1.databases.svc", "10.96.7.7"}, time.Now())
	require.NoError(t, err)
	block, _ := pem.Decode(c.certificate)
	leaf, err := x509.ParseCertificate(block.Bytes)
	require.NoError(t, err)
	roots := x509.NewCertPool()
	require.True(t, roots.AppendCertsFromPEM(c.ca))
	for host, welcome := range map[string]bool{"pg-1.databases.svc": true, "10.96.7.7": true, "pg-2.databases.svc": false, "10.96.7.8": false} {
		_, err := leaf.Verify(x509.VerifyOptions{Roots: roots, DNSName: host})
		require.Equal(t, welcome, err == nil, "%s: %v", host, err)
	}
}

func TestACertificateIsRenewedWhenItNoLongerFits(t *testing.T) {
	t.Parallel()
	now := time.Now()
	ca, other := newTestAuthority(t, now), newTestAuthority(t, now)
	hosts := []string{"a", "b.example", "10.0.0.1"}
	c, err := ca.issue(hosts, now)
	require.NoError(t, err)
	require.True(t, ca.fits(c, hosts, now))
	require.True(t, ca.fits(c, hosts, now.Add(certificateValidity-renewBefore-time.Hour)))
	require.False(t, ca.fits(c, hosts, now.Add(certificateValidity-renewBefore+time.Hour)), "long before it expires")
	require.False(t, ca.fits(c, hosts[:2], now), "other hosts")
	require.False(t, ca.fits(c, append([]string{"c"}, hosts...), now), "other hosts")
	require.False(t, other.fits(c, hosts, now), "another CA")
	require.False(t, ca.fits(certificate{}, hosts, now), "nothing")

	late := now.Add(authorityValidity - time.Hour) // an old CA can't promise more than it has
	c, err = ca.issue(hosts, late)
	require.NoError(t, err)
	require.True(t, ca.fits(c, hosts, late), "or it would be renewed again and again")
}

func TestACertificateThatIsNoCAsIsRefused(t *testing.T) {
	t.Parallel()
	c, err := newTestAuthority(t, time.Now()).issue([]string{"a"}, time.Now())
	require.NoError(t, err)
	_, err = readAuthority(c.certificate, c.key)
	require.Equal(t, toygres.CodeInvalid, toygres.CodeOf(err))
	_, err = readAuthority([]byte("x"), []byte("y"))
	require.Equal(t, toygres.CodeInvalid, toygres.CodeOf(err))
}

package kubernetes_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/toygres/toygres/providers/kubernetes"
	"github.com/toygres/toygres/providers/providertest"
)

func equalJSON(a, b any) bool {
	x, err1 := json.Marshal(a)
	y, err2 := json.Marshal(b)
	return err1 == nil && err2 == nil && slices.Equal(x, y)
}

func TestClientsCanVerifyTheServerWithThePublishedCA(t *testing.T) {
	t.Parallel()
	config := newConfig(t)
	p := newProvider(t, config)
	id, other := provision(t, p), newProvider(t, newConfig(t))
	o, err := p.Observe(t.Context(), id)
	require.NoError(t, err)
	c, err := p.Credentials(t.Context(), id)
	require.NoError(t, err)
	require.NotEmpty(t, c.CA)

	file := filepath.Join(t.TempDir(), "ca.crt")
	require.NoError(t, os.WriteFile(file, []byte(c.CA), 0o600))
	conn, err := pgx.Connect(t.Context(), providertest.URL(o.Endpoint, c)+"?sslmode=verify-full&sslrootcert="+file)
	require.NoError(t, err)
	var secure bool
	require.NoError(t, conn.QueryRow(t.Context(), `SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()`).Scan(&secure))
	require.True(t, secure)
	require.NoError(t, conn.Close(t.Context()))

	// Names are those of the Service, in all forms.
	connConfig, err := pgx.ParseConfig(providertest.URL(o.Endpoint, c) + "?sslmode=verify-full&sslrootcert=" + file)
	require.NoError(t, err)
	service := "pg-" + string(id)
	for name, welcome := range map[string]bool{
		service: true, service + "." + config.Namespace: true, service + "." + config.Namespace + ".svc": true,
		service + "." + config.Namespace + ".svc.cluster.local": true, "pg-other": false,
	} {
		connConfig.TLSConfig = &tls.Config{RootCAs: connConfig.TLSConfig.RootCAs, ServerName: name, MinVersion: tls.VersionTLS12}
		conn, err := pgx.ConnectConfig(t.Context(), connConfig)
		if welcome {
			require.NoError(t, err, name)
			require.NoError(t, conn.Close(t.Context()))
			continue
		}
		var mismatch x509.HostnameError
		require.ErrorAs(t, err, &mismatch, name)
	}

	// Another namespace's CA is another one.
	stranger := provision(t, other)
	theirs, err := other.Credentials(t.Context(), stranger)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(file, []byte(theirs.CA), 0o600))
	_, err = pgx.Connect(t.Context(), providertest.URL(o.Endpoint, c)+"?sslmode=verify-full&sslrootcert="+file)
	var unknown x509.UnknownAuthorityError
	require.ErrorAs(t, err, &unknown)
}

// TestARenewedCertificateIsServed replaces the CA, as an operator may, and
// touches the instance: its certificate no longer fits.
func TestARenewedCertificateIsServed(t *testing.T) {
	t.Parallel()
	config := newConfig(t)
	p := newProvider(t, config)
	keep(t, p)
	id := provision(t, p)
	before, err := p.Credentials(t.Context(), id)
	require.NoError(t, err)
	secrets := client.CoreV1().Secrets(config.Namespace)
	require.NoError(t, secrets.Delete(t.Context(), kubernetes.AuthoritySecret, metav1.DeleteOptions{}))
	o, err := p.Observe(t.Context(), id)
	require.NoError(t, err)
	require.NoError(t, client.NetworkingV1().NetworkPolicies(config.Namespace).Delete(t.Context(), "pg-"+string(id), metav1.DeleteOptions{}))

	eventually(t, "the server shows the new certificate", func() bool {
		c, err := p.Credentials(context.Background(), id)
		if err != nil || c.CA == before.CA {
			return false
		}
		authorities := x509.NewCertPool()
		authorities.AppendCertsFromPEM([]byte(c.CA))
		connConfig, err := pgx.ParseConfig(providertest.URL(o.Endpoint, c) + "?sslmode=require&connect_timeout=2")
		if err != nil {
			return false
		}
		connConfig.TLSConfig = &tls.Config{RootCAs: authorities, ServerName: o.Endpoint.Host, MinVersion: tls.VersionTLS12}
		conn, err := pgx.ConnectConfig(context.Background(), connConfig)
		if err != nil {
			return false
		}
		return conn.Close(context.Background()) == nil
	})
}

package kubernetes_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"net"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/toygres/toygres"
	"github.com/toygres/toygres/providers/providertest"
)

// dns answers every name with one address, once there is one.
type dns struct{ address atomic.Pointer[string] }

func (d *dns) LookupHost(_ context.Context, host string) ([]string, error) {
	if a := d.address.Load(); a != nil {
		return []string{*a}, nil
	}
	return nil, &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}
}

func TestAPublicInstanceIsReadyWhenItsNameLeadsToItsLoadBalancer(t *testing.T) {
	t.Parallel()
	names := new(dns)
	config := newConfig(t)
	config.PublicDNSSuffix, config.Resolver = "westeurope.cloudapp.azure.com", names
	p := newProvider(t, config)
	id, spec := newInstance(t, p)
	spec.Name, spec.Public = "1test", true
	require.NoError(t, p.Provision(t.Context(), id, spec))
	const host = "pg-1test.westeurope.cloudapp.azure.com"
	seen := awaitMessage(t, p, id, "waiting for the name "+host)
	require.Equal(t, toygres.PhaseStarting, seen.Phase)

	service, err := client.CoreV1().Services(config.Namespace).Get(t.Context(), "pg-"+string(id), metav1.GetOptions{})
	require.NoError(t, err)
	require.Equal(t, "pg-1test", service.Annotations["service.beta.kubernetes.io/azure-dns-label-name"])
	address := service.Status.LoadBalancer.Ingress[0].IP
	names.address.Store(&address)
	require.Equal(t, host, await(t, p, id, toygres.PhaseReady).Endpoint.Host)

	c, err := p.Credentials(t.Context(), id)
	require.NoError(t, err)
	connConfig, err := pgx.ParseConfig(providertest.URL(toygres.Endpoint{Host: address, Port: 5432}, c) + "?sslmode=require")
	require.NoError(t, err)
	authorities := x509.NewCertPool()
	require.True(t, authorities.AppendCertsFromPEM([]byte(c.CA)))
	connConfig.TLSConfig = &tls.Config{RootCAs: authorities, ServerName: host, MinVersion: tls.VersionTLS12}
	conn, err := pgx.ConnectConfig(t.Context(), connConfig)
	require.NoError(t, err)
	require.NoError(t, conn.Close(t.Context()))

	_, err = pgx.Connect(t.Context(), providertest.URL(toygres.Endpoint{Host: address, Port: 5432}, c)+"?sslmode=disable")
	require.ErrorContains(t, err, "no encryption")
}

func TestOnlyAllowedNetworksGetInAndToygresItself(t *testing.T) {
	t.Parallel()
	for name, operator := range map[string]string{"Toygres": "0.0.0.0/0", "others": "192.0.2.0/24"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			config := newConfig(t)
			config.OperatorCIDRs = []string{operator}
			p := newProvider(t, config)
			id, spec := newInstance(t, p)
			spec.AllowedCIDRs = []string{"198.51.100.0/24"}
			require.NoError(t, p.Provision(t.Context(), id, spec))
			o := await(t, p, id, toygres.PhaseReady)
			c, err := p.Credentials(t.Context(), id)
			require.NoError(t, err)
			conn, err := pgx.Connect(t.Context(), providertest.URL(o.Endpoint, c))
			if name == "Toygres" {
				require.NoError(t, err)
				require.NoError(t, conn.Close(t.Context()))
				return
			}
			require.Error(t, err)
			require.Contains(t, strings.ToLower(err.Error()), "no pg_hba.conf entry")
		})
	}
}

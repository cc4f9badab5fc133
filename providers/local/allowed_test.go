package local

import (
	"context"
	"net"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/toygres/toygres"
	"github.com/toygres/toygres/providers/providertest"
)

// The whole of 127.0.0.0/8 is this machine, but only 127.0.0.1 is an address
// of one of its interfaces: the others come from elsewhere as far as
// PostgreSQL knows.
func TestOnlyAllowedNetworksAndThisMachineGetIn(t *testing.T) {
	t.Parallel()
	p := newProvider(t, newConfig(t, newDir(t)))
	id, spec := newInstance(18)
	spec.AllowedCIDRs = []string{"127.0.0.2/32", "2001:db8::/32"}
	require.NoError(t, p.Provision(t.Context(), id, spec))
	await(t, p, id, toygres.PhaseReady)
	require.NoError(t, p.Provision(t.Context(), id, spec), "the same again")

	for address, welcome := range map[string]bool{"127.0.0.1": true, "127.0.0.2": true, "127.0.0.3": false} {
		credentials, err := p.Credentials(t.Context(), id)
		require.NoError(t, err)
		config, err := pgx.ParseConfig(providertest.URL(observe(t, p, id).Endpoint, credentials))
		require.NoError(t, err)
		dialer := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(address)}}
		config.DialFunc = dialer.DialContext
		conn, err := pgx.ConnectConfig(t.Context(), config)
		if !welcome {
			require.ErrorContains(t, err, "no pg_hba.conf entry", address)
			continue
		}
		require.NoError(t, err, address)
		require.NoError(t, conn.Close(context.Background()))
	}
}

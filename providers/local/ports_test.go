package local

import (
	"net"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/toygres/toygres"
)

func listen(t *testing.T, host string, port int) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", net.JoinHostPort(host, strconv.Itoa(port)))
	require.NoError(t, err)
	t.Cleanup(func() { _ = l.Close() }) // some tests have closed it
	return l
}

func TestPortsAreUniqueAlsoBetweenProcesses(t *testing.T) {
	t.Parallel()
	config := newConfig(t, newDir(t))
	providers := []*Provider{newProvider(t, config), newProvider(t, config)}
	var all sync.WaitGroup
	ids := make([]toygres.InstanceID, 6)
	errs := make([]error, len(ids))
	for i := range ids {
		var spec toygres.Spec
		ids[i], spec = newInstance(18)
		all.Go(func() { errs[i] = providers[i%2].Provision(t.Context(), ids[i], spec) })
	}
	all.Wait()
	ports := map[int]bool{}
	for i, id := range ids {
		require.NoError(t, errs[i])
		ports[await(t, providers[0], id, toygres.PhaseReady).Endpoint.Port] = true
	}
	require.Len(t, ports, len(ids))
}

func TestNoFreePortIsExhaustion(t *testing.T) {
	t.Parallel()
	config := newConfig(t, newDir(t))
	config.LastPort = config.FirstPort + 1
	listen(t, config.Host, config.FirstPort) // a stranger has one
	p := newProvider(t, config)
	first := provision(t, p)
	require.Equal(t, config.LastPort, observe(t, p, first).Endpoint.Port)

	id, spec := newInstance(18)
	err := p.Provision(t.Context(), id, spec)
	require.Equal(t, toygres.CodeExhausted, toygres.CodeOf(err), "%v", err)
	require.Contains(t, toygres.MessageOf(err), "delete an instance or widen the range")
	require.Equal(t, toygres.PhaseAbsent, observe(t, p, id).Phase)

	require.NoError(t, p.Delete(t.Context(), first))
	require.NoError(t, p.Provision(t.Context(), id, spec), "a deleted instance's port is free")
	await(t, p, id, toygres.PhaseReady)
}

func TestPortTakenWhileTheDataDirectoryIsMadeIsExchanged(t *testing.T) {
	t.Parallel()
	p := newProvider(t, newConfig(t, newDir(t)))
	id, spec := newInstance(18)
	done := make(chan error, 1)
	go func() { done <- p.Provision(t.Context(), id, spec) }()
	awaitFile(t, directoryOf(p, id).newData())
	taken := observe(t, p, id).Endpoint
	listen(t, taken.Host, taken.Port)
	require.NoError(t, <-done)
	require.NotEqual(t, taken, await(t, p, id, toygres.PhaseReady).Endpoint)
}

func TestStoppedInstanceKeepsItsPort(t *testing.T) {
	t.Parallel()
	p := newProvider(t, newConfig(t, newDir(t)))
	id := provision(t, p)
	port := observe(t, p, id).Endpoint.Port
	require.NoError(t, p.Stop(t.Context(), id))
	await(t, p, id, toygres.PhaseStopped)
	require.NotEqual(t, port, observe(t, p, provision(t, p)).Endpoint.Port)
	require.NoError(t, p.Start(t.Context(), id))
	require.Equal(t, port, await(t, p, id, toygres.PhaseReady).Endpoint.Port)
}

func TestPortTakenByAStrangerIsNamedAndWaitedFor(t *testing.T) {
	t.Parallel()
	p := newProvider(t, newConfig(t, newDir(t)))
	p.timing.firstRetry, p.timing.lastRetry = 10*time.Millisecond, 100*time.Millisecond
	keep(t, p)
	id := provision(t, p)
	endpoint := observe(t, p, id).Endpoint
	require.NoError(t, p.Stop(t.Context(), id))
	await(t, p, id, toygres.PhaseStopped)
	stranger := listen(t, endpoint.Host, endpoint.Port)

	require.NoError(t, p.Start(t.Context(), id))
	o := observe(t, p, id)
	require.Contains(t, []toygres.Phase{toygres.PhaseStarting, toygres.PhaseFailed}, o.Phase)
	require.Contains(t, o.Message, "port "+strconv.Itoa(endpoint.Port))
	require.Contains(t, o.Message, "address already in use")

	require.NoError(t, stranger.Close())
	require.Eventually(t, func() bool { return observe(t, p, id).Phase == toygres.PhaseReady }, patience, 10*time.Millisecond)
}

func TestUnusableHostIsNotTakenForLackOfPorts(t *testing.T) {
	t.Parallel()
	config := newConfig(t, newDir(t))
	config.Host = "192.0.2.1" // for documentation: no machine has it
	p := newProvider(t, config)
	id, spec := newInstance(18)
	err := p.Provision(t.Context(), id, spec)
	require.Equal(t, toygres.CodeInvalid, toygres.CodeOf(err))
	require.Contains(t, toygres.MessageOf(err), "192.0.2.1")
	require.Equal(t, toygres.PhaseAbsent, observe(t, p, id).Phase)
}

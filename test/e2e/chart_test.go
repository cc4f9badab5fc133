package e2e

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"sync"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/toygres/toygres/dev/charttest"
	"github.com/toygres/toygres/dev/kubernetestest"
	"github.com/toygres/toygres/openapi"
)

// onChart is a deployment on a Kubernetes of one node, as Helm installs it.
type onChart struct{ *charttest.Installation }

// cluster is that of all deployments; it ends with the process.
var cluster = sync.OnceValues(func() (*kubernetestest.Kubernetes, error) { return kubernetestest.Up(context.Background()) })

func deployChart(ctx context.Context) (_ deployment, err error) {
	k, err := cluster()
	if err != nil {
		return deployment{}, err
	}
	installation, err := charttest.New(ctx, k, os.Stderr)
	if err != nil {
		return deployment{}, err
	}
	defer func() {
		if err != nil {
			installation.Remove()
		}
	}()
	// This machine reaches a cluster's addresses, but does not ask its DNS.
	err = installation.Install(ctx, charttest.Values{"instances": charttest.Values{
		"endpoint": "address", "runtimeRegistry": "registry.example.com"}})
	if err != nil {
		return deployment{}, err
	}
	if out, err := installation.CLI(ctx, "create", "demo", "--wait").CombinedOutput(); err != nil {
		return deployment{}, fmt.Errorf("create the instance demo: %w: %s", err, out)
	}
	// How the page fits a phone does not depend on where the API runs.
	// The other pages don't know where instances live.
	return deployment{installation.Toygres, onChart{installation},
		[]string{"--project=desktop", "sign-in", "create", "connect", "lifecycle", "settings", "logs", "query", "runtime-images"}}, nil
}

func (c onChart) Kill(t testing.TB, part string) (back func() bool) {
	t.Helper()
	if part == "temporal" { // which Kubernetes does not start again
		require.NoError(t, errors.Join(c.Temporal.Kill(), c.Temporal.Up(t.Context())))
		return func() bool { return true }
	}
	before, err := c.Processes(t.Context(), part)
	require.NoError(t, err)
	require.NotEmpty(t, before)
	killed := map[int]bool{}
	for _, process := range before {
		require.NoError(t, syscall.Kill(process.PID, syscall.SIGKILL))
		killed[process.PID] = true
	}
	return func() bool {
		now, err := c.Processes(t.Context(), part)
		require.NoError(t, err)
		return len(now) == len(before) && !slices.ContainsFunc(now, func(p charttest.Process) bool { return killed[p.PID] })
	}
}

func (c onChart) FreezeTemporal(t testing.TB) (thaw func()) {
	t.Helper()
	require.NoError(t, c.Temporal.Signal(syscall.SIGSTOP))
	return func() { _ = c.Temporal.Signal(syscall.SIGCONT) }
}

func (c onChart) TemporalAddress() string { return c.Temporal.Address }

// Remains looks at the cluster's objects.
func (c onChart) Remains(t testing.TB, instance openapi.Instance) []string {
	t.Helper()
	return slices.Sorted(maps.Keys(c.Kubernetes.Objects(t, c.Instances)[instance.Id.String()]))
}

func (c onChart) Logs(t testing.TB) map[string]string {
	t.Helper()
	logs, err := c.Installation.Logs(context.WithoutCancel(t.Context()))
	require.NoError(t, err)
	require.NotEmpty(t, logs)
	return logs
}

func (c onChart) Clean() { c.Remove() }

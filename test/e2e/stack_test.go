package e2e

import (
	"context"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/toygres/toygres/dev/stacktest"
	"github.com/toygres/toygres/openapi"
)

// onStack is a deployment on this machine, as make up makes it.
type onStack struct{ *stacktest.Stack }

func deployStack(ctx context.Context) (deployment, error) {
	stack, err := stacktest.Up(ctx, os.Stderr)
	if err != nil {
		return deployment{}, err
	}
	return deployment{stack.Toygres, onStack{stack}, []string{"--project=desktop", "--project=phone"}}, nil
}

func (s onStack) Kill(t testing.TB, part string) (back func() bool) {
	t.Helper()
	pid := s.PID(part)
	require.NoError(t, syscall.Kill(pid, syscall.SIGKILL))
	return func() bool {
		now := s.PID(part)
		return now != 0 && now != pid
	}
}

func (s onStack) FreezeTemporal(t testing.TB) (thaw func()) {
	t.Helper()
	pid := s.PID("temporal")
	require.NoError(t, syscall.Kill(pid, syscall.SIGSTOP))
	return func() { _ = syscall.Kill(pid, syscall.SIGCONT) }
}

func (s onStack) TemporalAddress() string { return s.Stack.TemporalAddress }

// Remains looks at the disk, the process table and the port.
func (s onStack) Remains(t testing.TB, instance openapi.Instance) (remains []string) {
	t.Helper()
	dir := filepath.Join(s.InstancesDir, instance.Id.String())
	if _, err := os.Stat(dir); err == nil {
		remains = append(remains, dir)
	}
	if slices.Contains(s.ServerDirs(t), dir) {
		remains = append(remains, "a server in "+dir)
	}
	address := net.JoinHostPort(instance.Endpoint.Host, strconv.Itoa(instance.Endpoint.Port))
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return append(remains, err.Error())
	}
	require.NoError(t, listener.Close())
	return remains
}

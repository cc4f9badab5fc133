// Package temporaltest gives tests, and the recording of histories, a real
// Temporal server of their own: the program of dev/temporal, which is built
// when it is not in the cache, on free ports, with a database that is thrown
// away.
package temporaltest

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"

	"github.com/toygres/toygres/dev/stack/build"
	"github.com/toygres/toygres/dev/stack/cache"
	"github.com/toygres/toygres/dev/stack/ports"
)

// Namespace is the one that the server has.
const Namespace = "toygres"

// Server is a running Temporal server.
type Server struct {
	Address string // of its gRPC interface

	program string
	dir     string
	release func() // its port
	command *exec.Cmd
	ended   chan struct{} // closed when the command has
}

// New starts a server that ends with the test.
func New(tb testing.TB) *Server {
	tb.Helper()
	s, err := Start(context.Background())
	require.NoError(tb, err)
	tb.Cleanup(func() { require.NoError(tb, s.Close()) })
	return s
}

// Start starts a server. ctx bounds building and starting; the caller must
// Close the server.
func Start(ctx context.Context) (*Server, error) { return StartAt(ctx, "127.0.0.1") }

// StartAt starts a server that can be reached at an IP address of this
// machine, such as the one that a Kubernetes on it can reach.
func StartAt(ctx context.Context, ip string) (*Server, error) {
	program, err := cached(ctx)
	if err != nil {
		return nil, fmt.Errorf("build dev/temporal: %w", err)
	}
	dir, err := os.MkdirTemp("", "toygres-temporal-")
	if err != nil {
		return nil, err
	}
	s := &Server{program: program, dir: dir}
	if s.Address, s.release, err = ports.Claim(ip); err == nil {
		err = s.Up(ctx)
	}
	if err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// Up starts the server again after [Server.Down], with the same data at the
// same address, and waits until a workflow could be started. Its services choose
// ports of their own, which others may take before it listens there: then it
// ends, and is started once more.
func (s *Server) Up(ctx context.Context) error {
	const tries = 3
	for try := 1; ; try++ {
		err := s.start()
		if err == nil {
			err = s.await(ctx)
		}
		if try == tries || !errors.Is(err, errEnded) {
			return err
		}
	}
}

var errEnded = errors.New("the Temporal server ended before it was ready")

func (s *Server) start() error {
	ip, port, err := net.SplitHostPort(s.Address)
	if err != nil {
		return err
	}
	command := exec.Command(s.program, "-listen", ip, "-port", port, "-ui-port", "0", "-namespace", Namespace,
		"-sqlite", filepath.Join(s.dir, "temporal.db"), "-log-level", "error")
	command.Stdout, command.Stderr = os.Stderr, os.Stderr
	command.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL} // no test process, no server
	// The signal comes when the thread ends that started the server.
	started, ended := make(chan error), make(chan struct{})
	go func() {
		runtime.LockOSThread()
		err := command.Start()
		started <- err
		if err == nil {
			_ = command.Wait() // it ends by our signal, or says why
			close(ended)
		}
	}()
	if err := <-started; err != nil {
		return err
	}
	s.command, s.ended = command, ended
	return nil
}

// Down ends the server and keeps its data.
func (s *Server) Down() error { return s.end(syscall.SIGTERM) }

// Kill ends the server without warning.
func (s *Server) Kill() error { return s.end(syscall.SIGKILL) }

// Signal sends the server a signal that does not end it.
func (s *Server) Signal(signal syscall.Signal) error { return s.command.Process.Signal(signal) }

func (s *Server) end(signal syscall.Signal) error {
	if s.command == nil {
		return nil
	}
	err := s.command.Process.Signal(signal)
	<-s.ended
	s.command = nil
	if errors.Is(err, os.ErrProcessDone) {
		return nil
	}
	return err
}

// Close ends the server and removes its data.
func (s *Server) Close() error {
	if s.release != nil {
		defer s.release()
	}
	return errors.Join(s.Down(), os.RemoveAll(s.dir))
}

// await waits until search attributes can be used, which come last.
func (s *Server) await(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	c, err := client.NewLazyClient(client.Options{HostPort: s.Address, Namespace: Namespace})
	if err != nil {
		return err
	}
	defer c.Close()
	for {
		_, err := c.WorkflowService().CountWorkflowExecutions(ctx, &workflowservice.CountWorkflowExecutionsRequest{
			Namespace: Namespace, Query: "ToygresOperation = 'none'",
		})
		if err == nil {
			return nil
		}
		select {
		case <-s.ended:
			return errEnded
		case <-ctx.Done():
			return fmt.Errorf("the Temporal server did not become ready: %w", err)
		case <-time.After(50 * time.Millisecond):
		}
	}
}

func cached(ctx context.Context) (program string, err error) {
	_, self, _, ok := runtime.Caller(0)
	if !ok {
		return "", errors.New("the place of the sources is not known")
	}
	directory, err := cache.Dir()
	if err != nil {
		return "", err
	}
	logs := filepath.Join(os.TempDir(), "toygres-build-"+strconv.Itoa(os.Getuid()))
	return build.Builder{Project: filepath.Dir(filepath.Dir(filepath.Dir(self))), Cache: directory, Logs: logs}.Temporal(ctx)
}

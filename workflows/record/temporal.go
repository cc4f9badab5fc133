package main

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	sdklog "go.temporal.io/sdk/log"

	"log/slog"
)

// temporal is a Temporal server of our own.
type temporal struct {
	client client.Client
	stop   func()
}

const namespace = "toygres"

// startTemporal starts the program on a free port, with a database that is
// thrown away, and waits until it can be used.
func startTemporal(ctx context.Context, program string) (*temporal, error) {
	dir, err := os.MkdirTemp("", "toygres-record-")
	if err != nil {
		return nil, err
	}
	port, err := freePort(ctx)
	if err != nil {
		return nil, err
	}
	server := exec.CommandContext(ctx, program, "-port", strconv.Itoa(port), "-ui-port", "0",
		"-namespace", namespace, "-sqlite", filepath.Join(dir, "temporal.db"), "-log-level", "error")
	server.Stderr = os.Stderr
	server.Cancel = func() error { return server.Process.Signal(syscall.SIGTERM) }
	if err := server.Start(); err != nil {
		return nil, err
	}
	t := &temporal{stop: func() {
		_ = server.Process.Signal(syscall.SIGTERM)
		_ = server.Wait()
		_ = os.RemoveAll(dir)
	}}
	t.client, err = client.NewLazyClient(client.Options{
		HostPort: net.JoinHostPort("127.0.0.1", strconv.Itoa(port)), Namespace: namespace,
		Identity: "record", // the default names this machine
		Logger:   sdklog.NewStructuredLogger(slog.Default()),
	})
	if err == nil {
		err = t.await(ctx)
	}
	if err != nil {
		t.stop()
		return nil, err
	}
	return t, nil
}

// await waits until a workflow could be started: search attributes come last.
func (t *temporal) await(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	for {
		_, err := t.client.WorkflowService().CountWorkflowExecutions(ctx, &workflowservice.CountWorkflowExecutionsRequest{
			Namespace: namespace, Query: "ToygresOperation = 'none'",
		})
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("Temporal did not become ready: %w", err)
		case <-time.After(100 * time.Millisecond):
		}
	}
}

func freePort(ctx context.Context) (int, error) {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer listener.Close()
	return listener.Addr().(*net.TCPAddr).Port, nil
}

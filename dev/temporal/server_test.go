package main

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"

	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"
)

const runAsServer = "TEMPORAL_TEST_SERVER"

// TestMain lets the test binary be the server as well, so that tests and benchmarks have a process of its own to start,
// measure and stop, without building one.
func TestMain(m *testing.M) {
	if os.Getenv(runAsServer) != "" {
		main()
		return
	}
	os.Exit(m.Run())
}

// process is a server that runs in a process of its own.
type process struct {
	cmd    *exec.Cmd
	port   int
	output bytes.Buffer
	ready  time.Duration // from start until everything can be used
}

func startServer(tb testing.TB, store ...string) *process {
	tb.Helper()
	port, err := freePort()
	if err != nil {
		tb.Fatal(err)
	}
	uiPort, err := freePort()
	if err != nil {
		tb.Fatal(err)
	}
	p := &process{port: port, cmd: exec.Command(os.Args[0], append(store,
		"-port", strconv.Itoa(port), "-ui-port", strconv.Itoa(uiPort))...)}
	p.cmd.Env = append(os.Environ(), runAsServer+"=1")
	p.cmd.Stdout, p.cmd.Stderr = &p.output, &p.output
	began := time.Now()
	if err := p.cmd.Start(); err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = p.cmd.Process.Kill() })
	ctx, cancel := context.WithTimeout(tb.Context(), time.Minute)
	defer cancel()
	err = retry(ctx, func() error {
		answer, err := http.Get("http://" + address(loopback, uiPort) + "/healthz")
		if err != nil {
			return err
		}
		return answer.Body.Close()
	})
	p.ready = time.Since(began)
	if err != nil {
		_ = p.cmd.Process.Kill()
		_ = p.cmd.Wait()
		tb.Fatalf("the server is not ready: %v\n%s", err, p.output.String())
	}
	return p
}

func (p *process) stop(tb testing.TB) {
	tb.Helper()
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		tb.Fatal(err)
	}
	if err := p.cmd.Wait(); err != nil {
		tb.Fatalf("the server did not stop gracefully: %v\n%s", err, p.output.String())
	}
}

func (p *process) client(tb testing.TB) client.Client {
	tb.Helper()
	c, err := client.Dial(client.Options{HostPort: address(loopback, p.port), Namespace: "toygres", Logger: silent{}})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(c.Close)
	return c
}

// five runs five activities, one after the other.
func five(ctx workflow.Context) (int, error) {
	ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{StartToCloseTimeout: time.Minute})
	sum := 0
	for range 5 {
		if err := workflow.ExecuteActivity(ctx, increment, sum).Get(ctx, &sum); err != nil {
			return 0, err
		}
	}
	return sum, nil
}

func increment(_ context.Context, n int) (int, error) { return n + 1, nil }

func startWorker(tb testing.TB, c client.Client) {
	tb.Helper()
	w := worker.New(c, "toygres", worker.Options{})
	w.RegisterWorkflow(five)
	w.RegisterActivity(increment)
	if err := w.Start(); err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(w.Stop)
}

var instance = temporal.NewSearchAttributeKeyKeyword("ToygresInstance")

func runWorkflow(ctx context.Context, c client.Client, id string) error {
	run, err := c.ExecuteWorkflow(ctx, client.StartWorkflowOptions{ID: id, TaskQueue: "toygres",
		TypedSearchAttributes: temporal.NewSearchAttributes(instance.ValueSet(id))}, five)
	if err != nil {
		return err
	}
	var sum int
	if err := run.Get(ctx, &sum); err != nil {
		return err
	}
	if sum != 5 {
		return fmt.Errorf("workflow %s returned %d, want 5", id, sum)
	}
	return nil
}

// stores are the kinds of database; PostgreSQL is among them if TEMPORAL_TEST_POSTGRES is the URL of a server.
func stores(tb testing.TB) map[string][]string {
	tb.Helper()
	kinds := map[string][]string{"sqlite": {"-sqlite", filepath.Join(tb.TempDir(), "temporal.db")}}
	if url := os.Getenv("TEMPORAL_TEST_POSTGRES"); url != "" {
		kinds["postgres"] = []string{"-postgres", url}
	} else {
		tb.Log("without PostgreSQL: TEMPORAL_TEST_POSTGRES is not set")
	}
	return kinds
}

func TestWorkflowsOutliveARestart(t *testing.T) {
	for kind, store := range stores(t) {
		t.Run(kind, func(t *testing.T) {
			id := fmt.Sprint("kept-", time.Now().UnixNano())
			first := startServer(t, store...)
			run, err := first.client(t).ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{ID: id, TaskQueue: "toygres",
				TypedSearchAttributes: temporal.NewSearchAttributes(instance.ValueSet(id))}, five)
			if err != nil {
				t.Fatal(err)
			}
			first.stop(t)

			second := startServer(t, store...).client(t)
			startWorker(t, second)
			var sum int
			if err := second.GetWorkflow(t.Context(), id, run.GetRunID()).Get(t.Context(), &sum); err != nil {
				t.Fatal(err)
			}
			if sum != 5 {
				t.Fatalf("the workflow returned %d, want 5", sum)
			}
		})
	}
}

func TestServersRunSideBySide(t *testing.T) {
	for range 2 {
		c := startServer(t, "-sqlite", filepath.Join(t.TempDir(), "temporal.db")).client(t)
		startWorker(t, c)
		if err := runWorkflow(t.Context(), c, "same-id"); err != nil {
			t.Fatal(err)
		}
	}
}

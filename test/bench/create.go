package main

import (
	"context"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/toygres/toygres/dev/stack/ports"
	"github.com/toygres/toygres/dev/stack/postgres"
	"github.com/toygres/toygres/dev/stacktest"
	"github.com/toygres/toygres/openapi"
)

const createTarget = 1.3

// benchCreate compares what a user waits for (from sending the create request
// until a query of theirs has been answered) with initdb, the start of the
// server and the same query by hand, in turns. The flags of initdb are those
// of the local provider.
func benchCreate(ctx context.Context, s settings) ([]figure, error) {
	stack, err := stacktest.Up(ctx, os.Stderr)
	if err != nil {
		return nil, err
	}
	defer stack.Clean()
	raw, err := newRaw(stack)
	if err != nil {
		return nil, err
	}
	defer raw.clean()

	var ours, floor []time.Duration
	steps := newSplit()
	for round := range s.rounds {
		name := fmt.Sprintf("bench-%d", round)
		took, operation, err := createOnce(ctx, stack, name)
		if err != nil {
			return nil, fmt.Errorf("round %d: %w", round, err)
		}
		ours = append(ours, took)
		steps.add(took, operation)

		// Each side comes after a removal of the other's, so that both meet the same disk.
		if err := deleteOnce(ctx, stack, name); err != nil {
			return nil, err
		}
		took, err = raw.once(ctx)
		if err != nil {
			return nil, fmt.Errorf("raw round %d: %w", round, err)
		}
		floor = append(floor, took)
	}
	detail := fmt.Sprintf("create %s, raw %s, median of %d; steps: %s", millis(median(ours)), millis(median(floor)), s.rounds, steps)
	return []figure{{name: "create to first query", value: median(ours).Seconds(), floor: median(floor).Seconds(), target: createTarget, detail: detail}}, nil
}

// split is where the time of creates went.
type split struct {
	order []string
	took  map[string][]time.Duration
}

func newSplit() *split { return &split{took: map[string][]time.Duration{}} }

// add takes a create apart. Between the steps Temporal records one and hands
// out the next. The rest is the request itself, and finding out that it is
// done, the password and the query.
func (s *split) add(took time.Duration, operation openapi.Operation) {
	began := operation.StartedAt.Sub(operation.CreatedAt)
	ended := operation.EndedAt.Sub(operation.CreatedAt)
	between := ended - began
	s.lap("request to begin", began)
	for _, step := range operation.Steps {
		took := step.EndedAt.Sub(*step.StartedAt)
		s.lap(step.Name, took)
		between -= took
	}
	s.lap("between steps", between)
	s.lap("rest", took-ended)
}

func (s *split) lap(name string, took time.Duration) {
	if s.took[name] == nil {
		s.order = append(s.order, name)
	}
	s.took[name] = append(s.took[name], took)
}

func (s *split) String() string {
	var parts []string
	for _, name := range s.order {
		parts = append(parts, name+" "+millis(median(s.took[name])))
	}
	return strings.Join(parts, ", ")
}

func createOnce(ctx context.Context, stack *stacktest.Stack, name string) (time.Duration, openapi.Operation, error) {
	started := time.Now()
	created, err := stack.Client.CreateInstanceWithResponse(ctx, nil, openapi.CreateInstanceJSONRequestBody{Name: name})
	if err != nil {
		return 0, openapi.Operation{}, err
	}
	if created.JSON202 == nil {
		return 0, openapi.Operation{}, fmt.Errorf("create: %s: %s", created.Status(), created.Body)
	}
	operation, err := stack.Await(ctx, created.JSON202.Id)
	if err != nil {
		return 0, operation, err
	}
	revealed, err := stack.Client.RevealConnectionWithResponse(ctx, name)
	if err != nil {
		return 0, operation, err
	}
	if revealed.JSON200 == nil {
		return 0, operation, fmt.Errorf("reveal: %s: %s", revealed.Status(), revealed.Body)
	}
	if err := query(ctx, revealed.JSON200.Url); err != nil {
		return 0, operation, err
	}
	return time.Since(started), operation, nil
}

func deleteOnce(ctx context.Context, stack *stacktest.Stack, name string) error {
	purge := true
	deleted, err := stack.Client.DeleteInstanceWithResponse(ctx, name, &openapi.DeleteInstanceParams{Purge: &purge})
	if err != nil {
		return err
	}
	if deleted.JSON202 == nil {
		return fmt.Errorf("delete: %s: %s", deleted.Status(), deleted.Body)
	}
	_, err = stack.Await(ctx, deleted.JSON202.Id)
	return err
}

func query(ctx context.Context, connectionURL string) error {
	conn, err := pgx.Connect(ctx, connectionURL)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(ctx) }()
	var one int
	return conn.QueryRow(ctx, "SELECT 1").Scan(&one)
}

// raw makes servers by hand, as whoever PostgreSQL runs as for the local
// provider.
type raw struct {
	dir     string
	prefix  string
	account postgres.Account
	n       atomic.Int64
}

func newRaw(stack *stacktest.Stack) (*raw, error) {
	account, err := postgres.ServerAccount()
	if err != nil {
		return nil, err
	}
	dir, err := account.Scratch("toygres-raw-")
	if err != nil {
		return nil, err
	}
	return &raw{dir: dir, prefix: stack.PostgresPrefix, account: account}, nil
}

func (r *raw) clean() { _ = os.RemoveAll(r.dir) }

const rawPassword = "a password of the floor"

func (r *raw) once(ctx context.Context) (time.Duration, error) {
	stop, took, err := r.start(ctx)
	if err != nil {
		return 0, err
	}
	stop()
	return took, nil
}

// start makes a server and returns how long that took, and what removes it.
func (r *raw) start(ctx context.Context) (stop func(), took time.Duration, err error) {
	data := filepath.Join(r.dir, strconv.FormatInt(r.n.Add(1), 10))
	passwordFile := data + ".password"
	if err := os.WriteFile(passwordFile, []byte(rawPassword), 0o600); err != nil {
		return nil, 0, err
	}
	if err := os.Chown(passwordFile, int(r.account.UID), int(r.account.GID)); err != nil {
		return nil, 0, err
	}
	port, err := ports.Free()
	if err != nil {
		return nil, 0, err
	}
	target := url.URL{Scheme: "postgres", User: url.UserPassword("postgres", rawPassword),
		Host: net.JoinHostPort("127.0.0.1", strconv.Itoa(port)), Path: "postgres", RawQuery: "sslmode=disable"}

	started := time.Now()
	initdb := r.command(ctx, "initdb", "-D", data, "-U", "postgres", "--pwfile="+passwordFile, "--auth=scram-sha-256",
		"--encoding=UTF8", "--locale=C.UTF-8", "--data-checksums")
	if out, err := initdb.CombinedOutput(); err != nil {
		return nil, 0, fmt.Errorf("initdb: %w: %s", err, out)
	}
	server := r.command(ctx, "postgres", "-D", data, "-c", "listen_addresses=127.0.0.1", "-c", "port="+strconv.Itoa(port), "-c", "unix_socket_directories=")
	if err := server.Start(); err != nil {
		return nil, 0, err
	}
	stop = func() {
		_ = server.Process.Signal(syscall.SIGQUIT)
		_ = server.Wait()
		_ = os.RemoveAll(data)
	}
	for query(ctx, target.String()) != nil {
		if ctx.Err() != nil {
			stop()
			return nil, 0, ctx.Err()
		}
		time.Sleep(2 * time.Millisecond)
	}
	return stop, time.Since(started), nil
}

func (r *raw) command(ctx context.Context, program string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, filepath.Join(r.prefix, "bin", program), args...)
	cmd.Env = []string{"LD_LIBRARY_PATH=" + filepath.Join(r.prefix, "lib"), "LC_ALL=C.UTF-8", "TZ=UTC"}
	cmd.Dir = r.dir
	cmd.SysProcAttr = r.account.Attributes()
	return cmd
}

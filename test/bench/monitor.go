package main

import (
	"bufio"
	"context"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/toygres/toygres"
	"github.com/toygres/toygres/dev/stacktest"
	"github.com/toygres/toygres/dev/temporaltest"
	"github.com/toygres/toygres/internal/catalog"
)

const (
	coresTarget   = 0.5  // of the worker
	actionsTarget = 20.0 // of Temporal, a second
	growthTarget  = 50.0 // MiB of the catalog, a day
)

// benchMonitor has the real monitor watch 10,000 instances, with a real
// Temporal and a real catalog, in a process of its own. Its instances are
// simulated by [pooler]: connections of their own, each with a real sign-in and
// real queries, that share one real server.
func benchMonitor(ctx context.Context, s settings) ([]figure, error) {
	stack, err := stacktest.Up(ctx, os.Stderr)
	if err != nil {
		return nil, err
	}
	defer stack.Clean()
	temporal, err := temporaltest.Start(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { _ = temporal.Close() }() // nothing is kept of it
	target, err := stack.CLI(ctx, "connect", "demo", "--url").Output()
	if err != nil {
		return nil, fmt.Errorf("connect to the instance demo: %w", err)
	}
	servers, err := startPooler(ctx, strings.TrimSpace(string(target)))
	if err != nil {
		return nil, err
	}
	catalogURL, err := monitoredCatalog(ctx, stack.CatalogURL, servers.port)
	if err != nil {
		return nil, fmt.Errorf("seed a catalog: %w", err)
	}
	store, err := catalog.Open(ctx, catalogURL, catalog.Options{})
	if err != nil {
		return nil, err
	}
	defer store.Close()
	watcher, err := startWatcher(ctx, catalogURL, temporal.Address, strings.TrimSpace(string(target)))
	if err != nil {
		return nil, err
	}
	defer watcher.stop()
	if err := awaitHealthy(ctx, catalogURL, store); err != nil {
		return nil, err
	}
	used, actions, err := watcher.over(ctx, s.watch)
	if err != nil {
		return nil, err
	}
	m, err := store.Monitor(ctx)
	if err != nil {
		return nil, err
	}
	mib, err := residentMiB(watcher.cmd.Process.Pid)
	if err != nil {
		return nil, err
	}
	growth, err := growthPerDay(ctx, catalogURL, store)
	if err != nil {
		return nil, err
	}
	return []figure{
		{name: "monitor CPU", value: used, floor: coresTarget, target: 1, detail: fmt.Sprintf(
			"%.2f cores of %.1f for %d instances over %s, %.1f s behind, %.0f MiB", used, coresTarget, rows, s.watch, m.Lag().Seconds(), mib)},
		{name: "monitor Temporal actions", value: actions, floor: actionsTarget, target: 1,
			detail: fmt.Sprintf("%.1f requests a second of %.0f", actions, actionsTarget)},
		{name: "monitor catalog growth", value: growth, floor: growthTarget, target: 1,
			detail: fmt.Sprintf("%.0f MiB a day of %.0f, for 30 days, then none", growth, growthTarget)},
	}, nil
}

// monitoredCatalog makes a catalog of its own, beside that of the stack, with
// running instances at the port.
func monitoredCatalog(ctx context.Context, beside string, port int) (string, error) {
	const name = "monitored"
	conn, err := pgx.Connect(ctx, beside)
	if err != nil {
		return "", err
	}
	_, err = conn.Exec(ctx, "CREATE DATABASE "+name)
	_ = conn.Close(ctx)
	if err != nil {
		return "", err
	}
	u, err := url.Parse(beside)
	if err != nil {
		return "", err
	}
	u.Path = "/" + name
	if _, err := catalog.Migrate(ctx, u.String(), catalog.MigrateUp); err != nil {
		return "", err
	}
	store, err := catalog.Open(ctx, u.String(), catalog.Options{})
	if err != nil {
		return "", err
	}
	defer store.Close()
	if _, err := store.CreateUser(ctx, "bench", "", toygres.RoleViewer); err != nil {
		return "", err
	}
	if err := seed(ctx, u.String()); err != nil {
		return "", err
	}
	return u.String(), execute(ctx, u.String(), "UPDATE instances SET state = 'running', endpoint_port = $1", port)
}

func execute(ctx context.Context, url, sql string, args ...any) error {
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(ctx) }()
	_, err = conn.Exec(ctx, sql, args...)
	return err
}

// awaitHealthy waits until all instances are known to be healthy and the
// monitor has caught up with the rush of the first sign-ins.
func awaitHealthy(ctx context.Context, url string, store *catalog.Store) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Minute)
	defer cancel()
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(ctx) }()
	for {
		var others int
		if err := conn.QueryRow(ctx, "SELECT count(*) FROM instances WHERE health <> 'healthy'").Scan(&others); err != nil {
			return err
		}
		m, err := store.Monitor(ctx)
		if err != nil {
			return err
		}
		if others == 0 && m.Lag() < 5*time.Second {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%d instances have not become healthy, and the monitor is %s behind", others, m.Lag())
		case <-time.After(time.Second):
		}
	}
}

// growthPerDay is how many MiB the catalog grows in a day, measured by making
// hours of the minutes that were recorded: one row for each instance.
func growthPerDay(ctx context.Context, url string, store *catalog.Store) (float64, error) {
	if err := execute(ctx, url, "UPDATE health_minutes SET at = date_trunc('minute', at - interval '4 hours')"); err != nil {
		return 0, err
	}
	for more := true; more; {
		var err error
		if more, err = store.FoldHealth(ctx, 100_000); err != nil {
			return 0, err
		}
	}
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return 0, err
	}
	defer func() { _ = conn.Close(ctx) }()
	var bytesPerRow float64
	err = conn.QueryRow(ctx, `SELECT pg_total_relation_size('health_hours')::float8 / count(*) FROM health_hours`).Scan(&bytesPerRow)
	return bytesPerRow * rows * 24 / (1 << 20), err
}

// watcher is the monitor in a process of its own.
type watcher struct {
	cmd     *exec.Cmd
	counted chan int64 // requests to Temporal so far, once a second
}

func startWatcher(ctx context.Context, catalogURL, temporal, target string) (*watcher, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	w := &watcher{cmd: exec.CommandContext(ctx, self, watcherArgument), counted: make(chan int64, 1)}
	w.cmd.Env = append(os.Environ(), watcherCatalog+"="+catalogURL, watcherTemporal+"="+temporal, watcherTarget+"="+target)
	w.cmd.Stderr = os.Stderr
	out, err := w.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := w.cmd.Start(); err != nil {
		return nil, err
	}
	go func() {
		defer close(w.counted)
		for lines := bufio.NewScanner(out); lines.Scan(); {
			n, err := strconv.ParseInt(lines.Text(), 10, 64)
			if err != nil {
				return
			}
			select {
			case <-w.counted: // nobody has read the last one
			default:
			}
			w.counted <- n
		}
	}()
	return w, nil
}

func (w *watcher) stop() {
	_ = w.cmd.Process.Kill()
	_ = w.cmd.Wait()
}

// over returns how many cores the monitor uses and how many requests to
// Temporal it makes a second, over some time.
func (w *watcher) over(ctx context.Context, span time.Duration) (cores, actions float64, err error) {
	begun, before, counted := time.Now(), time.Duration(0), <-w.counted
	if before, err = cpuTime(w.cmd.Process.Pid); err != nil {
		return 0, 0, err
	}
	select {
	case <-ctx.Done():
		return 0, 0, ctx.Err()
	case <-time.After(span):
	}
	used, err := cpuTime(w.cmd.Process.Pid)
	took := time.Since(begun).Seconds()
	return (used - before).Seconds() / took, float64(<-w.counted-counted) / took, err
}

// cpuTime reads what a process has used from proc_pid_stat(5), in hundredths
// of a second.
func cpuTime(pid int) (time.Duration, error) {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, err
	}
	// The program's name, in brackets, may hold anything; after it comes field 3.
	_, rest, _ := strings.Cut(string(stat), ") ")
	fields := strings.Fields(rest)
	if len(fields) < 13 {
		return 0, fmt.Errorf("/proc/%d/stat has %d fields", pid, len(fields))
	}
	var ticks int64
	for _, field := range fields[11:13] {
		n, err := strconv.ParseInt(field, 10, 64)
		if err != nil {
			return 0, err
		}
		ticks += n
	}
	return time.Duration(ticks) * time.Second / 100, nil
}

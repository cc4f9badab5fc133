package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"go.temporal.io/sdk/client"
	sdklog "go.temporal.io/sdk/log"
	"go.temporal.io/sdk/worker"

	"github.com/toygres/toygres"
	"github.com/toygres/toygres/activities"
	"github.com/toygres/toygres/dev/temporaltest"
	"github.com/toygres/toygres/internal/catalog"
	"github.com/toygres/toygres/services/worker/monitor"
	"github.com/toygres/toygres/workflows"
)

// watcherArgument makes this program the monitor of a worker, which prints once
// a second how many requests it has sent to Temporal.
const (
	watcherArgument = "monitor"
	watcherCatalog  = "BENCH_CATALOG_URL"
	watcherTemporal = "BENCH_TEMPORAL"
	watcherTarget   = "BENCH_TARGET" // URL of the server that all instances are
)

func serveWatcher() error {
	ctx := context.Background()
	log := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
	store, err := catalog.Open(ctx, os.Getenv(watcherCatalog), catalog.Options{})
	if err != nil {
		return err
	}
	target, err := pgconn.ParseConfig(os.Getenv(watcherTarget))
	if err != nil {
		return err
	}
	requests := &requestCount{n: new(atomic.Int64)}
	c, err := client.Dial(client.Options{HostPort: os.Getenv(watcherTemporal), Namespace: temporaltest.Namespace,
		MetricsHandler: requests, Logger: sdklog.NewStructuredLogger(log)})
	if err != nil {
		return err
	}
	m := monitor.New(monitor.Options{Catalog: store, Log: log, Provider: simulated{toygres.Credentials{
		User: target.User, Password: target.Password, Database: target.Database}}})
	w := worker.New(c, workflows.TaskQueue, worker.Options{MaxHeartbeatThrottleInterval: 2 * time.Second})
	workflows.Register(w)
	w.RegisterActivity(&activities.Monitor{Shards: m})
	if err := w.Start(); err != nil {
		return err
	}
	go func() {
		for range time.Tick(time.Second) {
			fmt.Println(requests.n.Load())
		}
	}()
	return m.Keep(ctx, 4, func(ctx context.Context, shard int) error { return workflows.StartShard(ctx, c, shard, false) })
}

// simulated is a provider whose instances are always ready.
type simulated struct{ credentials toygres.Credentials }

func (simulated) Observe(context.Context, toygres.InstanceID) (toygres.Observation, error) {
	return toygres.Observation{Phase: toygres.PhaseReady}, nil
}

func (simulated) Watch(ctx context.Context) (<-chan toygres.InstanceID, error) {
	changes := make(chan toygres.InstanceID)
	context.AfterFunc(ctx, func() { close(changes) })
	return changes, nil
}

func (s simulated) Credentials(context.Context, toygres.InstanceID) (toygres.Credentials, error) {
	return s.credentials, nil
}

// requestCount counts the requests to Temporal without those that only wait
// for work, which is at least what Temporal counts as actions.
type requestCount struct {
	n         *atomic.Int64
	operation string
}

func (r *requestCount) WithTags(tags map[string]string) client.MetricsHandler {
	operation := r.operation
	if named, ok := tags["operation"]; ok {
		operation = named
	}
	return &requestCount{n: r.n, operation: operation}
}

func (r *requestCount) Counter(name string) client.MetricsCounter {
	if name == "temporal_request" && !strings.HasPrefix(r.operation, "Poll") {
		return counter{r.n}
	}
	return client.MetricsNopHandler.Counter(name)
}

func (r *requestCount) Gauge(name string) client.MetricsGauge {
	return client.MetricsNopHandler.Gauge(name)
}

func (r *requestCount) Timer(name string) client.MetricsTimer {
	return client.MetricsNopHandler.Timer(name)
}

type counter struct{ n *atomic.Int64 }

func (c counter) Inc(by int64) { c.n.Add(by) }

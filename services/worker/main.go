// Command toygres-worker carries out durable operations: it takes workflows
// and activities from Temporal, keeps instances as the provider should have them, and
// settles what catalog, Temporal and provider disagree about. Any number may
// run at once, and each may be killed at any time.
package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"syscall"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/toygres/toygres/internal/catalog"
	"github.com/toygres/toygres/internal/telemetry"
	"github.com/toygres/toygres/internal/temporal"
	"github.com/toygres/toygres/internal/version"
	"github.com/toygres/toygres/providers/kubernetes/copydata"
	"github.com/toygres/toygres/services/worker/monitor"
	"github.com/toygres/toygres/services/worker/reconcile"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := execute(ctx, os.Args[1:])
	stop()
	os.Exit(code)
}

func execute(ctx context.Context, args []string) (code int) {
	if len(args) > 0 && args[0] == copydata.Command { // in the pod of a fork
		return copydata.Main(ctx, args[1:], os.Stderr)
	}
	if err := run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "toygres-worker:", err)
		return 1
	}
	return 0
}

// run is the whole program. It returns when ctx ends and all is handed over,
// or when it can't work at all.
func run(ctx context.Context) error {
	c, err := readConfig()
	if err != nil {
		return err
	}
	log, err := telemetry.NewLogger(os.Stderr, c.LogLevel)
	if err != nil {
		return err
	}
	slog.SetDefault(log)
	tracing, err := telemetry.StartTracing(ctx, "toygres-worker", version.String(), log)
	if err != nil {
		return err
	}
	defer flush(ctx, tracing, log)
	quota, err := c.Quota.Quota()
	if err != nil {
		return err
	}
	self := identity()
	cat, err := catalog.Open(ctx, c.CatalogURL, catalog.Options{Application: "toygres-worker", Tracing: tracing.Enabled,
		Worker: self, Build: c.Versioning.BuildID, Quota: quota})
	if err != nil {
		return err
	}
	defer cat.Close()
	prov, err := c.Provider.Open(log)
	if err != nil {
		return err
	}
	metrics, err := telemetry.NewMetrics(version.String(), log)
	if err != nil {
		return err
	}
	interceptors, err := tracing.Interceptors()
	if err != nil {
		return err
	}
	workflows, err := c.Temporal.Open(temporal.Options{Identity: self, Log: log.With("part", "temporal"), Interceptors: interceptors, Metrics: metrics.Temporal})
	if err != nil {
		return err
	}
	defer workflows.Close()

	keep, err := c.Retention.periods()
	if err != nil {
		return err
	}
	watcher := monitor.New(monitor.Options{Catalog: cat, Provider: prov, Log: log, Build: c.Versioning.BuildID, Every: c.MonitorInterval})
	queue := &taskQueue{client: workflows, catalog: cat, provider: prov, monitor: watcher, log: log, places: c.CreatesAtOnce, keep: keep,
		version: c.Versioning.version(c.Versioning.BuildID)}
	if c.Versioning.Enabled {
		queue.release = &deployment{versioning: c.Versioning, client: workflows, log: log}
	}
	register(metrics, cat, queue)
	reconciler := reconcile.New(reconcile.Options{Catalog: cat, Provider: prov, Workflows: reconcile.Temporal{Client: workflows}, Log: log})
	// Health is told for as long as work is done, which may be long after ctx has ended.
	watched, unwatch := context.WithCancel(context.WithoutCancel(ctx))
	defer unwatch()
	parts, ctx := errgroup.WithContext(ctx)
	parts.Go(func() error { return serveHealth(watched, c.Listen, cat, queue, metrics, log) })
	parts.Go(func() error {
		defer unwatch()
		return queue.work(ctx)
	})
	parts.Go(func() error { return reconciler.Run(ctx) })
	parts.Go(func() error { return watcher.Keep(ctx, c.MonitorShards, queue.startShard) })
	parts.Go(func() error { return prov.Keep(ctx) })
	log.Info("the worker has started", "version", version.String(), "listen", c.Listen, "provider", prov.Name())
	err = parts.Wait()
	if errors.Is(err, context.Canceled) {
		err = nil
	}
	log.Info("the worker has stopped", "error", err)
	return err
}

// identity is how Temporal and the steps of operations call this process.
func identity() string {
	host, err := os.Hostname()
	if err != nil {
		host = "unknown"
	}
	return fmt.Sprintf("%d@%s", os.Getpid(), host)
}

func flush(ctx context.Context, tracing *telemetry.Tracing, log *slog.Logger) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	if err := tracing.Shutdown(ctx); err != nil {
		log.Warn("the last traces were not sent", "error", err)
	}
}

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"time"

	"go.temporal.io/sdk/client"

	"github.com/toygres/toygres/internal/catalog"
	"github.com/toygres/toygres/internal/telemetry"
	"github.com/toygres/toygres/internal/temporal"
	"github.com/toygres/toygres/internal/version"
	"github.com/toygres/toygres/services/api/oidc"
	"github.com/toygres/toygres/services/api/server"
	"github.com/toygres/toygres/ui"
)

// Limits of the HTTP server. Event streams lift theirs themselves.
const (
	headerTime  = 5 * time.Second
	readTime    = 30 * time.Second
	writeTime   = 60 * time.Second
	idleTime    = 2 * time.Minute
	headerBytes = 32 << 10
)

// finishTime is what requests in progress get to end when we stop.
const finishTime = 20 * time.Second

// serve runs the API until ctx ends.
func serve(ctx context.Context, stderr io.Writer) (err error) {
	c, err := read[config]()
	if err != nil {
		return err
	}
	cc, err := readCatalogConfig()
	if err != nil {
		return err
	}
	log, err := telemetry.NewLogger(stderr, cc.LogLevel)
	if err != nil {
		return fmt.Errorf("TOYGRES_LOG_LEVEL: %w", err)
	}
	slog.SetDefault(log)

	tracing, err := telemetry.StartTracing(ctx, "toygres-api", version.String(), log)
	if err != nil {
		return err
	}
	defer func() {
		flush, cancel := context.WithTimeout(context.WithoutCancel(ctx), 3*time.Second)
		defer cancel()
		err = errors.Join(err, tracing.Shutdown(flush))
	}()

	// The catalog's connections outlive ctx: requests in progress need them.
	quota, err := c.Quota.Quota()
	if err != nil {
		return err
	}
	store, err := catalog.Open(context.WithoutCancel(ctx), cc.CatalogURL, catalog.Options{Application: "toygres-api", Tracing: tracing.Enabled, Quota: quota})
	if err != nil {
		return err
	}
	defer store.Close()
	metrics, err := telemetry.NewMetrics(version.String(), log)
	if err != nil {
		return err
	}
	interceptors, err := tracing.Interceptors()
	if err != nil {
		return err
	}
	workflows, err := c.Temporal.Open(temporal.Options{Identity: "toygres-api", Log: log, Interceptors: interceptors, Metrics: metrics.Temporal})
	if err != nil {
		return err
	}
	defer workflows.Close()
	handler, err := newServer(c, cc, store, workflows, tracing, metrics, log)
	if err != nil {
		return err
	}
	if c.MetricsListen != "" {
		stop, err := serveMetrics(c.MetricsListen, metrics, log)
		if err != nil {
			return err
		}
		defer stop()
	}
	listener, err := net.Listen("tcp", c.Listen)
	if err != nil {
		return fmt.Errorf("TOYGRES_LISTEN: %w", err)
	}
	return listenUntil(ctx, listener, handler, c.Drain, log)
}

func newServer(c config, cc catalogConfig, store *catalog.Store, workflows client.Client, tracing *telemetry.Tracing,
	metrics *telemetry.Metrics, log *slog.Logger) (*server.Server, error) {
	provider, err := c.Provider.Open(log)
	if err != nil {
		return nil, err
	}
	publicURL, err := c.publicURL()
	if err != nil {
		return nil, err
	}
	proxies, err := c.trustedProxies()
	if err != nil {
		return nil, err
	}
	limits, err := c.limits()
	if err != nil {
		return nil, err
	}
	keep, err := c.keepDeleted()
	if err != nil {
		return nil, err
	}
	openID, err := oidc.New(c.OpenID, c.PublicURL)
	if err != nil {
		return nil, err
	}
	settings, err := settings(c, cc)
	if err != nil {
		return nil, err
	}
	site, err := fs.Sub(ui.Dist, "dist")
	if err != nil {
		return nil, err
	}
	return server.New(server.Options{
		Catalog: store, Provider: provider, Temporal: workflows, UI: site, Log: log,
		Metrics: metrics, MetricsOutside: c.MetricsListen != "",
		TemporalNamespace: c.Temporal.Namespace, TemporalUIURL: c.TemporalUIURL,
		PublicURL: publicURL, TrustedProxies: proxies, SignInLimits: limits, OpenID: openID, Settings: settings, Places: c.places(),
		KeepDeleted: keep, Tracing: tracing.Enabled,
	})
}

// serveMetrics answers /metrics at an address of its own until stop is called,
// for installations whose other address is open to the world.
func serveMetrics(address string, metrics *telemetry.Metrics, log *slog.Logger) (stop func(), err error) {
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return nil, fmt.Errorf("TOYGRES_METRICS_LISTEN: %w", err)
	}
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", metrics.Handler(log))
	web := &http.Server{Handler: mux, ReadHeaderTimeout: headerTime, ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelWarn)}
	go func() { _ = web.Serve(listener) }() // until it is closed
	log.Info("serving metrics", "address", listener.Addr().String())
	return func() { _ = web.Close() }, nil // nothing here is worth waiting for
}

// listenUntil serves until ctx ends, then stops in order: first say so, and
// serve on until load balancers have noticed; then end what would never end by
// itself; then let requests in progress finish.
func listenUntil(ctx context.Context, listener net.Listener, s *server.Server, drain time.Duration, log *slog.Logger) error {
	background, stop := context.WithCancel(context.WithoutCancel(ctx))
	followed := make(chan struct{})
	go func() {
		defer close(followed)
		s.Run(background)
	}()
	defer func() {
		stop()
		<-followed
	}()

	web := &http.Server{
		Handler: s.Handler(), ReadHeaderTimeout: headerTime, ReadTimeout: readTime, WriteTimeout: writeTime,
		IdleTimeout: idleTime, MaxHeaderBytes: headerBytes, ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelWarn),
	}
	served := make(chan error, 1)
	go func() { served <- web.Serve(listener) }()
	log.Info("serving", "address", listener.Addr().String(), "version", version.String())

	select {
	case err := <-served:
		return fmt.Errorf("serve: %w", err)
	case <-ctx.Done():
	}
	log.Info("stopping")
	s.Drain()
	time.Sleep(drain)
	s.EndStreams()
	finish, cancel := context.WithTimeout(context.WithoutCancel(ctx), finishTime)
	defer cancel()
	if err := web.Shutdown(finish); err != nil {
		return errors.Join(fmt.Errorf("requests in progress were cut off: %w", err), web.Close())
	}
	log.Info("stopped")
	return nil
}

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/toygres/toygres"
	"github.com/toygres/toygres/internal/catalog"
	"github.com/toygres/toygres/internal/telemetry"
)

// serveHealth answers /healthz (the process lives), /readyz (operations are
// carried out) and /metrics until ctx ends.
func serveHealth(ctx context.Context, address string, cat *catalog.Store, queue *taskQueue, metrics *telemetry.Metrics, log *slog.Logger) error {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, http.StatusOK, map[string]string{"status": "ok"})
	})
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, r *http.Request) { readyz(w, r, cat, queue) })
	mux.Handle("GET /metrics", metrics.Handler(log))
	server := &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second, ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelWarn)}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", address)
	if err != nil {
		return fmt.Errorf("listen for health checks (TOYGRES_WORKER_LISTEN): %w", err)
	}
	context.AfterFunc(ctx, func() { _ = server.Close() }) // nothing here is worth waiting for
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

type part struct {
	Status  string `json:"status"` // ok or unavailable
	Message string `json:"message,omitempty"`
}

func readyz(w http.ResponseWriter, r *http.Request, cat *catalog.Store, queue *taskQueue) {
	ctx, cancel := context.WithTimeout(r.Context(), 2*time.Second)
	defer cancel()
	parts := map[string]part{"catalog": {Status: "ok"}, "temporal": {Status: "ok"}}
	status, word := http.StatusOK, "ready"
	unavailable := func(name, message string) {
		parts[name] = part{Status: "unavailable", Message: message}
		status, word = http.StatusServiceUnavailable, "not ready"
	}
	if err := cat.SchemaCurrent(ctx); err != nil {
		unavailable("catalog", toygres.MessageOf(err))
	}
	if why := queue.ready(); why != "" {
		unavailable("temporal", why)
	} else if err := queue.reach(ctx); err != nil {
		unavailable("temporal", "Temporal can't be reached; operations wait for it")
	}
	answer(w, status, map[string]any{"status": word, "parts": parts})
}

func answer(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // the client may be gone
}

// register makes queue and catalog tell Prometheus about themselves.
func register(metrics *telemetry.Metrics, cat *catalog.Store, queue *taskQueue) {
	metrics.Registry.MustRegister(cat.Collector(), queue.monitor.Collector(), prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "toygres_worker_taking", Help: "1 while work is taken from Temporal.",
	}, func() float64 {
		if queue.taking.Load() {
			return 1
		}
		return 0
	}))
}

package server

import (
	"log/slog"
	"net/http"
	"runtime"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// metrics are what Prometheus reads at /metrics. The registry is our own, so
// that a library can't add to it and a test can start many servers.
type metrics struct {
	registry  *prometheus.Registry
	durations *prometheus.HistogramVec
	streams   prometheus.Gauge
	dropped   prometheus.Counter
	signIns   *prometheus.CounterVec
}

func newMetrics(version string, pool func() *pgxpool.Stat) *metrics {
	m := &metrics{
		registry: prometheus.NewRegistry(),
		durations: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "toygres_http_request_duration_seconds", Help: "Time to answer a request, without event streams.",
			Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10},
		}, []string{"method", "route", "status"}),
		streams: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "toygres_event_streams", Help: "Clients that follow the event stream now."}),
		dropped: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "toygres_event_streams_dropped_total", Help: "Streams ended because their client read too slowly."}),
		signIns: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "toygres_sign_ins_total", Help: "Sign-ins with a password, by outcome."}, []string{"outcome"}),
	}
	build := prometheus.NewGaugeVec(prometheus.GaugeOpts{
		Name: "toygres_build_info", Help: "Always 1; the labels say what runs."}, []string{"version", "go_version"})
	build.WithLabelValues(version, runtime.Version()).Set(1)
	m.registry.MustRegister(m.durations, m.streams, m.dropped, m.signIns, build, poolCollector{pool},
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

func (m *metrics) observe(method, route string, status int, took time.Duration) {
	if route == streamRoute {
		return // it lasts as long as the client likes
	}
	m.durations.WithLabelValues(knownMethod(method), route, strconv.Itoa(status)).Observe(took.Seconds())
}

// knownMethod keeps invented methods from making time series.
func knownMethod(method string) string {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions:
		return method
	default:
		return "other"
	}
}

func (m *metrics) handler(log *slog.Logger) http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{Registry: m.registry, ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelWarn)})
}

// poolCollector reads the catalog's connection pool when it is asked.
type poolCollector struct{ stat func() *pgxpool.Stat }

var (
	poolConns = prometheus.NewDesc("toygres_catalog_connections", "Connections to the catalog, by what they do.", []string{"state"}, nil)
	poolMax   = prometheus.NewDesc("toygres_catalog_connections_max", "Connections that the pool may open.", nil, nil)
	poolWaits = prometheus.NewDesc("toygres_catalog_waits_total", "Requests that had to wait for a connection.", nil, nil)
	poolWait  = prometheus.NewDesc("toygres_catalog_wait_seconds_total", "Time spent waiting for a connection.", nil, nil)
)

func (c poolCollector) Describe(descs chan<- *prometheus.Desc) {
	descs <- poolConns
	descs <- poolMax
	descs <- poolWaits
	descs <- poolWait
}

func (c poolCollector) Collect(metrics chan<- prometheus.Metric) {
	stat := c.stat()
	gauge := func(desc *prometheus.Desc, value float64, labels ...string) {
		metrics <- prometheus.MustNewConstMetric(desc, prometheus.GaugeValue, value, labels...)
	}
	gauge(poolConns, float64(stat.AcquiredConns()), "used")
	gauge(poolConns, float64(stat.IdleConns()), "idle")
	gauge(poolConns, float64(stat.ConstructingConns()), "opening")
	gauge(poolMax, float64(stat.MaxConns()))
	metrics <- prometheus.MustNewConstMetric(poolWaits, prometheus.CounterValue, float64(stat.EmptyAcquireCount()))
	metrics <- prometheus.MustNewConstMetric(poolWait, prometheus.CounterValue, stat.EmptyAcquireWaitTime().Seconds())
}

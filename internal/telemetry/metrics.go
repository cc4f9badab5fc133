package telemetry

import (
	"fmt"
	"log/slog"
	"net/http"
	"runtime"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	otelprometheus "go.opentelemetry.io/otel/exporters/prometheus"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.temporal.io/sdk/client"
	temporalotel "go.temporal.io/sdk/contrib/opentelemetry"
)

// Metrics are what Prometheus reads of a process. The registry is its own, so
// that a library can't add to it and a test can start many.
type Metrics struct {
	// Registry takes what the process itself has to tell.
	Registry *prometheus.Registry

	// Temporal takes what Temporal's library and the activities tell: a timer
	// t becomes the histogram t_seconds, a counter c becomes c_total.
	Temporal client.MetricsHandler
}

// Most steps take seconds, calls to Temporal milliseconds, and waiting for a
// volume can take minutes.
var buckets = []float64{.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60, 120, 300, 900}

// NewMetrics returns metrics with those of the Go runtime, the process and its
// version in them.
func NewMetrics(version string, log *slog.Logger) (*Metrics, error) {
	registry := prometheus.NewRegistry()
	build := prometheus.NewGaugeVec(prometheus.GaugeOpts{
		Name: "toygres_build_info", Help: "Always 1; the labels say what runs."}, []string{"version", "go_version"})
	build.WithLabelValues(version, runtime.Version()).Set(1)
	registry.MustRegister(build, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))

	exporter, err := otelprometheus.New(otelprometheus.WithRegisterer(registry), otelprometheus.WithoutScopeInfo(), otelprometheus.WithoutTargetInfo())
	if err != nil {
		return nil, fmt.Errorf("set up metrics: %w", err)
	}
	seconds := sdkmetric.NewView(sdkmetric.Instrument{Kind: sdkmetric.InstrumentKindHistogram},
		sdkmetric.Stream{Aggregation: sdkmetric.AggregationExplicitBucketHistogram{Boundaries: buckets}})
	meters := sdkmetric.NewMeterProvider(sdkmetric.WithReader(exporter), sdkmetric.WithView(seconds))
	return &Metrics{Registry: registry, Temporal: temporalotel.NewMetricsHandler(temporalotel.MetricsHandlerOptions{
		Meter: meters.Meter("temporal"), UseMonotonicCounters: true,
		OnError: func(err error) { log.Warn("a metric of Temporal's library is lost", "error", err) },
	})}, nil
}

// Handler answers Prometheus.
func (m *Metrics) Handler(log *slog.Logger) http.Handler {
	return promhttp.HandlerFor(m.Registry, promhttp.HandlerOpts{
		Registry: m.Registry, ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelWarn),
		ErrorHandling: promhttp.ContinueOnError, // what can be told is told while the catalog is away
	})
}

package server

import (
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/toygres/toygres/internal/catalog"
)

// metrics are what the server itself tells Prometheus.
type metrics struct {
	durations *prometheus.HistogramVec
	streams   prometheus.Gauge
	dropped   prometheus.Counter
	signIns   *prometheus.CounterVec
}

func newMetrics(registry prometheus.Registerer, store *catalog.Store) *metrics {
	m := &metrics{
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
	registry.MustRegister(m.durations, m.streams, m.dropped, m.signIns, store.Collector(), store.Census())
	return m
}

func (m *metrics) observe(method, route string, status int, took time.Duration) {
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

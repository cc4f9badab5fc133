package catalog

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/toygres/toygres"
)

// newDurations counts and times the operations whose end this process records.
// Each is recorded by exactly one.
func newDurations() *prometheus.HistogramVec {
	durations := prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name: "toygres_operation_duration_seconds", Help: "Time from a request to the end of its operation, by kind and outcome.",
		Buckets: []float64{.1, .25, .5, 1, 2, 3, 5, 7.5, 10, 15, 30, 60, 120, 300, 900, 3600},
	}, []string{"kind", "outcome"})
	// From zero, or the first failure would not count as an increase.
	for _, kind := range toygres.Kinds() {
		for _, outcome := range []toygres.OperationState{toygres.OperationSucceeded, toygres.OperationFailed, toygres.OperationCancelled} {
			durations.WithLabelValues(string(kind), string(outcome))
		}
	}
	return durations
}

// Collector returns what the store knows of itself for Prometheus: its
// connections, and the operations whose end it has recorded.
func (s *Store) Collector() prometheus.Collector { return storeCollector{s} }

type storeCollector struct{ *Store }

var (
	poolConns = prometheus.NewDesc("toygres_catalog_connections", "Connections to the catalog, by what they do.", []string{"state"}, nil)
	poolMax   = prometheus.NewDesc("toygres_catalog_connections_max", "Connections that the pool may open.", nil, nil)
	poolWaits = prometheus.NewDesc("toygres_catalog_waits_total", "Requests that had to wait for a connection.", nil, nil)
	poolWait  = prometheus.NewDesc("toygres_catalog_wait_seconds_total", "Time spent waiting for a connection.", nil, nil)
)

func (c storeCollector) Describe(descs chan<- *prometheus.Desc) {
	for _, desc := range []*prometheus.Desc{poolConns, poolMax, poolWaits, poolWait} {
		descs <- desc
	}
	c.durations.Describe(descs)
}

func (c storeCollector) Collect(metrics chan<- prometheus.Metric) {
	stat := c.pool.Stat()
	gauge := func(desc *prometheus.Desc, value float64, labels ...string) {
		metrics <- prometheus.MustNewConstMetric(desc, prometheus.GaugeValue, value, labels...)
	}
	gauge(poolConns, float64(stat.AcquiredConns()), "used")
	gauge(poolConns, float64(stat.IdleConns()), "idle")
	gauge(poolConns, float64(stat.ConstructingConns()), "opening")
	gauge(poolMax, float64(stat.MaxConns()))
	metrics <- prometheus.MustNewConstMetric(poolWaits, prometheus.CounterValue, float64(stat.EmptyAcquireCount()))
	metrics <- prometheus.MustNewConstMetric(poolWait, prometheus.CounterValue, stat.EmptyAcquireWaitTime().Seconds())
	c.durations.Collect(metrics)
}

// Census returns what there is in the whole catalog for Prometheus: instances,
// operations in progress, and how far the monitor is behind. Each look is a few
// small queries, and every process sees the same: take the maximum.
func (s *Store) Census() prometheus.Collector { return census{s} }

type census struct{ *Store }

// censusTime bounds one look, so that a catalog that is away does not hold up
// all other metrics.
const censusTime = 3 * time.Second

var (
	instances = prometheus.NewDesc("toygres_instances", "Instances that are not deleted, by state and health.", []string{"state", "health"}, nil)
	open      = prometheus.NewDesc("toygres_operations_in_progress", "Operations that have not ended, by kind.", []string{"kind"}, nil)
	oldest    = prometheus.NewDesc("toygres_operation_oldest_seconds", "Age of the oldest operation that has not ended, by kind.", []string{"kind"}, nil)
	drift     = prometheus.NewDesc("toygres_drift_findings", "What catalog, provider and Temporal do not agree about, by kind and by who repairs it.", []string{"kind", "repair"}, nil)
	compared  = prometheus.NewDesc("toygres_drift_check_age_seconds", "Time since the last comparison of everything.", nil, nil)
	behind    = prometheus.NewDesc("toygres_monitor_lag_seconds", "For how long the most overdue health probe has been due; 0 while the monitor is paused.", nil, nil)
	paused    = prometheus.NewDesc("toygres_monitor_paused", "1 while the monitor as a whole is paused.", nil, nil)
)

func (c census) Describe(descs chan<- *prometheus.Desc) {
	for _, desc := range []*prometheus.Desc{instances, open, oldest, drift, compared, behind, paused} {
		descs <- desc
	}
}

func (c census) Collect(metrics chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), censusTime)
	defer cancel()
	c.count(ctx, metrics, instances, `SELECT count(*)::float8, state, health FROM instances WHERE state <> 'deleted' GROUP BY state, health`, 2)
	c.count(ctx, metrics, open, `SELECT count(*)::float8, kind FROM operations WHERE state IN ('pending', 'running') GROUP BY kind`, 1)
	c.count(ctx, metrics, oldest, `SELECT extract(epoch FROM now() - min(created_at))::float8, kind FROM operations
		WHERE state IN ('pending', 'running') GROUP BY kind`, 1)
	automatic := []toygres.DriftKind{}
	for _, kind := range toygres.DriftKinds() {
		if kind.Automatic() {
			automatic = append(automatic, kind)
		}
	}
	c.count(ctx, metrics, drift, `SELECT count(f.id)::float8, kind, CASE WHEN kind = ANY ($1) THEN 'automatic' ELSE 'manual' END
		FROM unnest($2::text[]) AS kind LEFT JOIN drift_findings f USING (kind)
		WHERE f.resolved_at IS NULL GROUP BY kind`, 2, automatic, toygres.DriftKinds())
	c.count(ctx, metrics, compared, `SELECT extract(epoch FROM now() - max(ended_at))::float8 FROM drift_checks
		WHERE ended_at IS NOT NULL AND error = '' HAVING count(*) > 0`, 0)
	// Nothing is told before the first worker has come.
	c.count(ctx, metrics, behind, `SELECT max(CASE WHEN paused THEN 0 ELSE greatest(extract(epoch FROM now() - kept_up_to), 0) END)::float8
		FROM monitor_shards, monitor HAVING count(*) > 0`, 0)
	c.count(ctx, metrics, paused, `SELECT paused::int::float8 FROM monitor`, 0)
}

// count tells one metric from rows of a value and its labels.
func (c census) count(ctx context.Context, metrics chan<- prometheus.Metric, desc *prometheus.Desc, sql string, labels int, args ...any) {
	rows, err := collect(ctx, c.Store, func(row pgx.CollectableRow) (prometheus.Metric, error) {
		var value float64
		texts := make([]string, labels)
		into := []any{&value}
		for i := range texts {
			into = append(into, &texts[i])
		}
		if err := row.Scan(into...); err != nil {
			return nil, err
		}
		return prometheus.NewConstMetric(desc, prometheus.GaugeValue, value, texts...)
	}, sql, args...)
	if err != nil {
		metrics <- prometheus.NewInvalidMetric(desc, err)
		return
	}
	for _, metric := range rows {
		metrics <- metric
	}
}

// observe counts the end of an operation that this process has recorded.
func (s *Store) observe(kind toygres.Kind, outcome toygres.OperationState, took time.Duration) {
	s.durations.WithLabelValues(string(kind), string(outcome)).Observe(took.Seconds())
}

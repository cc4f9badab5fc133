// Package monitor watches the health of running instances. They are divided
// into shards; a shard is one long activity of one workflow, so that exactly
// one worker has it and another takes it over when that dies. What an instance
// does never reaches Temporal: instances come and go in the catalog, and what
// is seen of them goes there in batches.
package monitor

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/toygres/toygres"
	"github.com/toygres/toygres/internal/catalog"
)

// Provider is what the monitor needs of the place where instances live; see
// [toygres.Provider].
type Provider interface {
	Observe(ctx context.Context, id toygres.InstanceID) (toygres.Observation, error)
	Watch(ctx context.Context) (<-chan toygres.InstanceID, error)
	Credentials(ctx context.Context, id toygres.InstanceID) (toygres.Credentials, error)
}

// Options are what a [Monitor] works with. Zero times are the defaults.
type Options struct {
	Catalog  *catalog.Store
	Provider Provider
	Log      *slog.Logger
	Build    string // this release

	// Every is the time between two probes of an instance. Default 30 seconds.
	Every time.Duration
	// Refresh is the time between two looks at which instances there are, and
	// between two reports. Default 3 seconds.
	Refresh time.Duration
	// Timeout is how long a probe waits for its answer. Default 5 seconds.
	Timeout time.Duration
	// KeepConnection is for about how long a connection is used for one probe
	// after the other. Default 10 minutes.
	KeepConnection time.Duration
	// AtOnce is how many probes a shard has under way at most. Default 64.
	AtOnce int
}

func (o Options) withDefaults() Options {
	for _, d := range []struct {
		value    *time.Duration
		fallback time.Duration
	}{
		{&o.Every, 30 * time.Second}, {&o.Refresh, 3 * time.Second},
		{&o.Timeout, 5 * time.Second}, {&o.KeepConnection, 10 * time.Minute},
	} {
		if *d.value == 0 {
			*d.value = d.fallback
		}
	}
	if o.AtOnce == 0 {
		o.AtOnce = 64
	}
	return o
}

// Monitor watches shards of instances. Make one with [New].
type Monitor struct {
	Options

	worker string // how this process is told from others
	probes *prometheus.HistogramVec
}

// New returns a monitor that does nothing until [Monitor.WatchShard].
func New(options Options) *Monitor {
	host, err := os.Hostname()
	if err != nil {
		host = "unknown"
	}
	m := &Monitor{Options: options.withDefaults(), worker: fmt.Sprintf("%s/%d", host, os.Getpid())}
	if m.Build != "" {
		m.worker += ", release " + m.Build
	}
	m.probes = prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name: "toygres_monitor_probe_duration_seconds", Help: "Time of the probes of instances that this worker has made, by outcome.",
		Buckets: []float64{.0005, .001, .0025, .005, .01, .025, .05, .1, .5, 1, 5},
	}, []string{"outcome"})
	for _, outcome := range []string{answered, failed} {
		m.probes.WithLabelValues(outcome)
	}
	return m
}

// The outcomes of probes.
const (
	answered = "answered"
	failed   = "failed"
)

// Collector tells Prometheus of the probes.
func (m *Monitor) Collector() prometheus.Collector { return m.probes }

// retryAfter is the time between a first failed probe and the one that decides.
func (m *Monitor) retryAfter() time.Duration { return min(m.Every/3, m.Timeout) }

package main

import (
	"errors"
	"fmt"
	"runtime"
	"time"

	"github.com/caarlos0/env/v11"

	"github.com/toygres/toygres/internal/catalog"
	"github.com/toygres/toygres/internal/temporal"
	"github.com/toygres/toygres/internal/version"
	"github.com/toygres/toygres/providers"
)

// config is what the environment says; each name has the prefix TOYGRES_.
type config struct {
	Listen     string `env:"WORKER_LISTEN" envDefault:"127.0.0.1:8081"` // for /healthz, /readyz and /metrics
	CatalogURL string `env:"CATALOG_URL,required"`
	LogLevel   string `env:"LOG_LEVEL" envDefault:"info"`

	Quota catalog.QuotaConfig // for what a workflow asks for in a user's name
	// How many instances may be made at a time, whoever asks and by however many
	// workers; 0: one for each CPU of this machine, which initdb keeps busy, and
	// one more, which batches leave to others. All workers should say the same.
	CreatesAtOnce int `env:"CREATES_AT_ONCE"`

	// How often the health of each instance is probed, and into how many parts
	// the monitor is divided; all workers must say the same.
	MonitorInterval time.Duration `env:"MONITOR_INTERVAL" envDefault:"30s"`
	MonitorShards   int           `env:"MONITOR_SHARDS" envDefault:"4"`

	Retention  retention
	Temporal   temporal.Config
	Versioning versioning
	Provider   providers.Config
}

// versioning says how workers of different releases share the work; see
// deployment.go.
type versioning struct {
	Enabled    bool   `env:"WORKER_VERSIONING"`
	Deployment string `env:"WORKER_DEPLOYMENT" envDefault:"toygres-worker"` // the releases' common name in Temporal
	BuildID    string `env:"WORKER_BUILD_ID"`                               // this release; the program's version if empty

	// CurrentFile holds the build id that new operations must go to. Without
	// one, each worker that starts makes that its own.
	CurrentFile string `env:"WORKER_CURRENT_FILE"`

	// Drain is how long a worker of an old release, asked to stop, may take to
	// finish the operations that are bound to it.
	Drain time.Duration `env:"WORKER_DRAIN" envDefault:"30m"`

	// AbandonedAfter is how long nobody may have asked for an old release's
	// tasks before its operations are moved to the current one. Living workers
	// ask at least once a minute.
	AbandonedAfter time.Duration `env:"WORKER_ABANDONED_AFTER" envDefault:"2m"`
}

func readConfig() (config, error) {
	c, err := env.ParseAsWithOptions[config](env.Options{Prefix: "TOYGRES_"})
	if err != nil {
		return config{}, fmt.Errorf("read the environment: %w", err)
	}
	if c.Versioning.BuildID == "" {
		c.Versioning.BuildID = version.String()
	}
	if c.CreatesAtOnce < 0 {
		return config{}, errors.New("TOYGRES_CREATES_AT_ONCE must be at least 1, or 0 for one more than there are CPUs")
	}
	if c.CreatesAtOnce == 0 {
		c.CreatesAtOnce = runtime.NumCPU() + 1
	}
	if c.MonitorInterval < time.Second || c.MonitorInterval > time.Hour {
		return config{}, errors.New("TOYGRES_MONITOR_INTERVAL must be between 1s and 1h; write it like 30s")
	}
	if c.MonitorShards < 1 || c.MonitorShards > catalog.MaxShards {
		return config{}, fmt.Errorf("TOYGRES_MONITOR_SHARDS must be between 1 and %d", catalog.MaxShards)
	}
	if c.Versioning.Drain < 0 {
		return config{}, errors.New("TOYGRES_WORKER_DRAIN must not be negative; write it like 30m")
	}
	return c, nil
}

package main

import (
	"errors"
	"fmt"
	"log/slog"

	"github.com/caarlos0/env/v11"

	"github.com/toygres/toygres/providers/local"
)

// config is what the environment says; each name has the prefix TOYGRES_.
type config struct {
	Listen     string `env:"WORKER_LISTEN" envDefault:"127.0.0.1:8081"` // for /healthz, /readyz and /metrics
	CatalogURL string `env:"CATALOG_URL,required"`
	Provider   string `env:"PROVIDER" envDefault:"local"`
	LogLevel   string `env:"LOG_LEVEL" envDefault:"info"`

	TemporalAddress   string `env:"TEMPORAL_ADDRESS" envDefault:"127.0.0.1:7233"`
	TemporalNamespace string `env:"TEMPORAL_NAMESPACE" envDefault:"toygres"`

	LocalDir      string `env:"LOCAL_DIR"`
	LocalPostgres string `env:"LOCAL_POSTGRES"` // installation prefixes, separated by colons
	LocalPorts    string `env:"LOCAL_PORTS" envDefault:"15500-16499"`
	LocalHost     string `env:"LOCAL_HOST" envDefault:"127.0.0.1"`
	LocalUser     string `env:"LOCAL_USER"`
}

func readConfig() (config, error) {
	c, err := env.ParseAsWithOptions[config](env.Options{Prefix: "TOYGRES_"})
	if err != nil {
		return config{}, fmt.Errorf("read the environment: %w", err)
	}
	if c.Provider != local.Name {
		return config{}, fmt.Errorf("TOYGRES_PROVIDER is %q; this build knows only %q", c.Provider, local.Name)
	}
	if c.LocalDir == "" {
		return config{}, errors.New("TOYGRES_LOCAL_DIR is not set; it is the directory where the instances' data lives")
	}
	return c, nil
}

// provider makes the provider that the configuration names.
func (c config) provider(log *slog.Logger) (*local.Provider, error) {
	first, last, err := local.ParsePorts(c.LocalPorts)
	if err != nil {
		return nil, fmt.Errorf("TOYGRES_LOCAL_PORTS: %w", err)
	}
	prefixes, err := local.ParsePrefixes(c.LocalPostgres)
	if err != nil {
		return nil, fmt.Errorf("TOYGRES_LOCAL_POSTGRES: %w", err)
	}
	return local.New(local.Config{
		Dir: c.LocalDir, Prefixes: prefixes, FirstPort: first, LastPort: last,
		Host: c.LocalHost, User: c.LocalUser, Logger: log,
	})
}

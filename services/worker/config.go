package main

import (
	"fmt"

	"github.com/caarlos0/env/v11"

	"github.com/toygres/toygres/providers"
)

// config is what the environment says; each name has the prefix TOYGRES_.
type config struct {
	Listen     string `env:"WORKER_LISTEN" envDefault:"127.0.0.1:8081"` // for /healthz, /readyz and /metrics
	CatalogURL string `env:"CATALOG_URL,required"`
	LogLevel   string `env:"LOG_LEVEL" envDefault:"info"`

	TemporalAddress   string `env:"TEMPORAL_ADDRESS" envDefault:"127.0.0.1:7233"`
	TemporalNamespace string `env:"TEMPORAL_NAMESPACE" envDefault:"toygres"`

	Provider providers.Config
}

func readConfig() (config, error) {
	c, err := env.ParseAsWithOptions[config](env.Options{Prefix: "TOYGRES_"})
	if err != nil {
		return config{}, fmt.Errorf("read the environment: %w", err)
	}
	return c, nil
}

// Package providers chooses where instances live, for API and worker alike.
package providers

import (
	"errors"
	"fmt"
	"log/slog"

	"github.com/toygres/toygres/providers/local"
)

// Config is what the environment says about the provider. Its tags are those of github.com/caarlos0/env; the programs
// put TOYGRES_ before each name.
type Config struct {
	Name string `env:"PROVIDER" envDefault:"local"`

	LocalDir      string `env:"LOCAL_DIR"`
	LocalPostgres string `env:"LOCAL_POSTGRES"` // installation prefixes, separated by colons
	LocalPorts    string `env:"LOCAL_PORTS" envDefault:"15500-16499"`
	LocalHost     string `env:"LOCAL_HOST" envDefault:"127.0.0.1"`
	LocalUser     string `env:"LOCAL_USER"`
}

// Open makes the provider that c names. Its errors name the variable to change.
func (c Config) Open(log *slog.Logger) (*local.Provider, error) {
	if c.Name != local.Name {
		return nil, fmt.Errorf("TOYGRES_PROVIDER is %q; this build knows only %q", c.Name, local.Name)
	}
	if c.LocalDir == "" {
		return nil, errors.New("TOYGRES_LOCAL_DIR is not set; it is the directory where the instances' data lives")
	}
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

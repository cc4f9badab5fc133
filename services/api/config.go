package main

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"runtime"
	"strings"
	"time"

	"github.com/caarlos0/env/v11"

	"github.com/toygres/toygres/internal/catalog"
	"github.com/toygres/toygres/internal/temporal"
	"github.com/toygres/toygres/providers"
	"github.com/toygres/toygres/providers/local"
	"github.com/toygres/toygres/services/api/oidc"
)

// prefix is that of all names in the environment.
const prefix = "TOYGRES_"

// config is what the environment says; each name has the prefix.
type config struct {
	Listen         string   `env:"LISTEN" envDefault:"127.0.0.1:8080"`
	MetricsListen  string   `env:"METRICS_LISTEN"`  // for /metrics alone; empty: /metrics is at LISTEN
	PublicURL      string   `env:"PUBLIC_URL"`      // as browsers see us; https makes cookies Secure
	TrustedProxies []string `env:"TRUSTED_PROXIES"` // networks whose X-Forwarded-For is believed, such as 10.0.0.0/8

	Temporal      temporal.Config
	TemporalUIURL string `env:"TEMPORAL_UI_URL"` // for links; may be empty

	// Failed sign-ins that are borne before no more are looked at for a while.
	SignInsPerUser   int `env:"SIGN_INS_PER_USER" envDefault:"10"`
	SignInsPerClient int `env:"SIGN_INS_PER_CLIENT" envDefault:"30"`

	OpenID []oidc.Config `envPrefix:"OIDC"` // OIDC_0_NAME, OIDC_0_ISSUER, …; see docs/sign-in.md

	Quota catalog.QuotaConfig

	// How many instances the workers make at a time, only to tell; see their configuration.
	CreatesAtOnce int `env:"CREATES_AT_ONCE"`

	// For how long a deleted instance can be brought back; 0: it is removed at once.
	KeepDeleted time.Duration `env:"KEEP_DELETED" envDefault:"24h"`

	// When we stop, how long load balancers get to notice. Kubernetes takes a second or more.
	Drain time.Duration `env:"DRAIN" envDefault:"500ms"`

	Provider providers.Config
}

// catalogConfig is all that migrate and admin need.
type catalogConfig struct {
	CatalogURL string `env:"CATALOG_URL"`
	LogLevel   string `env:"LOG_LEVEL" envDefault:"info"`
}

func readCatalogConfig() (catalogConfig, error) {
	c, err := read[catalogConfig]()
	if err == nil && c.CatalogURL == "" {
		err = errors.New("TOYGRES_CATALOG_URL is not set; it looks like postgres://user@host:5432/database?passfile=/path")
	}
	return c, err
}

func read[T any]() (T, error) {
	c, err := env.ParseAsWithOptions[T](env.Options{Prefix: prefix})
	if err != nil {
		return c, fmt.Errorf("read the environment: %w", err)
	}
	return c, nil
}

// publicURL returns nil when none is set.
func (c config) publicURL() (*url.URL, error) {
	if c.PublicURL == "" {
		return nil, nil
	}
	u, err := url.Parse(c.PublicURL)
	if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") || strings.Trim(u.Path, "/") != "" {
		return nil, fmt.Errorf("TOYGRES_PUBLIC_URL is %q, but must be like https://toygres.example.com, without a path", c.PublicURL)
	}
	return u, nil
}

func (c config) trustedProxies() ([]*net.IPNet, error) {
	networks := make([]*net.IPNet, 0, len(c.TrustedProxies))
	for _, text := range c.TrustedProxies {
		_, network, err := net.ParseCIDR(strings.TrimSpace(text))
		if err != nil {
			return nil, fmt.Errorf("TOYGRES_TRUSTED_PROXIES: %q is no network; write it like 10.0.0.0/8", text)
		}
		networks = append(networks, network)
	}
	return networks, nil
}

// places is how many instances are made at a time, 0 where only the workers know.
func (c config) places() int {
	if c.CreatesAtOnce == 0 && c.Provider.Name == local.Name {
		return runtime.NumCPU() + 1 // they are on this machine
	}
	return max(c.CreatesAtOnce, 0)
}

func (c config) keepDeleted() (time.Duration, error) {
	if c.KeepDeleted != 0 && c.KeepDeleted < time.Second {
		return 0, errors.New("TOYGRES_KEEP_DELETED must be at least a second, such as 24h, or 0 for not at all")
	}
	return c.KeepDeleted, nil
}

func (c config) limits() (catalog.SignInLimits, error) {
	if c.SignInsPerUser < 1 || c.SignInsPerClient < 1 {
		return catalog.SignInLimits{}, errors.New("TOYGRES_SIGN_INS_PER_USER and TOYGRES_SIGN_INS_PER_CLIENT must be at least 1")
	}
	return catalog.SignInLimits{PerUser: c.SignInsPerUser, PerAddress: c.SignInsPerClient}, nil
}

package local

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/toygres/toygres"
)

// Provider runs PostgreSQL servers as processes on this machine.
type Provider struct {
	config  Config
	account account
	log     *slog.Logger
	timing  timing
	watcher watcher

	mu            sync.Mutex
	installations []installation // see installed
}

var _ toygres.Provider = (*Provider)(nil)

// timing is how patient the provider is. Tests are less patient.
type timing struct {
	stop       time.Duration // until a server that should end is made to end
	firstRetry time.Duration // second restart in a row; the first one is immediate
	lastRetry  time.Duration // longest wait between restarts
	stable     time.Duration // ready for so long, a server's past is forgiven
	giveUp     int           // restarts in a row after which it counts as failed
	resync     time.Duration // safety net below the watches
}

// New returns a provider over config.Dir. It fails when the configuration
// can't work; a machine without PostgreSQL is no failure, but offers nothing.
func New(config Config) (*Provider, error) {
	discovered := len(config.Prefixes) == 0
	config = config.withDefaults()
	if err := config.check(); err != nil {
		return nil, err
	}
	config.Dir = filepath.Clean(config.Dir)
	p := &Provider{
		config: config,
		log:    config.Logger.With("provider", Name),
		timing: timing{
			stop:       config.StopTimeout,
			firstRetry: time.Second,
			lastRetry:  time.Minute,
			stable:     time.Minute,
			giveUp:     8, // about two minutes
			resync:     30 * time.Second,
		},
	}
	p.watcher.provider = p
	var err error
	if p.account, err = findAccount(config.User); err != nil {
		return nil, err
	}
	for _, prefix := range config.Prefixes {
		in, err := inspect(prefix, p.account)
		if err != nil && discovered {
			p.log.Warn("a PostgreSQL installation is left out", "prefix", prefix, "error", err)
			continue
		}
		if err != nil {
			return nil, p.failure("looking at the PostgreSQL installation "+prefix, err)
		}
		p.installations = append(p.installations, in)
	}
	if len(p.installations) == 0 {
		p.log.Warn("no PostgreSQL installation was found; no instance can be created", "looked in", wellKnown)
	}
	if err := p.ensureDir(); err != nil {
		return nil, err
	}
	return p, nil
}

// ensureDir makes the directory of all instances and checks that PostgreSQL's
// user can get into it.
func (p *Provider) ensureDir() error {
	if err := os.MkdirAll(filepath.Dir(p.config.Dir), 0o755); err != nil {
		return p.failure("making the directory for instances", err)
	}
	mode := os.FileMode(0o700)
	if p.account.switches {
		mode = 0o755 // the servers' user must get through
	}
	if err := makeDir(p.config.Dir, mode); err != nil {
		return p.failure("making the directory for instances", err)
	}
	return p.failure("looking at the directory for instances", p.account.canReach(p.config.Dir))
}

// Name returns "local".
func (p *Provider) Name() string { return Name }

// Offer returns the majors that are installed. There is no
// pg_durable here: it comes as a container image.
func (p *Provider) Offer(context.Context) (toygres.Offer, error) {
	return toygres.Offer{Versions: p.versions(), ImageTypes: []toygres.ImageType{toygres.ImageStock}, Forks: true,
		NoRuntimeImages: "instances are processes of this machine here and run no container images"}, nil
}

package kubernetes

import (
	"context"
	"log/slog"
	"sync"

	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/metadata"
	"k8s.io/client-go/rest"

	"github.com/toygres/toygres"
)

// Provider runs PostgreSQL servers as pods of a Kubernetes cluster.
type Provider struct {
	config   Config
	client   kubernetes.Interface
	metadata metadata.Interface
	log      *slog.Logger
	watcher  watcher

	mu      sync.Mutex
	reached map[toygres.InstanceID]string // the pod that was last found reachable
}

var _ toygres.Provider = (*Provider)(nil)

// New returns a provider for the namespace config.Namespace. It fails when the
// configuration can't work; whether the cluster answers is found out by use.
func New(config Config) (*Provider, error) {
	config = config.withDefaults()
	if err := config.check(); err != nil {
		return nil, err
	}
	access := rest.CopyConfig(config.Client)
	access.UserAgent = "toygres"
	if access.QPS == 0 {
		access.QPS, access.Burst = 100, 200 // the API server has its own fairness
	}
	access.WarningHandler = rest.NoWarnings{}
	client, err := kubernetes.NewForConfig(access)
	if err != nil {
		return nil, toygres.Errorf(toygres.CodeInvalid, "the Kubernetes client can't be set up: %w", err)
	}
	meta, err := metadata.NewForConfig(access)
	if err != nil {
		return nil, toygres.Errorf(toygres.CodeInvalid, "the Kubernetes client can't be set up: %w", err)
	}
	p := &Provider{
		config: config, client: client, metadata: meta,
		log:     config.Logger.With("provider", Name),
		reached: map[toygres.InstanceID]string{},
	}
	p.watcher.provider = p
	return p, nil
}

// Name returns "kubernetes".
func (p *Provider) Name() string { return Name }

// Offer returns the majors and modes for which there are images.
func (p *Provider) Offer(context.Context) (toygres.Offer, error) { return p.config.offer(), nil }

func (c Config) offer() toygres.Offer {
	o := toygres.Offer{
		ImageTypes:      []toygres.ImageType{toygres.ImageStock},
		Public:          c.PublicDNSSuffix != "",
		Forks:           c.CopyImage != "",
		RuntimeRegistry: c.RuntimeRegistry,
	}
	if c.RuntimeRegistry == "" {
		o.NoRuntimeImages = "no registry is set from which images may come; whoever runs Toygres names one with TOYGRES_KUBERNETES_RUNTIME_REGISTRY"
	}
	if len(c.PgDurableImages) > 0 {
		o.ImageTypes = append(o.ImageTypes, toygres.ImagePgDurable)
	}
	for version := toygres.NewestVersion; version >= toygres.OldestVersion; version-- {
		if _, listed := c.Images[version]; listed || len(c.Images) == 0 {
			o.Versions = append(o.Versions, version)
		}
	}
	return o
}

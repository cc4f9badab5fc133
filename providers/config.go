// Package providers chooses where instances live, for API and worker alike.
package providers

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/toygres/toygres"
	"github.com/toygres/toygres/providers/kubernetes"
	"github.com/toygres/toygres/providers/local"
)

// Provider is where instances live, with what the worker does for it beside
// carrying out operations.
type Provider interface {
	toygres.Provider

	// Keep keeps instances as they should be until ctx ends.
	Keep(ctx context.Context) error
}

// Config is what the environment says about the provider. Its tags are those of github.com/caarlos0/env; the programs
// put TOYGRES_ before each name.
type Config struct {
	Name string `env:"PROVIDER" envDefault:"local"`

	Local      Local      `envPrefix:"LOCAL_"`
	Kubernetes Kubernetes `envPrefix:"KUBERNETES_"`
}

// Local is what the environment says about the provider local; see
// [local.Config].
type Local struct {
	Dir      string `env:"DIR"`
	Postgres string `env:"POSTGRES"` // installation prefixes, separated by colons
	Ports    string `env:"PORTS" envDefault:"15500-16499"`
	Host     string `env:"HOST" envDefault:"127.0.0.1"`
	User     string `env:"USER"`
}

// Kubernetes is what the environment says about the provider kubernetes; see
// [kubernetes.Config]. The cluster is found as kubectl finds it: by
// KUBECONFIG, or as the one in which the program runs. Lists are separated by
// commas, keys from values by "=".
type Kubernetes struct {
	Namespace         string                  `env:"NAMESPACE"` // default that of the cluster's configuration
	ImageRepository   string                  `env:"IMAGE_REPOSITORY"`
	Images            map[int]string          `env:"IMAGES" envKeyValSeparator:"="`
	PgDurableImages   map[int]string          `env:"PG_DURABLE_IMAGES" envKeyValSeparator:"="`
	CopyImage         string                  `env:"COPY_IMAGE"`
	RuntimeRegistry   string                  `env:"RUNTIME_REGISTRY"`
	PullSecrets       []string                `env:"PULL_SECRETS"`
	StorageClass      string                  `env:"STORAGE_CLASS"`
	Endpoint          kubernetes.EndpointKind `env:"ENDPOINT" envDefault:"dns"`
	ClusterDomain     string                  `env:"CLUSTER_DOMAIN" envDefault:"cluster.local"`
	PublicDNSSuffix   string                  `env:"PUBLIC_DNS_SUFFIX"`
	OperatorCIDRs     []string                `env:"OPERATOR_CIDRS"`
	WorkerNamespace   string                  `env:"WORKER_NAMESPACE"`
	NodeSelector      map[string]string       `env:"NODE_SELECTOR" envKeyValSeparator:"="`
	Tolerations       []string                `env:"TOLERATIONS"` // like key=value:NoSchedule
	VolumePermissions bool                    `env:"VOLUME_PERMISSIONS"`
	BlockEviction     bool                    `env:"BLOCK_EVICTION"`
	ReservedCPU       int                     `env:"RESERVED_CPU_PERCENT" envDefault:"100"`
	Patience          time.Duration           `env:"PATIENCE" envDefault:"10m"`
}

// Open makes the provider that c names. Its errors name the variable to change.
func (c Config) Open(log *slog.Logger) (Provider, error) {
	switch c.Name {
	case local.Name:
		return c.Local.open(log)
	case kubernetes.Name:
		return c.Kubernetes.open(log)
	default:
		return nil, fmt.Errorf("TOYGRES_PROVIDER is %q; this build knows %q and %q", c.Name, local.Name, kubernetes.Name)
	}
}

func (c Local) open(log *slog.Logger) (Provider, error) {
	if c.Dir == "" {
		return nil, errors.New("TOYGRES_LOCAL_DIR is not set; it is the directory where the instances' data lives")
	}
	first, last, err := local.ParsePorts(c.Ports)
	if err != nil {
		return nil, fmt.Errorf("TOYGRES_LOCAL_PORTS: %w", err)
	}
	prefixes, err := local.ParsePrefixes(c.Postgres)
	if err != nil {
		return nil, fmt.Errorf("TOYGRES_LOCAL_POSTGRES: %w", err)
	}
	return local.New(local.Config{
		Dir: c.Dir, Prefixes: prefixes, FirstPort: first, LastPort: last,
		Host: c.Host, User: c.User, Logger: log,
	})
}

func (c Kubernetes) open(log *slog.Logger) (Provider, error) {
	var tolerations []corev1.Toleration
	for _, s := range c.Tolerations {
		t, err := kubernetes.ParseToleration(s)
		if err != nil {
			return nil, fmt.Errorf("TOYGRES_KUBERNETES_TOLERATIONS: %w", err)
		}
		tolerations = append(tolerations, t)
	}
	client, namespace, err := kubernetes.LoadClient("")
	if err != nil {
		return nil, err
	}
	return kubernetes.New(kubernetes.Config{
		Client: client, Namespace: cmp.Or(c.Namespace, namespace),
		ImageRepository: c.ImageRepository, Images: c.Images, PgDurableImages: c.PgDurableImages,
		CopyImage: c.CopyImage, RuntimeRegistry: c.RuntimeRegistry, PullSecrets: c.PullSecrets,
		StorageClass: c.StorageClass, Endpoint: c.Endpoint, ClusterDomain: c.ClusterDomain, PublicDNSSuffix: c.PublicDNSSuffix,
		OperatorCIDRs: c.OperatorCIDRs, WorkerNamespace: c.WorkerNamespace,
		NodeSelector: c.NodeSelector, Tolerations: tolerations,
		VolumePermissions: c.VolumePermissions, BlockEviction: c.BlockEviction, ReservedCPUPercent: c.ReservedCPU,
		Patience: c.Patience, Logger: log,
	})
}

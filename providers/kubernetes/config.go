package kubernetes

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"net"
	"net/netip"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/toygres/toygres"
)

// Name is the provider's name in configuration and catalog.
const Name = "kubernetes"

// EndpointKind is how clients inside the cluster are told to reach an
// instance.
type EndpointKind string

// The kinds of endpoints.
const (
	EndpointDNS     EndpointKind = "dns"     // <service>.<namespace>.svc.<cluster domain>
	EndpointAddress EndpointKind = "address" // the Service's address, for clusters without DNS and clients outside of it
)

// Config says where instances live and with what they run.
type Config struct {
	// Client is how to reach the cluster; see [LoadClient].
	Client *rest.Config

	// Namespace holds all instances. It must exist.
	Namespace string

	// ImageRepository is where stock images come from: the image of major 18
	// is <ImageRepository>:18. Default postgres.
	ImageRepository string

	// Images are stock images by major, instead of those of ImageRepository:
	// majors that are not in it are not offered.
	Images map[int]string

	// PgDurableImages are the images of image type pg_durable by major. It is
	// offered when there is one.
	PgDurableImages map[int]string

	// CopyImage is the image of Toygres's worker, which copies the data of
	// another instance into a new one's volume. Empty offers no forks.
	CopyImage string

	// RuntimeRegistry is the host of the registry from which runtime images
	// may come, for example registry.example.com. Empty offers none.
	RuntimeRegistry string

	// PullSecrets are names of Secrets of the namespace to pull images with.
	PullSecrets []string

	// StorageClass of new instances' volumes. Empty is the cluster's default.
	StorageClass string

	// Endpoint is how internal instances are reached. Default EndpointDNS.
	Endpoint EndpointKind

	// ClusterDomain is the cluster's DNS domain. Default cluster.local.
	ClusterDomain string

	// PublicDNSSuffix follows the label of a public instance in its host name,
	// for example westeurope.cloudapp.azure.com. Empty offers none.
	PublicDNSSuffix string

	// OperatorCIDRs are the networks from which Toygres itself connects, as
	// superuser, to instances that let only some networks in. Default the
	// private ones.
	OperatorCIDRs []string

	// WorkerNamespace is where Toygres's worker runs. Default Namespace.
	WorkerNamespace string

	// NodeSelector and Tolerations say on which nodes instances may run.
	NodeSelector map[string]string
	Tolerations  []corev1.Toleration

	// VolumePermissions adds an init container that gives a new volume to
	// PostgreSQL's user, as root. It is for volumes that ignore fsGroup, such
	// as host paths.
	VolumePermissions bool

	// BlockEviction makes an instance's PodDisruptionBudget refuse to evict
	// its pod. Default is to allow it: else the node of an instance can't be
	// drained, and cluster upgrades get stuck on it.
	BlockEviction bool

	// ReservedCPUPercent is how much of an instance's CPU is kept for it on its
	// node. With less than 100, instances share what others leave idle, and
	// more of them fit. Default 100.
	ReservedCPUPercent int

	// Patience is how long what others may mend is waited for before an
	// instance counts as failed. Default ten minutes.
	Patience time.Duration

	// Resolver looks public names up. Default net.DefaultResolver.
	Resolver Resolver

	// Logger gets what happens outside of any request. Default
	// slog.Default().
	Logger *slog.Logger
}

// Resolver looks names up in the DNS.
type Resolver interface {
	LookupHost(ctx context.Context, host string) (addresses []string, err error)
}

// privateNetworks are those of RFC 1918, RFC 6598 and RFC 4193.
var privateNetworks = []string{"10.0.0.0/8", "100.64.0.0/10", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7"}

func (c Config) withDefaults() Config {
	if c.ImageRepository == "" {
		c.ImageRepository = "postgres"
	}
	if c.Endpoint == "" {
		c.Endpoint = EndpointDNS
	}
	if c.ClusterDomain == "" {
		c.ClusterDomain = "cluster.local"
	}
	if len(c.OperatorCIDRs) == 0 {
		c.OperatorCIDRs = privateNetworks
	}
	if c.WorkerNamespace == "" {
		c.WorkerNamespace = c.Namespace
	}
	if c.ReservedCPUPercent == 0 {
		c.ReservedCPUPercent = 100
	}
	if c.Patience == 0 {
		c.Patience = 10 * time.Minute
	}
	if c.Resolver == nil {
		c.Resolver = net.DefaultResolver
	}
	if c.Logger == nil {
		c.Logger = slog.Default()
	}
	return c
}

// check returns an error for what can't work, so that a program says so when
// it starts and not when the first instance is asked for.
func (c Config) check() error {
	if c.Client == nil {
		return toygres.Errorf(toygres.CodeInvalid, "there is no way to reach a Kubernetes cluster")
	}
	if c.ReservedCPUPercent < 1 || c.ReservedCPUPercent > 100 {
		return toygres.Errorf(toygres.CodeInvalid, "%d percent of an instance's CPU can't be reserved; choose 1 to 100", c.ReservedCPUPercent)
	}
	if wrong := validation.IsDNS1123Label(c.Namespace); len(wrong) > 0 {
		return toygres.Errorf(toygres.CodeInvalid, "the namespace %q can't be one: %s", c.Namespace, strings.Join(wrong, "; "))
	}
	if c.Endpoint != EndpointDNS && c.Endpoint != EndpointAddress {
		return toygres.Errorf(toygres.CodeInvalid, "the endpoint must be %q or %q, not %q", EndpointDNS, EndpointAddress, c.Endpoint)
	}
	for _, cidr := range c.OperatorCIDRs {
		if _, err := netip.ParsePrefix(cidr); err != nil {
			return toygres.Errorf(toygres.CodeInvalid, "the operator's network %q is none; write it like 10.0.0.0/8", cidr)
		}
	}
	for _, images := range []map[int]string{c.Images, c.PgDurableImages} {
		for version := range images {
			if version < toygres.OldestVersion || version > toygres.NewestVersion {
				return toygres.Errorf(toygres.CodeInvalid, "there is an image for PostgreSQL %d, which is not supported; supported are %d to %d",
					version, toygres.OldestVersion, toygres.NewestVersion)
			}
		}
	}
	return nil
}

// image returns the image that an instance runs.
func (c Config) image(s toygres.Spec) (string, error) {
	switch {
	case s.RuntimeImage != "":
		host, _, _ := strings.Cut(s.RuntimeImage, "/")
		if host != c.RuntimeRegistry {
			return "", invalidField("runtime_image", "registry", fmt.Sprintf("must come from the registry %s, not from %s", c.RuntimeRegistry, host))
		}
		return s.RuntimeImage, nil
	case s.ImageType == toygres.ImagePgDurable:
		if image, ok := c.PgDurableImages[s.Version]; ok {
			return image, nil
		}
		offered := slices.Sorted(maps.Keys(c.PgDurableImages))
		return "", invalidField("version", "available", fmt.Sprintf("there is no pg_durable image for PostgreSQL %d; choose one of %v", s.Version, offered))
	}
	if image, ok := c.Images[s.Version]; ok {
		return image, nil
	}
	return fmt.Sprintf("%s:%d", c.ImageRepository, s.Version), nil
}

func invalidField(field, rule, message string) error {
	return &toygres.Error{Code: toygres.CodeInvalid, Message: "the instance can't be created as asked: " + field + " " + message,
		Fields: []toygres.FieldError{{Field: field, Rule: rule, Message: message}}}
}

// LoadClient finds the cluster by the rules of kubectl: the file that
// kubeconfig names, else those of $KUBECONFIG, else ~/.kube/config, else the
// cluster in which this process runs. It also returns the namespace that goes
// with it.
func LoadClient(kubeconfig string) (*rest.Config, string, error) {
	rules := clientcmd.NewDefaultClientConfigLoadingRules()
	rules.ExplicitPath = kubeconfig
	loader := clientcmd.NewNonInteractiveDeferredLoadingClientConfig(rules, nil)
	client, err := loader.ClientConfig()
	if err != nil {
		return nil, "", toygres.Errorf(toygres.CodeInvalid, "no Kubernetes cluster is configured; set KUBECONFIG, or run inside of one: %w", err)
	}
	namespace, _, err := loader.Namespace()
	if err != nil {
		return nil, "", toygres.Errorf(toygres.CodeInvalid, "the Kubernetes configuration names no usable namespace: %w", err)
	}
	return client, namespace, nil
}

// ParseToleration reads a toleration the way kubectl writes taints:
// key=value:effect, key:effect, or key alone for every effect.
func ParseToleration(s string) (corev1.Toleration, error) {
	rest, effect, _ := strings.Cut(s, ":")
	key, value, valued := strings.Cut(rest, "=")
	t := corev1.Toleration{Key: key, Value: value, Effect: corev1.TaintEffect(effect), Operator: corev1.TolerationOpExists}
	if valued {
		t.Operator = corev1.TolerationOpEqual
	}
	known := []corev1.TaintEffect{"", corev1.TaintEffectNoSchedule, corev1.TaintEffectPreferNoSchedule, corev1.TaintEffectNoExecute}
	if wrong := validation.IsQualifiedName(key); len(wrong) > 0 || !slices.Contains(known, t.Effect) {
		return t, toygres.Errorf(toygres.CodeInvalid, "%q is no toleration; write it like key=value:NoSchedule or key:NoExecute", s)
	}
	return t, nil
}

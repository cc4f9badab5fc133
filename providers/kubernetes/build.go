package kubernetes

import (
	"fmt"
	"strings"

	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/toygres/toygres"
)

// desired is all that an instance's objects are made of. The same desired
// always makes the same objects.
type desired struct {
	config       *Config
	id           toygres.InstanceID
	spec         toygres.Spec
	recorded     string             // spec as it is kept
	storageClass string             // "" is the cluster's default
	claimed      *resource.Quantity // storage in the claim of the StatefulSet that exists, where it can't change; nil when there is none
	image        string
	running      bool
	restart      string // the request that last asked for a restart

	copied bool             // it has the data of its source; false also where it has none
	source toygres.Endpoint // from where they are copied, as long as they are
}

// storage is what the instance's volume should hold.
func (d desired) storage() resource.Quantity {
	return *resource.NewQuantity(int64(d.spec.StorageGiB)<<30, resource.BinarySI)
}

// Who signs in, and where.
const (
	superuser       = "postgres"
	defaultDatabase = "postgres"
	port            = 5432
)

// hosts are the names and addresses that the server's certificate is for.
// clusterIP is the client Service's.
func (d desired) hosts(clusterIP string) []string {
	service := baseName(d.id)
	hosts := []string{
		service,
		service + "." + d.config.Namespace,
		service + "." + d.config.Namespace + ".svc",
		service + "." + d.config.Namespace + ".svc." + d.config.ClusterDomain,
	}
	if name, public := d.publicName(); public {
		hosts = append(hosts, name)
	}
	if d.config.Endpoint == EndpointAddress && clusterIP != "" {
		hosts = append(hosts, clusterIP)
	}
	return hosts
}

// publicName is the host name of a public instance.
func (d desired) publicName() (string, bool) {
	if !d.spec.Public || d.config.PublicDNSSuffix == "" {
		return "", false
	}
	return d.dnsLabel() + "." + strings.TrimPrefix(d.config.PublicDNSSuffix, "."), true
}

// dnsLabel is the instance's name as Azure takes DNS labels: they begin with a
// letter and have three characters or more.
func (d desired) dnsLabel() string {
	name := d.spec.Name
	if len(name) < 3 || name[0] >= '0' && name[0] <= '9' {
		return prefix + name
	}
	return name
}

// inside is where the instance is reached from within the cluster.
func (d desired) inside(clusterIP string) toygres.Endpoint {
	d.spec.Public = false
	return d.endpoint(clusterIP)
}

// endpoint is where clients reach the instance; its address is known once the
// client Service exists.
func (d desired) endpoint(clusterIP string) toygres.Endpoint {
	switch name, public := d.publicName(); {
	case public:
		return toygres.Endpoint{Host: name, Port: port}
	case d.config.Endpoint == EndpointDNS:
		return toygres.Endpoint{Host: fmt.Sprintf("%s.%s.svc.%s", baseName(d.id), d.config.Namespace, d.config.ClusterDomain), Port: port}
	case clusterIP == "":
		return toygres.Endpoint{}
	default:
		return toygres.Endpoint{Host: clusterIP, Port: port}
	}
}

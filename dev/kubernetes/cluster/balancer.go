package cluster

import (
	"context"
	"fmt"
	"net/netip"
	"slices"

	core "k8s.io/api/core/v1"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// balance gives a Service of type LoadBalancer an address that works on this machine, as a cloud would on the internet.
// The proxy does the rest, because these addresses are routed to the node.
func (c cloud) balance(ctx context.Context, namespace, name string) error {
	services := c.client.CoreV1().Services(namespace)
	service, err := services.Get(ctx, name, meta.GetOptions{})
	if err != nil {
		return err
	}
	wants, has := service.Spec.Type == core.ServiceTypeLoadBalancer, len(service.Status.LoadBalancer.Ingress) > 0
	if wants == has || service.DeletionTimestamp != nil {
		return nil
	}
	service.Status.LoadBalancer = core.LoadBalancerStatus{}
	if wants {
		address, err := c.freeBalancerAddress(ctx)
		if err != nil {
			return err
		}
		service.Status.LoadBalancer.Ingress = []core.LoadBalancerIngress{{IP: address.String()}}
	}
	_, err = services.UpdateStatus(ctx, service, meta.UpdateOptions{})
	return err
}

func (c cloud) freeBalancerAddress(ctx context.Context) (netip.Addr, error) {
	services, err := c.client.CoreV1().Services(meta.NamespaceAll).List(ctx, meta.ListOptions{})
	if err != nil {
		return netip.Addr{}, err
	}
	var used []string
	for _, service := range services.Items {
		for _, ingress := range service.Status.LoadBalancer.Ingress {
			used = append(used, ingress.IP)
		}
	}
	for host := range byte(254) {
		if address := c.address(balancerBlock, host+1); !slices.Contains(used, address.String()) {
			return address, nil
		}
	}
	return netip.Addr{}, fmt.Errorf("all addresses of %s are in use: delete some Services of type LoadBalancer", c.block(balancerBlock))
}

package cluster

import (
	"context"
	"errors"
	"fmt"
	"net/netip"

	core "k8s.io/api/core/v1"
	discovery "k8s.io/api/discovery/v1"
	rbac "k8s.io/api/rbac/v1"
	storage "k8s.io/api/storage/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
)

const corednsUser = "system:coredns"

// bootstrap makes the objects that a cluster has from its start.
func (c Config) bootstrap(ctx context.Context, client kubernetes.Interface) error {
	create := meta.CreateOptions{}
	_, err := client.StorageV1().StorageClasses().Create(ctx, &storage.StorageClass{
		ObjectMeta:           meta.ObjectMeta{Name: StorageClass, Annotations: map[string]string{"storageclass.kubernetes.io/is-default-class": "true"}},
		Provisioner:          provisioner,
		ReclaimPolicy:        new(core.PersistentVolumeReclaimDelete),
		VolumeBindingMode:    new(storage.VolumeBindingWaitForFirstConsumer),
		AllowVolumeExpansion: new(true),
	}, create)
	failures := []error{ignoreExists(err)}

	for user, rules := range map[string][]rbac.PolicyRule{
		corednsUser: {
			{APIGroups: []string{""}, Resources: []string{"services", "pods", "namespaces"}, Verbs: []string{"list", "watch"}},
			{APIGroups: []string{"discovery.k8s.io"}, Resources: []string{"endpointslices"}, Verbs: []string{"list", "watch"}},
		},
		cloudUser: {
			{APIGroups: []string{""}, Resources: []string{"services", "persistentvolumeclaims", "persistentvolumes"}, Verbs: []string{"get", "list", "watch"}},
			{APIGroups: []string{""}, Resources: []string{"services/status", "persistentvolumeclaims/status"}, Verbs: []string{"update"}},
			{APIGroups: []string{""}, Resources: []string{"persistentvolumes"}, Verbs: []string{"create", "update", "delete"}},
		},
	} {
		_, err := client.RbacV1().ClusterRoles().Create(ctx, &rbac.ClusterRole{ObjectMeta: meta.ObjectMeta{Name: user}, Rules: rules}, create)
		failures = append(failures, ignoreExists(err))
		_, err = client.RbacV1().ClusterRoleBindings().Create(ctx, &rbac.ClusterRoleBinding{
			ObjectMeta: meta.ObjectMeta{Name: user},
			RoleRef:    rbac.RoleRef{APIGroup: rbac.GroupName, Kind: "ClusterRole", Name: user},
			Subjects:   []rbac.Subject{{APIGroup: rbac.GroupName, Kind: rbac.UserKind, Name: user}},
		}, create)
		failures = append(failures, ignoreExists(err))
	}
	return errors.Join(append(failures, c.bootstrapDNS(ctx, client))...)
}

// bootstrapDNS makes the Service at which pods find CoreDNS, which is no pod but a program of the node.
func (c Config) bootstrapDNS(ctx context.Context, client kubernetes.Interface) error {
	const name = "kube-dns"
	// A Service that exists could not be told by creating it again: its address counts as taken.
	_, err := client.CoreV1().Services(meta.NamespaceSystem).Get(ctx, name, meta.GetOptions{})
	if err == nil {
		return nil
	}
	if !apierrors.IsNotFound(err) {
		return err
	}
	// The Service comes last: with it, all is there.
	_, err = client.DiscoveryV1().EndpointSlices(meta.NamespaceSystem).Create(ctx, dnsEndpoints(name, c.NodeAddress()), meta.CreateOptions{})
	if err := ignoreExists(err); err != nil {
		return err
	}
	_, err = client.CoreV1().Services(meta.NamespaceSystem).Create(ctx, &core.Service{
		ObjectMeta: meta.ObjectMeta{Name: name, Labels: map[string]string{"k8s-app": name, "kubernetes.io/name": "CoreDNS"}},
		Spec: core.ServiceSpec{
			ClusterIP: c.dnsService().String(),
			Ports:     []core.ServicePort{{Name: "dns", Protocol: core.ProtocolUDP, Port: 53}, {Name: "dns-tcp", Protocol: core.ProtocolTCP, Port: 53}},
		},
	}, meta.CreateOptions{})
	return ignoreExists(err)
}

func dnsEndpoints(service string, address netip.Addr) *discovery.EndpointSlice {
	return &discovery.EndpointSlice{
		ObjectMeta: meta.ObjectMeta{Name: service, Labels: map[string]string{
			discovery.LabelServiceName: service, discovery.LabelManagedBy: "toygres",
		}},
		AddressType: discovery.AddressTypeIPv4,
		Endpoints:   []discovery.Endpoint{{Addresses: []string{address.String()}, Conditions: discovery.EndpointConditions{Ready: new(true)}}},
		Ports: []discovery.EndpointPort{
			{Name: new("dns"), Protocol: new(core.ProtocolUDP), Port: new(int32(53))},
			{Name: new("dns-tcp"), Protocol: new(core.ProtocolTCP), Port: new(int32(53))},
		},
	}
}

func ignoreExists(err error) error {
	if apierrors.IsAlreadyExists(err) {
		return nil
	}
	return err
}

// usable tells why the cluster can't be used yet.
func (c Config) usable(ctx context.Context, client kubernetes.Interface) error {
	node, err := client.CoreV1().Nodes().Get(ctx, NodeName, meta.GetOptions{})
	if err != nil {
		return err
	}
	ready := "it has no condition Ready"
	for _, condition := range node.Status.Conditions {
		if condition.Type == core.NodeReady {
			ready = condition.Message
			if condition.Status == core.ConditionTrue {
				ready = ""
			}
		}
	}
	if ready != "" {
		return fmt.Errorf("the node is not ready: %s", ready)
	}
	if len(node.Spec.Taints) > 0 {
		return fmt.Errorf("the node has the taint %s", node.Spec.Taints[0].Key)
	}
	if _, err := client.CoreV1().ServiceAccounts(meta.NamespaceDefault).Get(ctx, "default", meta.GetOptions{}); err != nil {
		return err
	}
	addresses, err := c.lookUp(ctx, "kubernetes.default.svc."+Domain+".")
	if err != nil {
		return err
	}
	if len(addresses) != 1 || addresses[0] != c.apiService() {
		return fmt.Errorf("DNS answers %v for the API server", addresses)
	}
	return nil
}

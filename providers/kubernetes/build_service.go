package kubernetes

import (
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	applycore "k8s.io/client-go/applyconfigurations/core/v1"
)

// clientService is the endpoint. It does not wait for the pod's readiness:
// there is no other pod to send clients to, the nodes know the way before the
// server is ready instead of a second after, and a server that recovers can
// say so itself.
func clientService(d desired) *applycore.ServiceApplyConfiguration {
	spec := applycore.ServiceSpec().
		WithType(corev1.ServiceTypeClusterIP).
		WithSelector(selectorOf(d.id)).
		WithPublishNotReadyAddresses(true).
		WithPorts(applycore.ServicePort().WithName(portName).WithProtocol(corev1.ProtocolTCP).
			WithPort(port).WithTargetPort(intstr.FromString(portName)))
	service := applycore.Service(baseName(d.id), d.config.Namespace).WithLabels(d.labelsOf()).WithSpec(spec)
	if d.spec.Public {
		service.WithAnnotations(map[string]string{annotationAzureDNS: d.dnsLabel()})
		// Local keeps the clients' addresses, which pg_hba.conf decides by.
		spec.WithType(corev1.ServiceTypeLoadBalancer).
			WithExternalTrafficPolicy(corev1.ServiceExternalTrafficPolicyLocal).
			WithLoadBalancerSourceRanges(d.spec.AllowedCIDRs...)
	}
	return service
}

// headlessService governs the StatefulSet.
func headlessService(d desired) *applycore.ServiceApplyConfiguration {
	return applycore.Service(headlessName(d.id), d.config.Namespace).WithLabels(d.labelsOf()).WithSpec(
		applycore.ServiceSpec().
			WithType(corev1.ServiceTypeClusterIP).
			WithClusterIP(corev1.ClusterIPNone).
			WithSelector(selectorOf(d.id)).
			WithPublishNotReadyAddresses(true).
			WithPorts(applycore.ServicePort().WithName(portName).WithProtocol(corev1.ProtocolTCP).
				WithPort(port).WithTargetPort(intstr.FromString(portName))))
}

package kubernetes

import (
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	applymeta "k8s.io/client-go/applyconfigurations/meta/v1"
	applynetworking "k8s.io/client-go/applyconfigurations/networking/v1"
	applypolicy "k8s.io/client-go/applyconfigurations/policy/v1"
)

// networkPolicy lets clients reach the server's port and nothing else: from
// the allowed networks, or by default from every pod of the cluster, and for a
// public instance from everywhere; Toygres's own programs always.
func networkPolicy(d desired) *applynetworking.NetworkPolicyApplyConfiguration {
	rule := applynetworking.NetworkPolicyIngressRule().
		WithPorts(applynetworking.NetworkPolicyPort().WithProtocol(corev1.ProtocolTCP).WithPort(intstr.FromInt32(port)))
	networks := d.spec.AllowedCIDRs
	if d.spec.Public && len(networks) == 0 {
		networks = []string{"0.0.0.0/0", "::/0"}
	}
	for _, network := range networks {
		rule.WithFrom(applynetworking.NetworkPolicyPeer().WithIPBlock(applynetworking.IPBlock().WithCIDR(network)))
	}
	if len(d.spec.AllowedCIDRs) == 0 {
		rule.WithFrom(applynetworking.NetworkPolicyPeer().WithNamespaceSelector(applymeta.LabelSelector()))
	} else {
		rule.WithFrom(applynetworking.NetworkPolicyPeer().
			WithNamespaceSelector(applymeta.LabelSelector().WithMatchLabels(map[string]string{labelNamespace: d.config.WorkerNamespace})).
			WithPodSelector(applymeta.LabelSelector().WithMatchLabels(map[string]string{labelName: productName}).
				WithMatchExpressions(applymeta.LabelSelectorRequirement().WithKey(labelComponent).
					WithOperator(metav1.LabelSelectorOpIn).WithValues(apiComponent, workerComponent))))
	}
	return applynetworking.NetworkPolicy(baseName(d.id), d.config.Namespace).WithLabels(d.labelsOf()).WithSpec(
		applynetworking.NetworkPolicySpec().
			WithPodSelector(applymeta.LabelSelector().WithMatchLabels(selectorOf(d.id))).
			WithPolicyTypes(networkingv1.PolicyTypeIngress).
			WithIngress(rule))
}

// podDisruptionBudget says whether the pod may be evicted when its node is
// drained.
func podDisruptionBudget(d desired) *applypolicy.PodDisruptionBudgetApplyConfiguration {
	allowed := int32(1)
	if d.config.BlockEviction {
		allowed = 0
	}
	return applypolicy.PodDisruptionBudget(baseName(d.id), d.config.Namespace).WithLabels(d.labelsOf()).WithSpec(
		applypolicy.PodDisruptionBudgetSpec().
			WithMaxUnavailable(intstr.FromInt32(allowed)).
			WithSelector(applymeta.LabelSelector().WithMatchLabels(selectorOf(d.id))))
}

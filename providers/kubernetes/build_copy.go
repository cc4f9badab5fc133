package kubernetes

import (
	_ "embed"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	applycore "k8s.io/client-go/applyconfigurations/core/v1"
	applymeta "k8s.io/client-go/applyconfigurations/meta/v1"
	applynetworking "k8s.io/client-go/applyconfigurations/networking/v1"

	"github.com/toygres/toygres"
	"github.com/toygres/toygres/providers/kubernetes/copydata"
)

//go:embed scripts/take-over.sh
var takeOverScript string

// A fork's pod has two init containers until its data are there: one of
// Toygres's worker that copies them, one of the server's image that makes them
// its own.
const (
	copyName     = "copy-data"
	takeOverName = "take-over"

	volumeSource = "source"
	dirSource    = "/toygres/source"
)

// copies reports whether the instance begins with the data of another one and
// does not have them yet.
func (d desired) copies() bool { return d.spec.Source != "" && !d.copied }

// connectionName is how the connection over which a fork's data come is known
// to its source.
func connectionName(fork toygres.InstanceID) string { return "toygres fork " + string(fork) }

// withCopy adds to a pod what copies the source's data before the server
// starts. The source's password and CA are mounted from where they are kept, and
// into no container but the one that copies. They may be gone when the pod is
// older than the copy.
func withCopy(pod *applycore.PodSpecApplyConfiguration, d desired) {
	source := applycore.ProjectedVolumeSource().WithDefaultMode(secretMode).WithSources(
		applycore.VolumeProjection().WithSecret(applycore.SecretProjection().
			WithName(superuserName(d.spec.Source)).WithItems(item(keyPassword)).WithOptional(true)),
		applycore.VolumeProjection().WithConfigMap(applycore.ConfigMapProjection().
			WithName(baseName(d.spec.Source)).WithItems(item(keyCA)).WithOptional(true)))
	pod.WithVolumes(applycore.Volume().WithName(volumeSource).WithProjected(source)).
		WithInitContainers(copyContainer(d), takeOverContainer(d))
}

// copyContainer may take what the server gets later: they never run at the same
// time.
func copyContainer(d desired) *applycore.ContainerApplyConfiguration {
	job := copydata.Job{
		From: d.source, Name: connectionName(d.id), PasswordFile: dirSource + "/" + keyPassword, CAFile: dirSource + "/" + keyCA,
		Own: dirPassword + "/" + keyPassword, Data: pgdata,
	}
	return initContainer(d, copyName, d.config.CopyImage).
		WithArgs(job.Arguments()...).
		WithVolumeMounts(
			mount(volumeData, dirData),
			mount(volumeSource, dirSource).WithReadOnly(true),
			mount("password", dirPassword).WithReadOnly(true),
		)
}

func takeOverContainer(d desired) *applycore.ContainerApplyConfiguration {
	args := []string{}
	for _, setting := range []string{
		"config_file=" + dirConfig + "/" + keySettings, "logging_collector=off", "log_destination=stderr", "lc_messages=C",
		"exit_on_error=on", "log_statement=none", "log_min_error_statement=panic", "default_transaction_read_only=off", "synchronous_commit=on",
	} {
		args = append(args, "-c", setting)
	}
	return initContainer(d, takeOverName, d.image).
		WithCommand("sh", "-c", takeOverScript, takeOverName).
		WithArgs(append(args, defaultDatabase)...).
		WithEnv(variable("PGDATA", pgdata)).
		WithVolumeMounts(
			mount(volumeData, dirData),
			mount("config", dirConfig).WithReadOnly(true),
			mount("tmp", "/tmp"),
			mount("sockets", dirSockets),
			mount("shm", "/dev/shm"),
		)
}

func initContainer(d desired, name, image string) *applycore.ContainerApplyConfiguration {
	return applycore.Container().
		WithName(name).
		WithImage(image).
		WithImagePullPolicy(corev1.PullIfNotPresent).
		WithResources(applycore.ResourceRequirements().
			WithRequests(resources(d.spec, d.config.ReservedCPUPercent)).WithLimits(resources(d.spec, 100))).
		WithSecurityContext(confined()).
		WithTerminationMessagePolicy(corev1.TerminationMessageFallbackToLogsOnError)
}

// copyPolicy lets the fork's pod reach the source's server, also where that lets
// only some networks in. It adds to what the source's own policy allows.
func copyPolicy(d desired) *applynetworking.NetworkPolicyApplyConfiguration {
	return applynetworking.NetworkPolicy(copyPolicyName(d.id), d.config.Namespace).WithLabels(d.labelsOf()).WithSpec(
		applynetworking.NetworkPolicySpec().
			WithPodSelector(applymeta.LabelSelector().WithMatchLabels(selectorOf(d.spec.Source))).
			WithPolicyTypes(networkingv1.PolicyTypeIngress).
			WithIngress(applynetworking.NetworkPolicyIngressRule().
				WithPorts(applynetworking.NetworkPolicyPort().WithProtocol(corev1.ProtocolTCP).WithPort(intstr.FromInt32(port))).
				WithFrom(applynetworking.NetworkPolicyPeer().
					WithPodSelector(applymeta.LabelSelector().WithMatchLabels(selectorOf(d.id))))))
}

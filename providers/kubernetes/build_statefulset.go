package kubernetes

import (
	_ "embed"
	"maps"
	"strconv"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/util/intstr"
	applyapps "k8s.io/client-go/applyconfigurations/apps/v1"
	applycore "k8s.io/client-go/applyconfigurations/core/v1"
	applymeta "k8s.io/client-go/applyconfigurations/meta/v1"

	"github.com/toygres/toygres"
)

// What runs in the pod beside PostgreSQL itself, by the shell of the image.
var (
	//go:embed scripts/start.sh
	startScript string
	//go:embed scripts/ready.sh
	readyScript string
	//go:embed scripts/stop.sh
	stopScript string
)

const (
	// postgresUser is user and group of the official image.
	postgresUser = 999

	// The kubelet makes Secrets readable for the pod's group; PostgreSQL takes
	// a key that belongs to root when its own group may only read it.
	secretMode = 0o440

	// stopGrace, in seconds, is how long a server may take to write its data.
	// What it has not written by then it recovers from the log.
	stopGrace = 120

	// startPatience, in seconds, is how long making the data directory and
	// opening the port may take. Recovery comes after that.
	startPatience = 900
)

// statefulSet runs the server. Its selector, its service's name and its volume
// claim can't change while it exists: once the storage has grown, it is the
// claim that it has made, and not its template, that says how much there is.
func statefulSet(d desired) *applyapps.StatefulSetApplyConfiguration {
	replicas := int32(0)
	if d.running {
		replicas = 1
	}
	annotations := map[string]string{annotationContainer: containerName, annotationSize: sizeMark(d.spec.Size())}
	if d.restart != "" {
		annotations[annotationRestart] = d.restart
	}
	storage := d.storage()
	if d.claimed != nil {
		storage = *d.claimed
	}
	labels := d.labelsOf()
	labels[labelVersion] = strconv.Itoa(d.spec.Version)
	// Not made by its constructor, which names a kind and a namespace: the
	// claim gets those from the StatefulSet.
	claim := new(applycore.PersistentVolumeClaimApplyConfiguration).WithName(volumeData).WithSpec(
		applycore.PersistentVolumeClaimSpec().
			WithAccessModes(corev1.ReadWriteOnce).
			WithResources(applycore.VolumeResourceRequirements().WithRequests(corev1.ResourceList{
				corev1.ResourceStorage: storage,
			})))
	if d.storageClass != "" {
		claim.Spec.WithStorageClassName(d.storageClass)
	}
	return applyapps.StatefulSet(baseName(d.id), d.config.Namespace).
		WithLabels(labels).
		WithAnnotations(d.recordedOn()).
		WithSpec(applyapps.StatefulSetSpec().
			WithReplicas(replicas).
			WithServiceName(headlessName(d.id)).
			WithSelector(applymeta.LabelSelector().WithMatchLabels(selectorOf(d.id))).
			WithPodManagementPolicy(appsv1.ParallelPodManagement). // else a broken pod could not be replaced
			WithUpdateStrategy(applyapps.StatefulSetUpdateStrategy().WithType(appsv1.OnDeleteStatefulSetStrategyType)).
			WithRevisionHistoryLimit(1).
			WithPersistentVolumeClaimRetentionPolicy(applyapps.StatefulSetPersistentVolumeClaimRetentionPolicy().
				WithWhenDeleted(appsv1.RetainPersistentVolumeClaimRetentionPolicyType). // by somebody else's hand; Delete removes it itself
				WithWhenScaled(appsv1.RetainPersistentVolumeClaimRetentionPolicyType)).
			WithVolumeClaimTemplates(claim).
			WithTemplate(applycore.PodTemplateSpec().
				WithLabels(labels).
				WithAnnotations(annotations).
				WithSpec(podSpec(d))))
}

func podSpec(d desired) *applycore.PodSpecApplyConfiguration {
	pod := applycore.PodSpec().
		WithAutomountServiceAccountToken(false).
		WithEnableServiceLinks(false).
		WithTerminationGracePeriodSeconds(stopGrace).
		WithSecurityContext(applycore.PodSecurityContext().
			WithRunAsNonRoot(true).WithRunAsUser(postgresUser).WithRunAsGroup(postgresUser).
			WithFSGroup(postgresUser).WithFSGroupChangePolicy(corev1.FSGroupChangeOnRootMismatch).
			WithSeccompProfile(applycore.SeccompProfile().WithType(corev1.SeccompProfileTypeRuntimeDefault))).
		WithContainers(container(d)).
		WithVolumes(
			applycore.Volume().WithName("config").WithConfigMap(applycore.ConfigMapVolumeSource().WithName(baseName(d.id)).
				WithItems(item(keySettings), item(keyAccess))),
			applycore.Volume().WithName("password").WithSecret(applycore.SecretVolumeSource().WithSecretName(superuserName(d.id)).
				WithDefaultMode(secretMode).WithItems(item(keyPassword))),
			applycore.Volume().WithName("tls").WithSecret(applycore.SecretVolumeSource().WithSecretName(tlsName(d.id)).
				WithDefaultMode(secretMode).WithItems(item(keyCertificate), item(keyPrivate))),
			scratch("tmp"),
			scratch("sockets"),
			// The default of 64 MiB is too little for parallel queries. What is
			// in it counts as the container's memory.
			applycore.Volume().WithName("shm").WithEmptyDir(applycore.EmptyDirVolumeSource().WithMedium(corev1.StorageMediumMemory).
				WithSizeLimit(mebibytes(d.spec.MemoryMiB/2))),
		)
	if len(d.config.NodeSelector) > 0 {
		pod.WithNodeSelector(maps.Clone(d.config.NodeSelector))
	}
	for _, t := range d.config.Tolerations {
		pod.WithTolerations(toleration(t))
	}
	for _, name := range d.config.PullSecrets {
		pod.WithImagePullSecrets(applycore.LocalObjectReference().WithName(name))
	}
	if d.config.VolumePermissions {
		pod.WithInitContainers(volumePermissions(d))
	}
	if d.copies() {
		withCopy(pod, d)
	}
	return pod
}

func container(d desired) *applycore.ContainerApplyConfiguration {
	size, reserved := resources(d.spec, 100), resources(d.spec, d.config.ReservedCPUPercent)
	open := applycore.TCPSocketAction().WithPort(intstr.FromString(portName))
	return applycore.Container().
		WithName(containerName).
		WithImage(d.image).
		WithImagePullPolicy(corev1.PullIfNotPresent).
		WithCommand("sh", "-c", startScript, "start").
		WithArgs(append([]string{"postgres"}, arguments()...)...).
		WithEnv(
			variable("PGDATA", pgdata),
			variable("POSTGRES_USER", superuser),
			variable("POSTGRES_DB", defaultDatabase),
			variable("POSTGRES_PASSWORD_FILE", dirPassword+"/"+keyPassword),
			variable("POSTGRES_INITDB_ARGS", "--encoding=UTF8 --data-checksums"),
		).
		WithPorts(applycore.ContainerPort().WithName(portName).WithContainerPort(port).WithProtocol(corev1.ProtocolTCP)).
		WithResources(applycore.ResourceRequirements().WithRequests(reserved).WithLimits(size)).
		WithSecurityContext(confined()).
		WithTerminationMessagePolicy(corev1.TerminationMessageFallbackToLogsOnError).
		// The port is closed until the data directory is complete: images make
		// it with a server that listens on a Unix socket alone. Only then
		// postmaster.pid, by which readiness is told, is this server's.
		WithStartupProbe(applycore.Probe().WithTCPSocket(open).WithPeriodSeconds(1).WithTimeoutSeconds(1).WithFailureThreshold(startPatience)).
		WithReadinessProbe(applycore.Probe().WithExec(shell(readyScript)).WithPeriodSeconds(1).WithTimeoutSeconds(5).WithFailureThreshold(3)).
		// An open port is enough to be left alive: recovery may take long.
		WithLivenessProbe(applycore.Probe().WithTCPSocket(open).WithPeriodSeconds(10).WithTimeoutSeconds(5).WithFailureThreshold(6)).
		WithLifecycle(applycore.Lifecycle().WithPreStop(applycore.LifecycleHandler().WithExec(shell(stopScript)))).
		WithVolumeMounts(
			mount(volumeData, dirData),
			mount("config", dirConfig).WithReadOnly(true),
			mount("password", dirPassword).WithReadOnly(true),
			mount("tls", dirTLS).WithReadOnly(true),
			mount("tmp", "/tmp"),
			mount("sockets", dirSockets),
			mount("shm", "/dev/shm"),
		)
}

// confined is for what needs no right of its own.
func confined() *applycore.SecurityContextApplyConfiguration {
	return applycore.SecurityContext().
		WithAllowPrivilegeEscalation(false).
		WithReadOnlyRootFilesystem(true).
		WithCapabilities(applycore.Capabilities().WithDrop("ALL"))
}

// resources are an instance's memory and a part of its CPU.
func resources(spec toygres.Spec, percentCPU int) corev1.ResourceList {
	return corev1.ResourceList{
		corev1.ResourceCPU:    *resource.NewMilliQuantity(int64(spec.CPUMillis*percentCPU/100), resource.DecimalSI),
		corev1.ResourceMemory: mebibytes(spec.MemoryMiB),
	}
}

// volumePermissions gives the volume to PostgreSQL's user.
func volumePermissions(d desired) *applycore.ContainerApplyConfiguration {
	little := corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("100m"), corev1.ResourceMemory: mebibytes(64)}
	owner := strconv.Itoa(postgresUser)
	return applycore.Container().
		WithName("volume-permissions").
		WithImage(d.image).
		WithImagePullPolicy(corev1.PullIfNotPresent).
		WithCommand("chown", owner+":"+owner, dirData).
		WithResources(applycore.ResourceRequirements().WithRequests(little).WithLimits(little)).
		WithTerminationMessagePolicy(corev1.TerminationMessageFallbackToLogsOnError).
		WithSecurityContext(applycore.SecurityContext().
			WithRunAsNonRoot(false).WithRunAsUser(0).WithRunAsGroup(0).
			WithAllowPrivilegeEscalation(false).
			WithReadOnlyRootFilesystem(true).
			WithCapabilities(applycore.Capabilities().WithDrop("ALL").WithAdd("CHOWN"))).
		WithVolumeMounts(mount(volumeData, dirData))
}

func shell(script string) *applycore.ExecActionApplyConfiguration {
	return applycore.ExecAction().WithCommand("sh", "-c", script)
}

func mount(volume, path string) *applycore.VolumeMountApplyConfiguration {
	return applycore.VolumeMount().WithName(volume).WithMountPath(path)
}

func scratch(name string) *applycore.VolumeApplyConfiguration {
	return applycore.Volume().WithName(name).WithEmptyDir(applycore.EmptyDirVolumeSource())
}

func variable(name, value string) *applycore.EnvVarApplyConfiguration {
	return applycore.EnvVar().WithName(name).WithValue(value)
}

func item(key string) *applycore.KeyToPathApplyConfiguration {
	return applycore.KeyToPath().WithKey(key).WithPath(key)
}

func mebibytes(n int) resource.Quantity {
	return *resource.NewQuantity(int64(n)<<20, resource.BinarySI)
}

func toleration(t corev1.Toleration) *applycore.TolerationApplyConfiguration {
	a := applycore.Toleration().WithOperator(t.Operator)
	if t.Key != "" {
		a.WithKey(t.Key)
	}
	if t.Value != "" {
		a.WithValue(t.Value)
	}
	if t.Effect != "" {
		a.WithEffect(t.Effect)
	}
	if t.TolerationSeconds != nil {
		a.WithTolerationSeconds(*t.TolerationSeconds)
	}
	return a
}

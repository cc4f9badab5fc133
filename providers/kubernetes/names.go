package kubernetes

import (
	"maps"
	"regexp"
	"strings"

	"github.com/toygres/toygres"
)

// fieldManager owns the fields that we apply.
const fieldManager = "toygres"

// Labels. The first is on everything of an instance, also on what Kubernetes
// makes for it.
const (
	labelID        = "toygres.io/instance-id"
	labelName      = "app.kubernetes.io/name"
	labelInstance  = "app.kubernetes.io/instance"
	labelVersion   = "app.kubernetes.io/version"
	labelComponent = "app.kubernetes.io/component"
	labelPartOf    = "app.kubernetes.io/part-of"
	labelManagedBy = "app.kubernetes.io/managed-by"
	labelNamespace = "kubernetes.io/metadata.name" // which every namespace has
)

const (
	productName       = "toygres"
	databaseName      = "postgresql"
	databaseComponent = "database"
	apiComponent      = "api" // the components that connect to instances
	workerComponent   = "worker"
)

// Annotations. Spec, storage class and whether a fork has its data are on record
// and StatefulSet, the restart on the record and on pods and their template, the size on those two
// only, the rotation on the Secret of the certificate, the others on the record
// alone.
const (
	annotationSpec         = "toygres.io/spec"
	annotationStorageClass = "toygres.io/storage-class"
	annotationCopied       = "toygres.io/copied"
	annotationWants        = "toygres.io/wants"
	annotationDeleting     = "toygres.io/deleting"
	annotationRestart      = "toygres.io/restart"
	annotationSize         = "toygres.io/size"
	annotationRotation     = "toygres.io/rotation"

	annotationConfiguration = "toygres.io/configuration" // on pods, so that they change with it

	annotationContainer = "kubectl.kubernetes.io/default-container"
	annotationAzureDNS  = "service.beta.kubernetes.io/azure-dns-label-name"
	annotationNode      = "volume.kubernetes.io/selected-node" // on a claim, by the scheduler
)

// What annotationWants may say.
const (
	wantsRunning = "running"
	wantsStopped = "stopped"
)

// Keys of ConfigMaps and Secrets.
const (
	keySettings     = "postgresql.conf"
	keyAccess       = "pg_hba.conf"
	keyUser         = "username"
	keyPassword     = "password"
	keyNextPassword = "next-password"
	keyDatabase     = "database"
	keyCertificate  = "tls.crt"
	keyPrivate      = "tls.key"
	keyCA           = "ca.crt"
)

// containerName is the server's container; volumeData is the volume with its
// data, after which its claim is named.
const (
	containerName = "postgres"
	volumeData    = "data"
	portName      = "postgres"
)

// identity is what an instance id looks like. Nothing else gets into a name or
// selector.
var identity = regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)

// Objects are named after the id and not after the instance's name, which may
// begin with a digit (Services may not) and may be given to another instance.
const prefix = "pg-"

func baseName(id toygres.InstanceID) string       { return prefix + string(id) }
func superuserName(id toygres.InstanceID) string  { return baseName(id) + "-superuser" }
func tlsName(id toygres.InstanceID) string        { return baseName(id) + "-tls" }
func headlessName(id toygres.InstanceID) string   { return baseName(id) + "-headless" }
func copyPolicyName(id toygres.InstanceID) string { return baseName(id) + "-copy" }
func podName(id toygres.InstanceID) string        { return baseName(id) + "-0" }
func claimName(id toygres.InstanceID) string      { return volumeData + "-" + podName(id) }

// idOf returns the instance to which an object of this name belongs.
func idOf(objectName string) (toygres.InstanceID, bool) {
	rest, ours := strings.CutPrefix(strings.TrimPrefix(objectName, volumeData+"-"), prefix)
	if !ours || len(rest) < 36 || !identity.MatchString(rest[:36]) {
		return "", false
	}
	return toygres.InstanceID(rest[:36]), true
}

// selectorOf selects an instance's pod, and by what StatefulSets do its claim.
func selectorOf(id toygres.InstanceID) map[string]string {
	return map[string]string{labelID: string(id), labelName: databaseName}
}

// labelsOf are the labels of everything that we make for an instance.
func (d desired) labelsOf() map[string]string {
	labels := map[string]string{
		labelInstance:  d.spec.Name,
		labelComponent: databaseComponent,
		labelPartOf:    productName,
		labelManagedBy: productName,
	}
	maps.Copy(labels, selectorOf(d.id))
	return labels
}

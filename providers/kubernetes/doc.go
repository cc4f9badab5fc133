// Package kubernetes is the provider that runs PostgreSQL servers as pods of a
// Kubernetes cluster, all in one namespace.
//
// An instance is one object of each of these, named after its id and found by
// the label toygres.io/instance-id:
//
//	ConfigMap      the record: what was asked and whether it should run (as
//	               annotations), the server's configuration and the CA
//	Secret         -superuser: the password; immutable, and replaced when that is changed
//	Secret         -tls: certificate and key of the server; while the password is changed, the next one
//	Service        the endpoint, and -headless, which StatefulSets ask for
//	NetworkPolicy  who may connect, as pg_hba.conf says it, too
//	PodDisruptionBudget
//	StatefulSet    one replica, or none when it is stopped; a volume claim
//	NetworkPolicy  -copy: that a fork's pod may reach its source; only while it copies
//
// Nothing is kept in memory and nobody leads: any number of processes work on
// one namespace. The record comes first and goes last, so whatever a crash
// leaves is found by List and finished by Provision, Delete or
// [Provider.Keep]. Everything else follows from the record, by server-side
// apply with the field manager "toygres": applied twice it changes nothing,
// and what somebody has edited or deleted comes back. What can't follow from
// the record exists twice: the password is in both Secrets, what was asked
// also in the StatefulSet's annotations.
//
// A change of a pod's template, as a new version of Toygres may bring for
// every instance, waits until the pod is made anew (updateStrategy OnDelete):
// an upgrade of Toygres restarts no database. [Provider.Restart] ends the pod
// that is older than the restart in the record, [Provider.Resize] the one that
// has another size; [Provider.Keep] does so where they were killed. Two more are
// replaced by Keep alone: one that isn't ready and has an outdated template, and
// one that was started before its certificate was renewed, four months before
// the old one expires. Certificates are valid for a year.
//
// The pod of a fork copies the data before its server starts, in init containers;
// see copydata and scripts/take-over.sh. Once it has them the record says so, and
// nothing of the copy is in the template any more. The pod stays as it is.
//
// A StatefulSet's claim template can't change. When storage grows, the claim
// itself is changed, first of all, because that is what the cluster may refuse;
// the template stays as it was when the StatefulSet was made.
//
// # When an instance has failed
//
// [toygres.PhaseFailed] is for what will not mend by waiting:
//
//   - an image name that is none, or an image that may not be pulled and is missing: at once;
//   - a pod that no node has room for, an image that can't be pulled, a
//     container that can't be made, a pod that may not be made (a quota), a
//     volume that can't be provisioned or is not: after Config.Patience, because
//     autoscalers, registries and people may help meanwhile;
//   - a server that ended within a minute, six times or more, and waits for its
//     next restart.
//
// A volume that can't be attached or mounted is only reported: clouds need
// minutes to detach a disk from a lost node.
//
// # What it relies on
//
// Images keep the contract of the official image postgres:<major>, of which it
// needs little: a shell, and docker-entrypoint.sh with POSTGRES_PASSWORD_FILE,
// PGDATA and POSTGRES_INITDB_ARGS; without that script, initdb and postgres.
// NetworkPolicies are only as good as the cluster's network plugin.
//
// The superuser of an instance can run programs in its pod: with no token, no
// capability and a read-only root file system, it reaches what its network
// lets it.
package kubernetes

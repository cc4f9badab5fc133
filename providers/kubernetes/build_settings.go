package kubernetes

import (
	"fmt"
	"strconv"
	"strings"

	applycore "k8s.io/client-go/applyconfigurations/core/v1"

	"github.com/toygres/toygres"
)

// Where things are in the pod. Data lies below the volume's root, which may
// hold a lost+found, and away from /var/lib/postgresql, over which images that
// declare it as a volume would get an empty one.
const (
	dirData     = "/toygres/data"
	dirConfig   = "/toygres/config"
	dirPassword = "/toygres/password"
	dirTLS      = "/toygres/tls"
	dirSockets  = "/var/run/postgresql"
	pgdata      = dirData + "/pgdata"
)

// Of pg_durable's background worker: who it is, where it keeps its state and
// how many connections it needs beyond those of clients.
const (
	durableRole        = superuser
	durableMembers     = "toygres_durable" // role whose members it may sign in as, to run what they have started
	durableDatabase    = defaultDatabase
	durableConnections = 28
)

// settings returns postgresql.conf for an instance of this size. PostgreSQL's
// own file from initdb comes first, ours overrides it, in which what the user
// has set comes last, and ALTER SYSTEM
// overrides both, except for what [arguments] fixes.
func settings(d desired) string {
	memory := d.spec.MemoryMiB
	cores := max(1, d.spec.CPUMillis/1000)
	connections := clamp(memory/8, 25, 500)
	lines := []string{
		"# Written by Toygres. Changes are lost; use ALTER SYSTEM.",
		"include_if_exists = '" + pgdata + "/postgresql.conf'",
		"cluster_name = '" + d.spec.Name + "'",
		"password_encryption = 'scram-sha-256'",
	}
	add := func(format string, args ...any) { lines = append(lines, fmt.Sprintf(format, args...)) }
	if d.spec.ImageType == toygres.ImagePgDurable {
		// Each calling session takes a connection of the worker, too.
		add("max_connections = %d", 2*connections+durableConnections)
		add("shared_preload_libraries = 'pg_durable'")
		add("pg_durable.worker_role = '%s'", durableRole)
		add("pg_durable.database = '%s'", durableDatabase)
	} else {
		add("max_connections = %d", connections)
	}
	add("shared_buffers = '%dMB'", clamp(memory/4, 16, 8192))
	add("effective_cache_size = '%dMB'", max(64, memory*3/4))
	add("maintenance_work_mem = '%dMB'", clamp(memory/16, 16, 2048))
	add("work_mem = '%dkB'", clamp(memory*1024/4/connections, 1024, 65536))
	add("max_parallel_workers = %d", cores)
	add("max_parallel_workers_per_gather = %d", clamp(cores/2, 0, 4))
	add("max_parallel_maintenance_workers = %d", clamp(cores/2, 0, 4))
	add("min_wal_size = '80MB'")
	add("max_wal_size = '%dMB'", clamp(d.spec.StorageGiB*1024/10, 160, 4096))
	return strings.Join(lines, "\n") + "\n" + d.spec.Configuration().Lines()
}

// arguments are the settings that nobody may change, because we rely on them:
// where clients, probes and the image's own script find the server, who gets
// in, and where messages go.
func arguments() []string {
	var args []string
	for _, s := range [][2]string{
		{"config_file", dirConfig + "/" + keySettings},
		{"hba_file", dirConfig + "/" + keyAccess},
		{"listen_addresses", "*"},
		{"port", strconv.Itoa(port)},
		{"unix_socket_directories", dirSockets},
		{"ssl", "on"},
		{"ssl_cert_file", dirTLS + "/" + keyCertificate},
		{"ssl_key_file", dirTLS + "/" + keyPrivate},
		{"logging_collector", "off"},
		{"log_destination", "stderr"},
		{"lc_messages", "C"},
	} {
		args = append(args, "-c", s[0]+"="+s[1])
	}
	return args
}

// accessRules returns pg_hba.conf. Everybody needs a password, but for
// pg_durable's worker on the loopback interface of its own pod, which signs in
// as itself and as the roles whose functions it runs; from outside of
// the cluster, TLS as well. When only some networks are let in, Toygres itself
// still is, as superuser: it has to test connections, and the NetworkPolicy
// keeps others of its network out.
func accessRules(d desired) string {
	rules := []string{"# Written by Toygres. Changes are lost.", "local all all scram-sha-256"}
	add := func(format string, args ...any) { rules = append(rules, fmt.Sprintf(format, args...)) }
	if d.spec.ImageType == toygres.ImagePgDurable {
		for _, loopback := range []string{"127.0.0.1/32", "::1/128"} {
			add("host all %s,+%s %s trust", durableRole, durableMembers, loopback)
		}
	}
	kind := "host"
	if d.spec.Public {
		kind = "hostssl"
	}
	from := d.spec.AllowedCIDRs
	if len(from) == 0 {
		from = []string{"all"}
	} else {
		for _, network := range d.config.OperatorCIDRs {
			add("hostssl all %s %s scram-sha-256", superuser, network)
		}
	}
	for _, network := range from {
		add("%s all all %s scram-sha-256", kind, network)
		add("%s replication all %s scram-sha-256", kind, network)
	}
	return strings.Join(rules, "\n") + "\n"
}

// configMap is the record of the instance with what follows from it. It says
// nothing about annotationWants and annotationDeleting, which change by
// themselves.
func configMap(d desired, ca string) *applycore.ConfigMapApplyConfiguration {
	return applycore.ConfigMap(baseName(d.id), d.config.Namespace).
		WithLabels(d.labelsOf()).
		WithAnnotations(d.recordedOn()).
		WithData(map[string]string{keySettings: settings(d), keyAccess: accessRules(d), keyCA: ca})
}

// recordedOn are the annotations that keep what was asked.
func (d desired) recordedOn() map[string]string {
	annotations := map[string]string{annotationSpec: d.recorded}
	if d.storageClass != "" {
		annotations[annotationStorageClass] = d.storageClass
	}
	if d.copied {
		annotations[annotationCopied] = "true"
	}
	return annotations
}

func clamp(v, low, high int) int { return min(max(v, low), high) }

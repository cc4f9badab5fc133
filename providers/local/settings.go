package local

import (
	"fmt"
	"strconv"
)

// Our configuration lies outside the data directory: it belongs to us, while
// an instance's superuser can change whatever the server can. PostgreSQL's own
// file from initdb comes first, ours overrides it, and ALTER SYSTEM overrides
// both, except for what [arguments] fixes.

// accessRules ask for a password on every connection, and let in who comes
// from an allowed network, or from anywhere when none is named. This machine
// is always allowed: its programs, ours among them, are what the provider is
// for.
func accessRules(s record) string {
	rules := "# Written by Toygres before each start. Changes are lost.\nlocal all all scram-sha-256\n"
	from := []string{"all"}
	if len(s.Allowed) > 0 {
		from = append([]string{"samehost"}, s.Allowed...)
	}
	for _, network := range from {
		for _, what := range []string{"all", "replication"} {
			rules += fmt.Sprintf("host %s all %s scram-sha-256\n", what, network)
		}
	}
	return rules
}

// settings returns postgresql.conf for an instance of this size. What its user
// has set goes before what follows from that.
func settings(s record) string {
	memory := s.MemoryMiB
	cores := max(1, s.CPUMillis/1000)
	connections := clamp(memory/8, 25, 500)
	// PostgreSQL takes memory for its buffers as it uses them; the cap leaves
	// the rest to the page cache, which many small instances share well.
	buffers := clamp(memory/4, 16, 8192)
	return fmt.Sprintf(`# Written by Toygres before each start. Changes are lost; use ALTER SYSTEM.
include_if_exists = '../data/postgresql.conf'
cluster_name = '%s'
password_encryption = 'scram-sha-256'
max_connections = %d
shared_buffers = '%dMB'
effective_cache_size = '%dMB'
maintenance_work_mem = '%dMB'
work_mem = '%dkB'
max_parallel_workers = %d
max_parallel_workers_per_gather = %d
max_parallel_maintenance_workers = %d
min_wal_size = '80MB'
max_wal_size = '%dMB'
%s`, s.Name, connections, buffers, max(64, memory*3/4), clamp(memory/16, 16, 2048),
		clamp(memory*1024/4/connections, 1024, 65536),
		cores, clamp(cores/2, 0, 4), clamp(cores/2, 0, 4),
		clamp(s.StorageGiB*1024/10, 160, 4096),
		s.spec().Configuration().Lines())
}

// arguments are the settings that nobody may change, because we rely on them:
// the endpoint, who gets in, and where messages go. No Unix-domain socket: its
// path may have 107 bytes only, and clients come by the endpoint.
func (p *Provider) arguments(d directory, r record) []string {
	var args []string
	for _, s := range [][2]string{
		{"config_file", d.file("config/postgresql.conf")},
		{"hba_file", d.file("config/pg_hba.conf")},
		{"listen_addresses", p.config.Host},
		{"port", strconv.Itoa(r.Port)},
		{"unix_socket_directories", ""},
		{"logging_collector", "off"},
		{"log_destination", "stderr"},
		{"log_line_prefix", logPrefix},
		{"log_timezone", "UTC"},
		{"lc_messages", "C"},
	} {
		args = append(args, "-c", s[0]+"="+s[1])
	}
	return append([]string{"-D", d.data()}, args...)
}

// configure writes our configuration files.
func (d directory) configure(r record) error {
	if err := makeDir(d.file("config"), 0o755); err != nil {
		return err
	}
	if err := writeFile(d.file("config/postgresql.conf"), []byte(settings(r)), 0o644, false); err != nil {
		return err
	}
	return writeFile(d.file("config/pg_hba.conf"), []byte(accessRules(r)), 0o644, false)
}

func clamp(v, low, high int) int { return min(max(v, low), high) }

package cluster_test

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// machine is everything of this machine that a cluster might change, one line per thing.
func machine(t *testing.T) map[string]bool {
	t.Helper()
	seen := map[string]bool{}
	add := func(kind, text string) {
		for line := range strings.Lines(text) {
			seen[kind+" "+strings.TrimSpace(line)] = true
		}
	}
	for kind, command := range map[string]string{
		// Names and addresses only: counters and ages change by themselves.
		"interface": "ip -o address show | awk '{print $2, $4}'",
		"link":      "ip -o link show | cut -d: -f2",
		"route":     "ip route show table all | grep -v ' expires '",
		"rule":      "ip rule",
		"nft":       "nft list ruleset",
		"netns":     "ls /run/netns 2>/dev/null || true",
		"mount":     "cut -d' ' -f1-5 /proc/self/mounts",
		"directory": "ls -d /var/lib/kubelet /var/lib/containerd /var/lib/cni /run/containerd /etc/cni /var/log/pods /var/log/containers /opt/cni /opt/containerd /usr/libexec/kubernetes 2>/dev/null || true",
	} {
		out, err := exec.Command("/bin/sh", "-c", command).Output()
		require.NoError(t, err, command)
		add(kind, string(out))
	}
	require.NoError(t, filepath.WalkDir("/sys/fs/cgroup", func(path string, entry fs.DirEntry, err error) error {
		if err == nil && entry.IsDir() {
			add("cgroup", path)
		}
		return nil // it may just have gone
	}))
	require.NoError(t, filepath.WalkDir("/proc/sys", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || counts(path) {
			return nil //nolint:nilerr // others' interfaces come and go
		}
		if value, err := os.ReadFile(path); err == nil {
			add("sysctl", path+" = "+strings.Join(strings.Fields(string(value)), " "))
		}
		return nil
	}))
	return seen
}

// counts tells whether a file of /proc/sys changes by itself.
func counts(path string) bool {
	for _, part := range []string{"/random/", "dentry-state", "inode-", "file-nr", "ns_last_pid", "aio-nr", "nf_conntrack_count", "/fs/quota/", "/neigh/", "pty/nr", "sched_domain"} {
		if strings.Contains(path, part) {
			return true
		}
	}
	return false
}

// clusterProcesses are those whose command line or files say that they belong to the cluster in this directory, or that
// are a container's.
func clusterProcesses(t *testing.T, state string) []string {
	t.Helper()
	dirs, err := filepath.Glob("/proc/[0-9]*")
	require.NoError(t, err)
	var found []string
	for _, dir := range dirs {
		mounts, err := os.ReadFile(filepath.Join(dir, "mountinfo"))
		if err != nil {
			continue // it has ended
		}
		command, _ := os.ReadFile(filepath.Join(dir, "cmdline"))
		line := strings.ReplaceAll(string(command), "\x00", " ")
		if strings.Contains(string(mounts), state) || strings.Contains(line, state) {
			if dir != "/proc/"+self && !strings.Contains(line, "reaper") {
				found = append(found, filepath.Base(dir)+" "+line)
			}
		}
	}
	return found
}

// difference lists what is in one and not in the other. It leaves out other clusters, which may start or end meanwhile,
// but nothing that has one of our names in it.
func difference(before, after map[string]bool, ours ...string) []string {
	var lines []string
	add := func(what string, from, to map[string]bool) {
		for line := range from {
			others := strings.Contains(line, "toygres-") && !slices.ContainsFunc(ours, func(name string) bool { return strings.Contains(line, name) })
			if !to[line] && !others {
				lines = append(lines, what+": "+line)
			}
		}
	}
	add("gone", before, after)
	add("new", after, before)
	return lines
}

package cluster

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// Status is what a cluster looks like from the host.
type Status struct {
	Running    bool               `json:"running"`
	API        string             `json:"api"` // URL
	Kubeconfig string             `json:"kubeconfig"`
	Containerd string             `json:"containerd"` // socket
	Logs       string             `json:"logs"`       // directory
	Host       string             `json:"host"`       // address at which pods reach the host
	Network    string             `json:"network"`    // all of the cluster's addresses
	Node       Process            `json:"node"`
	Programs   map[string]Process `json:"programs"`
	RSS        int64              `json:"rss"` // of all processes, containers' too, in bytes
}

// Process is one of the cluster's.
type Process struct {
	PID      int   `json:"pid"` // on the host
	RSS      int64 `json:"rss"` // bytes
	Restarts int   `json:"restarts"`
}

// GetStatus looks at the cluster in a state directory. The error is fs.ErrNotExist if there is none.
func GetStatus(state string) (Status, error) {
	c, err := Load(state)
	if err != nil {
		return Status{}, err
	}
	status := Status{
		API: c.apiURL(), Kubeconfig: c.Kubeconfig(), Containerd: c.containerd(), Logs: c.path("log"),
		Host: c.HostAddress().String(), Network: c.Network.String(), Programs: map[string]Process{},
	}
	process, pidfd, running, err := c.openNode()
	if err != nil || !running {
		return status, err
	}
	defer func() { _ = unix.Close(pidfd) }()
	status.Running = true

	content, err := os.ReadFile(c.path("processes.json"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) { // it has only just been started
		return status, err
	}
	var told processes
	if len(content) > 0 {
		if err := json.Unmarshal(content, &told); err != nil {
			return status, err
		}
	}
	inside, err := processesOf(process.PID)
	if err != nil {
		return status, err
	}
	for _, p := range inside {
		status.RSS += p.RSS
	}
	status.Node = inside[1]
	for name, pid := range told.PIDs {
		p := inside[pid]
		p.Restarts = told.Restarts[name]
		status.Programs[name] = p
	}
	return status, nil
}

// processesOf finds the first process of a PID namespace and all its descendants, by their PIDs there. As the first
// one inherits orphans, that is all of the namespace, and those of the containers' namespaces below.
func processesOf(first int) (map[int]Process, error) {
	dirs, err := filepath.Glob("/proc/[0-9]*")
	if err != nil {
		return nil, err
	}
	type entry struct {
		Process
		parent, inner int
	}
	all := map[int]entry{}
	depth := 0 // of the namespace, below that of our own /proc
	for _, dir := range dirs {
		file, err := os.Open(filepath.Join(dir, "status"))
		if err != nil {
			continue // it has ended
		}
		var e entry
		lines := bufio.NewScanner(file)
		var pids []string // in every namespace, from ours on down
		for lines.Scan() {
			name, value, _ := strings.Cut(lines.Text(), ":")
			fields := strings.Fields(value)
			switch {
			case name == "NSpid":
				pids = fields
			case name == "PPid" && len(fields) > 0:
				e.parent, _ = strconv.Atoi(fields[0])
			case name == "VmRSS" && len(fields) > 0:
				kilobytes, _ := strconv.ParseInt(fields[0], 10, 64)
				e.RSS = kilobytes << 10
			}
		}
		_ = file.Close()
		if len(pids) > 1 {
			e.PID, _ = strconv.Atoi(pids[0])
			e.inner, _ = strconv.Atoi(pids[1])
			all[e.PID] = e
		}
		if e.PID == first {
			depth = len(pids)
		}
	}
	if depth != 2 {
		return nil, fmt.Errorf("process %d is not the first of a PID namespace directly below this one", first)
	}
	found := map[int]Process{}
	for _, e := range all {
		for ancestor, known := e, true; known; ancestor, known = all[ancestor.parent] {
			if ancestor.PID == first {
				found[e.inner] = e.Process
				break
			}
		}
	}
	return found, nil
}

package charttest

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// A Process is the first one of a pod's main container.
type Process struct {
	Pod string
	PID int   // on this machine
	RSS int64 // bytes
}

// Processes are those of a part's pods: api, worker or catalog.
func (i *Installation) Processes(ctx context.Context, part string) ([]Process, error) {
	pods, err := i.Pods(ctx, part)
	if err != nil {
		return nil, err
	}
	var found []Process
	for _, pod := range pods {
		for _, container := range pod.Status.ContainerStatuses {
			if container.State.Running == nil {
				continue
			}
			_, id, _ := strings.Cut(container.ContainerID, "://")
			process, err := firstOf(id)
			if errors.Is(err, fs.ErrNotExist) {
				continue // it has just ended
			}
			if err != nil {
				return nil, err
			}
			process.Pod = pod.Name
			found = append(found, process)
		}
	}
	return found, nil
}

// firstOf finds the process that is the first one in its container. The error is fs.ErrNotExist if there is none.
func firstOf(container string) (Process, error) {
	groups, err := filepath.Glob("/proc/[0-9]*/cgroup")
	if err != nil {
		return Process{}, err
	}
	for _, group := range groups {
		content, err := os.ReadFile(group)
		if err != nil || !strings.Contains(string(content), container) {
			continue // another's, or it has ended
		}
		status, err := os.ReadFile(filepath.Join(filepath.Dir(group), "status"))
		if err != nil {
			continue
		}
		fields := map[string][]string{}
		for line := range strings.Lines(string(status)) {
			name, value, _ := strings.Cut(line, ":")
			fields[name] = strings.Fields(value)
		}
		if pids := fields["NSpid"]; len(pids) < 2 || pids[len(pids)-1] != "1" || len(fields["VmRSS"]) == 0 {
			continue
		}
		pid, err := strconv.Atoi(fields["NSpid"][0])
		if err != nil {
			return Process{}, err
		}
		kilobytes, err := strconv.ParseInt(fields["VmRSS"][0], 10, 64)
		return Process{PID: pid, RSS: kilobytes << 10}, err
	}
	return Process{}, fmt.Errorf("container %s has no process: %w", container, fs.ErrNotExist)
}

package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"github.com/toygres/toygres/dev/stack/supervisor"
	"github.com/toygres/toygres/providers/kubernetes"
	"github.com/toygres/toygres/providers/local"
)

// statusReport is what status -o json prints; tests depend on it.
type statusReport struct {
	Running           bool              `json:"running"`
	Phase             supervisor.Phase  `json:"phase"`
	Error             string            `json:"error,omitempty"`
	SupervisorPID     int               `json:"supervisor_pid,omitempty"`
	Parts             []partReport      `json:"parts"`
	URLs              map[string]string `json:"urls"`
	Ports             map[string]int    `json:"ports"`
	InstancePorts     string            `json:"instance_ports"`
	CatalogURL        string            `json:"catalog_url"` // names the file with the password
	AdminPasswordFile string            `json:"admin_password_file"`
	State             string            `json:"state_dir"`
	Instances         string            `json:"instances_dir"`
	Logs              string            `json:"logs_dir"`
	Postgres          []string          `json:"postgres_prefixes"`
	Provider          string            `json:"provider"`
	Cluster           *cluster          `json:"cluster,omitempty"` // with the provider kubernetes
}

type partReport struct {
	Name     string               `json:"name"`
	Phase    supervisor.PartPhase `json:"phase"`
	PID      int                  `json:"pid,omitempty"`
	Restarts int                  `json:"restarts"`
	Error    string               `json:"error,omitempty"`
	Log      string               `json:"log"`
}

func (c config) report() (statusReport, error) {
	if before, found, err := c.remembered(); err != nil {
		return statusReport{}, err
	} else if found {
		c = before
	}
	running, err := c.running()
	if err != nil {
		return statusReport{}, err
	}
	state, err := supervisor.ReadState(c.stateFile())
	if err != nil {
		return statusReport{}, err
	}
	r := statusReport{
		Running: running, Phase: state.Phase, Error: state.Error, Parts: []partReport{},
		URLs:  map[string]string{"api": c.apiURL(), "docs": c.apiURL() + "/api/docs", "temporal_ui": c.temporalUIURL()},
		Ports: c.Ports, InstancePorts: c.InstancePorts, CatalogURL: c.catalogURL(catalogDatabase),
		AdminPasswordFile: c.adminPasswordFile(), State: c.State, Instances: filepath.Join(c.Data, "instances"),
		Logs: c.logs(), Postgres: c.Postgres, Provider: cmp.Or(c.Provider, local.Name),
	}
	if c.Provider == kubernetes.Name && c.Cluster.Namespace != "" {
		r.Cluster = &c.Cluster
	}
	if running {
		r.SupervisorPID = state.Supervisor.PID
	} else if r.Phase != supervisor.Failed {
		r.Phase = supervisor.Stopped // whatever a killed supervisor last wrote
	}
	for _, part := range state.Parts {
		report := partReport{Name: part.Name, Phase: part.Phase, Restarts: part.Restarts, Error: part.Error, Log: part.Log}
		if part.Process.Alive() {
			report.PID = part.Process.PID
		}
		r.Parts = append(r.Parts, report)
	}
	return r, nil
}

// left names the parts that run.
func (r statusReport) left() (names []string) {
	for _, part := range r.Parts {
		if part.PID != 0 {
			names = append(names, part.Name)
		}
	}
	return names
}

// status is the command status.
func status(_ context.Context, c config, args []string) error {
	asJSON := slices.Equal(args, []string{"-o", "json"})
	if len(args) > 0 && !asJSON {
		return errors.New("status takes no argument but -o json")
	}
	r, err := c.report()
	if err != nil {
		return err
	}
	if asJSON {
		encoder := json.NewEncoder(os.Stdout)
		encoder.SetIndent("", "  ")
		return encoder.Encode(r)
	}
	if !r.Running {
		if left := r.left(); len(left) > 0 {
			fmt.Printf("The supervisor was killed, but this still runs: %s; make up or make down puts that right.\n", strings.Join(left, ", "))
			return nil
		}
		fmt.Println("Toygres is not running; make up starts it.")
		if r.Error != "" {
			fmt.Println("It failed last time:", r.Error)
		}
		return nil
	}
	fmt.Printf("Toygres is %s.\n\n", r.Phase)
	for _, part := range r.Parts {
		line := string(part.Phase)
		if part.PID != 0 {
			line += fmt.Sprintf(", pid %d", part.PID)
		}
		if part.Restarts > 0 {
			line += fmt.Sprintf(", restarted %d times", part.Restarts)
		}
		if part.Error != "" {
			line += ": " + part.Error + "; log: " + shown(part.Log)
		}
		fmt.Printf("  %-14s %s\n", part.Name, line)
	}
	fmt.Printf("\n  %-14s %s\n  %-14s %s\n  %-14s %s\n", "web UI", r.URLs["api"], "API docs", r.URLs["docs"], "Temporal Web", r.URLs["temporal_ui"])
	if r.Cluster != nil {
		fmt.Printf("  %-14s %s\n", "instances", r.Cluster.where())
	}
	return nil
}

// logs is the command logs: tail does it better.
func logs(_ context.Context, c config, args []string) error {
	tailArgs := []string{"-n", "50"}
	pattern := "*.log"
	for _, arg := range args {
		if arg == "-f" {
			tailArgs = append(tailArgs, "-F")
		} else {
			pattern = arg + ".log"
		}
	}
	files, err := filepath.Glob(filepath.Join(c.logs(), pattern))
	if err != nil {
		return err
	}
	if len(files) == 0 {
		return fmt.Errorf("there is no log %s in %s", pattern, shown(c.logs()))
	}
	tail, err := exec.LookPath("tail")
	if err != nil {
		return err
	}
	argv := append([]string{"tail"}, tailArgs...)
	return syscall.Exec(tail, append(argv, files...), os.Environ())
}

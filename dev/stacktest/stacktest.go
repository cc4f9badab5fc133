// Package stacktest gives tests a whole Toygres: the real programs, started
// by the real supervisor, on free ports and with a state directory of its own,
// so that several can run side by side and beside a developer's.
package stacktest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/toygres/toygres/dev/stack/ports"
	"github.com/toygres/toygres/dev/toygrestest"
)

// Stack is one running Toygres. Its methods may be used from several
// goroutines, but for Up, Down and Clean.
type Stack struct {
	*toygrestest.Toygres

	WorkerURL       string // of the worker's health and metrics
	TemporalAddress string // host:port of gRPC
	CatalogURL      string // of the catalog's database, for its superuser
	InstancesDir    string // where the local provider keeps instances
	Namespace       string // where the provider kubernetes keeps instances, "" with another one
	Kubeconfig      string // of its cluster
	PostgresPrefix  string // installation of the newest PostgreSQL

	project string
	state   string
	env     []string
	log     io.Writer
	release func() // of its ports
}

// Option changes what [Up] starts.
type Option func(*Stack)

// OnKubernetes puts the instances on a cluster: the one of a kubeconfig file,
// or with "" one of the stack's own, which needs root.
func OnKubernetes(kubeconfig string) Option {
	return WithEnvironment("PROVIDER=kubernetes", "KUBECONFIG="+kubeconfig)
}

// WithEnvironment adds variables, each as NAME=value, to what the programs get.
func WithEnvironment(variables ...string) Option {
	return func(s *Stack) { s.env = append(s.env, variables...) }
}

// Up builds what has changed and starts a stack, with an instance demo. Its
// progress goes to log. The caller must Clean it.
func Up(ctx context.Context, log io.Writer, options ...Option) (_ *Stack, err error) {
	project, err := findProject()
	if err != nil {
		return nil, err
	}
	state, err := os.MkdirTemp("", "toygres-stack-")
	if err != nil {
		return nil, err
	}
	// The state comes first, so that Clean never takes another stack for this one.
	s := &Stack{project: project, state: state, log: log, env: []string{"TOYGRES_STATE=" + state}}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.explain())
			s.Clean()
		}
	}()
	// As root, PostgreSQL's user must be able to reach its data below.
	if err := os.Chmod(state, 0o755); err != nil {
		return nil, err
	}
	first, release, err := ports.Block()
	if err != nil {
		return nil, err
	}
	s.release = release
	variables, err := portsFrom(first)
	if err != nil {
		return nil, err
	}
	s.env = append(append(s.env, "XDG_CONFIG_HOME="+s.config()), variables...)
	for _, option := range options {
		option(s)
	}
	if err := s.Up(ctx); err != nil {
		return nil, err
	}
	return s, s.readStatus(ctx)
}

// portsFrom gives a stack all of its ports from one block, so that no other
// test takes one while a part is down.
func portsFrom(port int) (env []string, err error) {
	last := port + ports.BlockSize - 1
	for _, variable := range []string{"API_PORT", "WORKER_PORT", "TEMPORAL_PORT", "TEMPORAL_UI_PORT", "CATALOG_PORT"} {
		for taken := true; taken; port++ { // a stranger may be in the block
			if taken, err = ports.Taken(port); err != nil {
				return nil, err
			}
			if !taken {
				env = append(env, fmt.Sprintf("%s=%d", variable, port))
			}
		}
	}
	return append(env, fmt.Sprintf("INSTANCE_PORTS=%d-%d", port, last)), nil
}

// findProject is the checkout that this file was compiled from, or the one
// around the working directory.
func findProject() (string, error) {
	if _, file, _, ok := runtime.Caller(0); ok {
		if project := filepath.Join(filepath.Dir(file), "..", ".."); exists(filepath.Join(project, "go.work")) {
			return project, nil
		}
	}
	dir, err := os.Getwd()
	for err == nil && !exists(filepath.Join(dir, "go.work")) {
		if dir == filepath.Dir(dir) {
			return "", errors.New("this is not a checkout of Toygres")
		}
		dir = filepath.Dir(dir)
	}
	return dir, err
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// Up starts the stack, or brings it up to date if it runs.
func (s *Stack) Up(ctx context.Context) error {
	build := exec.CommandContext(ctx, "go", "build", "-buildvcs=false", "-o", "bin/toygres-dev", "./dev/stack")
	build.Dir, build.Stdout, build.Stderr = s.project, s.log, s.log
	if err := build.Run(); err != nil {
		return fmt.Errorf("build the supervisor: %w", err)
	}
	return s.dev(ctx, s.log, "up")
}

// Down stops everything and keeps the data.
func (s *Stack) Down(ctx context.Context) error { return s.dev(ctx, s.log, "down") }

// Clean stops everything and removes all of it. It is the last call.
func (s *Stack) Clean() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if err := errors.Join(s.dev(ctx, s.log, "clean"), os.RemoveAll(s.state)); err != nil {
		fmt.Fprintln(s.log, "stacktest: clean up:", err)
	}
	if s.release != nil {
		s.release()
	}
}

func (s *Stack) dev(ctx context.Context, out io.Writer, args ...string) error {
	cmd := exec.CommandContext(ctx, filepath.Join(s.project, "bin", "toygres-dev"), args...)
	cmd.Dir, cmd.Env, cmd.Stdout, cmd.Stderr = s.project, append(os.Environ(), s.env...), out, s.log
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("toygres-dev %s: %w", strings.Join(args, " "), err)
	}
	return nil
}

// status is what we need of `toygres-dev status -o json`.
type status struct {
	Parts []struct {
		Name string `json:"name"`
		PID  int    `json:"pid"`
		Log  string `json:"log"`
	} `json:"parts"`
	URLs              map[string]string `json:"urls"`
	Ports             map[string]int    `json:"ports"`
	CatalogURL        string            `json:"catalog_url"`
	AdminPasswordFile string            `json:"admin_password_file"`
	Instances         string            `json:"instances_dir"`
	Postgres          []string          `json:"postgres_prefixes"`
	Cluster           struct {
		Kubeconfig string `json:"kubeconfig"`
		Namespace  string `json:"namespace"`
	} `json:"cluster"`
}

func (s *Stack) status(ctx context.Context) (status, error) {
	var out strings.Builder
	if err := s.dev(ctx, &out, "status", "-o", "json"); err != nil {
		return status{}, err
	}
	var st status
	return st, json.Unmarshal([]byte(out.String()), &st)
}

func (s *Stack) readStatus(ctx context.Context) error {
	st, err := s.status(ctx)
	if err != nil {
		return err
	}
	s.CatalogURL, s.InstancesDir = st.CatalogURL, st.Instances
	s.Kubeconfig, s.Namespace = st.Cluster.Kubeconfig, st.Cluster.Namespace
	s.WorkerURL = "http://" + ports.Address(st.Ports["worker"])
	s.TemporalAddress = ports.Address(st.Ports["temporal"])
	if len(st.Postgres) == 0 {
		return errors.New("the stack names no PostgreSQL installation")
	}
	s.PostgresPrefix = st.Postgres[0]

	s.Toygres, err = toygrestest.SignIn(ctx, st.URLs["api"], st.AdminPasswordFile, filepath.Join(s.project, "bin", "toygres"), s.config())
	return err
}

// config is where the command toygres keeps its configuration; up signs it in.
func (s *Stack) config() string { return filepath.Join(s.state, "config") }

// PID is the process id of a part (catalog, temporal, api, worker), 0 if it
// does not run.
func (s *Stack) PID(part string) int { return s.PIDs()[part] }

// PIDs are the process ids of all parts that run.
func (s *Stack) PIDs() map[string]int {
	st, err := s.status(context.Background())
	if err != nil {
		fmt.Fprintln(s.log, "stacktest:", err)
	}
	pids := map[string]int{}
	for _, part := range st.Parts {
		if part.PID != 0 {
			pids[part.Name] = part.PID
		}
	}
	return pids
}

// explain adds the ends of the logs to what log gets, for when the stack did
// not start.
func (s *Stack) explain() error {
	logs, err := filepath.Glob(filepath.Join(s.state, "logs", "*.log"))
	for _, path := range logs {
		content, readErr := os.ReadFile(path)
		if readErr != nil {
			err = errors.Join(err, readErr)
			continue
		}
		fmt.Fprintf(s.log, "--- %s\n%s\n", filepath.Base(path), content[max(0, len(content)-2000):])
	}
	return err
}

package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"k8s.io/client-go/tools/clientcmd"

	devcluster "github.com/toygres/toygres/dev/stack/kubernetes"
	"github.com/toygres/toygres/dev/stack/ports"
	"github.com/toygres/toygres/dev/stack/postgres"
	"github.com/toygres/toygres/dev/stack/supervisor"
	"github.com/toygres/toygres/providers/kubernetes"
)

// parts are the programs of the stack in the order in which they start.
func (c config) parts() ([]supervisor.Part, error) {
	if len(c.Postgres) == 0 {
		return nil, errors.New("there is no PostgreSQL")
	}
	account, err := postgres.ServerAccount()
	if err != nil {
		return nil, err
	}
	return []supervisor.Part{
		c.catalogPart(account),
		{
			Name: "temporal",
			Command: c.program(c.Temporal, nil, "-port", strconv.Itoa(c.Ports["temporal"]), "-ui-port", strconv.Itoa(c.Ports["temporal_ui"]),
				"-sqlite", c.path("temporal", "temporal.db")),
			Ready: answers(c.temporalUIURL() + "/healthz"), // it opens Temporal Web last
		},
		{
			Name: "migrate", Once: true,
			Command: c.program(c.bin("toygres-api"), c.environment(), "migrate"),
		},
		{
			Name: "admin", Once: true,
			Command: c.program(c.bin("toygres-api"), c.environment(), "admin", "--username", "admin", "--password-file", c.adminPasswordFile()),
		},
		{
			Name:    "api",
			Command: c.program(c.bin("toygres-api"), c.environment(), "serve"),
			Ready:   answers(c.apiURL() + "/readyz"),
		},
		{
			Name:        "worker",
			Command:     c.program(c.bin("toygres-worker"), c.environment()),
			Ready:       answers("http://" + ports.Address(c.Ports["worker"]) + "/readyz"),
			StopTimeout: 45 * time.Second, // it lets activities come to an end
		},
	}, nil
}

const catalogDatabase = "toygres"

func (c config) catalogPart(account postgres.Account) supervisor.Part {
	server := postgres.Server{
		Prefix: c.Postgres[0], Dir: filepath.Join(c.Data, "catalog"), Port: c.Ports["catalog"], Account: account,
		Settings: map[string]string{"max_connections": "100"},
	}
	return supervisor.Part{
		Name: "catalog",
		Prepare: func(ctx context.Context) error {
			password, err := c.catalogPassword()
			if err != nil {
				return err
			}
			return server.Init(ctx, password)
		},
		Command: server.Command,
		Ready: func(ctx context.Context) error {
			if err := postgres.Ping(ctx, c.catalogURL("postgres")); err != nil {
				return err
			}
			return createDatabase(ctx, c.catalogURL("postgres"), catalogDatabase)
		},
		StopSignal:  syscall.SIGINT, // ends sessions instead of waiting for them
		StopTimeout: time.Minute,
	}
}

func createDatabase(ctx context.Context, url, name string) error {
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(ctx) }()
	_, err = conn.Exec(ctx, "CREATE DATABASE "+pgx.Identifier{name}.Sanitize())
	const duplicateDatabase = "42P04"
	if pgErr := (*pgconn.PgError)(nil); errors.As(err, &pgErr) && pgErr.Code == duplicateDatabase {
		return nil
	}
	return err
}

// program is a command in a process group of its own, so that Ctrl-C reaches the supervisor only.
func (c config) program(path string, environment []string, args ...string) func() *exec.Cmd {
	return func() *exec.Cmd {
		cmd := exec.Command(path, args...)
		cmd.Dir = c.State
		cmd.Env = append(os.Environ(), environment...)
		cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
		return cmd
	}
}

// environment configures our programs.
func (c config) environment() []string {
	common := []string{
		"TOYGRES_LISTEN=" + ports.Address(c.Ports["api"]),
		"TOYGRES_WORKER_LISTEN=" + ports.Address(c.Ports["worker"]),
		"TOYGRES_PUBLIC_URL=" + c.apiURL(),
		"TOYGRES_CATALOG_URL=" + c.catalogURL(catalogDatabase),
		"TOYGRES_TEMPORAL_ADDRESS=" + ports.Address(c.Ports["temporal"]),
		"TOYGRES_TEMPORAL_NAMESPACE=toygres",
		"TOYGRES_TEMPORAL_UI_URL=" + c.temporalUIURL(),
		"TOYGRES_PROVIDER=" + c.Provider,
	}
	if c.Provider == kubernetes.Name {
		return append(common, c.Cluster.environment()...)
	}
	return append(common,
		"TOYGRES_LOCAL_DIR="+filepath.Join(c.Data, "instances"),
		"TOYGRES_LOCAL_POSTGRES="+strings.Join(c.Postgres, ":"),
		"TOYGRES_LOCAL_PORTS="+c.InstancePorts,
		"TOYGRES_LOCAL_HOST=127.0.0.1",
	)
}

// environment says where the cluster is, and how its instances are reached: this machine does not ask the cluster's DNS,
// unless somebody says that it does.
func (c cluster) environment() []string {
	const endpoint = "TOYGRES_KUBERNETES_ENDPOINT"
	const reserved = "TOYGRES_KUBERNETES_RESERVED_CPU_PERCENT"
	const copyImage = "TOYGRES_KUBERNETES_COPY_IMAGE"
	environment := []string{
		clientcmd.RecommendedConfigPathEnvVar + "=" + c.Kubeconfig,
		namespaceVariable + "=" + c.Namespace,
		endpoint + "=" + cmp.Or(os.Getenv(endpoint), string(kubernetes.EndpointAddress)),
	}
	if c.Development { // a laptop has few cores, and few instances that work at the same time
		environment = append(environment, reserved+"="+cmp.Or(os.Getenv(reserved), "25"), copyImage+"="+cmp.Or(os.Getenv(copyImage), devcluster.WorkerImage))
	}
	return environment
}

// answers tries whether a URL answers with success.
func answers(url string) func(context.Context) error {
	return func(ctx context.Context) error {
		ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
		defer cancel()
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
		if err != nil {
			return err
		}
		answer, err := http.DefaultClient.Do(request)
		if err != nil {
			return err
		}
		if err := answer.Body.Close(); err != nil {
			return err
		}
		if answer.StatusCode != http.StatusOK {
			return fmt.Errorf("%s answers %s", url, answer.Status)
		}
		return nil
	}
}

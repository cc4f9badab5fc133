// Package kubernetes starts and stops Kubernetes clusters of one node on this machine for the local stack and for tests:
// it has the program of dev/kubernetes built, and the images that such a cluster needs, once for all clusters.
package kubernetes

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/toygres/toygres/dev/stack/build"
	"github.com/toygres/toygres/dev/stack/cache"
	"github.com/toygres/toygres/dev/stack/postgres"
)

// Tools makes clusters.
type Tools struct {
	// Program is that of dev/kubernetes.
	Program string
	cache   string
}

// Prepare returns the tools, building what is not in the cache.
func Prepare(ctx context.Context, builder build.Builder) (Tools, error) {
	if os.Geteuid() != 0 {
		return Tools{}, errors.New("a Kubernetes cluster on this machine needs root: run this as root, on Linux")
	}
	install := exec.CommandContext(ctx, filepath.Join(builder.Project, "dev", "kubernetes", "tools"))
	if out, err := install.CombinedOutput(); err != nil {
		return Tools{}, fmt.Errorf("install what a node needs: %w: %s", err, strings.TrimSpace(string(out)))
	}
	program, err := builder.Kubernetes(ctx)
	return Tools{Program: program, cache: builder.Cache}, err
}

// Cluster is one cluster. All of it is in its state directory.
type Cluster struct {
	Tools
	State string
}

// Kubeconfig is the file with which to be the cluster's administrator.
func (c Cluster) Kubeconfig() string { return filepath.Join(c.State, "kubeconfig") }

// Up starts the cluster with the PostgreSQL images of the given major versions, and waits until it can be used. What
// it does goes to out.
func (c Cluster) Up(ctx context.Context, out io.Writer, majors ...int) error {
	pause, err := c.pauseImage(ctx)
	if err != nil {
		return err
	}
	args := []string{"--state", c.State, "--pause", pause}
	for _, major := range majors {
		archive, err := c.PostgresImage(ctx, major)
		if err != nil {
			return err
		}
		args = append(args, "--image", archive)
	}
	return c.run(ctx, out, "up", args...)
}

// Down stops the cluster and puts back what it changed on the machine. Its data is kept if keep is true, and else
// removed.
func (c Cluster) Down(ctx context.Context, keep bool) error {
	return c.run(ctx, io.Discard, "down", "--state", c.State, "--keep="+strconv.FormatBool(keep))
}

// Running tells whether the cluster runs.
func (c Cluster) Running(ctx context.Context) (bool, error) {
	if _, err := os.Stat(filepath.Join(c.State, "config.json")); errors.Is(err, os.ErrNotExist) {
		return false, nil // it was never started
	}
	var out strings.Builder
	if err := c.run(ctx, &out, "status", "--state", c.State, "-o", "json"); err != nil {
		return false, err
	}
	var status struct{ Running bool }
	return status.Running, json.Unmarshal([]byte(out.String()), &status)
}

// Import makes the images of an archive known to the running cluster.
func (c Cluster) Import(ctx context.Context, archive string) error {
	return c.run(ctx, io.Discard, "image", "import", "--state", c.State, archive)
}

// WorkerImage is what [Cluster.ImportWorker] calls the image of Toygres's worker.
const WorkerImage = "docker.io/toygres/worker:dev"

// ImportWorker builds the worker and makes its image known to the running
// cluster, unless it is, for what a worker does in the pods of instances.
func (c Cluster) ImportWorker(ctx context.Context, builder build.Builder) error {
	program, err := builder.Worker(ctx)
	if err != nil {
		return err
	}
	content, err := os.ReadFile(program)
	if err != nil {
		return err
	}
	now, known := fmt.Sprintf("%x", sha256.Sum256(content)), filepath.Join(c.State, "worker-image")
	if was, err := os.ReadFile(known); err == nil && string(was) == now {
		return nil
	}
	scratch, err := os.MkdirTemp("", "toygres-image-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(scratch)
	archive := filepath.Join(scratch, "worker.tar")
	if err := c.ProgramImage(ctx, archive, WorkerImage, program); err != nil {
		return err
	}
	if err := c.Import(ctx, archive); err != nil {
		return err
	}
	return os.WriteFile(known, []byte(now), 0o600)
}

// Status is what the cluster says of itself.
type Status struct {
	Running bool   `json:"running"`
	Host    string `json:"host"` // IP address at which the cluster reaches this machine, if that listens there

	Containerd string `json:"containerd"` // socket
}

// Status looks at the cluster. It is an error if there is none.
func (c Cluster) Status(ctx context.Context) (Status, error) {
	var out bytes.Buffer
	if err := c.run(ctx, &out, "status", "--state", c.State, "-o", "json"); err != nil {
		return Status{}, err
	}
	var status Status
	return status, json.Unmarshal(out.Bytes(), &status)
}

// PostgresImage returns the archive of the image postgres:<major>, making it if it is not in the cache.
func (t Tools) PostgresImage(ctx context.Context, major int) (archive string, err error) {
	prefix, err := postgres.Fetch(ctx, t.cache, major)
	if err != nil {
		return "", err
	}
	debian, err := t.made(ctx, "debian", "image", "debian")
	if err != nil {
		return "", err
	}
	return t.made(ctx, "postgres-"+filepath.Base(prefix), "image", "postgres",
		"--major", strconv.Itoa(major), "--prefix", prefix, "--debian", debian)
}

// ProgramImage makes an image that holds static programs and runs the first of them. It is not cached.
func (t Tools) ProgramImage(ctx context.Context, archive, reference string, programs ...string) error {
	return t.run(ctx, io.Discard, "image", append([]string{"program", "--out", archive, reference}, programs...)...)
}

func (t Tools) pauseImage(ctx context.Context) (archive string, err error) {
	return t.made(ctx, "pause", "image", "program", "docker.io/toygres/pause:1", filepath.Join(filepath.Dir(t.Program), "pause"))
}

// made returns what a command writes to the file that --out names. It depends on nothing but the program and the name.
func (t Tools) made(ctx context.Context, name, command string, args ...string) (file string, err error) {
	entry := filepath.Join(t.cache, "kubernetes-images", filepath.Base(filepath.Dir(t.Program)), name)
	return filepath.Join(entry, "image.tar"), cache.Entry(ctx, entry, func(ctx context.Context, scratch string) error {
		return t.run(ctx, io.Discard, command, append(args, "--out", filepath.Join(scratch, "image.tar"))...)
	})
}

func (t Tools) run(ctx context.Context, out io.Writer, command string, args ...string) error {
	cmd := exec.CommandContext(ctx, t.Program, append([]string{command}, args...)...)
	var complaint strings.Builder
	cmd.Stdout, cmd.Stderr = out, &complaint
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("kubernetes %s: %w: %s", command, err, strings.TrimSpace(complaint.String()))
	}
	return nil
}

package build

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"

	"github.com/toygres/toygres/dev/stack/cache"
)

// Builder builds one checkout.
type Builder struct {
	Project string // the checkout's directory
	Cache   string // see cache.Dir
	Logs    string // directory where the output of builds goes
}

// Bin is where the checkout's programs are.
func (b Builder) Bin() string { return filepath.Join(b.Project, "bin") }

// Programs builds our own programs. Go finds out by itself what has changed.
func (b Builder) Programs(ctx context.Context) error {
	for name, source := range map[string]string{
		"toygres": "./cmd/toygres", "toygres-api": "./services/api", "toygres-worker": "./services/worker",
	} {
		// Without the commit in it, a program changes only when its sources do, and needs no restart otherwise.
		err := b.run(ctx, name, b.Project, nil, "go", "build", "-buildvcs=false", "-o", filepath.Join(b.Bin(), name), source)
		if err != nil {
			return err
		}
	}
	return nil
}

// Worker builds the worker as images need it: without the system's libraries.
func (b Builder) Worker(ctx context.Context) (program string, err error) {
	program = filepath.Join(b.Bin(), "static", "toygres-worker")
	return program, b.run(ctx, "static-worker", b.Project, []string{"CGO_ENABLED=0"},
		"go", "build", "-buildvcs=false", "-ldflags=-s -w", "-o", program, "./services/worker")
}

// module is a Go module with programs that take minutes to build.
type module struct {
	name     string // also its first program's
	dir      string // relative to the project
	packages []string
	flags    []string
	env      []string
}

var (
	// The compiler's flags are as they are without asking, so that what the tests of dev/temporal compile is the same.
	temporal = module{name: "temporal", dir: "dev/temporal", packages: []string{"."}, flags: []string{"-buildvcs=false", "-ldflags=-s -w"}}

	// The programs also run in containers, so they can't need the system's libraries. Kubernetes says its version to
	// clients, which decide by it what they can ask for.
	kubernetes = module{
		name: "kubernetes", dir: "dev/kubernetes", packages: []string{".", "./pause"}, env: []string{"CGO_ENABLED=0"},
		flags: []string{"-buildvcs=false", "-ldflags=-s -w" +
			" -X k8s.io/component-base/version.gitVersion=" + kubernetesVersion +
			" -X k8s.io/client-go/pkg/version.gitVersion=" + kubernetesVersion},
	}
)

// helm is a dependency of that module, which holds what checks the chart.
var helm = module{name: "helm", dir: "tools/deploy", packages: []string{"helm.sh/helm/v3/cmd/helm"}, flags: []string{"-buildvcs=false", "-ldflags=-s -w"}}

// kubernetesVersion is that of k8s.io/kubernetes in dev/kubernetes/go.mod.
const kubernetesVersion = "v1.34.4"

// TemporalCached returns the Temporal server's program if it needs not be built.
func (b Builder) TemporalCached(ctx context.Context) (program string, cached bool, err error) {
	return b.cached(ctx, temporal)
}

// Temporal returns the Temporal server's program, building it if it is not in the cache. That takes minutes.
func (b Builder) Temporal(ctx context.Context) (program string, err error) {
	return b.module(ctx, temporal)
}

// KubernetesCached returns the program of dev/kubernetes if it needs not be built.
func (b Builder) KubernetesCached(ctx context.Context) (program string, cached bool, err error) {
	return b.cached(ctx, kubernetes)
}

// Kubernetes returns the program of dev/kubernetes, building it if it is not in the cache. That takes ten minutes the
// first time. The program pause of the image of that name is beside it.
func (b Builder) Kubernetes(ctx context.Context) (program string, err error) {
	return b.module(ctx, kubernetes)
}

// Helm returns the program helm, building it if it is not in the cache.
func (b Builder) Helm(ctx context.Context) (program string, err error) { return b.module(ctx, helm) }

func (b Builder) cached(ctx context.Context, m module) (program string, cached bool, err error) {
	source := b.source(m)
	version, err := goVersion(ctx, source)
	if err != nil {
		return "", false, err
	}
	labels := append([]string{version, runtime.GOARCH, os.Getenv("GOFLAGS")}, m.flags...)
	labels = append(labels, m.env...)
	key, err := Key(source, func(path string) bool { return strings.HasSuffix(path, "_test.go") }, labels...)
	if err != nil {
		return "", false, err
	}
	program = filepath.Join(b.Cache, m.name, key, m.name)
	_, err = os.Stat(program)
	return program, err == nil, nil
}

func (b Builder) module(ctx context.Context, m module) (program string, err error) {
	program, cached, err := b.cached(ctx, m)
	if err != nil || cached {
		return program, err
	}
	return program, cache.Entry(ctx, filepath.Dir(program), func(ctx context.Context, scratch string) error {
		args := append([]string{"build"}, m.flags...)
		args = append(args, "-o", scratch+string(filepath.Separator))
		return b.run(ctx, m.name, b.source(m), append([]string{"GOWORK=off"}, m.env...), "go", append(args, m.packages...)...)
	})
}

func (b Builder) source(m module) string { return filepath.Join(b.Project, filepath.FromSlash(m.dir)) }

func goVersion(ctx context.Context, dir string) (string, error) {
	cmd := exec.CommandContext(ctx, "go", "version") // in the module's directory: it may ask for another toolchain
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOWORK=off")
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("go version: %w", err)
	}
	return strings.TrimSpace(string(out)), nil
}

// run runs a command of a build. Its output goes to a log, whose last line is the error's if the command fails.
func (b Builder) run(ctx context.Context, name, dir string, env []string, program string, args ...string) error {
	if err := os.MkdirAll(b.Logs, 0o700); err != nil {
		return err
	}
	logFile := filepath.Join(b.Logs, "build-"+name+".log")
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), env...)
	// A group of its own, so that compilers and npm's children end with it when ctx does.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM) }
	out, err := cmd.CombinedOutput()
	if writeErr := os.WriteFile(logFile, out, 0o600); writeErr != nil {
		return writeErr
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil {
		return fmt.Errorf("building %s failed: %s (%w; log: %s)", name, reason(out), err, logFile)
	}
	return nil
}

// reason finds the line that most likely says why a build failed. npm ends with advice; others end with the reason.
func reason(out []byte) string {
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	for _, line := range lines {
		text, found := strings.CutPrefix(line, "npm error ")
		if found && !strings.HasPrefix(text, "code ") && !strings.HasPrefix(text, "errno ") && strings.TrimSpace(text) != "" {
			return text
		}
	}
	return strings.TrimSpace(lines[len(lines)-1])
}

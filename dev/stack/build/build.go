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

// temporalFlags leave the compiler's flags as they are, so that what the tests of dev/temporal compile is the same.
var temporalFlags = []string{"-buildvcs=false", "-ldflags=-s -w"}

// TemporalCached returns the Temporal server's program if it needs not be built.
func (b Builder) TemporalCached(ctx context.Context) (program string, cached bool, err error) {
	source := filepath.Join(b.Project, "dev", "temporal")
	version, err := goVersion(ctx, source)
	if err != nil {
		return "", false, err
	}
	labels := append([]string{version, runtime.GOARCH, os.Getenv("GOFLAGS")}, temporalFlags...)
	key, err := Key(source, func(path string) bool { return strings.HasSuffix(path, "_test.go") }, labels...)
	if err != nil {
		return "", false, err
	}
	program = filepath.Join(b.Cache, "temporal", key, "temporal")
	_, err = os.Stat(program)
	return program, err == nil, nil
}

// Temporal returns the Temporal server's program, building it if it is not in the cache. That takes minutes.
func (b Builder) Temporal(ctx context.Context) (program string, err error) {
	program, cached, err := b.TemporalCached(ctx)
	if err != nil || cached {
		return program, err
	}
	return program, cache.Entry(ctx, filepath.Dir(program), func(ctx context.Context, scratch string) error {
		args := append(append([]string{"build"}, temporalFlags...), "-o", filepath.Join(scratch, "temporal"), ".")
		return b.run(ctx, "temporal", filepath.Join(b.Project, "dev", "temporal"), []string{"GOWORK=off"}, "go", args...)
	})
}

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

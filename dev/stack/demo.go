package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/toygres/toygres/dev/stack/progress"
	"github.com/toygres/toygres/providers/kubernetes"
)

const demoName = "demo"

// demo signs the command line in, makes sure that there is an instance demo, all through the public API, and proves that
// it works. It returns the instance's URL. One that was stopped on purpose is left alone; then it returns how that is.
func (c config) demo(ctx context.Context, p *progress.Printer) (string, error) {
	p.Title("Trying it out")
	out, err := c.toygres(ctx, "login", "--url", c.apiURL(), "--username", "admin", "--password-file", c.adminPasswordFile())
	if err != nil {
		return "", fmt.Errorf("sign in: %w", err)
	}
	p.Line("sign-in", "%s", strings.TrimSpace(out))

	state, err := c.instanceState(ctx)
	if err != nil {
		return "", err
	}
	if state == "" {
		err := p.Step(ctx, demoName, "creating it", func(ctx context.Context) (string, error) {
			args := []string{"create", demoName, "--wait"}
			if c.Provider == kubernetes.Name { // where what it may need is set aside for it
				args = append(args, "--cpu", "500m", "--memory", "512MiB")
			}
			_, err := c.toygres(ctx, args...)
			return "created", err
		})
		if err != nil {
			return "", fmt.Errorf("create the instance %s: %w", demoName, err)
		}
	}
	state, err = c.awaitSettled(ctx, p)
	if err != nil {
		return "", err
	}
	if state != "running" {
		note := fmt.Sprintf("is %s, and left alone", state)
		if state == "stopped" {
			note += fmt.Sprintf("; start it with: %s start %s", shown(c.bin("toygres")), demoName)
		}
		if state == "trashed" {
			note += fmt.Sprintf("; bring it back with: %s undelete %s", shown(c.bin("toygres")), demoName)
		}
		return note, nil
	}
	url, err := c.toygres(ctx, "connect", demoName, "--url")
	if err != nil {
		return "", fmt.Errorf("connection of %s: %w", demoName, err)
	}
	url = strings.TrimSpace(url)
	version, err := tryVersion(ctx, url)
	if err != nil {
		return "", fmt.Errorf("connect to the instance %s: %w", demoName, err)
	}
	p.Line(demoName, "SELECT version(): %s", version)
	return url, nil
}

// awaitSettled waits while the instance is on its way to another state: after a restart of the stack its server is being
// started again.
func (c config) awaitSettled(ctx context.Context, p *progress.Printer) (state string, err error) {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	err = p.Step(ctx, demoName, "waiting for it", func(ctx context.Context) (string, error) {
		for {
			state, err = c.instanceState(ctx)
			if err != nil {
				return "", err
			}
			if !slices.Contains([]string{"creating", "starting", "stopping", "restarting", "updating", "deleting"}, state) {
				return "", nil
			}
			select {
			case <-ctx.Done():
				return "", fmt.Errorf("the instance %s is still %s: %w", demoName, state, ctx.Err())
			case <-time.After(200 * time.Millisecond):
			}
		}
	})
	return state, err
}

// instanceState is empty if there is no such instance.
func (c config) instanceState(ctx context.Context) (string, error) {
	const notFound = 3 // see toygres help exit-codes
	out, err := c.toygres(ctx, "get", demoName, "-o", "json")
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) && exit.ExitCode() == notFound {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("look for the instance %s: %w", demoName, err)
	}
	var instance struct{ State string }
	if err := json.Unmarshal([]byte(out), &instance); err != nil {
		return "", fmt.Errorf("toygres get %s: %w", demoName, err)
	}
	return instance.State, nil
}

// toygres runs the command line tool for this stack and returns its output.
func (c config) toygres(ctx context.Context, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, c.bin("toygres"), args...)
	cmd.Env = append(os.Environ(), "TOYGRES_URL="+c.apiURL())
	cmd.Env = slices.DeleteFunc(cmd.Env, func(v string) bool { return strings.HasPrefix(v, "TOYGRES_TOKEN=") })
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("%w: %s", err, lastLine(stderr.String()))
	}
	return stdout.String(), nil
}

func lastLine(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return lines[len(lines)-1]
}

// tryVersion asks the instance for its version. After a crash of the machine, its server may have to recover first.
func tryVersion(ctx context.Context, url string) (version string, err error) {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	for {
		if version, err = queryVersion(ctx, url); err == nil {
			return version, nil
		}
		select {
		case <-ctx.Done():
			return "", err
		case <-time.After(200 * time.Millisecond):
		}
	}
}

func queryVersion(ctx context.Context, url string) (version string, err error) {
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return "", err
	}
	defer func() { _ = conn.Close(ctx) }()
	err = conn.QueryRow(ctx, "SELECT version()").Scan(&version)
	return version, err
}

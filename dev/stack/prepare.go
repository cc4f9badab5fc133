package main

import (
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/toygres/toygres/dev/stack/ports"
	"github.com/toygres/toygres/dev/stack/postgres"
)

// prepare makes the directories and secrets that are missing.
func (c config) prepare() error {
	for _, dir := range []struct {
		path string
		mode os.FileMode
	}{
		{c.State, 0o755}, // as root, PostgreSQL's user must get through
		{c.path("run"), 0o755},
		{c.logs(), 0o700},
		{c.path("secrets"), 0o700},
		{c.path("temporal"), 0o700},
		{c.Data, 0o755},
	} {
		if err := os.MkdirAll(dir.path, dir.mode); err != nil {
			return err
		}
		if err := os.Chmod(dir.path, dir.mode); err != nil { // whatever the umask says
			return err
		}
	}
	if c.Data != c.State {
		for _, name := range dataDirs {
			err := os.Symlink(filepath.Join(c.Data, name), c.path(name))
			if err != nil && !errors.Is(err, os.ErrExist) {
				return err
			}
		}
	}
	// The port may change, so the entry holds for all.
	if err := keepSecret(c.passwordFile(), "127.0.0.1:*:*:postgres:%s\n"); err != nil {
		return err
	}
	return keepSecret(c.adminPasswordFile(), "%s\n")
}

// keepSecret makes a file with a new password, if it does not exist, whole or not at all.
func keepSecret(file, format string) error {
	if _, err := os.Stat(file); !errors.Is(err, os.ErrNotExist) {
		return err
	}
	fresh := file + ".new"
	if err := os.WriteFile(fresh, fmt.Appendf(nil, format, rand.Text()), 0o600); err != nil {
		return err
	}
	return os.Rename(fresh, file)
}

func (c config) catalogPassword() (string, error) {
	content, err := os.ReadFile(c.passwordFile())
	if err != nil {
		return "", err
	}
	line := strings.TrimSpace(string(content))
	return line[strings.LastIndexByte(line, ':')+1:], nil
}

// checkPorts says which port is taken, before anything is started.
func (c config) checkPorts() error {
	for _, setting := range portSettings {
		port := c.Ports[setting.name]
		taken, err := ports.Taken(port)
		if err != nil {
			return fmt.Errorf("port %d for %s (%s): %w", port, setting.what, setting.variable, err)
		}
		if taken {
			return fmt.Errorf("port %d for %s is taken by another program: end that, or choose another port: make up %s=%d",
				port, setting.what, setting.variable, c.suggestPort(port))
		}
	}
	return nil
}

// suggestPort finds a free port close to one that is taken.
func (c config) suggestPort(taken int) int {
	for port := taken + 1; port < taken+100 && port <= 65535; port++ {
		if used, err := ports.Taken(port); err != nil || used {
			continue
		}
		other := c
		other.Ports = map[string]int{}
		for name, p := range c.Ports {
			other.Ports[name] = p
			if p == taken {
				other.Ports[name] = port
			}
		}
		if other.checkPortsDiffer() == nil {
			return port
		}
	}
	return taken + 100
}

// checkReach makes sure that PostgreSQL's user can use the installations.
func (c config) checkReach() error {
	account, err := postgres.ServerAccount()
	if err != nil {
		return err
	}
	if !account.CanReach(c.Cache) {
		return fmt.Errorf("PostgreSQL runs as the user %s, who cannot reach %s: set TOYGRES_CACHE to a directory that everybody can enter", account.Name, c.Cache)
	}
	return nil
}

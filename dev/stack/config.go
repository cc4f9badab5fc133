package main

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"github.com/toygres/toygres/dev/stack/cache"
	"github.com/toygres/toygres/dev/stack/postgres"
	"github.com/toygres/toygres/providers/kubernetes"
	"github.com/toygres/toygres/providers/local"
)

// config says where one stack lives and which ports it uses. It is kept in a file while the stack runs. Several stacks
// can run side by side if their state directories and ports differ.
type config struct {
	Project string `json:"project"` // the checkout
	State   string `json:"state"`   // TOYGRES_STATE, or .toygres in the checkout
	Data    string `json:"data"`    // where PostgreSQL keeps its data: State, or a place that its user can reach
	Cache   string `json:"cache"`

	Ports         map[string]int `json:"ports"` // by the names in portSettings
	InstancePorts string         `json:"instance_ports"`

	Provider string  `json:"provider"` // where instances are: local or kubernetes
	Cluster  cluster `json:"cluster,omitzero"`

	Temporal string   `json:"temporal"` // program
	Postgres []string `json:"postgres"` // installation prefixes, the catalog's first
}

// portSetting is a port that can be changed by an environment variable, which is a make variable as well.
type portSetting struct {
	name, variable, what string
	standard             int
}

var portSettings = []portSetting{
	{"api", "API_PORT", "web UI and API", 8080},
	{"worker", "WORKER_PORT", "the worker's health checks", 8081},
	{"temporal", "TEMPORAL_PORT", "Temporal", 7233},
	{"temporal_ui", "TEMPORAL_UI_PORT", "Temporal Web", 8233},
	{"catalog", "CATALOG_PORT", "the catalog's PostgreSQL", 15432},
}

// providerVariable says where the instances of a new stack are to be.
const providerVariable = "PROVIDER"

const (
	instancePortsVariable = "INSTANCE_PORTS"
	standardInstancePorts = "15500-16499"
)

// readConfig reads the environment.
func readConfig() (config, error) {
	c := config{Ports: map[string]int{}, InstancePorts: standardInstancePorts, Provider: os.Getenv(providerVariable)}
	var err error
	if c.Project, err = findProject(); err != nil {
		return c, err
	}
	if c.State = os.Getenv("TOYGRES_STATE"); c.State == "" {
		c.State = filepath.Join(c.Project, ".toygres")
	}
	if c.State, err = filepath.Abs(c.State); err != nil {
		return c, err
	}
	if c.Cache, err = cache.Dir(); err != nil {
		return c, err
	}
	for _, setting := range portSettings {
		c.Ports[setting.name] = setting.standard
		if value := os.Getenv(setting.variable); value != "" {
			port, err := strconv.Atoi(value)
			if err != nil || port < 1 || port > 65535 {
				return c, fmt.Errorf("%s=%s is not a port: give a number from 1 to 65535", setting.variable, value)
			}
			c.Ports[setting.name] = port
		}
	}
	if value := os.Getenv(instancePortsVariable); value != "" {
		if !regexp.MustCompile(`^\d+-\d+$`).MatchString(value) {
			return c, fmt.Errorf("%s=%s is not a range of ports: write it like %s", instancePortsVariable, value, standardInstancePorts)
		}
		c.InstancePorts = value
	}
	if err := c.checkPortsDiffer(); err != nil {
		return c, err
	}
	if c.Provider != "" && c.Provider != local.Name && c.Provider != kubernetes.Name {
		return c, fmt.Errorf("%s=%s is not known: choose %s or %s", providerVariable, c.Provider, local.Name, kubernetes.Name)
	}
	c.Data, err = c.chooseData()
	return c, err
}

func (c config) checkPortsDiffer() error {
	first, last, err := local.ParsePorts(c.InstancePorts)
	if err != nil {
		return fmt.Errorf("%s: %w", instancePortsVariable, err)
	}
	owners := map[int]string{}
	for _, setting := range portSettings {
		port := c.Ports[setting.name]
		if owner, used := owners[port]; used {
			return fmt.Errorf("%s and %s are both %d: give them different ports", owner, setting.variable, port)
		}
		owners[port] = setting.variable
		if port >= first && port <= last {
			return fmt.Errorf("%s=%d is in the range of %s=%s: change one of them", setting.variable, port, instancePortsVariable, c.InstancePorts)
		}
	}
	return nil
}

// findProject is TOYGRES_PROJECT, or the checkout that the working directory is in.
func findProject() (string, error) {
	if dir := os.Getenv("TOYGRES_PROJECT"); dir != "" {
		return filepath.Abs(dir)
	}
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for start := dir; ; dir = filepath.Dir(dir) {
		content, err := os.ReadFile(filepath.Join(dir, "go.mod"))
		if err == nil && strings.HasPrefix(string(content), "module github.com/toygres/toygres\n") {
			return dir, nil
		}
		if dir == filepath.Dir(dir) {
			return "", fmt.Errorf("%s is not in a checkout of Toygres (set TOYGRES_PROJECT)", start)
		}
	}
}

// chooseData finds the place for PostgreSQL's data. As root, PostgreSQL runs as another user, and what is below /root,
// for example, is out of that user's reach; then the state directory gets links to a place that is not.
func (c config) chooseData() (string, error) {
	if target, err := os.Readlink(filepath.Join(c.State, "catalog")); err == nil {
		return filepath.Dir(target), nil // as decided before
	}
	account, err := postgres.ServerAccount()
	if err != nil {
		return "", err
	}
	if account.CanReach(c.State) {
		return c.State, nil
	}
	sum := sha256.Sum256([]byte(c.State))
	return filepath.Join("/var/lib/toygres", hex.EncodeToString(sum[:])[:16]), nil
}

// dataDirs are the directories that are in c.Data.
var dataDirs = []string{"catalog", "instances"}

func (c config) path(elem ...string) string {
	return filepath.Join(append([]string{c.State}, elem...)...)
}

func (c config) logs() string              { return c.path("logs") }
func (c config) stateFile() string         { return c.path("run", "state.json") }
func (c config) configFile() string        { return c.path("run", "config.json") }
func (c config) supervisorLock() string    { return c.path("run", "supervisor.lock") }
func (c config) passwordFile() string      { return c.path("secrets", "pgpass") }
func (c config) adminPasswordFile() string { return c.path("secrets", "admin-password") }
func (c config) bin(program string) string { return filepath.Join(c.Project, "bin", program) }

func (c config) apiURL() string { return fmt.Sprintf("http://127.0.0.1:%d", c.Ports["api"]) }
func (c config) temporalUIURL() string {
	return fmt.Sprintf("http://127.0.0.1:%d", c.Ports["temporal_ui"])
}

// catalogURL names the file with the password instead of the password.
func (c config) catalogURL(database string) string {
	return fmt.Sprintf("postgres://postgres@127.0.0.1:%d/%s?sslmode=disable&passfile=%s", c.Ports["catalog"], database, c.passwordFile())
}

// shown shortens a path for people: relative to where they are, if it is below.
func shown(path string) string {
	wd, err := os.Getwd()
	if err != nil {
		return path
	}
	if relative, err := filepath.Rel(wd, path); err == nil && filepath.IsLocal(relative) {
		return relative
	}
	return path
}

func (c config) write() error {
	content, err := json.MarshalIndent(c, "", "  ")
	if err != nil {
		return err
	}
	fresh := c.configFile() + ".new"
	if err := os.WriteFile(fresh, append(content, '\n'), 0o644); err != nil {
		return err
	}
	return os.Rename(fresh, c.configFile())
}

// remembered reads the configuration with which the stack was last started; false if it never was.
func (c config) remembered() (config, bool, error) {
	content, err := os.ReadFile(c.configFile())
	if errors.Is(err, os.ErrNotExist) {
		return c, false, nil
	}
	if err != nil {
		return c, false, err
	}
	r := config{Provider: local.Name} // when it was written before there was another one
	if err := json.Unmarshal(content, &r); err != nil {
		return c, false, fmt.Errorf("%s: %w", c.configFile(), err)
	}
	return r, true, nil
}

// keepProvider leaves the instances where they are. A stack that was never up gets them where PROVIDER says.
func (c *config) keepProvider() error {
	asked := c.Provider
	before, found, err := c.remembered()
	switch {
	case err != nil:
		return err
	case !found && asked == kubernetes.Name:
		return c.chooseCluster()
	case !found:
		c.Provider = local.Name
		return nil
	case asked != "" && asked != before.Provider:
		return fmt.Errorf("the instances of this stack are with the provider %s, so it cannot be %s now: make clean first, or choose another TOYGRES_STATE",
			before.Provider, asked)
	}
	c.Provider, c.Cluster = before.Provider, before.Cluster
	if c.Provider != kubernetes.Name {
		return nil
	}
	return c.keepCluster(asked != "")
}

// keepPorts takes over the ports of a running stack, unless others are asked for.
func (c *config) keepPorts(running config) error {
	for _, setting := range portSettings {
		if os.Getenv(setting.variable) != "" && c.Ports[setting.name] != running.Ports[setting.name] {
			return fmt.Errorf("Toygres is running with %s=%d, so it cannot be %d now: make down first",
				setting.variable, running.Ports[setting.name], c.Ports[setting.name])
		}
	}
	if os.Getenv(instancePortsVariable) != "" && c.InstancePorts != running.InstancePorts {
		return fmt.Errorf("Toygres is running with %s=%s, so it cannot be %s now: make down first",
			instancePortsVariable, running.InstancePorts, c.InstancePorts)
	}
	c.Ports, c.InstancePorts = running.Ports, running.InstancePorts
	return nil
}

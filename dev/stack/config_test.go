package main

import (
	"net"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
)

// testConfig reads a configuration whose state directory is the test's own.
func testConfig(t *testing.T, environment ...string) (config, error) {
	t.Helper()
	for _, setting := range portSettings {
		t.Setenv(setting.variable, "")
	}
	t.Setenv(instancePortsVariable, "")
	t.Setenv("TOYGRES_STATE", filepath.Join(t.TempDir(), "state"))
	for i := 0; i < len(environment); i += 2 {
		t.Setenv(environment[i], environment[i+1])
	}
	return readConfig()
}

func TestPortsAreStandardUnlessChanged(t *testing.T) {
	c, err := testConfig(t, "API_PORT", "9090")
	require.NoError(t, err)
	require.Equal(t, 9090, c.Ports["api"])
	require.Equal(t, 15432, c.Ports["catalog"])
	require.Equal(t, "15500-16499", c.InstancePorts)
	require.Equal(t, "http://127.0.0.1:9090", c.apiURL())
}

func TestPortsThatCannotWorkAreNamedWithTheirVariable(t *testing.T) {
	for name, test := range map[string]struct {
		environment []string
		want        string
	}{
		"no number":    {[]string{"API_PORT", "http"}, "API_PORT=http is not a port: give a number from 1 to 65535"},
		"too big":      {[]string{"API_PORT", "65536"}, "API_PORT=65536 is not a port: give a number from 1 to 65535"},
		"the same":     {[]string{"WORKER_PORT", "8080"}, "API_PORT and WORKER_PORT are both 8080: give them different ports"},
		"in the range": {[]string{"CATALOG_PORT", "15500"}, "CATALOG_PORT=15500 is in the range of INSTANCE_PORTS=15500-16499: change one of them"},
		"no range":     {[]string{"INSTANCE_PORTS", "15500"}, "INSTANCE_PORTS=15500 is not a range of ports: write it like 15500-16499"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := testConfig(t, test.environment...)
			require.EqualError(t, err, test.want)
		})
	}
}

func TestTakenPortIsNamedWithPartAndWayOut(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = listener.Close() })
	port := listener.Addr().(*net.TCPAddr).Port
	c, err := testConfig(t)
	require.NoError(t, err)
	c.Ports = map[string]int{"temporal_ui": port} // the others are not tried: port 0 is always free
	err = c.checkPorts()
	require.ErrorContains(t, err, "port "+strconv.Itoa(port)+" for Temporal Web is taken by another program")
	require.ErrorContains(t, err, "make up TEMPORAL_UI_PORT=")
}

func TestRunningStackKeepsItsPorts(t *testing.T) {
	running, err := testConfig(t, "API_PORT", "9090")
	require.NoError(t, err)

	again, err := testConfig(t)
	require.NoError(t, err)
	require.NoError(t, again.keepPorts(running))
	require.Equal(t, 9090, again.Ports["api"])

	same, err := testConfig(t, "API_PORT", "9090")
	require.NoError(t, err)
	require.NoError(t, same.keepPorts(running))

	other, err := testConfig(t, "API_PORT", "9091")
	require.NoError(t, err)
	require.EqualError(t, other.keepPorts(running), "Toygres is running with API_PORT=9090, so it cannot be 9091 now: make down first")
}

func TestSecretsAreMadeOnceAndForTheOwnerOnly(t *testing.T) {
	c, err := testConfig(t)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, c.remove()) }) // as root, part of it is elsewhere
	require.NoError(t, c.prepare())
	for _, file := range []string{c.passwordFile(), c.adminPasswordFile()} {
		info, err := os.Stat(file)
		require.NoError(t, err)
		require.Equal(t, os.FileMode(0o600), info.Mode().Perm(), file)
	}
	first, err := c.catalogPassword()
	require.NoError(t, err)
	require.NotEmpty(t, first)
	require.NoError(t, c.prepare())
	second, err := c.catalogPassword()
	require.NoError(t, err)
	require.Equal(t, first, second)
}

func TestCleanRemovesOnlyWhatIsOurs(t *testing.T) {
	c, err := testConfig(t)
	require.NoError(t, err)
	require.NoError(t, c.prepare())
	foreign := c.path("notes.txt")
	require.NoError(t, os.WriteFile(foreign, nil, 0o600))
	require.NoError(t, c.remove())
	require.FileExists(t, foreign)
	require.NoDirExists(t, c.path("secrets"))
	require.NoError(t, os.Remove(foreign))
	require.NoError(t, c.remove())
	require.NoDirExists(t, c.State)
	require.NoError(t, c.remove(), "removing nothing is fine")
}

func TestDataIsWherePostgreSQLCanReachIt(t *testing.T) {
	if os.Geteuid() != 0 {
		c, err := testConfig(t)
		require.NoError(t, err)
		require.Equal(t, c.State, c.Data)
		return
	}
	hidden, err := testConfig(t) // t.TempDir is for its owner only
	require.NoError(t, err)
	require.NotEqual(t, hidden.State, hidden.Data)

	open, err := os.MkdirTemp("/tmp", "toygres-open-")
	require.NoError(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(open) })
	require.NoError(t, os.Chmod(open, 0o755))
	reachable, err := testConfig(t, "TOYGRES_STATE", filepath.Join(open, "state"))
	require.NoError(t, err)
	require.Equal(t, reachable.State, reachable.Data)
}

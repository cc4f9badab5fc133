package main

import (
	"net"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
)

// testConfig reads a configuration whose state directory is the test's own.
func testConfig(t *testing.T, environment ...string) (config, error) {
	t.Helper()
	for _, setting := range portSettings {
		t.Setenv(setting.variable, "")
	}
	for _, variable := range []string{instancePortsVariable, providerVariable, namespaceVariable, "KUBECONFIG"} {
		t.Setenv(variable, "")
	}
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

// kubeconfigOf writes a kubeconfig whose current context is about a server, and returns its path.
func kubeconfigOf(t *testing.T, server string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "kubeconfig")
	require.NoError(t, clientcmd.WriteToFile(clientcmdapi.Config{
		CurrentContext: "here",
		Contexts:       map[string]*clientcmdapi.Context{"here": {Cluster: "c", AuthInfo: "u"}, "there": {Cluster: "d", AuthInfo: "v"}},
		Clusters:       map[string]*clientcmdapi.Cluster{"c": {Server: server}, "d": {Server: "https://elsewhere.example"}},
		AuthInfos:      map[string]*clientcmdapi.AuthInfo{"u": {Token: "t"}, "v": {Token: "somebody else's"}},
	}, file))
	return file
}

func TestInstancesAreLocalUnlessAskedForOtherwise(t *testing.T) {
	c, err := testConfig(t)
	require.NoError(t, err)
	require.NoError(t, c.keepProvider())
	require.Equal(t, "local", c.Provider)
	require.Contains(t, c.environment(), "TOYGRES_PROVIDER=local")

	_, err = testConfig(t, "PROVIDER", "cloud")
	require.EqualError(t, err, "PROVIDER=cloud is not known: choose local or kubernetes")
}

func TestInstancesStayOnTheClusterThatWasNamedFirst(t *testing.T) {
	first := kubeconfigOf(t, "https://first.example:6443")
	c, err := testConfig(t, "PROVIDER", "kubernetes", "KUBECONFIG", first)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, c.remove()) })
	require.NoError(t, c.prepare())
	require.NoError(t, c.keepProvider())
	require.False(t, c.Cluster.Development)
	require.Regexp(t, `^toygres-[0-9a-f]{6}$`, c.Cluster.Namespace)
	require.NoError(t, c.copyKubeconfig())
	require.NoError(t, c.write())
	copied, err := os.ReadFile(c.Cluster.Kubeconfig)
	require.NoError(t, err)
	require.NotContains(t, string(copied), "somebody else's")
	info, err := os.Stat(c.Cluster.Kubeconfig)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
	environment := c.environment()
	for _, variable := range []string{
		"TOYGRES_PROVIDER=kubernetes", "KUBECONFIG=" + c.Cluster.Kubeconfig,
		"TOYGRES_KUBERNETES_NAMESPACE=" + c.Cluster.Namespace, "TOYGRES_KUBERNETES_ENDPOINT=address",
	} {
		require.Contains(t, environment, variable)
	}

	again := func(environment ...string) (config, error) {
		for _, variable := range []string{"PROVIDER", "KUBECONFIG", "TOYGRES_KUBERNETES_ENDPOINT"} {
			t.Setenv(variable, "")
		}
		for i := 0; i < len(environment); i += 2 {
			t.Setenv(environment[i], environment[i+1])
		}
		now, err := readConfig()
		require.NoError(t, err)
		return now, now.keepProvider()
	}
	second := kubeconfigOf(t, "https://second.example:6443")
	for name, environment := range map[string][]string{
		"nothing is said":                    nil,
		"the same is said":                   {"PROVIDER", "kubernetes", "KUBECONFIG", first},
		"KUBECONFIG is about something else": {"KUBECONFIG", second},
	} {
		now, err := again(environment...)
		require.NoError(t, err, name)
		require.Equal(t, c.Cluster, now.Cluster, name)
		if os.Getenv("KUBECONFIG") != "" {
			require.NoError(t, now.copyKubeconfig(), name)
		}
		unchanged, err := os.ReadFile(c.Cluster.Kubeconfig)
		require.NoError(t, err)
		require.Equal(t, string(copied), string(unchanged), name)
	}
	_, err = again("PROVIDER", "kubernetes", "KUBECONFIG", second)
	require.EqualError(t, err, "the instances of this stack are on the cluster at https://first.example:6443, so they cannot be at "+
		"https://second.example:6443 now: make clean first, or choose another TOYGRES_STATE")
	_, err = again("PROVIDER", "local")
	require.EqualError(t, err, "the instances of this stack are with the provider kubernetes, so it cannot be local now: make clean first, or choose another TOYGRES_STATE")

	now, err := again("TOYGRES_KUBERNETES_ENDPOINT", "dns")
	require.NoError(t, err)
	require.Contains(t, now.environment(), "TOYGRES_KUBERNETES_ENDPOINT=dns", "whoever is in the cluster's DNS may say so")
}

func TestALocalStackDoesNotMoveToACluster(t *testing.T) {
	c, err := testConfig(t)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, c.remove()) })
	require.NoError(t, c.prepare())
	require.NoError(t, os.WriteFile(c.configFile(), []byte("{}"), 0o600), "as it was written before there was a choice")
	c.Provider = "kubernetes"
	require.EqualError(t, c.keepProvider(), "the instances of this stack are with the provider local, so it cannot be kubernetes now: make clean first, or choose another TOYGRES_STATE")
	c.Provider = ""
	require.NoError(t, c.keepProvider())
	require.Equal(t, "local", c.Provider)
}

func TestWithoutAClusterOneIsStartedOrTheReasonIsToldInALine(t *testing.T) {
	c, err := testConfig(t, "PROVIDER", "kubernetes")
	require.NoError(t, err)
	if os.Geteuid() != 0 {
		require.EqualError(t, c.keepProvider(), "PROVIDER=kubernetes starts a Kubernetes on this machine, which needs root on Linux: run it as root, or name another cluster by KUBECONFIG")
		return
	}
	require.NoError(t, c.keepProvider())
	require.True(t, c.Cluster.Development)
	require.False(t, c.Cluster.Started, "only up starts it")
	require.Equal(t, c.path("kubernetes", "kubeconfig"), c.Cluster.Kubeconfig)
}

func TestAKubeconfigThatIsNoneIsToldInALine(t *testing.T) {
	c, err := testConfig(t, "PROVIDER", "kubernetes", "KUBECONFIG", filepath.Join(t.TempDir(), "missing"))
	require.NoError(t, err)
	require.ErrorContains(t, c.keepProvider(), "names no cluster")
}

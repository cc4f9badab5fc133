package providers

import (
	"log/slog"
	"os"
	"path/filepath"
	"testing"

	"github.com/caarlos0/env/v11"
	"github.com/stretchr/testify/require"
)

// kubeconfig names a cluster that nobody has to reach: opening a provider asks
// it nothing.
const kubeconfig = `apiVersion: v1
kind: Config
clusters: [{name: c, cluster: {server: "https://192.0.2.1:6443"}}]
contexts: [{name: c, context: {cluster: c, user: u, namespace: from-the-kubeconfig}}]
users: [{name: u, user: {token: t}}]
current-context: c
`

func open(t *testing.T, variables map[string]string) (Provider, error) {
	t.Helper()
	c, err := env.ParseAsWithOptions[Config](env.Options{Prefix: "TOYGRES_", Environment: variables})
	require.NoError(t, err)
	return c.Open(slog.New(slog.DiscardHandler))
}

func TestTheEnvironmentChoosesTheProvider(t *testing.T) {
	path := filepath.Join(t.TempDir(), "kubeconfig")
	require.NoError(t, os.WriteFile(path, []byte(kubeconfig), 0o600))
	t.Setenv("KUBECONFIG", path)

	p, err := open(t, map[string]string{
		"TOYGRES_PROVIDER":                     "kubernetes",
		"TOYGRES_KUBERNETES_IMAGES":            "17=registry.example.com:5000/postgres:17.5,16=postgres:16",
		"TOYGRES_KUBERNETES_PG_DURABLE_IMAGES": "17=pg_durable:0.2",
		"TOYGRES_KUBERNETES_COPY_IMAGE":        "registry.example.com/toygres/worker:v1.2.3",
		"TOYGRES_KUBERNETES_TOLERATIONS":       "databases=yes:NoSchedule,spot:NoExecute",
		"TOYGRES_KUBERNETES_NODE_SELECTOR":     "pool=databases",
	})
	require.NoError(t, err)
	require.Equal(t, "kubernetes", p.Name())
	offer, err := p.Offer(t.Context())
	require.NoError(t, err)
	require.Equal(t, []int{17, 16}, offer.Versions)
	require.Len(t, offer.ImageTypes, 2)
	require.True(t, offer.Forks)

	for variable, value := range map[string]string{
		"TOYGRES_KUBERNETES_TOLERATIONS": "=:Never",
		"TOYGRES_KUBERNETES_NAMESPACE":   "No_Namespace",
		"TOYGRES_KUBERNETES_ENDPOINT":    "carrier-pigeon",
		"TOYGRES_KUBERNETES_IMAGES":      "9=postgres:9",
	} {
		_, err := open(t, map[string]string{"TOYGRES_PROVIDER": "kubernetes", variable: value})
		require.Error(t, err, variable)
	}
	_, err = open(t, map[string]string{"TOYGRES_PROVIDER": "mainframe"})
	require.ErrorContains(t, err, "TOYGRES_PROVIDER")
	_, err = open(t, map[string]string{"TOYGRES_PROVIDER": "local"})
	require.ErrorContains(t, err, "TOYGRES_LOCAL_DIR")

	dir, err := os.MkdirTemp("", "toygres-providers-") // which PostgreSQL's user can reach
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, os.RemoveAll(dir)) })
	require.NoError(t, os.Chmod(dir, 0o755))
	p, err = open(t, map[string]string{"TOYGRES_PROVIDER": "local", "TOYGRES_LOCAL_DIR": dir, "TOYGRES_LOCAL_PORTS": "15500-15599"})
	require.NoError(t, err)
	require.Equal(t, "local", p.Name())
}

package main

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/toygres/toygres/services/api/server"
)

func TestSettingsAreShownAsTheyAreInEffectAndSecretsAreNot(t *testing.T) {
	setProvider(t, "CLIENT_SECRET_FILE", "/run/secrets/entra")
	t.Setenv("TOYGRES_CATALOG_URL", "postgres://toygres:hunter2@db/toygres")
	t.Setenv("TOYGRES_PUBLIC_URL", "https://joe:hunter2@toygres.example.com")
	t.Setenv("TOYGRES_KEEP_DELETED", "1h")
	t.Setenv("TOYGRES_DRAIN", "")
	c, err := read[config]()
	require.NoError(t, err)
	cc, err := readCatalogConfig()
	require.NoError(t, err)
	all, err := settings(c, cc)
	require.NoError(t, err)

	shown := map[string]server.Setting{}
	for _, s := range all {
		require.NotContains(t, s.Value, "hunter2")
		require.NotContains(t, shown, s.Name, "it is listed twice")
		shown[s.Name] = s
	}
	for _, want := range []server.Setting{
		{Name: "TOYGRES_CATALOG_URL", Secret: true},
		{Name: "TOYGRES_PUBLIC_URL", Secret: true},
		{Name: "TOYGRES_KEEP_DELETED", Value: "1h"},
		{Name: "TOYGRES_DRAIN", Value: "500ms", Default: true},
		{Name: "TOYGRES_TEMPORAL_NAMESPACE", Value: "toygres", Default: true},
		{Name: "TOYGRES_METRICS_LISTEN", Default: true},
		{Name: "TOYGRES_OIDC_0_NAME", Value: "entra"},
		{Name: "TOYGRES_OIDC_0_CLIENT_SECRET_FILE", Value: "/run/secrets/entra"},
		{Name: "TOYGRES_KUBERNETES_ENDPOINT", Value: "dns", Default: true},
	} {
		require.Equal(t, want, shown[want.Name])
	}
}

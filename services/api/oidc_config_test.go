package main

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/toygres/toygres/services/api/oidc"
)

// setProvider configures a provider that makes sense, with changes.
func setProvider(t *testing.T, change ...string) {
	t.Helper()
	set := map[string]string{"NAME": "entra", "ISSUER": "https://login.microsoftonline.com/11111111-1111-4111-8111-111111111111/v2.0",
		"CLIENT_ID": "id", "ALLOWED_DOMAINS": "example.com,example.org"}
	for i := 0; i < len(change); i += 2 {
		set[change[i]] = change[i+1]
	}
	for name, value := range set {
		t.Setenv("TOYGRES_OIDC_0_"+name, value)
	}
}

func TestProvidersComeFromTheEnvironment(t *testing.T) {
	setProvider(t, "ROLE_CLAIM", "groups", "ROLES", "dba:operator,platform:admin")
	t.Setenv("TOYGRES_OIDC_1_NAME", "google")
	t.Setenv("TOYGRES_OIDC_1_ISSUER", "https://accounts.google.com")
	t.Setenv("TOYGRES_OIDC_1_CLIENT_ID", "id")
	t.Setenv("TOYGRES_OIDC_1_ALLOWED_DOMAINS", "*")
	c, err := read[config]()
	require.NoError(t, err)
	require.Len(t, c.OpenID, 2)
	require.Equal(t, []string{"openid", "email", "profile"}, c.OpenID[1].Scopes)
	require.Equal(t, []string{"example.com", "example.org"}, c.OpenID[0].AllowedDomains)
	require.Equal(t, map[string]string{"dba": "operator", "platform": "admin"}, c.OpenID[0].Roles)
	providers, err := oidc.New(c.OpenID, "https://toygres.example.com")
	require.NoError(t, err)
	require.Contains(t, providers, "google")
}

func TestProvidersThatWouldLetTheWrongPeopleInAreRefused(t *testing.T) {
	for name, change := range map[string][]string{
		"no domains":                 {"ALLOWED_DOMAINS", ""},
		"many tenants":               {"ISSUER", "https://login.microsoftonline.com/common/v2.0"},
		"organizations":              {"ISSUER", "https://login.microsoftonline.com/organizations/v2.0"},
		"in clear":                   {"ISSUER", "http://idp.example.com"},
		"no such role":               {"DEFAULT_ROLE", "owner"},
		"a claim without a map":      {"ROLE_CLAIM", "groups"},
		"a map to no role":           {"ROLE_CLAIM", "groups", "ROLES", "dba:king"},
		"nobody could have a role":   {"DEFAULT_ROLE", "none"},
		"a name that is a path":      {"NAME", "a/b"},
		"a secret that is not there": {"CLIENT_SECRET_FILE", "/nowhere/secret"},
	} {
		t.Run(name, func(t *testing.T) {
			setProvider(t, change...)
			c, err := read[config]()
			require.NoError(t, err)
			_, err = oidc.New(c.OpenID, "https://toygres.example.com")
			require.Error(t, err)
		})
	}
	setProvider(t)
	c, err := read[config]()
	require.NoError(t, err)
	_, err = oidc.New(c.OpenID, "")
	require.ErrorContains(t, err, "TOYGRES_PUBLIC_URL")
}

package cli

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestUsersAreManaged(t *testing.T) {
	t.Parallel()
	s := newFakeServer(t)
	u := signedInTo(t, s)
	u.in = strings.NewReader(testPassword + "\n")
	r := u.run("users", "create", "anna", "--role", "operator")
	require.Equal(t, exitOK, r.code, r.err)
	require.Contains(t, r.out, "operator")

	require.Equal(t, exitOK, u.run("users", "update", "anna", "--max-instances", "3").code)
	r = u.run("users", "update", "anna", "--max-storage", "100GiB")
	require.Contains(t, r.out, "0 of 3", "what is not named stays")
	require.Contains(t, r.out, "0 of 100 GiB")
	r = u.run("users", "update", "anna", "--max-instances", "default", "--disable")
	require.Contains(t, r.out, "disabled")
	require.NotContains(t, r.out, "of 3")
	r = u.run("users", "list", "--no-headers")
	require.Equal(t, []string{"anna", "operator", "disabled", "0", "0", "of", "100", "0", "never"}, strings.Fields(r.out))

	for _, wrong := range [][]string{
		{"users", "update", "anna"}, {"users", "update", "anna", "--enable", "--disable"}, {"users", "unlock"},
		{"users", "update", "anna", "--max-storage", "100"}, {"users", "update", "anna", "--max-instances", "-1"}, {"users", "delete", "anna"}, {"password"},
	} {
		require.Equal(t, exitUsage, u.run(wrong...).code, wrong)
	}
}

func TestAuditLogIsReadPageByPage(t *testing.T) {
	t.Parallel()
	s := newFakeServer(t)
	u := signedInTo(t, s)
	r := u.run("audit", "--user", "anna", "--since", "24h", "--limit", "220", "--no-headers")
	require.Equal(t, exitOK, r.code, r.err)
	lines := strings.Split(strings.TrimSpace(r.out), "\n")
	require.Len(t, lines, 220)
	require.Equal(t, []string{"2030-05-06", "07:08:09", "anna", "session", "203.0.113.9", "deleteInstance", "instances/db-31", "202"}, strings.Fields(lines[219]))
	require.Equal(t, exitUsage, u.run("audit", "--since", "yesterday").code)
}

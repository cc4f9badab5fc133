package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// The browser's own assertions are in ui/e2e. Here they get a real stack, and
// the connection URL that the page handed out is tried.
func TestTheWebUIWorksInARealBrowser(t *testing.T) {
	ui, err := filepath.Abs("../../ui")
	require.NoError(t, err)
	urlFile := filepath.Join(t.TempDir(), "connection-url")
	args := append([]string{"--no-install", "playwright", "test"}, shared.browser...)
	cmd := exec.CommandContext(t.Context(), "npx", args...)
	cmd.Dir = ui
	cmd.Env = append(os.Environ(), "CI=true", "BASE_URL="+shared.URL, "ADMIN_USER=admin",
		"ADMIN_PASSWORD_FILE="+shared.AdminPasswordFile, "CONNECTION_URL_FILE="+urlFile)
	out, err := cmd.CombinedOutput()
	t.Logf("%s", out)
	require.NoError(t, err)

	address, err := os.ReadFile(urlFile)
	require.NoError(t, err, "the browser copied no connection URL")
	require.Contains(t, query(t, strings.TrimSpace(string(address)), "SELECT version()"), "PostgreSQL")
}

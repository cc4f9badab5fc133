package signin

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/toygres/toygres/ui"
)

// The browser's own assertions are in ui/e2e/provider.ts.
func TestTheButtonOfAProviderLeadsThroughItIntoTheConsole(t *testing.T) {
	t.Parallel()
	site, err := fs.Sub(ui.Dist, "dist")
	require.NoError(t, err)
	w := serve(t, site)
	w.idp.people.set("anna", "anna@example.com", true)
	w.idp.people.set("eve", "eve@example.org", true)
	secret := filepath.Join(t.TempDir(), "password")
	require.NoError(t, os.WriteFile(secret, []byte(password), 0o600))

	cmd := exec.CommandContext(t.Context(), "npx", "--no-install", "playwright", "test",
		"--project=desktop", "--project=phone", "--output=test-results/provider")
	cmd.Dir = filepath.Join("..", "..", "ui")
	cmd.Env = append(os.Environ(), "CI=true", "BASE_URL="+w.url, "PROVIDER=The provider", "ADMIN_USER=anna", "ADMIN_PASSWORD_FILE="+secret)
	out, err := cmd.CombinedOutput()
	t.Logf("%s", out)
	require.NoError(t, err)

	people, err := w.catalog.People(t.Context())
	require.NoError(t, err)
	require.Len(t, people, 2, "the administrator, and whom the provider let in")
	require.Equal(t, "anna@example.com", people[1].Name)
}

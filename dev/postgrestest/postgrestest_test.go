package postgrestest_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/toygres/toygres/dev/postgrestest"
)

func connect(t *testing.T, url string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	return conn
}

func TestEveryDatabaseIsNewAndEmpty(t *testing.T) {
	t.Parallel()
	for range 2 {
		conn := connect(t, postgrestest.NewDatabase(t))
		_, err := conn.Exec(t.Context(), "CREATE TABLE only_mine (id int)")
		require.NoError(t, err)
	}
}

func TestPrefixesAreInstallations(t *testing.T) {
	t.Parallel()
	prefixes := postgrestest.Prefixes(t)
	require.NotEmpty(t, prefixes)
	for _, prefix := range prefixes {
		require.FileExists(t, filepath.Join(prefix, "bin", "initdb"))
		require.FileExists(t, filepath.Join(prefix, "bin", "postgres"))
	}
}

func TestServerOfOneTestHasTheCatalogVersion(t *testing.T) {
	t.Parallel()
	var version string
	require.NoError(t, connect(t, postgrestest.NewServer(t)).QueryRow(t.Context(), "SHOW server_version").Scan(&version))
	require.True(t, strings.HasPrefix(version, "18"), version)
}

// TestServerEndsWithAKilledTestProcess runs this test binary again, lets it start a server, and kills it.
func TestServerEndsWithAKilledTestProcess(t *testing.T) {
	if file := os.Getenv("POSTGRESTEST_URL_FILE"); file != "" {
		require.NoError(t, os.WriteFile(file+".new", []byte(postgrestest.NewServer(t)), 0o600))
		require.NoError(t, os.Rename(file+".new", file))
		select {} // until we are killed
	}
	t.Parallel()
	file := filepath.Join(t.TempDir(), "url")
	child := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$")
	child.Env = append(os.Environ(), "POSTGRESTEST_URL_FILE="+file)
	require.NoError(t, child.Start())
	t.Cleanup(func() { _ = child.Process.Kill() })

	var url string
	require.Eventually(t, func() bool {
		content, err := os.ReadFile(file)
		url = string(content)
		return err == nil
	}, time.Minute, 20*time.Millisecond)
	var dir string
	require.NoError(t, connect(t, url).QueryRow(t.Context(), "SHOW data_directory").Scan(&dir))
	require.NoError(t, child.Process.Kill())
	require.Error(t, child.Wait())

	require.Eventually(t, func() bool {
		_, err := os.Stat(filepath.Dir(dir))
		return os.IsNotExist(err)
	}, time.Minute, 50*time.Millisecond, "the killed process left %s", dir)
	_, err := pgx.Connect(t.Context(), url)
	require.Error(t, err)
}

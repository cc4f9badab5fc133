package postgres

import (
	"archive/tar"
	"compress/gzip"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

type entry struct {
	name, content string
	mode          int64
}

func archive(t *testing.T, entries ...entry) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "package.tgz")
	f, err := os.Create(file)
	require.NoError(t, err)
	zipped := gzip.NewWriter(f)
	files := tar.NewWriter(zipped)
	for _, e := range entries {
		require.NoError(t, files.WriteHeader(&tar.Header{Name: e.name, Mode: e.mode, Size: int64(len(e.content)), Typeflag: tar.TypeReg}))
		_, err := files.Write([]byte(e.content))
		require.NoError(t, err)
	}
	require.NoError(t, files.Close())
	require.NoError(t, zipped.Close())
	require.NoError(t, f.Close())
	return file
}

func TestUnpackMakesAnInstallationForEverybody(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	require.NoError(t, unpack(archive(t,
		entry{"package/package.json", "{}", 0o644},
		entry{"package/native/bin/postgres", "program", 0o700},
		entry{"package/native/lib/libpq.so.5.18", "library", 0o600},
		entry{"package/native/pg-symlinks.json", `[{"source":"native/lib/libpq.so.5.18","target":"native/lib/libpq.so.5"}]`, 0o644},
	), dir))
	for name, mode := range map[string]os.FileMode{"bin/postgres": 0o755, "lib/libpq.so.5.18": 0o644, "bin": 0o755} {
		info, err := os.Stat(filepath.Join(dir, name))
		require.NoError(t, err)
		require.Equal(t, mode, info.Mode().Perm(), name)
	}
	content, err := os.ReadFile(filepath.Join(dir, "lib/libpq.so.5"))
	require.NoError(t, err)
	require.Equal(t, "library", string(content))
	require.NoFileExists(t, filepath.Join(dir, "package.json"))
}

func TestUnpackWritesNothingOutside(t *testing.T) {
	t.Parallel()
	parent := t.TempDir()
	dir := filepath.Join(parent, "installation")
	require.NoError(t, os.Mkdir(dir, 0o755))
	require.Error(t, unpack(archive(t, entry{"package/native/../../../evil", "", 0o644}), dir))
	require.NoFileExists(t, filepath.Join(parent, "evil"))
}

func TestAnotherArchiveThanTheReviewedOneIsRefused(t *testing.T) {
	t.Parallel()
	err := verify(archive(t, entry{"package/native/bin/postgres", "changed", 0o755}), releases[0].sha512["x64"])
	require.ErrorContains(t, err, "the archive is not the expected one")
}

func TestEveryReleaseHasADigestForBothArchitectures(t *testing.T) {
	t.Parallel()
	for _, r := range releases {
		require.Len(t, r.sha512, 2, r.version)
	}
	require.Equal(t, CatalogMajor, releases[0].major, "the catalog's is fetched first")
}

package build

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func tree(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, content := range files {
		path := filepath.Join(dir, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
	}
	return dir
}

func key(t *testing.T, files map[string]string, labels ...string) string {
	t.Helper()
	k, err := Key(tree(t, files), notUISource, labels...)
	require.NoError(t, err)
	return k
}

func TestKeyIsTheSameForTheSameInputsAnywhere(t *testing.T) {
	t.Parallel()
	files := map[string]string{"src/a.ts": "a", "package.json": "{}"}
	here, there := key(t, files, "v20"), key(t, files, "v20") // in a directory each
	require.Equal(t, here, there)
}

func TestKeyChangesWithEveryInput(t *testing.T) {
	t.Parallel()
	base := map[string]string{"src/a.ts": "a", "src/b.ts": "b"}
	keys := map[string]string{"": key(t, base, "v20")}
	for what, k := range map[string]string{
		"content":       key(t, map[string]string{"src/a.ts": "A", "src/b.ts": "b"}, "v20"),
		"name":          key(t, map[string]string{"src/a.ts": "a", "src/c.ts": "b"}, "v20"),
		"another file":  key(t, map[string]string{"src/a.ts": "a", "src/b.ts": "b", "c": ""}, "v20"),
		"label":         key(t, base, "v22"),
		"another label": key(t, base, "v20", ""),
		"moved content": key(t, map[string]string{"src/a.ts": "ab", "src/b.ts": ""}, "v20"),
		"empty":         key(t, nil, "v20"),
	} {
		for other, seen := range keys {
			require.NotEqual(t, seen, k, "%s and %s", what, other)
		}
		keys[what] = k
	}
}

func TestKeyIgnoresWhatIsNotBuilt(t *testing.T) {
	t.Parallel()
	base := map[string]string{"src/a.ts": "a"}
	more := map[string]string{"src/a.ts": "a", "src/a.test.ts": "t", "node_modules/x/index.js": "x", "dist/index.html": "y", "README.md": "z"}
	require.Equal(t, key(t, base), key(t, more))
}

func TestNewDistReplacesTheOldOneButKeepsThePlaceholder(t *testing.T) {
	t.Parallel()
	dist := tree(t, map[string]string{".keep": "", "index.html": "old", "assets/old.js": ""})
	built := tree(t, map[string]string{"index.html": "new", "assets/new.js": "js"})
	require.NoError(t, replaceContents(dist, built))
	content, err := os.ReadFile(filepath.Join(dist, "index.html"))
	require.NoError(t, err)
	require.Equal(t, "new", string(content))
	require.FileExists(t, filepath.Join(dist, ".keep"))
	require.FileExists(t, filepath.Join(dist, "assets/new.js"))
	require.NoFileExists(t, filepath.Join(dist, "assets/old.js"))
}

func TestMissingNodeIsNamedBeforeTheNpmThatComesWithIt(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "go"), []byte("#!/bin/sh\n"), 0o700))
	t.Setenv("PATH", dir)
	_, err := CheckTools(t.Context())
	require.ErrorContains(t, err, "node is missing: install Node 20")
}

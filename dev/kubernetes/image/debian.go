package image

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// packages are what the PostgreSQL image has from Debian: a shell and its tools for the entry point and for what users
// put into /docker-entrypoint-initdb.d, and PostgreSQL's client programs. apt adds what they depend on.
var packages = []string{
	"base-files", "base-passwd", "bash", "coreutils", "dash", "findutils", "grep", "gzip", "libc-bin", "libnss-wrapper", "libstdc++6",
	"mawk", "postgresql-client", "sed", "tar", "util-linux", "xz-utils", "zstd",
}

// unwanted are dependencies of programs that the image does without: installing packages, and Debian's Perl wrappers
// around PostgreSQL's clients.
var unwanted = regexp.MustCompile(`^(perl|libperl|perl-.*|libgdbm.*|libdb5.*|dpkg|debconf|libdebconfclient.*|sensible-utils|postgresql-client|postgresql-client-common|netbase|readline-common|ucf)$`)

// notNeeded are directories that nothing reads at run time.
var notNeeded = []string{"usr/share/doc", "usr/share/man", "usr/share/info", "usr/share/locale", "usr/share/lintian", "usr/share/bash-completion", "var/cache", "var/lib/dpkg"}

// Debian writes the lowest layer of the PostgreSQL images: a small Debian of the release that this machine runs, unpacked
// from its packages.
func Debian(ctx context.Context, out string) error {
	scratch, err := os.MkdirTemp("", "toygres-debian-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(scratch) }()
	archives, root := filepath.Join(scratch, "archives"), filepath.Join(scratch, "root")
	// apt fetches as a user of its own, who must get in.
	if err := errors.Join(os.Chmod(scratch, 0o755), os.Mkdir(archives, 0o777), os.Chmod(archives, 0o777), os.Mkdir(root, 0o755)); err != nil {
		return err
	}
	if err := fetchPackages(ctx, archives); err != nil {
		return err
	}
	// Whether packages have files in /bin or in /usr/bin depends on the release.
	for _, dir := range []string{"bin", "sbin", "lib", "lib64"} {
		if err := errors.Join(os.MkdirAll(filepath.Join(root, "usr", dir), 0o755), os.Symlink("usr/"+dir, filepath.Join(root, dir))); err != nil {
			return err
		}
	}
	debs, err := filepath.Glob(filepath.Join(archives, "*.deb"))
	if err != nil {
		return err
	}
	for _, deb := range debs {
		unpack := exec.CommandContext(ctx, "/bin/sh", "-c", `dpkg-deb --fsys-tarfile "$1" | tar -x -C "$2" --keep-directory-symlink --no-same-owner`, "sh", deb, root)
		if out, err := unpack.CombinedOutput(); err != nil {
			return fmt.Errorf("unpack %s: %w: %s", filepath.Base(deb), err, bytes.TrimSpace(out))
		}
	}
	files, err := configureDebian(root)
	if err != nil {
		return err
	}
	return writeLayer(out, []tree{{source: root, skip: func(path string) bool { return slices.Contains(notNeeded, path) }}}, files)
}

// fetchPackages asks apt what a system without any package would get, and fetches what we want of it. apt checks that
// they are Debian's.
func fetchPackages(ctx context.Context, dir string) error {
	args := []string{"install", "--print-uris", "--quiet=2", "--yes", "--no-install-recommends",
		"-o", "Dir::State::Status=/dev/null", "-o", "Dir::Cache::pkgcache=", "-o", "Dir::Cache::srcpkgcache="}
	out, err := apt(ctx, dir, append(args, packages...)...)
	if err != nil {
		return err
	}
	var wanted []string
	for line := range strings.Lines(out) {
		fields := strings.Fields(line) // 'URL' package_version_architecture.deb size digest
		if len(fields) < 2 {
			continue
		}
		parts := strings.SplitN(fields[1], "_", 3)
		if len(parts) == 3 && !unwanted.MatchString(parts[0]) {
			wanted = append(wanted, parts[0]+"="+strings.ReplaceAll(parts[1], "%3a", ":"))
		}
	}
	if len(wanted) < len(packages) {
		return fmt.Errorf("apt knows too few packages: run apt-get update")
	}
	_, err = apt(ctx, dir, append([]string{"download", "--quiet=2"}, wanted...)...)
	return err
}

func apt(ctx context.Context, dir string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, "apt-get", args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "LC_ALL=C")
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("apt-get %s: %w: %s", args[0], err, bytes.TrimSpace(stderr.Bytes()))
	}
	return stdout.String(), nil
}

// configureDebian makes the few files that packages would make when they are installed.
func configureDebian(root string) ([]file, error) {
	passwd, err := os.ReadFile(filepath.Join(root, "usr/share/base-passwd/passwd.master"))
	if err != nil {
		return nil, err
	}
	group, err := os.ReadFile(filepath.Join(root, "usr/share/base-passwd/group.master"))
	if err != nil {
		return nil, err
	}
	files := []file{
		{path: "etc/passwd", mode: 0o644, content: string(passwd) + "postgres:x:999:999:PostgreSQL:/var/lib/postgresql:/bin/bash\n"},
		{path: "etc/group", mode: 0o644, content: string(group) + "postgres:x:999:\n"},
		{path: "etc/nsswitch.conf", mode: 0o644, content: "passwd: files\ngroup: files\nhosts: files dns\n"},
		{path: "usr/bin/awk", link: "mawk"}, {path: "usr/bin/sh", link: "dash"},
		{path: "tmp/", mode: 0o777 | os.ModeSticky},
	}
	clients, err := filepath.Glob(filepath.Join(root, "usr/lib/postgresql/*/bin/*"))
	if err != nil {
		return nil, err
	}
	for _, client := range clients {
		path, err := filepath.Rel(root, client)
		if err != nil {
			return nil, err
		}
		files = append(files, file{path: "usr/bin/" + filepath.Base(client), link: "/" + path})
	}
	return files, nil
}

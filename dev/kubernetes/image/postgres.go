package image

import (
	_ "embed"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

//go:embed entrypoint.bash
var entrypoint string

const postgresUser = 999

// Postgres makes the image postgres:<major> from an installation of PostgreSQL and the layer that [Debian] made. It
// keeps the contract of the official image of that name: variables, entry point, user, directories, signal.
func Postgres(out string, major int, prefix, debian string) error {
	scratch, err := os.MkdirTemp("", "toygres-image-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(scratch) }()

	version := strconv.Itoa(major)
	home := filepath.Join("usr/lib/postgresql", version)
	const sample = "share/postgresql/postgresql.conf.sample"
	configured, err := configureSample(filepath.Join(prefix, sample))
	if err != nil {
		return err
	}
	data := "/var/lib/postgresql/data"
	if major >= 18 {
		data = "/var/lib/postgresql/" + version + "/docker"
	}
	files := []file{
		{path: filepath.Join(home, sample), mode: 0o644, content: configured},
		{path: "usr/local/bin/docker-entrypoint.sh", mode: 0o755, content: entrypoint},
		{path: "docker-entrypoint-initdb.d/", mode: 0o755},
		{path: "var/lib/postgresql/", mode: 0o777 | fs.ModeSticky, uid: postgresUser},
		{path: "run/", mode: 0o755}, {path: "var/run", link: "/run"},
		{path: "run/postgresql/", mode: 0o777 | fs.ModeSticky | fs.ModeSetgid, uid: postgresUser},
	}
	if major < 18 {
		files = append(files, file{path: "var/lib/postgresql/data/", mode: 0o777 | fs.ModeSticky, uid: postgresUser})
	}
	onlyForBuilding := func(path string) bool {
		return path == sample || strings.HasSuffix(path, ".a") || path == "include" || path == "lib/pkgconfig" || path == "share/doc"
	}
	layer := filepath.Join(scratch, "layer.tar")
	if err := writeLayer(layer, []tree{{source: prefix, target: home, skip: onlyForBuilding}}, files); err != nil {
		return err
	}
	return writeArchive(out, fmt.Sprintf("docker.io/library/postgres:%d", major), v1.Config{
		Entrypoint: []string{"docker-entrypoint.sh"}, Cmd: []string{"postgres"}, StopSignal: "SIGINT",
		ExposedPorts: map[string]struct{}{"5432/tcp": {}}, Volumes: map[string]struct{}{volume(major): {}},
		Env: []string{
			"PATH=/usr/local/sbin:/usr/local/bin:/" + home + "/bin:/usr/sbin:/usr/bin:/sbin:/bin",
			"LANG=C.UTF-8", "PG_MAJOR=" + version, "PGDATA=" + data,
		},
	}, debian, layer)
}

func volume(major int) string {
	if major >= 18 {
		return "/var/lib/postgresql"
	}
	return "/var/lib/postgresql/data"
}

var (
	listen = regexp.MustCompile(`(?m)^#listen_addresses = 'localhost'`)
	socket = regexp.MustCompile(`(?m)^#unix_socket_directories = '[^']*'`)
)

// configureSample reads the file from which initdb makes a server's settings, with the two that the image is expected
// to have.
func configureSample(path string) (string, error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return "", err
	}
	if !listen.Match(content) || !socket.Match(content) {
		return "", fmt.Errorf("%s has no listen_addresses or unix_socket_directories", path)
	}
	content = listen.ReplaceAll(content, []byte("listen_addresses = '*'"))
	return string(socket.ReplaceAll(content, []byte("unix_socket_directories = '/var/run/postgresql'"))), nil
}

package local

import (
	"context"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/toygres/toygres"
	"github.com/toygres/toygres/dev/postgrestest"
	"github.com/toygres/toygres/providers/providertest"
)

// patience is how long any one thing may take on a busy machine.
const patience = 3 * time.Minute

// newDir returns a directory that PostgreSQL's user can reach, which those of
// testing.T can't. When the test ends no process may be left in it.
func newDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "toygres-local-")
	require.NoError(t, err)
	require.NoError(t, os.Chmod(dir, 0o755))
	t.Cleanup(func() {
		if t.Failed() {
			showLogs(t, dir)
		}
		require.Empty(t, processesUnder(t, dir), "processes are left over")
		require.NoError(t, os.RemoveAll(dir))
	})
	return dir
}

// newConfig is for a provider over dir, with ports of its own.
func newConfig(t *testing.T, dir string) Config {
	t.Helper()
	first, last := postgrestest.Ports(t)
	return Config{Dir: filepath.Join(dir, "instances"), Prefixes: postgrestest.Prefixes(t), FirstPort: first, LastPort: last,
		StopTimeout: 20 * time.Second, Logger: slog.New(slog.DiscardHandler)}
}

// newProvider returns a provider whose servers end with the test.
func newProvider(t *testing.T, config Config) *Provider {
	t.Helper()
	p, err := New(config)
	require.NoError(t, err)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		require.NoError(t, p.Shutdown(ctx))
	})
	return p
}

// newInstance is the id and the smallest spec of an instance.
func newInstance(version int) (toygres.InstanceID, toygres.Spec) {
	return toygres.InstanceID(uuid.NewString()), toygres.Spec{Name: "test", Version: version, MemoryMiB: 128, StorageGiB: 1}.WithDefaults()
}

// provision returns an instance that is ready.
func provision(t *testing.T, p *Provider) toygres.InstanceID {
	t.Helper()
	id, spec := newInstance(18)
	require.NoError(t, p.Provision(t.Context(), id, spec))
	await(t, p, id, toygres.PhaseReady)
	return id
}

func await(t *testing.T, p *Provider, id toygres.InstanceID, phase toygres.Phase) toygres.Observation {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	o, err := providertest.Await(ctx, p, id, phase)
	require.NoError(t, err)
	return o
}

func observe(t *testing.T, p *Provider, id toygres.InstanceID) toygres.Observation {
	t.Helper()
	o, err := p.Observe(t.Context(), id)
	require.NoError(t, err)
	return o
}

// keep keeps the provider's instances until the test ends.
func keep(t *testing.T, p *Provider) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- p.Keep(ctx) }()
	stopped := false
	stop = func() {
		if !stopped {
			stopped = true
			cancel()
			require.NoError(t, <-done)
		}
	}
	t.Cleanup(stop)
	return stop
}

func connect(t *testing.T, p *Provider, id toygres.InstanceID) *pgx.Conn {
	t.Helper()
	c, err := p.Credentials(t.Context(), id)
	require.NoError(t, err)
	conn, err := pgx.Connect(t.Context(), providertest.URL(observe(t, p, id).Endpoint, c))
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close(context.Background()) }) // its server may be gone
	return conn
}

func directoryOf(p *Provider, id toygres.InstanceID) directory {
	d, _ := p.directory(id)
	return d
}

// processesUnder returns the command lines of all processes, zombies too,
// that work or were started below dir.
func processesUnder(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir("/proc")
	require.NoError(t, err)
	var found []string
	for _, e := range entries {
		cwd, _ := os.Readlink(filepath.Join("/proc", e.Name(), "cwd"))
		cmdline, _ := os.ReadFile(filepath.Join("/proc", e.Name(), "cmdline"))
		if strings.HasPrefix(cwd, dir+"/") || strings.Contains(string(cmdline), dir+"/") {
			found = append(found, fmt.Sprintf("%s %s %q", e.Name(), cwd, cmdline))
		}
	}
	return found
}

func showLogs(t *testing.T, dir string) {
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if e != nil && e.IsDir() && e.Name() == "data" {
			return fs.SkipDir
		}
		if err == nil && (strings.HasSuffix(path, ".log") || strings.HasSuffix(path, ".json")) {
			content, err := os.ReadFile(path)
			t.Logf("%s (%v):\n%s", path, err, content)
		}
		return nil
	})
	if err != nil {
		t.Log(err)
	}
}

// Package postgrestest gives tests real PostgreSQL: installations to run servers from, a server, or a database on a
// server that all tests of the process share. Nothing needs to be installed or running, and nothing is left behind,
// even if the test process is killed.
package postgrestest

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/toygres/toygres/dev/stack/cache"
	"github.com/toygres/toygres/dev/stack/ports"
	"github.com/toygres/toygres/dev/stack/postgres"
)

// setUp bounds fetching and starting; fetching all majors over a slow line takes longest.
const setUp = 10 * time.Minute

// Ports returns a range of ports for servers, which no other test has until this one has ended.
func Ports(t testing.TB) (first, last int) {
	t.Helper()
	first, release, err := ports.Block()
	require.NoError(t, err)
	t.Cleanup(release)
	return first, first + ports.BlockSize - 1
}

// Prefixes returns the installation prefixes of all supported PostgreSQL majors, newest first, fetching those that
// are not in the cache. TOYGRES_LOCAL_POSTGRES, a ':'-separated list, overrides them.
func Prefixes(tb testing.TB) []string {
	tb.Helper()
	if list := os.Getenv("TOYGRES_LOCAL_POSTGRES"); list != "" {
		return filepath.SplitList(list)
	}
	ctx, cancel := context.WithTimeout(context.Background(), setUp)
	defer cancel()
	dir, err := cache.Dir()
	require.NoError(tb, err)
	prefixes, err := postgres.FetchAll(ctx, dir)
	require.NoError(tb, err)
	return prefixes
}

// OlderPrefix returns the installation prefix of an older minor release of a major version that Prefixes has, too,
// fetching it if it is not in the cache.
func OlderPrefix(tb testing.TB) string {
	tb.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), setUp)
	defer cancel()
	dir, err := cache.Dir()
	require.NoError(tb, err)
	prefix, err := postgres.FetchOlder(ctx, dir)
	require.NoError(tb, err)
	return prefix
}

// NewDatabase creates an empty database for this test and returns its URL, for a superuser. The database is dropped
// when the test ends.
func NewDatabase(tb testing.TB) (url string) {
	tb.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), setUp)
	defer cancel()
	server, err := shared()
	require.NoError(tb, err)

	name := fmt.Sprintf("test_%d", databases.Add(1))
	require.NoError(tb, server.execute(ctx, "CREATE DATABASE "+name))
	tb.Cleanup(func() {
		// Not the test's context, which is over. FORCE ends connections that the test forgot.
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		require.NoError(tb, server.execute(ctx, "DROP DATABASE "+name+" WITH (FORCE)"))
	})
	return server.url(name)
}

// NewServer starts a server for this test alone, for tests that disturb it, and returns the URL of its database
// postgres. It ends with the test.
func NewServer(tb testing.TB) (url string) {
	tb.Helper()
	server, err := start()
	require.NoError(tb, err)
	tb.Cleanup(server.stop)
	return server.url("postgres")
}

var (
	databases atomic.Int64
	// shared is the process's server, started when the first test asks for a database. It ends with the process.
	shared = sync.OnceValues(start)
)

type server struct {
	postgres.Server
	password string
	stop     func()
}

func (s *server) url(database string) string { return s.URL(database, s.password) }

func (s *server) execute(ctx context.Context, sql string) error {
	conn, err := pgx.Connect(ctx, s.url("postgres"))
	if err != nil {
		return err
	}
	_, err = conn.Exec(ctx, sql)
	if closeErr := conn.Close(ctx); err == nil {
		err = closeErr
	}
	return err
}

func start() (*server, error) {
	ctx, cancel := context.WithTimeout(context.Background(), setUp)
	defer cancel()
	account, err := postgres.ServerAccount()
	if err != nil {
		return nil, err
	}
	cacheDir, err := cache.Dir()
	if err != nil {
		return nil, err
	}
	prefix, err := postgres.Fetch(ctx, cacheDir, postgres.CatalogMajor)
	if err != nil {
		return nil, err
	}
	s := &server{password: rand.Text(), Server: postgres.Server{Prefix: prefix, Account: account,
		// The data is thrown away, so it need not survive a crash of the machine.
		Settings: map[string]string{"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off",
			"max_connections": "300", "shared_buffers": "64MB"}}}

	scratch, err := account.Scratch("toygres-test-")
	if err != nil {
		return nil, err
	}
	if s.stop, err = reapAtExit(account, scratch); err != nil {
		return nil, err
	}
	s.Dir = filepath.Join(scratch, "data")
	if err := s.launch(ctx, filepath.Join(scratch, "log")); err != nil {
		s.stop()
		return nil, err
	}
	return s, nil
}

// launch creates the cluster, starts it and waits until it answers. A free port may be taken by another process before
// the server takes it, so it tries a few.
func (s *server) launch(ctx context.Context, logFile string) error {
	if err := s.Init(ctx, s.password); err != nil {
		return err
	}
	for attempt := 1; ; attempt++ {
		port, err := ports.Free()
		if err != nil {
			return err
		}
		s.Port = port
		err = s.run(ctx, logFile)
		if err == nil {
			return nil
		}
		if taken, takenErr := ports.Taken(port); takenErr != nil || !taken || attempt == 5 {
			log, readErr := os.ReadFile(logFile)
			return errors.Join(fmt.Errorf("%w\n%s", err, log), readErr)
		}
	}
}

func (s *server) run(ctx context.Context, logFile string) error {
	log, err := os.Create(logFile)
	if err != nil {
		return err
	}
	cmd := s.Command()
	cmd.Stdout, cmd.Stderr = log, log
	if err := errors.Join(cmd.Start(), log.Close()); err != nil {
		return err
	}
	ready, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	go func() { // also reaps it, whenever it ends
		_ = cmd.Wait()
		cancel()
	}()
	return s.Ready(ready, s.url("postgres"))
}

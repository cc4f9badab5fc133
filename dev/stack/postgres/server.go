package postgres

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
)

// Server is a PostgreSQL server on the loopback interface whose data lives in Dir. Its superuser is postgres, with
// a scram-sha-256 password.
type Server struct {
	Prefix   string // the installation's prefix, from Fetch
	Dir      string // the data directory
	Port     int
	Account  Account
	Settings map[string]string // of postgresql.conf, in effect while the server runs
}

// Init creates the data directory, and a database cluster in it, if there is none. Interrupted, it leaves nothing
// that would look like a cluster.
func (s Server) Init(ctx context.Context, password string) error {
	if _, err := os.Stat(filepath.Join(s.Dir, "PG_VERSION")); err == nil {
		return nil
	}
	fresh := s.Dir + ".new"
	if err := os.RemoveAll(fresh); err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(fresh), 0o755); err != nil {
		return err
	}
	if err := os.Mkdir(fresh, 0o700); err != nil {
		return err
	}
	if err := s.Account.own(fresh); err != nil {
		return err
	}
	passwordFile := fresh + ".password"
	if err := os.WriteFile(passwordFile, []byte(password+"\n"), 0o600); err != nil {
		return err
	}
	defer func() { _ = os.Remove(passwordFile) }()
	if err := s.Account.own(passwordFile); err != nil {
		return err
	}
	// The builtin locale depends on nothing that the machine has or lacks.
	initdb := s.command(ctx, "initdb", "--pgdata="+fresh, "--username=postgres", "--pwfile="+passwordFile,
		"--auth=scram-sha-256", "--encoding=UTF8", "--locale=C", "--locale-provider=builtin",
		"--builtin-locale=C.UTF-8", "--no-instructions")
	initdb.Dir = fresh
	if out, err := initdb.CombinedOutput(); err != nil {
		return errors.Join(fmt.Errorf("initdb: %w: %s", err, lastLine(out)), os.RemoveAll(fresh))
	}
	if err := os.RemoveAll(s.Dir); err != nil { // at most an empty directory: it holds no PG_VERSION
		return err
	}
	return os.Rename(fresh, s.Dir)
}

// Command is the server itself, to be started by the caller. SIGINT stops it fast and clean.
func (s Server) Command() *exec.Cmd {
	args := []string{"-D", s.Dir, "-c", "listen_addresses=127.0.0.1", "-c", "port=" + strconv.Itoa(s.Port),
		"-c", "unix_socket_directories="}
	for name, value := range s.Settings {
		args = append(args, "-c", name+"="+value)
	}
	cmd := s.command(context.Background(), "postgres", args...)
	cmd.Dir = s.Dir
	return cmd
}

// Ready waits until the server answers a query, or ctx is done.
func (s Server) Ready(ctx context.Context, databaseURL string) error {
	for {
		err := Ping(ctx, databaseURL)
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("PostgreSQL on port %d is not ready: %w", s.Port, err)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// URL of one of the server's databases for its superuser. An empty password leaves it out.
func (s Server) URL(database, password string) string {
	u := url.URL{Scheme: "postgres", User: url.User("postgres"), Path: database, RawQuery: "sslmode=disable",
		Host: net.JoinHostPort("127.0.0.1", strconv.Itoa(s.Port))}
	if password != "" {
		u.User = url.UserPassword("postgres", password)
	}
	return u.String()
}

// Ping connects to a database and runs a query.
func Ping(ctx context.Context, databaseURL string) (err error) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	conn, err := pgx.Connect(ctx, databaseURL)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, conn.Close(ctx)) }()
	_, err = conn.Exec(ctx, "SELECT 1")
	return err
}

func (s Server) command(ctx context.Context, program string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, filepath.Join(s.Prefix, "bin", program), args...)
	// A clean environment: PG* and LC_* variables of whoever starts us must not change what the server does.
	cmd.Env = []string{"PATH=/usr/bin:/bin", "LC_ALL=C", "TZ=UTC", "LD_LIBRARY_PATH=" + filepath.Join(s.Prefix, "lib")}
	cmd.SysProcAttr = s.Account.Attributes()
	return cmd
}

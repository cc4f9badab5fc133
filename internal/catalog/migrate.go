package catalog

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"

	"github.com/toygres/toygres"
	"github.com/toygres/toygres/db"
)

// Direction is what [Migrate] does.
type Direction string

// The directions.
const (
	MigrateUp     Direction = "up"     // apply all that is missing
	MigrateDown   Direction = "down"   // take the newest one back
	MigrateReset  Direction = "reset"  // take all back: everything in the catalog is lost
	MigrateStatus Direction = "status" // change nothing
)

// Migration is one step of the schema.
type Migration struct {
	Version   int64
	Name      string    // the file's
	AppliedAt time.Time // zero while it is not applied
	Changed   bool      // applied or taken back by this call
}

// Migrate changes the schema of the database at url and returns all
// migrations as they are afterwards. Several may run at once: they take turns.
func Migrate(ctx context.Context, url string, direction Direction) ([]Migration, error) {
	config, err := pgx.ParseConfig(url)
	if err != nil {
		return nil, badURL(err)
	}
	if config.ConnectTimeout == 0 {
		config.ConnectTimeout = 5 * time.Second
	}
	database := stdlib.OpenDB(*config)
	defer database.Close()

	files, err := migrationFiles()
	if err != nil {
		return nil, err
	}
	provider, err := goose.NewProvider(goose.DialectPostgres, database, files, goose.WithSessionLocker(turns{}))
	if err != nil {
		return nil, wrap(err)
	}
	changed := map[int64]bool{}
	results, err := run(ctx, provider, direction)
	if err != nil {
		return nil, wrap(err)
	}
	for _, r := range results {
		changed[r.Source.Version] = true
	}
	statuses, err := provider.Status(ctx)
	if err != nil {
		return nil, wrap(err)
	}
	migrations := make([]Migration, len(statuses))
	for i, status := range statuses {
		v := status.Source.Version
		migrations[i] = Migration{Version: v, Name: status.Source.Path, AppliedAt: status.AppliedAt, Changed: changed[v]}
	}
	return migrations, nil
}

func run(ctx context.Context, provider *goose.Provider, direction Direction) ([]*goose.MigrationResult, error) {
	switch direction {
	case MigrateUp:
		return provider.Up(ctx)
	case MigrateDown:
		result, err := provider.Down(ctx)
		if errors.Is(err, goose.ErrNoNextVersion) || result == nil {
			return nil, ignoreNoNext(err)
		}
		return []*goose.MigrationResult{result}, err
	case MigrateReset:
		return provider.DownTo(ctx, 0)
	case MigrateStatus:
		return nil, nil
	default:
		return nil, toygres.Errorf(toygres.CodeInvalid, "migrate knows up, down, reset and status, not %q", direction)
	}
}

// ignoreNoNext lets "down" of an empty schema succeed, as "up" of a full one
// does.
func ignoreNoNext(err error) error {
	if errors.Is(err, goose.ErrNoNextVersion) {
		return nil
	}
	return err
}

// turns lets one migration run at a time, by a lock that ends with its
// connection. Unlike goose's own it waits in the server instead of asking
// every few seconds.
type turns struct{}

const migrationLock = 0x6d696772617465 // "migrate" in ASCII

func (turns) SessionLock(ctx context.Context, conn *sql.Conn) error {
	_, err := conn.ExecContext(ctx, "SELECT pg_advisory_lock($1)", int64(migrationLock))
	return err
}

func (turns) SessionUnlock(ctx context.Context, conn *sql.Conn) error {
	_, err := conn.ExecContext(ctx, "SELECT pg_advisory_unlock($1)", int64(migrationLock))
	return err
}

func migrationFiles() (fs.FS, error) { return fs.Sub(db.Migrations, "migrations") }

// SchemaCurrent returns nil when the schema is at least as new as this
// program needs, and CodeUnavailable with what to do otherwise. A newer schema
// is fine: the old replicas keep working while a new release rolls out.
func (s *Store) SchemaCurrent(ctx context.Context) error {
	needed, err := newestMigration()
	if err != nil {
		return err
	}
	version, err := s.SchemaVersion(ctx)
	if err != nil {
		return err
	}
	if version < needed {
		return &toygres.Error{Code: toygres.CodeUnavailable, RetryAfter: retryAfter,
			Message: fmt.Sprintf("the catalog's schema is at version %d, and this program needs %d; run `toygres-api migrate`", version, needed)}
	}
	return nil
}

// SchemaVersion returns the newest migration that the catalog has, 0 for none.
func (s *Store) SchemaVersion(ctx context.Context) (version int64, err error) {
	err = s.pool.QueryRow(ctx, "SELECT coalesce(max(version_id), 0) FROM goose_db_version WHERE is_applied").Scan(&version)
	var pg *pgconn.PgError
	if errors.As(err, &pg) && pg.Code == undefinedTable {
		return 0, nil
	}
	return version, wrap(err)
}

func newestMigration() (int64, error) {
	entries, err := fs.ReadDir(db.Migrations, "migrations")
	if err != nil {
		return 0, err
	}
	return goose.NumericComponent(entries[len(entries)-1].Name())
}

// Package catalog is the store of what Toygres knows: users, instances,
// operations with their steps, and events, in PostgreSQL.
//
// Every method is one transaction and most are one round trip. State changes
// are compare-and-set and write their event in the same transaction. Errors
// are [toygres.Error]s; none of them holds SQL or values in its message.
package catalog

import (
	"context"
	"sync"
	"time"

	"github.com/exaring/otelpgx"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/client_golang/prometheus"
)

// Options are how a [Store] works. The zero value is ready to use.
type Options struct {
	// Application is what the server shows as the connections' owner;
	// "toygres" when empty.
	Application string
	// Worker and Build say who carries out the steps that are reported through
	// this store: the process as Temporal knows it, and its release.
	Worker, Build string
	// MaxConns limits the pool; 16 when zero.
	MaxConns int32
	// Tracing adds a span for each statement, with otel's global provider.
	// Parameters are never recorded.
	Tracing bool
	// SessionIdle ends a session that was not used for so long; 12 hours when
	// zero.
	SessionIdle time.Duration
	// SessionLifetime ends every session; 7 days when zero.
	SessionLifetime time.Duration
	// Quota is what a user may have for whom nothing else was said.
	Quota Quota
}

func (o Options) withDefaults() Options {
	if o.Application == "" {
		o.Application = "toygres"
	}
	if o.MaxConns == 0 {
		o.MaxConns = 16
	}
	if o.SessionIdle == 0 {
		o.SessionIdle = 12 * time.Hour
	}
	if o.SessionLifetime == 0 {
		o.SessionLifetime = 7 * 24 * time.Hour
	}
	return o
}

// Store reads and writes the catalog. It is safe for concurrent use.
type Store struct {
	pool    *pgxpool.Pool
	options Options

	durations *prometheus.HistogramVec // see metrics.go

	touches chan touch // see principal.go
	stop    context.CancelFunc
	running sync.WaitGroup
}

// Open prepares a store for the database at url, a PostgreSQL connection URL.
// It does not connect, so it works while the database is down: the calls
// answer CodeUnavailable until it is back. The caller must Close the store.
func Open(ctx context.Context, url string, options Options) (*Store, error) {
	options = options.withDefaults()
	config, err := pgxpool.ParseConfig(url)
	if err != nil {
		return nil, badURL(err)
	}
	config.MaxConns = options.MaxConns
	config.MaxConnIdleTime = 5 * time.Minute
	config.MaxConnLifetime = time.Hour
	config.MaxConnLifetimeJitter = 10 * time.Minute
	config.HealthCheckPeriod = 30 * time.Second
	limit(config.ConnConfig, options.Application)
	config.AfterConnect = func(_ context.Context, conn *pgx.Conn) error {
		inUTC(conn)
		return nil
	}
	if options.Tracing {
		config.ConnConfig.Tracer = otelpgx.NewTracer()
	}
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, wrap(err)
	}
	background, stop := context.WithCancel(context.WithoutCancel(ctx))
	s := &Store{pool: pool, options: options, durations: newDurations(), touches: make(chan touch, 256), stop: stop}
	s.running.Go(func() { s.recordTouches(background) })
	return s, nil
}

// limit sets the time limits that the URL does not set itself, so that a
// stuck server is trouble for one request and not for the whole program.
func limit(config *pgx.ConnConfig, application string) {
	if config.ConnectTimeout == 0 {
		config.ConnectTimeout = 5 * time.Second
	}
	for name, value := range map[string]string{
		"application_name":                    application,
		"statement_timeout":                   "15s",
		"lock_timeout":                        "10s",
		"idle_in_transaction_session_timeout": "30s",
	} {
		if _, set := config.RuntimeParams[name]; !set {
			config.RuntimeParams[name] = value
		}
	}
}

// inUTC makes every time that conn reads a UTC one.
func inUTC(conn *pgx.Conn) {
	conn.TypeMap().RegisterType(&pgtype.Type{
		Name: "timestamptz", OID: pgtype.TimestamptzOID, Codec: &pgtype.TimestamptzCodec{ScanLocation: time.UTC},
	})
}

// Ping reports whether the database answers.
func (s *Store) Ping(ctx context.Context) error { return wrap(s.pool.Ping(ctx)) }

// Close ends the store's background work and closes its connections, waiting
// for calls in progress.
func (s *Store) Close() {
	s.stop()
	s.running.Wait()
	s.pool.Close()
}

// newID returns a UUID that sorts by time of creation, which keeps the
// indexes' hot pages together.
func newID() string { return uuid.Must(uuid.NewV7()).String() }

// isID reports whether id can be one at all. Ids arrive in URLs, and anything
// else is a thing that does not exist rather than a broken statement.
func isID[T ~string](id T) bool { return len(id) == 36 && uuid.Validate(string(id)) == nil }

// collect runs a query and maps each of its rows.
func collect[T any](ctx context.Context, s *Store, scan pgx.RowToFunc[T], sql string, args ...any) ([]T, error) {
	rows, err := s.pool.Query(ctx, sql, args...)
	if err != nil {
		return nil, wrap(err)
	}
	found, err := pgx.CollectRows(rows, scan)
	return found, wrap(err)
}

// one runs a query for at most one row; ok is false when there is none.
func one[T any](ctx context.Context, s *Store, scan pgx.RowToFunc[T], sql string, args ...any) (found T, ok bool, err error) {
	all, err := collect(ctx, s, scan, sql, args...)
	if err != nil || len(all) == 0 {
		return found, false, err
	}
	return all[0], true, nil
}

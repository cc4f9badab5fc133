package catalog_test

import (
	"io/fs"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"github.com/toygres/toygres"
	"github.com/toygres/toygres/db"
	"github.com/toygres/toygres/dev/postgrestest"
	"github.com/toygres/toygres/internal/catalog"
)

func TestEveryMigrationGoesDownAndUpAgain(t *testing.T) {
	t.Parallel()
	url := postgrestest.NewDatabase(t)
	pool := sql(t, url)
	database := stdlib.OpenDBFromPool(pool)
	t.Cleanup(func() { require.NoError(t, database.Close()) })
	files, err := fs.Sub(db.Migrations, "migrations")
	require.NoError(t, err)
	provider, err := goose.NewProvider(goose.DialectPostgres, database, files)
	require.NoError(t, err)

	_, err = provider.GetDBVersion(t.Context()) // makes goose's own table
	require.NoError(t, err)
	schemas := []string{schema(t, pool)}
	for range provider.ListSources() {
		_, err := provider.UpByOne(t.Context())
		require.NoError(t, err)
		schemas = append(schemas, schema(t, pool))
		require.NotEqual(t, schemas[len(schemas)-2], schemas[len(schemas)-1], "a migration that does nothing")
	}
	for n := len(schemas) - 1; n > 0; n-- {
		_, err := provider.Down(t.Context())
		require.NoError(t, err)
		require.Equal(t, schemas[n-1], schema(t, pool), "down from %d leaves what was before it", n)
		_, err = provider.UpByOne(t.Context())
		require.NoError(t, err)
		require.Equal(t, schemas[n], schema(t, pool), "up again to %d", n)
		_, err = provider.Down(t.Context())
		require.NoError(t, err)
	}
}

// schema describes everything in the public schema.
func schema(t *testing.T, pool *pgxpool.Pool) string {
	t.Helper()
	rows, err := pool.Query(t.Context(), `
		SELECT format('column %s.%s %s %s %s', table_name, column_name, data_type, is_nullable, column_default)
		FROM information_schema.columns WHERE table_schema = 'public'
		UNION ALL SELECT indexdef FROM pg_indexes WHERE schemaname = 'public'
		UNION ALL SELECT format('constraint %s on %s: %s', conname, conrelid::regclass, pg_get_constraintdef(oid))
		          FROM pg_constraint WHERE connamespace = 'public'::regnamespace
		UNION ALL SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal
		UNION ALL SELECT pg_get_functiondef(oid) FROM pg_proc WHERE pronamespace = 'public'::regnamespace
		UNION ALL SELECT 'sequence ' || sequencename FROM pg_sequences WHERE schemaname = 'public'
		ORDER BY 1`)
	require.NoError(t, err)
	lines, err := pgx.CollectRows(rows, pgx.RowTo[string])
	require.NoError(t, err)
	return strings.Join(lines, "\n")
}

func TestMigrationsAtOnceTakeTurns(t *testing.T) {
	t.Parallel()
	url := postgrestest.NewDatabase(t)
	applied := make(chan int, 8)
	var group errgroup.Group
	for range cap(applied) {
		group.Go(func() error {
			migrations, err := catalog.Migrate(t.Context(), url, catalog.MigrateUp)
			changed := 0
			for _, m := range migrations {
				if m.Changed {
					changed++
				}
			}
			applied <- changed
			return err
		})
	}
	require.NoError(t, group.Wait())
	close(applied)
	total := 0
	for n := range applied {
		total += n
	}
	all, err := catalog.Migrate(t.Context(), url, catalog.MigrateStatus)
	require.NoError(t, err)
	require.Equal(t, len(all), total, "each migration was applied once")
}

func TestMigrateDirections(t *testing.T) {
	t.Parallel()
	ctx, url := t.Context(), postgrestest.NewDatabase(t)
	applied := func(direction catalog.Direction) (applied, changed int) {
		migrations, err := catalog.Migrate(ctx, url, direction)
		require.NoError(t, err)
		for _, m := range migrations {
			if !m.AppliedAt.IsZero() {
				applied++
			}
			if m.Changed {
				changed++
			}
		}
		return applied, changed
	}
	n, changed := applied(catalog.MigrateStatus)
	require.Zero(t, n+changed)
	n, changed = applied(catalog.MigrateUp)
	require.Equal(t, n, changed)
	require.NotZero(t, n)
	down, changed := applied(catalog.MigrateDown)
	require.Equal(t, []int{n - 1, 1}, []int{down, changed}, "down takes one back")
	again, changed := applied(catalog.MigrateUp)
	require.Equal(t, []int{n, 1}, []int{again, changed})
	none, changed := applied(catalog.MigrateReset)
	require.Equal(t, []int{0, n}, []int{none, changed})
	none, changed = applied(catalog.MigrateDown)
	require.Equal(t, []int{0, 0}, []int{none, changed}, "down of nothing is no error")

	_, err := catalog.Migrate(ctx, url, "sideways")
	requireCode(t, toygres.CodeInvalid, err)
	_, err = catalog.Migrate(ctx, "postgres://nobody@127.0.0.1:1/x?connect_timeout=1", catalog.MigrateUp)
	requireCode(t, toygres.CodeUnavailable, err)
	_, err = catalog.Migrate(ctx, "postgres://user:hunter2@%zz", catalog.MigrateUp)
	requireCode(t, toygres.CodeInvalid, err)
	require.NotContains(t, toygres.MessageOf(err), "hunter2")
}

func TestReadinessWantsTheSchemaThisProgramNeeds(t *testing.T) {
	t.Parallel()
	ctx, url := t.Context(), postgrestest.NewDatabase(t)
	s, err := catalog.Open(ctx, url, catalog.Options{})
	require.NoError(t, err)
	t.Cleanup(s.Close)

	err = s.SchemaCurrent(ctx)
	requireCode(t, toygres.CodeUnavailable, err)
	require.Contains(t, toygres.MessageOf(err), "toygres-api migrate")
	_, err = s.Instance(ctx, "mydb")
	requireCode(t, toygres.CodeUnavailable, err)
	require.Contains(t, toygres.MessageOf(err), "toygres-api migrate")

	_, err = catalog.Migrate(ctx, url, catalog.MigrateUp)
	require.NoError(t, err)
	require.NoError(t, s.SchemaCurrent(ctx))

	_, err = catalog.Migrate(ctx, url, catalog.MigrateDown)
	require.NoError(t, err)
	requireCode(t, toygres.CodeUnavailable, s.SchemaCurrent(ctx))

	exec(t, sql(t, url), `INSERT INTO goose_db_version (version_id, is_applied) VALUES (999999, true)`)
	require.NoError(t, s.SchemaCurrent(ctx), "a newer schema does not make old replicas unready")
}

// The schema repeats the domain's lists and bounds; this is what keeps the two
// the same.
func TestSchemaAllowsWhatTheDomainAllows(t *testing.T) {
	t.Parallel()
	s, url := openURL(t)
	pool := sql(t, url)
	owner := newUser(t, s, "ann")
	begun := create(t, s, owner, "mydb")
	id, operation := begun.Instance.ID, begun.Operation.ID

	for _, state := range toygres.States() {
		exec(t, pool, `UPDATE instances SET state = $2 WHERE id = $1`, id, state)
	}
	for _, health := range []toygres.Health{toygres.HealthHealthy, toygres.HealthUnhealthy, toygres.HealthUnknown} {
		exec(t, pool, `UPDATE instances SET health = $2 WHERE id = $1`, id, health)
	}
	for _, image := range []toygres.ImageType{toygres.ImageStock, toygres.ImagePgDurable} {
		exec(t, pool, `UPDATE instances SET image_type = $2 WHERE id = $1`, id, image)
	}
	for _, kind := range toygres.Kinds() {
		exec(t, pool, `UPDATE operations SET kind = $2 WHERE id = $1`, operation, kind)
	}
	for _, role := range []toygres.Role{toygres.RoleViewer, toygres.RoleOperator, toygres.RoleAdmin} {
		exec(t, pool, `UPDATE users SET role = $2 WHERE id = $1`, owner, role)
	}
	for _, state := range []toygres.StepState{toygres.StepPending, toygres.StepRunning, toygres.StepSucceeded, toygres.StepFailed, toygres.StepSkipped} {
		exec(t, pool, `UPDATE steps SET state = $2 WHERE operation_id = $1`, operation, state)
	}
	for _, event := range []toygres.EventType{toygres.EventInstanceState, toygres.EventOperationStarted, toygres.EventOperationEnded,
		toygres.EventOperationCancel, toygres.EventStepStarted, toygres.EventStepProgress, toygres.EventStepSucceeded,
		toygres.EventStepFailed, toygres.EventPasswordRevealed} {
		_, err := s.RecordEvent(t.Context(), toygres.Event{Type: event, InstanceID: id})
		require.NoError(t, err)
	}
	bounds := map[string][2]int{
		"version":     {toygres.OldestVersion, toygres.NewestVersion},
		"cpu_millis":  {toygres.MinCPUMillis, toygres.MaxCPUMillis},
		"memory_mib":  {toygres.MinMemoryMiB, toygres.MaxMemoryMiB},
		"storage_gib": {toygres.MinStorageGiB, toygres.MaxStorageGiB},
	}
	for column, bound := range bounds {
		set := `UPDATE instances SET ` + column + ` = $2 WHERE id = $1`
		exec(t, pool, set, id, bound[0])
		exec(t, pool, set, id, bound[1])
		_, err := pool.Exec(t.Context(), set, id, bound[0]-1)
		require.Error(t, err, column)
		_, err = pool.Exec(t.Context(), set, id, bound[1]+1)
		require.Error(t, err, column)
	}
	exec(t, pool, `UPDATE instances SET name = $2 WHERE id = $1`, id, strings.Repeat("a", toygres.MaxNameLength))
	for _, wrong := range []string{
		`UPDATE instances SET state = 'resting'`, `UPDATE instances SET health = 'fine'`, `UPDATE instances SET name = 'Up'`,
		`UPDATE instances SET name = 'a"b'`, `UPDATE instances SET name = repeat('a', 41)`, `UPDATE instances SET endpoint_port = 70000`,
		`UPDATE operations SET state = 'done'`, `UPDATE operations SET state = 'failed'`, `UPDATE users SET role = 'root'`,
		`UPDATE users SET name = ' ann'`, `UPDATE steps SET state = 'late'`, `UPDATE steps SET attempt = -1`,
		`UPDATE events SET message = 'it was not me'`, `DELETE FROM events`, `TRUNCATE events`,
	} {
		_, err := pool.Exec(t.Context(), wrong)
		require.Error(t, err, wrong)
	}
}

package catalog_test

import (
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"github.com/toygres/toygres"
	"github.com/toygres/toygres/dev/postgrestest"
	"github.com/toygres/toygres/internal/catalog"
)

// open returns a store on a fresh database with the newest schema.
func open(t *testing.T) *catalog.Store {
	t.Helper()
	store, _ := openURL(t)
	return store
}

func openURL(t *testing.T) (*catalog.Store, string) {
	t.Helper()
	url := postgrestest.NewDatabase(t)
	_, err := catalog.Migrate(t.Context(), url, catalog.MigrateUp)
	require.NoError(t, err)
	store, err := catalog.Open(t.Context(), url, catalog.Options{})
	require.NoError(t, err)
	t.Cleanup(store.Close)
	return store, url
}

// newUser adds a user with the role operator.
func newUser(t *testing.T, s *catalog.Store, name string) toygres.UserID {
	t.Helper()
	user, err := s.CreateUser(t.Context(), name, "$argon2id$x", toygres.RoleOperator)
	require.NoError(t, err)
	return user.ID
}

// create begins the creation of an instance with that name.
func create(t *testing.T, s *catalog.Store, owner toygres.UserID, name string) catalog.Begun {
	t.Helper()
	begun, err := s.BeginCreate(t.Context(), request(owner, name))
	require.NoError(t, err)
	return begun
}

func request(owner toygres.UserID, name string) catalog.NewInstance {
	return catalog.NewInstance{Spec: toygres.Spec{Name: name}.WithDefaults(), Owner: owner, Provider: "local"}
}

// running creates an instance and finishes that.
func running(t *testing.T, s *catalog.Store, owner toygres.UserID, name string) toygres.Instance {
	t.Helper()
	begun := create(t, s, owner, name)
	finish(t, s, begun, toygres.StateRunning)
	instance, err := s.Instance(t.Context(), name)
	require.NoError(t, err)
	return instance
}

// finish ends an operation with success and the instance in that state.
func finish(t *testing.T, s *catalog.Store, begun catalog.Begun, state toygres.State) {
	t.Helper()
	require.NoError(t, s.FinishOperation(t.Context(), toygres.Outcome{Operation: begun.Operation.ID,
		State: toygres.OperationSucceeded, InstanceState: state}))
}

// sql returns a way to look behind the store's back.
func sql(t *testing.T, url string) *pgxpool.Pool {
	t.Helper()
	pool, err := pgxpool.New(t.Context(), url)
	require.NoError(t, err)
	t.Cleanup(pool.Close)
	return pool
}

func exec(t *testing.T, db *pgxpool.Pool, statement string, args ...any) {
	t.Helper()
	_, err := db.Exec(t.Context(), statement, args...)
	require.NoError(t, err)
}

// count returns the one number that a query answers.
func count(t *testing.T, db *pgxpool.Pool, query string, args ...any) (n int) {
	t.Helper()
	require.NoError(t, db.QueryRow(t.Context(), query, args...).Scan(&n))
	return n
}

func requireCode(t *testing.T, code toygres.ErrorCode, err error) {
	t.Helper()
	require.Error(t, err)
	require.Equal(t, code, toygres.CodeOf(err), "%v", err)
}

package monitor_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/toygres/toygres"
	"github.com/toygres/toygres/dev/postgrestest"
	"github.com/toygres/toygres/internal/catalog"
	"github.com/toygres/toygres/services/worker/monitor"
)

// world is a real catalog, and instances that are one real server.
type world struct {
	t       *testing.T
	catalog *catalog.Store
	sql     *pgxpool.Pool
	owner   toygres.UserID
	at      toygres.Endpoint

	mu          sync.Mutex
	credentials toygres.Credentials
	trouble     error // of the provider, when asked for credentials
	seen        toygres.Observation
	signedIn    int                  // how often credentials were asked for
	known       []toygres.InstanceID // the provider's instances
	watchers    map[chan toygres.InstanceID]bool
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, seen: toygres.Observation{Phase: toygres.PhaseReady}, watchers: map[chan toygres.InstanceID]bool{}}
	database := postgrestest.NewDatabase(t)
	_, err := catalog.Migrate(t.Context(), database, catalog.MigrateUp)
	require.NoError(t, err)
	w.catalog, err = catalog.Open(t.Context(), database, catalog.Options{})
	require.NoError(t, err)
	t.Cleanup(w.catalog.Close)
	w.sql, err = pgxpool.New(t.Context(), database)
	require.NoError(t, err)
	t.Cleanup(w.sql.Close)
	owner, err := w.catalog.CreateUser(t.Context(), "ada", "$argon2id$x", toygres.RoleOperator)
	require.NoError(t, err)
	w.owner = owner.ID

	u, err := url.Parse(database)
	require.NoError(t, err)
	port, err := strconv.Atoi(u.Port())
	require.NoError(t, err)
	w.at = toygres.Endpoint{Host: u.Hostname(), Port: port}
	// A role of its own, so that a test may change its password.
	role := "monitored" + strconv.FormatInt(time.Now().UnixNano(), 36)
	w.credentials = toygres.Credentials{User: role, Password: "first", Database: strings.TrimPrefix(u.Path, "/")}
	w.exec(fmt.Sprintf("CREATE ROLE %s LOGIN PASSWORD 'first'", role))
	t.Cleanup(func() {
		_, err := w.sql.Exec(context.Background(), "DROP ROLE "+role)
		assert.NoError(t, err)
	})
	return w
}

func (w *world) exec(statement string, args ...any) {
	w.t.Helper()
	_, err := w.sql.Exec(w.t.Context(), statement, args...)
	require.NoError(w.t, err)
}

// running records an instance that runs.
func (w *world) running(name string, at toygres.Endpoint) toygres.InstanceID {
	w.t.Helper()
	begun := w.created(name)
	w.runs(begun, at)
	w.with(func() { w.known = append(w.known, begun.Instance.ID) })
	return begun.Instance.ID
}

// created records an instance that has no server yet.
func (w *world) created(name string) catalog.Begun {
	w.t.Helper()
	begun, err := w.catalog.BeginCreate(w.t.Context(), catalog.NewInstance{
		Spec: toygres.Spec{Name: name}.WithDefaults(), Owner: w.owner, Provider: "local"})
	require.NoError(w.t, err)
	return begun
}

// runs records that it has one.
func (w *world) runs(begun catalog.Begun, at toygres.Endpoint) {
	w.t.Helper()
	require.NoError(w.t, w.catalog.FinishOperation(w.t.Context(), toygres.Outcome{Operation: begun.Operation.ID,
		State: toygres.OperationSucceeded, InstanceState: toygres.StateRunning, Endpoint: at, ServerVersion: "18.4"}))
}

// watch watches shard 0 of 1 until the test ends or stop is called.
func (w *world) watch(options monitor.Options) (stop func()) {
	w.t.Helper()
	require.NoError(w.t, w.catalog.SetShards(w.t.Context(), 1))
	options.Catalog, options.Log = w.catalog, slog.New(slog.DiscardHandler)
	if options.Provider == nil {
		options.Provider = w
	}
	if options.Every == 0 {
		options.Every = 300 * time.Millisecond
	}
	options.Refresh = 50 * time.Millisecond
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() {
		if over, err := monitor.New(options).WatchShard(ctx, 0); over || err != nil {
			w.t.Errorf("the shard ended: over %t, %v", over, err)
		}
	})
	stop = func() { cancel(); running.Wait() }
	w.t.Cleanup(stop)
	return stop
}

func (w *world) eventually(look func() error) {
	w.t.Helper()
	require.EventuallyWithT(w.t, func(c *assert.CollectT) { assert.NoError(c, look()) }, time.Minute, 20*time.Millisecond)
}

// becomes waits until the instance has that health, and returns why.
func (w *world) becomes(name string, health toygres.Health) (why string) {
	w.t.Helper()
	w.eventually(func() error {
		i, err := w.catalog.Instance(w.t.Context(), name)
		if err == nil && i.Health != health {
			err = fmt.Errorf("it is %s: %s", i.Health, i.HealthMessage)
		}
		why = i.HealthMessage
		return err
	})
	return why
}

// probed waits for so many more probes, and returns how many failed.
func (w *world) probed(id toygres.InstanceID, more int) (failures int) {
	w.t.Helper()
	probes := func() (all, failures int, err error) {
		history, _, err := w.catalog.HealthHistory(w.t.Context(), id, time.Hour)
		for _, p := range history {
			all, failures = all+p.Count, failures+p.Failures
		}
		return all, failures, err
	}
	before, _, err := probes()
	require.NoError(w.t, err)
	w.eventually(func() error {
		now, failed, err := probes()
		if err == nil && now < before+more {
			err = fmt.Errorf("there were %d probes", now-before)
		}
		failures = failed
		return err
	})
	return failures
}

// with changes what the provider says.
func (w *world) with(change func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	change()
}

// tell makes the provider tell of an instance.
func (w *world) tell(id toygres.InstanceID) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for watcher := range w.watchers {
		watcher <- id
	}
}

func (w *world) Observe(context.Context, toygres.InstanceID) (toygres.Observation, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.seen, nil
}

func (w *world) Watch(ctx context.Context) (<-chan toygres.InstanceID, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	watcher := make(chan toygres.InstanceID, 100)
	for _, i := range w.known {
		watcher <- i
	}
	w.watchers[watcher] = true
	context.AfterFunc(ctx, func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		delete(w.watchers, watcher)
		close(watcher)
	})
	return watcher, nil
}

func (w *world) Credentials(context.Context, toygres.InstanceID) (toygres.Credentials, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.signedIn++
	return w.credentials, w.trouble
}

func (w *world) signIns() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.signedIn
}

var errUnreachable = errors.New("the secrets can't be read")

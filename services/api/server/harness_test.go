package server_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"

	"github.com/toygres/toygres"
	"github.com/toygres/toygres/dev/postgrestest"
	"github.com/toygres/toygres/internal/catalog"
	"github.com/toygres/toygres/internal/telemetry"
	"github.com/toygres/toygres/openapi"
	"github.com/toygres/toygres/providers/local"
	"github.com/toygres/toygres/services/api/auth"
	"github.com/toygres/toygres/services/api/server"
)

const adminPassword = "correct horse battery"

// api is a whole API server over a catalog of its own, with the local
// provider and, unless a test says otherwise, a Temporal that is down.
type api struct {
	t       *testing.T
	url     string
	store   *catalog.Store
	server  *server.Server
	log     *logBuffer
	admin   toygres.User
	catalog string // URL
}

// logBuffer keeps the log for a test to read.
type logBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// start runs an API server until the test ends.
func start(t *testing.T, change ...func(*server.Options)) *api {
	t.Helper()
	return startOn(t, migrated(t), change...)
}

// migrated returns the URL of a new catalog.
func migrated(t *testing.T) string {
	t.Helper()
	url := postgrestest.NewDatabase(t)
	_, err := catalog.Migrate(t.Context(), url, catalog.MigrateUp)
	require.NoError(t, err)
	return url
}

func startOn(t *testing.T, url string, change ...func(*server.Options)) *api {
	t.Helper()
	a := bare(t, url, change...)
	a.admin = a.user("admin", toygres.RoleAdmin)
	return a
}

func metrics(t *testing.T) *telemetry.Metrics {
	t.Helper()
	m, err := telemetry.NewMetrics("test", slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	return m
}

// bare runs an API server over whatever is at url.
func bare(t *testing.T, url string, change ...func(*server.Options)) *api {
	t.Helper()
	store, err := catalog.Open(t.Context(), url, catalog.Options{})
	require.NoError(t, err)
	t.Cleanup(store.Close)
	a := &api{t: t, store: store, log: &logBuffer{}, catalog: url}

	options := server.Options{
		Catalog: store, Provider: provider(t), Temporal: noTemporal(t), UI: fstest.MapFS{},
		Log:               slog.New(slog.NewJSONHandler(a.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
		Metrics:           metrics(t),
		TemporalNamespace: "toygres", TemporalUIURL: "http://temporal.test",
	}
	for _, c := range change {
		c(&options)
	}
	a.server, err = server.New(options)
	require.NoError(t, err)

	ctx, stop := context.WithCancel(context.Background())
	followed := make(chan struct{})
	go func() {
		defer close(followed)
		a.server.Run(ctx)
	}()
	web := httptest.NewServer(a.server.Handler())
	t.Cleanup(func() {
		a.server.EndStreams()
		web.Close()
		stop()
		<-followed
	})
	a.url = web.URL
	return a
}

// user creates a user who signs in with adminPassword, or returns the one
// there is.
func (a *api) user(name string, role toygres.Role) toygres.User {
	a.t.Helper()
	user, _, err := a.store.UserForSignIn(a.t.Context(), name)
	if err == nil {
		return user
	}
	hash, err := auth.NewPasswords().Hash(a.t.Context(), adminPassword)
	require.NoError(a.t, err)
	user, err = a.store.CreateUser(a.t.Context(), name, hash, role)
	require.NoError(a.t, err)
	return user
}

// token makes an API token for a user.
func (a *api) token(user toygres.User) string {
	a.t.Helper()
	secret := auth.NewToken()
	_, err := a.store.CreateToken(a.t.Context(), catalog.NewToken{User: user.ID, Name: secret[:10], Hash: catalog.HashToken(secret)})
	require.NoError(a.t, err)
	return secret
}

// as returns a client that signs in as the administrator with a token.
func (a *api) asAdmin() *caller { return a.as(a.admin) }

func (a *api) as(user toygres.User) *caller {
	return a.with("Authorization", "Bearer "+a.token(user))
}

func (a *api) anonymous() *caller { return &caller{api: a, header: http.Header{}} }

func (a *api) with(name, value string) *caller {
	c := a.anonymous()
	c.header.Set(name, value)
	return c
}

// caller sends requests with the same headers.
type caller struct {
	api    *api
	header http.Header
}

func (c *caller) with(name, value string) *caller {
	header := c.header.Clone()
	header.Set(name, value)
	return &caller{c.api, header}
}

// answer is a response that has been read.
type answer struct {
	t      *testing.T
	status int
	header http.Header
	body   []byte
}

func (c *caller) request(ctx context.Context, method, path, body string) *http.Request {
	c.api.t.Helper()
	request, err := http.NewRequestWithContext(ctx, method, c.api.url+path, strings.NewReader(body))
	require.NoError(c.api.t, err)
	request.Header = c.header.Clone()
	if body != "" && request.Header.Get("Content-Type") == "" {
		request.Header.Set("Content-Type", "application/json")
	}
	return request
}

func (c *caller) do(method, path, body string) answer {
	c.api.t.Helper()
	response, err := http.DefaultTransport.RoundTrip(c.request(c.api.t.Context(), method, path, body))
	require.NoError(c.api.t, err)
	defer response.Body.Close()
	data, err := io.ReadAll(response.Body)
	require.NoError(c.api.t, err)
	return answer{c.api.t, response.StatusCode, response.Header, data}
}

func (c *caller) get(path string) answer { c.api.t.Helper(); return c.do(http.MethodGet, path, "") }
func (c *caller) post(path, body string) answer {
	c.api.t.Helper()
	return c.do(http.MethodPost, path, body)
}
func (c *caller) delete(path string) answer {
	c.api.t.Helper()
	return c.do(http.MethodDelete, path, "")
}

// problem requires the answer to be a problem document of that status and
// code, and returns it.
func (a answer) problem(status int, code toygres.ErrorCode) openapi.Problem {
	a.t.Helper()
	require.Equal(a.t, status, a.status, "%s", a.body)
	require.Equal(a.t, "application/problem+json", a.header.Get("Content-Type"))
	var p openapi.Problem
	require.NoError(a.t, json.Unmarshal(a.body, &p))
	require.Equal(a.t, status, p.Status)
	require.EqualValues(a.t, code, p.Code)
	require.NotEmpty(a.t, *p.Detail)
	require.Equal(a.t, a.header.Get("X-Request-Id"), *p.RequestId)
	return p
}

// decode requires the status and returns the body.
func decode[T any](a answer, status int) T {
	a.t.Helper()
	require.Equal(a.t, status, a.status, "%s", a.body)
	var out T
	require.NoError(a.t, json.Unmarshal(a.body, &out), "%s", a.body)
	return out
}

// provider is a local provider over an empty directory.
func provider(t *testing.T) toygres.Provider {
	t.Helper()
	dir := t.TempDir()
	// As root, PostgreSQL runs as a user who must get there.
	require.NoError(t, os.Chmod(filepath.Dir(dir), 0o755))
	require.NoError(t, os.Chmod(dir, 0o755))
	first, last := postgrestest.Ports(t)
	p, err := local.New(local.Config{Dir: dir, Prefixes: postgrestest.Prefixes(t)[:1], FirstPort: first, LastPort: last})
	require.NoError(t, err)
	return p
}

// noTemporal is a client of a Temporal that does not answer.
func noTemporal(t *testing.T) client.Client {
	t.Helper()
	c, err := client.NewLazyClient(client.Options{HostPort: "127.0.0.1:1", Logger: quiet{}})
	require.NoError(t, err)
	t.Cleanup(c.Close)
	return c
}

type quiet struct{}

func (quiet) Debug(string, ...any) {}
func (quiet) Info(string, ...any)  {}
func (quiet) Warn(string, ...any)  {}
func (quiet) Error(string, ...any) {}

// running puts an instance into the catalog as if it had been created.
func (a *api) running(name string) toygres.Instance {
	a.t.Helper()
	ctx := a.t.Context()
	begun, err := a.store.BeginCreate(ctx, catalog.NewInstance{
		Spec: toygres.Spec{Name: name}.WithDefaults(), Owner: a.admin.ID, Provider: "local"})
	require.NoError(a.t, err)
	require.NoError(a.t, a.store.StartOperation(ctx, begun.Operation.ID, "run"))
	require.NoError(a.t, a.store.FinishOperation(ctx, toygres.Outcome{
		Operation: begun.Operation.ID, State: toygres.OperationSucceeded, InstanceState: toygres.StateRunning,
		Endpoint: toygres.Endpoint{Host: "127.0.0.1", Port: 15500}, ServerVersion: "18.4",
	}))
	instance, err := a.store.Instance(ctx, name)
	require.NoError(a.t, err)
	return instance
}

// eventually waits for a condition.
func eventually(t *testing.T, condition func() bool, message string) {
	t.Helper()
	require.Eventually(t, condition, time.Minute, 10*time.Millisecond, message)
}

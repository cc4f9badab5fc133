package signin

import (
	"context"
	"encoding/json"
	"io/fs"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"github.com/toygres/toygres"
	"github.com/toygres/toygres/dev/postgrestest"
	"github.com/toygres/toygres/internal/catalog"
	"github.com/toygres/toygres/internal/telemetry"
	"github.com/toygres/toygres/openapi"
	"github.com/toygres/toygres/services/api/oidc"
	"github.com/toygres/toygres/services/api/server"
)

// world is an API server that lets people in whom a provider vouches for.
type world struct {
	t       *testing.T
	url     string
	idp     *idp
	catalog *catalog.Store
}

func start(t *testing.T, change ...func(*oidc.Config)) *world {
	t.Helper()
	return serve(t, fstest.MapFS{"index.html": {Data: []byte("the page")}}, change...)
}

func serve(t *testing.T, site fs.FS, change ...func(*oidc.Config)) *world {
	t.Helper()
	database := postgrestest.NewDatabase(t)
	_, err := catalog.Migrate(t.Context(), database, catalog.MigrateUp)
	require.NoError(t, err)
	store, err := catalog.Open(t.Context(), database, catalog.Options{})
	require.NoError(t, err)
	t.Cleanup(store.Close)
	_, err = store.CreateUser(t.Context(), "admin", "$argon2id$x", toygres.RoleAdmin)
	require.NoError(t, err)

	var handler http.Handler
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { handler.ServeHTTP(w, r) }))
	t.Cleanup(web.Close)
	w := &world{t: t, url: web.URL, catalog: store, idp: newProvider(t, web.URL+"/api/sign-in/idp/callback")}
	secret := filepath.Join(t.TempDir(), "secret")
	require.NoError(t, os.WriteFile(secret, []byte(clientSecret+"\n"), 0o600))
	config := oidc.Config{Name: "idp", Title: "The provider", Issuer: w.idp.URL, ClientID: clientID, ClientSecretFile: secret,
		Scopes: []string{"openid", "email", "profile"}, AllowedDomains: []string{"example.com"}, VerifiedClaim: "email_verified", DefaultRole: "viewer"}
	for _, c := range change {
		c(&config)
	}
	providers, err := oidc.New([]oidc.Config{config}, web.URL)
	require.NoError(t, err)
	quiet := slog.New(slog.DiscardHandler)
	metrics, err := telemetry.NewMetrics("test", quiet)
	require.NoError(t, err)
	s, err := server.New(server.Options{Catalog: store, UI: site, Log: quiet, Metrics: metrics, OpenID: providers})
	require.NoError(t, err)
	handler = s.Handler()
	ctx, stop := context.WithCancel(context.Background())
	followed := make(chan struct{})
	go func() { defer close(followed); s.Run(ctx) }()
	t.Cleanup(func() { stop(); <-followed })
	return w
}

// browser keeps cookies and follows redirects.
func (w *world) browser() *http.Client {
	jar, err := cookiejar.New(nil)
	require.NoError(w.t, err)
	return &http.Client{Jar: jar}
}

func (w *world) get(browser *http.Client, address string) *http.Response {
	w.t.Helper()
	answer, err := browser.Get(address)
	require.NoError(w.t, err)
	w.t.Cleanup(func() { answer.Body.Close() })
	return answer
}

func (w *world) begin(returnTo string) string {
	return w.url + "/api/sign-in/idp?" + url.Values{"return_to": {returnTo}}.Encode()
}

// signIn goes the whole way, and returns where the browser ends up.
func (w *world) signIn(browser *http.Client, name, returnTo string) *url.URL {
	w.t.Helper()
	answer := login(w.t, browser, w.get(browser, w.begin(returnTo)), name)
	require.NoError(w.t, answer.Body.Close())
	return answer.Request.URL
}

// callback goes as far as the provider has sent the browser back, but does not
// follow: it returns the address with code and state.
func (w *world) callback(browser *http.Client, begin, name string) *url.URL {
	w.t.Helper()
	callback := (*url.URL)(nil)
	follow := *browser
	follow.CheckRedirect = func(request *http.Request, _ []*http.Request) error {
		if request.URL.Path == "/api/sign-in/idp/callback" {
			callback = request.URL
			return http.ErrUseLastResponse
		}
		return nil
	}
	answer := login(w.t, &follow, w.get(&follow, begin), name)
	require.NoError(w.t, answer.Body.Close())
	require.NotNil(w.t, callback, "the provider did not send the browser back")
	return callback
}

// me is who the API says that the browser is; "" for nobody.
func (w *world) me(browser *http.Client) (name string, role openapi.Role) {
	w.t.Helper()
	answer := w.get(browser, w.url+"/api/me")
	if answer.StatusCode != http.StatusOK {
		require.Equal(w.t, http.StatusUnauthorized, answer.StatusCode)
		return "", ""
	}
	var me openapi.Me
	require.NoError(w.t, json.NewDecoder(answer.Body).Decode(&me))
	return me.Username, me.Role
}

// refused requires that the browser stands at the sign-in page with that
// reason, and that nobody is signed in.
func (w *world) refused(browser *http.Client, at *url.URL, reason string) {
	w.t.Helper()
	require.Equal(w.t, w.url, at.Scheme+"://"+at.Host)
	require.Equal(w.t, "/sign-in", at.Path)
	require.Equal(w.t, reason, at.Query().Get("problem"))
	name, _ := w.me(browser)
	require.Empty(w.t, name)
}

package server_test

import (
	"net"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"github.com/toygres/toygres"
	"github.com/toygres/toygres/dev/postgrestest"
	"github.com/toygres/toygres/internal/catalog"
	"github.com/toygres/toygres/services/api/server"
)

// built stands for a built UI.
var built = fstest.MapFS{
	"index.html":                {Data: []byte("<!doctype html><title>Toygres</title>" + strings.Repeat("<p>text</p>", 100))},
	"favicon.svg":               {Data: []byte("<svg/>")},
	"assets/index-3f2a.js":      {Data: []byte("console.log(1)")},
	"docs/swagger-ui-bundle.js": {Data: []byte("var SwaggerUIBundle")},
	"docs/swagger-ui.css":       {Data: []byte("body{}")},
	".keep":                     {},
}

func withUI(o *server.Options) { o.UI = built }

func TestUnknownAPIPathsAndMethodsAreProblems(t *testing.T) {
	t.Parallel()
	a := start(t, withUI)
	for _, path := range []string{"/api", "/api/", "/api/nothing", "/api/instances/demo/nothing", "/api/docs/nothing"} {
		a.anonymous().get(path).problem(404, toygres.CodeNotFound)
		a.anonymous().post(path, "{}").problem(404, toygres.CodeNotFound)
	}
	got := a.anonymous().do("PATCH", "/api/instances", "{}")
	got.problem(405, toygres.CodeInvalid)
	require.Contains(t, got.header.Get("Allow"), "POST")
	a.anonymous().do("PUT", "/api/instances/demo", "{}").problem(405, toygres.CodeInvalid)
}

func TestUIIsServedWithItsRouter(t *testing.T) {
	t.Parallel()
	a := start(t, withUI)
	for _, path := range []string{"/", "/index.html", "/instances/demo", "/sign-in?next=/x", "/.keep", "/../../etc/passwd"} {
		got := a.anonymous().get(path)
		require.Equal(t, 200, got.status, path)
		require.Contains(t, string(got.body), "<title>Toygres</title>", path)
		require.Equal(t, "no-cache", got.header.Get("Cache-Control"))
		require.Contains(t, got.header.Get("Content-Type"), "text/html")
	}
	asset := a.anonymous().get("/assets/index-3f2a.js")
	require.Equal(t, 200, asset.status)
	require.Contains(t, asset.header.Get("Cache-Control"), "immutable")
	require.Contains(t, asset.header.Get("Content-Type"), "javascript")
	require.Equal(t, 404, a.anonymous().get("/assets/index-old.js").status, "an old page must not get HTML for a script")
	require.Equal(t, 304, a.with("If-None-Match", asset.header.Get("ETag")).get("/assets/index-3f2a.js").status)
	zipped := a.with("Accept-Encoding", "gzip").get("/")
	require.Equal(t, "gzip", zipped.header.Get("Content-Encoding"))
	require.Equal(t, 200, a.anonymous().do("HEAD", "/", "").status)
}

func TestUnbuiltUISaysWhatToDo(t *testing.T) {
	t.Parallel()
	a := start(t)
	got := a.anonymous().get("/instances")
	require.Equal(t, 503, got.status)
	require.Contains(t, string(got.body), "make build")
	require.Contains(t, string(a.anonymous().get("/api/docs").body), "make build")
}

func TestDocsWorkUnderTheirPolicy(t *testing.T) {
	t.Parallel()
	a := start(t, withUI)
	page := a.anonymous().get("/api/docs")
	require.Equal(t, 200, page.status)
	require.Contains(t, page.header.Get("Content-Security-Policy"), "'unsafe-inline'")
	require.NotContains(t, page.header.Get("Content-Security-Policy"), "script-src")
	for _, path := range []string{"/docs/swagger-ui-bundle.js", "/docs/swagger-ui.css", "/api/docs/init.js"} {
		require.Contains(t, string(page.body), path+`"`, "the page loads it")
	}
	for _, path := range []string{"/docs/swagger-ui-bundle.js", "/api/docs/init.js"} {
		got := a.anonymous().get(path)
		require.Equal(t, 200, got.status)
		require.Contains(t, got.header.Get("Content-Type"), "javascript")
	}
	require.NotContains(t, string(page.body), "<script>", "the policy allows no inline script")
	document := decode[map[string]any](a.anonymous().get("/api/openapi.json"), 200)
	require.Equal(t, "3.0.3", document["openapi"])
}

func TestSecurityHeadersAreEverywhere(t *testing.T) {
	t.Parallel()
	a := start(t, withUI)
	for _, path := range []string{"/", "/api/me", "/api/nothing", "/healthz", "/api/openapi.json"} {
		header := a.anonymous().get(path).header
		require.Contains(t, header.Get("Content-Security-Policy"), "default-src 'self'", path)
		require.Contains(t, header.Get("Content-Security-Policy"), "frame-ancestors 'none'", path)
		require.NotContains(t, header.Get("Content-Security-Policy"), "unsafe", path)
		require.Equal(t, "nosniff", header.Get("X-Content-Type-Options"), path)
		require.NotEmpty(t, header.Get("Referrer-Policy"), path)
		require.Empty(t, header.Get("Strict-Transport-Security"), "not without TLS")
		require.Empty(t, header.Get("Access-Control-Allow-Origin"), path)
	}
	require.Equal(t, "no-store", a.asAdmin().get("/api/me").header.Get("Cache-Control"))
}

func TestRequestIDsAreKeptOrMade(t *testing.T) {
	t.Parallel()
	a := start(t)
	require.Equal(t, "abc-123", a.with("X-Request-ID", "abc-123").get("/healthz").header.Get("X-Request-Id"))
	for _, insane := range []string{"a b", `"},{"`, strings.Repeat("x", 129)} {
		got := a.with("X-Request-ID", insane).get("/api/me").header.Get("X-Request-Id")
		require.NotEqual(t, insane, got)
		require.Len(t, got, 36)
	}
	require.Contains(t, a.log.String(), `"request_id":"abc-123"`)
}

func TestReadinessSaysWhichPartIsMissing(t *testing.T) {
	t.Parallel()
	a := start(t)
	type readiness struct {
		Status string
		Parts  map[string]struct {
			Status   string
			Required bool
		}
	}
	require.Equal(t, 200, a.anonymous().get("/healthz").status)
	ready := decode[readiness](a.anonymous().get("/readyz"), 200)
	require.Equal(t, "ok", ready.Parts["catalog"].Status)
	require.Equal(t, "unavailable", ready.Parts["temporal"].Status)
	require.False(t, ready.Parts["temporal"].Required)
	a.server.Drain()
	require.Equal(t, "draining", decode[readiness](a.anonymous().get("/readyz"), 503).Status)
	require.Equal(t, 200, a.asAdmin().get("/api/me").status, "requests still work")
}

func TestNotReadyWithoutASchema(t *testing.T) {
	t.Parallel()
	url := postgrestest.NewDatabase(t)
	a := bare(t, url)
	got := a.anonymous().get("/readyz")
	require.Equal(t, 503, got.status)
	require.Contains(t, string(got.body), "migrate")
	a.with("Authorization", "Bearer x").get("/api/me").problem(503, toygres.CodeUnavailable)
}

func TestMetricsCountRequestsByRoute(t *testing.T) {
	t.Parallel()
	a := start(t)
	a.running("demo")
	a.asAdmin().get("/api/instances/demo")
	a.asAdmin().get("/api/instances/other")
	a.anonymous().do("BREW", "/api/instances/demo", "")
	text := string(a.anonymous().get("/metrics").body)
	require.Contains(t, text, `toygres_http_request_duration_seconds_count{method="GET",route="/api/instances/{name}",status="200"} 1`)
	require.Contains(t, text, `toygres_http_request_duration_seconds_count{method="GET",route="/api/instances/{name}",status="404"} 1`)
	require.NotContains(t, text, "BREW")
	for _, name := range []string{"toygres_build_info", "toygres_catalog_connections", "toygres_event_streams 0", "go_goroutines", "process_resident_memory_bytes"} {
		require.Contains(t, text, name)
	}
}

func TestClientAddressIsOnlyTakenFromKnownProxies(t *testing.T) {
	t.Parallel()
	_, loopback, err := net.ParseCIDR("127.0.0.0/8")
	require.NoError(t, err)
	a := start(t, func(o *server.Options) {
		o.TrustedProxies = []*net.IPNet{loopback}
		o.SignInLimits = catalog.SignInLimits{PerUser: 100, PerAddress: 1}
	})
	from := func(client string) answer {
		return a.with("X-Forwarded-For", client).post("/api/sessions", signIn("admin", "guess guess"))
	}
	from("203.0.113.1").problem(401, toygres.CodeUnauthenticated)
	from("203.0.113.1").problem(429, toygres.CodeRateLimited)
	from("203.0.113.2").problem(401, toygres.CodeUnauthenticated)
}

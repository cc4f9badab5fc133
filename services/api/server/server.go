// Package server is the REST API: the handlers of openapi.yaml, one file per
// resource, and what surrounds them: access, validation, problem documents,
// the event stream, logs and metrics, and the web UI's files.
package server

import (
	"context"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/labstack/echo/v4"
	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
	"go.temporal.io/sdk/client"
	"golang.org/x/sync/semaphore"

	"github.com/toygres/toygres"
	"github.com/toygres/toygres/internal/catalog"
	"github.com/toygres/toygres/internal/telemetry"
	"github.com/toygres/toygres/openapi"
	"github.com/toygres/toygres/services/api/auth"
	"github.com/toygres/toygres/services/api/oidc"
)

// Options are what a [Server] works with.
type Options struct {
	Catalog  *catalog.Store
	Provider toygres.Provider
	Temporal client.Client // may be a lazy one: reads need none
	UI       fs.FS         // the built UI's files; those of Swagger UI below docs/
	Log      *slog.Logger

	Metrics        *telemetry.Metrics
	MetricsOutside bool // they are served elsewhere, and not at /metrics

	TemporalNamespace string
	TemporalUIURL     string // of Temporal Web, for links; "" for none
	PublicURL         *url.URL
	TrustedProxies    []*net.IPNet // whose X-Forwarded-For is believed
	Tracing           bool         // make a span for each request

	OpenID         map[string]*oidc.Provider // with whom people can sign in, by name
	SignInLimits   catalog.SignInLimits      // zero: catalog.DefaultSignInLimits
	Settings       []Setting                 // that the program was started with, for people to see
	Places         int                       // how many instances may be made at a time; 0: that is not known
	KeepDeleted    time.Duration             // for how long a deleted instance can be brought back; 0: not at all
	StreamsPerUser int                       // zero: 20
	StreamBuffer   int                       // events a stream may lag behind; zero: 256
	Heartbeat      time.Duration             // of event streams; zero: 15 seconds
}

func (o Options) withDefaults() Options {
	if o.SignInLimits == (catalog.SignInLimits{}) {
		o.SignInLimits = catalog.DefaultSignInLimits
	}
	if o.StreamsPerUser == 0 {
		o.StreamsPerUser = 20
	}
	if o.StreamBuffer == 0 {
		o.StreamBuffer = 256
	}
	if o.Heartbeat == 0 {
		o.Heartbeat = 15 * time.Second
	}
	o.TemporalUIURL = strings.TrimSuffix(o.TemporalUIURL, "/")
	return o
}

// SecureCookies reports whether browsers reach us over TLS.
func (o Options) SecureCookies() bool { return o.PublicURL != nil && o.PublicURL.Scheme == "https" }

// Server answers the REST API and serves the web UI.
type Server struct {
	options       Options
	log           *slog.Logger
	contract      *contract
	documentPage  *page
	site          *website
	authenticator *auth.Authenticator
	passwords     *auth.Passwords
	crossOrigin   *http.CrossOriginProtection
	metrics       *metrics
	hub           *hub
	userNames     sync.Map            // toygres.UserID → string
	queries       *semaphore.Weighted // bytes of results in the making
	draining      atomic.Bool
}

var _ openapi.StrictServerInterface = (*Server)(nil)

// New returns a server. It does nothing in the background until Run.
func New(options Options) (*Server, error) {
	options = options.withDefaults()
	contract, err := loadContract()
	if err != nil {
		return nil, err
	}
	document, err := newPage(contract.json, echo.MIMEApplicationJSON)
	if err != nil {
		return nil, fmt.Errorf("prepare the contract: %w", err)
	}
	origin := ""
	if options.PublicURL != nil {
		origin = options.PublicURL.Scheme + "://" + options.PublicURL.Host
	}
	crossOrigin, err := newCrossOrigin(origin)
	if err != nil {
		return nil, fmt.Errorf("trust pages of the public URL: %w", err)
	}
	s := &Server{
		options: options, log: options.Log, contract: contract, documentPage: document,
		site:          &website{files: options.UI},
		authenticator: auth.NewAuthenticator(options.Catalog),
		passwords:     auth.NewPasswords(),
		crossOrigin:   crossOrigin,
		metrics:       newMetrics(options.Metrics.Registry, options.Catalog),
		queries:       semaphore.NewWeighted(queriesMemory),
	}
	s.hub = newHub(s)
	return s, nil
}

// Run follows the catalog until ctx ends: it feeds the event streams and
// forgets credentials that were revoked elsewhere.
func (s *Server) Run(ctx context.Context) {
	var background sync.WaitGroup
	defer background.Wait()
	background.Go(func() { s.hub.run(ctx) })
	background.Go(func() { s.prune(ctx) })
	connected := false
	err := s.options.Catalog.Listen(ctx, catalog.Listener{
		Connected: func() {
			s.hub.stir()
			s.authenticator.ForgetAll()
			if connected {
				// Word of a revocation may have been missed: let everybody
				// show again who they are.
				s.hub.endAll()
			}
			connected = true
		},
		Event:   func(toygres.EventID) { s.hub.stir() },
		Revoked: s.revoked,
	})
	if err != nil && ctx.Err() == nil {
		s.log.Error("the catalog is not followed any more", "error", err)
	}
}

// revoked forgets whom a credential stood for.
func (s *Server) revoked(hash catalog.Hash) {
	s.authenticator.Forget(hash)
	s.hub.endOf(hash)
}

// Drain makes /readyz say that no new requests should come. Call it a moment
// before [Server.EndStreams] and the HTTP server's own shutdown.
func (s *Server) Drain() { s.draining.Store(true) }

// EndStreams ends all event streams, which would otherwise outlast any
// shutdown. Their clients reconnect, to another server.
func (s *Server) EndStreams() { s.hub.shutDown() }

// Handler returns the whole API and UI as one handler.
func (s *Server) Handler() http.Handler {
	e := echo.New()
	e.HideBanner, e.HidePort = true, true
	e.HTTPErrorHandler = s.writeError
	e.IPExtractor = clientIP(s.options.TrustedProxies)
	e.Use(s.observe, s.secureHeaders)

	e.GET("/healthz", s.healthz)
	e.GET("/readyz", s.readyz)
	if !s.options.MetricsOutside {
		e.GET("/metrics", echo.WrapHandler(s.options.Metrics.Handler(s.log)))
	}
	e.GET("/api/openapi.json", s.document)
	e.GET(docsPath, s.docs)
	e.GET(docsPath+"/init.js", s.docsInit)
	e.Any("/api", s.notFound) // else it would be a page of the UI
	e.RouteNotFound("/api/*", s.notFound)
	e.GET("/*", s.site.serve)
	e.HEAD("/*", s.site.serve)

	guards := map[string][]echo.MiddlewareFunc{}
	for _, op := range s.contract.operations {
		guards[op.id] = s.guards(op)
	}
	openapi.RegisterHandlersWithOptions(e, openapi.NewStrictHandler(s, nil), openapi.RegisterHandlersOptions{OperationMiddlewares: guards})
	if !s.options.Tracing {
		return e
	}
	return otelhttp.NewHandler(e, "http", otelhttp.WithFilter(func(r *http.Request) bool { return !probe(r.URL.Path) }))
}

// notFound answers what no route serves: the path is unknown, or only the
// method is.
func (s *Server) notFound(c echo.Context) error {
	methods := s.contract.methods(c.Request().URL.Path)
	if len(methods) == 0 {
		return echo.ErrNotFound
	}
	c.Response().Header().Set(echo.HeaderAllow, strings.Join(methods, ", "))
	return echo.ErrMethodNotAllowed
}

// clientIP believes X-Forwarded-For only from known proxies: anybody can send
// it, and sign-ins are limited by address.
func clientIP(proxies []*net.IPNet) echo.IPExtractor {
	if len(proxies) == 0 {
		return echo.ExtractIPDirect()
	}
	options := []echo.TrustOption{echo.TrustLoopback(false), echo.TrustLinkLocal(false), echo.TrustPrivateNet(false)}
	for _, network := range proxies {
		options = append(options, echo.TrustIPRange(network))
	}
	return echo.ExtractIPFromXFFHeader(options...)
}

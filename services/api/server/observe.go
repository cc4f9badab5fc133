package server

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"regexp"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"

	"github.com/toygres/toygres/internal/catalog"
	"github.com/toygres/toygres/services/api/auth"
)

// saneRequestID is what we repeat from a client into logs and headers.
var saneRequestID = regexp.MustCompile(`^[A-Za-z0-9._:/+=-]{1,128}$`)

// call is what the outer middleware and the inner ones tell each other about
// one request. It travels in the request's context.
type call struct {
	requestID  string
	clientIP   string
	cookies    []*http.Cookie
	credential auth.Credential
	principal  catalog.Principal // zero until somebody is signed in
	auditID    catalog.AuditID   // zero until the audit log has it
}

type callKey struct{}

// callOf returns the call that ctx belongs to.
func callOf(ctx context.Context) *call {
	if c, ok := ctx.Value(callKey{}).(*call); ok {
		return c
	}
	return &call{}
}

func requestID(c echo.Context) string { return callOf(c.Request().Context()).requestID }

// answerTime bounds the work for one request. Streams have no bound, and a
// query has its own.
const answerTime = 20 * time.Second

// letTakeTime lifts the server's limits so that an answer may take that long.
func letTakeTime(c echo.Context, most time.Duration) error {
	control := http.NewResponseController(c.Response())
	return errors.Join(control.SetReadDeadline(time.Now().Add(most+writeTime)), control.SetWriteDeadline(time.Now().Add(most+writeTime)))
}

// observe gives each request its id and its time, answers errors and
// panics, and then logs and counts the request. It is the outermost middleware, so that it sees the
// status that really went out.
func (s *Server) observe(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		started := time.Now()
		request := c.Request()
		id := request.Header.Get(echo.HeaderXRequestID)
		if !saneRequestID.MatchString(id) {
			id = uuid.NewString()
		}
		current := &call{requestID: id, clientIP: c.RealIP(), cookies: request.Cookies()}
		ctx := context.WithValue(request.Context(), callKey{}, current)
		bounded, cancel := ctx, context.CancelFunc(func() {})
		switch {
		case streams(c):
		case c.Path() == queryRoute:
			if err := letTakeTime(c, queryTime); err != nil {
				return err
			}
			bounded, cancel = context.WithTimeout(ctx, queryTime)
		default:
			bounded, cancel = context.WithTimeout(ctx, answerTime)
		}
		defer cancel()
		c.SetRequest(request.WithContext(bounded))
		c.Response().Header().Set(echo.HeaderXRequestID, id)

		if err := s.recovered(next, c); err != nil {
			s.writeError(err, c)
		}

		route, status, took := routeName(c), c.Response().Status, time.Since(started)
		if !streams(c) {
			s.metrics.observe(request.Method, route, status, took)
		}
		if span := trace.SpanFromContext(ctx); span.IsRecording() {
			span.SetName(request.Method + " " + route)
			span.SetAttributes(attribute.String("http.route", route), attribute.String("toygres.request_id", id))
		}
		level := slog.LevelInfo
		if probe(route) {
			level = slog.LevelDebug // else the kubelet fills the log
		}
		// The path is not logged: the route and its parameters say the same
		// without a query, which could hold a secret.
		s.log.LogAttrs(ctx, level, "request",
			slog.String("request_id", id), slog.String("method", request.Method), slog.String("route", route),
			slog.Any("params", params(c)), slog.Int("status", status), slog.Float64("duration_ms", float64(took.Microseconds())/1000),
			slog.Int64("bytes", c.Response().Size), slog.String("user", current.principal.User.Name),
			slog.String("client", current.clientIP))
		return nil
	}
}

// recovered turns a panic into an error, which becomes a 500 like any other.
func (s *Server) recovered(next echo.HandlerFunc, c echo.Context) (err error) {
	defer func() {
		switch p := recover(); p {
		case nil:
		case http.ErrAbortHandler:
			panic(p)
		default:
			err = newPanicError(p)
		}
	}()
	return next(c)
}

// routeName returns the route as the contract writes it, with {name} for a
// parameter, so that it names few things. Files of the UI are one route.
func routeName(c echo.Context) string {
	path := c.Path()
	if path == "" || strings.HasSuffix(path, "*") {
		if strings.HasPrefix(c.Request().URL.Path, "/api/") {
			return "/api/*"
		}
		return "/*"
	}
	if !strings.Contains(path, ":") {
		return path
	}
	parts := strings.Split(path, "/")
	for i, part := range parts {
		if strings.HasPrefix(part, ":") {
			parts[i] = "{" + part[1:] + "}"
		}
	}
	return strings.Join(parts, "/")
}

func probe(route string) bool {
	return route == "/healthz" || route == "/readyz" || route == "/metrics"
}

func params(c echo.Context) slog.Value {
	names, values := c.ParamNames(), c.ParamValues()
	attrs := make([]slog.Attr, 0, len(names))
	for i, name := range names {
		if name != "*" && i < len(values) {
			attrs = append(attrs, slog.String(name, values[i]))
		}
	}
	return slog.GroupValue(attrs...)
}

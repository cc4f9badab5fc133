package server

import (
	"maps"
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"
)

// The content security policies. Everything comes from this server; the docs
// page alone may use inline styles, which Swagger UI needs.
const (
	strictPolicy = "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
	docsPolicy   = "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)

// fixed are headers that every answer has. They are put in as they are, which
// spares building them for each request; nobody may change the slices.
var fixed = http.Header{
	"Content-Security-Policy":    {strictPolicy},
	"X-Content-Type-Options":     {"nosniff"},
	"X-Frame-Options":            {"DENY"},
	"Referrer-Policy":            {"same-origin"},
	"Cross-Origin-Opener-Policy": {"same-origin"},
	"Permissions-Policy":         {"camera=(), geolocation=(), microphone=()"},
}

// secureHeaders tells browsers what this site never does.
func (s *Server) secureHeaders(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		header := c.Response().Header()
		maps.Copy(header, fixed)
		if c.Path() == docsPath {
			header.Set("Content-Security-Policy", docsPolicy)
		}
		if s.options.SecureCookies() {
			header.Set("Strict-Transport-Security", "max-age=31536000")
		}
		if strings.HasPrefix(c.Path(), "/api/") {
			header.Set(echo.HeaderCacheControl, "no-store")
		}
		return next(c)
	}
}

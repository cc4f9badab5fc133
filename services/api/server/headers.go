package server

import (
	"strings"

	"github.com/labstack/echo/v4"
)

// The content security policies. Everything comes from this server; the docs
// page alone may use inline styles, which Swagger UI needs.
const (
	strictPolicy = "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
	docsPolicy   = "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)

// secureHeaders tells browsers what this site never does.
func (s *Server) secureHeaders(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		header := c.Response().Header()
		policy := strictPolicy
		if c.Path() == docsPath {
			policy = docsPolicy
		}
		header.Set("Content-Security-Policy", policy)
		header.Set("X-Content-Type-Options", "nosniff")
		header.Set("X-Frame-Options", "DENY")
		header.Set("Referrer-Policy", "same-origin")
		header.Set("Cross-Origin-Opener-Policy", "same-origin")
		header.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
		if s.options.SecureCookies() {
			header.Set("Strict-Transport-Security", "max-age=31536000")
		}
		if strings.HasPrefix(c.Path(), "/api/") {
			header.Set(echo.HeaderCacheControl, "no-store")
		}
		return next(c)
	}
}

package server

import (
	"context"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"
	"go.temporal.io/sdk/client"

	"github.com/toygres/toygres"
)

// checkTime bounds one look at a part that we need.
const checkTime = 2 * time.Second

// readiness is what /readyz answers.
type readiness struct {
	Status string                   `json:"status"` // ready, not ready or draining
	Parts  map[string]partReadiness `json:"parts"`
}

type partReadiness struct {
	Status   string `json:"status"`   // ok or unavailable
	Required bool   `json:"required"` // whether we are ready without it
	Message  string `json:"message,omitempty"`
}

// healthz answers as long as the process does.
func (s *Server) healthz(c echo.Context) error {
	return c.JSON(http.StatusOK, map[string]string{"status": "ok"})
}

// readyz answers 200 when requests can be served. Temporal is reported but
// not required: without it reads work, and creating says what is wrong.
func (s *Server) readyz(c echo.Context) error {
	answer := readiness{Status: "ready", Parts: map[string]partReadiness{}}
	ctx, cancel := context.WithTimeout(c.Request().Context(), checkTime)
	defer cancel()
	temporal := make(chan error, 1)
	go func() {
		_, err := s.options.Temporal.CheckHealth(ctx, &client.CheckHealthRequest{})
		temporal <- err
	}()
	status := http.StatusOK
	if err := s.options.Catalog.SchemaCurrent(ctx); err != nil {
		status, answer.Status = http.StatusServiceUnavailable, "not ready"
		answer.Parts["catalog"] = partReadiness{Status: "unavailable", Required: true, Message: toygres.MessageOf(err)}
	} else {
		answer.Parts["catalog"] = partReadiness{Status: "ok", Required: true}
	}
	if err := <-temporal; err != nil {
		answer.Parts["temporal"] = partReadiness{Status: "unavailable",
			Message: "Temporal can't be reached; creating and deleting wait for it"}
	} else {
		answer.Parts["temporal"] = partReadiness{Status: "ok"}
	}
	if s.draining.Load() {
		status, answer.Status = http.StatusServiceUnavailable, "draining"
	}
	c.Response().Header().Set(echo.HeaderCacheControl, "no-store")
	return c.JSON(status, answer)
}

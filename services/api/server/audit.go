package server

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/labstack/echo/v4"

	"github.com/toygres/toygres"
	"github.com/toygres/toygres/internal/catalog"
	"github.com/toygres/toygres/openapi"
	"github.com/toygres/toygres/services/api/oidc"
)

// auditTime bounds writing to the audit log, also when the client has gone.
const auditTime = 10 * time.Second

// auditable reports whether the operation goes into the audit log by itself:
// what may change something, by somebody who is known. Whoever signs in is not
// known yet; see recordSignIn.
func auditable(op *operation) bool { return !op.public && op.method != http.MethodGet }

// dryRun reports whether a request of an operation that can be tried says, in so
// many words, that it changes nothing.
func dryRun(op *operation, c echo.Context) bool {
	return slices.ContainsFunc(op.parameters, func(p *openapi3.ParameterRef) bool { return p.Value.Name == "dry_run" }) &&
		slices.Equal(c.QueryParams()["dry_run"], []string{"true"})
}

// auditFirst records a request that all guards have let through, before it does
// anything: if this server dies in it, that it was asked for is not lost.
// Where it can't be recorded it is not done.
func auditFirst(s *Server, op *operation) echo.MiddlewareFunc {
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		if !auditable(op) {
			return next
		}
		return func(c echo.Context) error {
			if dryRun(op, c) {
				return next(c)
			}
			ctx := c.Request().Context()
			id, err := s.options.Catalog.BeginAudit(ctx, auditEntry(op, c))
			if err != nil {
				return err
			}
			callOf(ctx).auditID = id
			return next(c)
		}
	}
}

// audit records what became of a request, and one that a guard has refused.
func audit(s *Server, op *operation) echo.MiddlewareFunc {
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		if !auditable(op) {
			return next
		}
		return func(c echo.Context) (err error) {
			if dryRun(op, c) {
				return next(c)
			}
			outcome := catalog.AuditOutcome{Status: http.StatusInternalServerError, Code: toygres.CodeInternal} // of a panic
			defer func() { s.endAudit(op, c, outcome) }()
			err = next(c)
			outcome = outcomeOf(c.Response().Status, err)
			return err
		}
	}
}

func outcomeOf(status int, err error) catalog.AuditOutcome {
	if err == nil {
		return catalog.AuditOutcome{Status: status}
	}
	status, problem := explain(err)
	return catalog.AuditOutcome{Status: status, Code: problem.Code}
}

func (s *Server) endAudit(op *operation, c echo.Context, outcome catalog.AuditOutcome) {
	request := c.Request().Context()
	current := callOf(request)
	ctx, cancel := context.WithTimeout(context.WithoutCancel(request), auditTime)
	defer cancel()
	var err error
	if current.auditID == 0 {
		entry := auditEntry(op, c)
		entry.Outcome = outcome
		err = s.options.Catalog.RecordAudit(ctx, entry)
	} else {
		err = s.options.Catalog.EndAudit(ctx, current.auditID, outcome)
	}
	if err != nil {
		s.log.ErrorContext(ctx, "the audit log lacks what became of a request", "request_id", current.requestID,
			"user", current.principal.User.Name, "action", op.id, "status", outcome.Status, "error", err)
	}
}

func auditEntry(op *operation, c echo.Context) catalog.AuditEntry {
	current := callOf(c.Request().Context())
	p := current.principal
	return catalog.AuditEntry{
		User: p.User.ID, UserName: p.User.Name, Credential: string(p.Kind), TokenName: p.TokenName,
		Address: current.clientIP, Action: op.id, Target: auditTarget(op, c), RequestID: current.requestID,
	}
}

// auditTarget names what a request is about: its path, as far as that has
// parameters, and what is created by its name.
func auditTarget(op *operation, c echo.Context) string {
	parts := strings.Split(strings.TrimPrefix(op.path, "/api/"), "/")
	last := 0
	for i, part := range parts {
		if strings.HasPrefix(part, "{") {
			parts[i], last = c.Param(strings.Trim(part, "{}")), i+1
		}
	}
	if last > 0 {
		return strings.Join(parts[:last], "/")
	}
	if body, ok := c.Request().Body.(validatedBody); ok {
		if object, ok := body.value.(map[string]any); ok {
			if name, ok := object["name"].(string); ok {
				parts = append(parts, name)
			}
		}
	}
	return strings.Join(parts, "/")
}

// recordSignIn records an attempt whose password was looked at, or for which a
// provider has vouched: others anybody could make without end. A name that
// nobody has is not kept: people type their passwords there.
func (s *Server) recordSignIn(ctx context.Context, credential string, user toygres.User, failed error) error {
	current := callOf(ctx)
	outcome := outcomeOf(http.StatusOK, failed)
	var refusal *oidc.Refusal
	if errors.As(failed, &refusal) {
		outcome = catalog.AuditOutcome{Status: http.StatusUnauthorized, Code: toygres.CodeUnauthenticated}
	}
	return s.options.Catalog.RecordAudit(ctx, catalog.AuditEntry{
		User: user.ID, UserName: user.Name, Credential: credential, Address: current.clientIP, Action: "signIn", Target: "sessions",
		RequestID: current.requestID, Outcome: outcome,
	})
}

// ListAudit answers a page of the audit log. The cursor is the last entry's id.
func (s *Server) ListAudit(ctx context.Context, request openapi.ListAuditRequestObject) (openapi.ListAuditResponseObject, error) {
	p := request.Params
	before, err := eventCursor(or(p.Cursor))
	if err != nil {
		return nil, err
	}
	entries, more, err := s.options.Catalog.Audit(ctx, catalog.AuditFilter{
		Before: catalog.AuditID(before), UserName: or(p.User), Action: or(p.Action), Instance: or(p.Instance), Since: or(p.Since), Until: or(p.Until),
		Target: or(p.Target), Outcome: string(or(p.Outcome)),
	}, or(p.Limit))
	if err != nil {
		return nil, err
	}
	page := openapi.ListAudit200JSONResponse{Items: make([]openapi.AuditEntry, len(entries))}
	for i, e := range entries {
		page.Items[i] = openapi.AuditEntry{
			Id: strconv.FormatInt(int64(e.ID), 10), At: e.At, User: optional(e.UserName), Credential: e.Credential, Token: optional(e.TokenName),
			Address: e.Address, Action: e.Action, Target: e.Target, RequestId: e.RequestID,
		}
		if e.Outcome.Status != 0 {
			page.Items[i].Status = &e.Outcome.Status
		}
		if e.Outcome.Code != "" {
			code := openapi.ErrorCode(e.Outcome.Code)
			page.Items[i].Code = &code
		}
	}
	if more {
		page.NextCursor = optional(strconv.FormatInt(int64(entries[len(entries)-1].ID), 10))
	}
	return page, nil
}

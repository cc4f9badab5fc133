package server

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"net/http"
	"strconv"
	"time"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"github.com/toygres/toygres"
	"github.com/toygres/toygres/openapi"
)

// statuses is the one place where a kind of trouble becomes an HTTP status.
var statuses = map[toygres.ErrorCode]int{
	toygres.CodeInvalid:         http.StatusUnprocessableEntity,
	toygres.CodeUnauthenticated: http.StatusUnauthorized,
	toygres.CodeForbidden:       http.StatusForbidden,
	toygres.CodeNotFound:        http.StatusNotFound,
	toygres.CodeConflict:        http.StatusConflict,
	toygres.CodeRateLimited:     http.StatusTooManyRequests,
	toygres.CodeUnavailable:     http.StatusServiceUnavailable,
	toygres.CodeExhausted:       http.StatusInsufficientStorage,
	toygres.CodeProvider:        http.StatusBadGateway,
	toygres.CodeQueryFailed:     http.StatusUnprocessableEntity,
	toygres.CodeCancelled:       http.StatusConflict,
	toygres.CodeInternal:        http.StatusInternalServerError,
}

// defaultRetryAfter is answered for trouble that passes when nobody knows
// when.
const defaultRetryAfter = 5 * time.Second

// statusClientGone is what nginx logs when the client did not wait for the
// answer. It is never sent.
const statusClientGone = 499

// requestError is trouble with the HTTP request itself, whose status says
// more than the code of its error does: 400, 404, 405, 413, 415.
type requestError struct {
	status int
	cause  *toygres.Error
}

func (e *requestError) Error() string { return e.cause.Error() }

func (e *requestError) Unwrap() error { return e.cause }

func badRequest(message string, fields ...toygres.FieldError) error {
	return &requestError{http.StatusBadRequest,
		&toygres.Error{Code: toygres.CodeInvalid, Message: message, Fields: fields}}
}

// explain turns any error into a status and an error that a user may see.
func explain(err error) (int, *toygres.Error) {
	var request *requestError
	if errors.As(err, &request) {
		return request.status, request.cause
	}
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		return http.StatusRequestEntityTooLarge, &toygres.Error{Code: toygres.CodeInvalid,
			Message: fmt.Sprintf("the request's body is larger than %d bytes", tooLarge.Limit)}
	}
	var known *toygres.Error
	if errors.As(err, &known) {
		status, ok := statuses[known.Code]
		if ok && known.Code != toygres.CodeInternal {
			return status, known
		}
		return http.StatusInternalServerError, internal()
	}
	var fromEcho *echo.HTTPError
	if errors.As(err, &fromEcho) {
		return explainEcho(fromEcho)
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return http.StatusServiceUnavailable, &toygres.Error{Code: toygres.CodeUnavailable,
			Message: "the answer took too long; try again"}
	}
	return http.StatusInternalServerError, internal()
}

func internal() *toygres.Error {
	// Not MessageOf(err): an internal error's text is for the log alone.
	return &toygres.Error{Code: toygres.CodeInternal,
		Message: "an internal error occurred; the server's log has the details under this request id"}
}

func explainEcho(err *echo.HTTPError) (int, *toygres.Error) {
	switch err.Code {
	case http.StatusNotFound:
		return err.Code, &toygres.Error{Code: toygres.CodeNotFound,
			Message: "there is nothing at this path; /api/docs shows what there is"}
	case http.StatusMethodNotAllowed:
		return err.Code, &toygres.Error{Code: toygres.CodeInvalid,
			Message: "this method is not allowed here; see the Allow header and /api/docs"}
	case http.StatusBadRequest:
		return err.Code, &toygres.Error{Code: toygres.CodeInvalid, Message: fmt.Sprint(err.Message)}
	default:
		return http.StatusInternalServerError, internal()
	}
}

// writeError answers err as a problem document and logs the cause of what is
// our trouble and not the client's. It is echo's error handler.
func (s *Server) writeError(err error, c echo.Context) {
	ctx := c.Request().Context()
	if ctx.Err() != nil && errors.Is(err, context.Canceled) {
		c.Response().Status = statusClientGone // for the access log; nobody is there to read an answer
		return
	}
	status, problem := explain(err)
	if status >= http.StatusInternalServerError {
		s.log.LogAttrs(ctx, slog.LevelError, "request failed", slog.String("request_id", requestID(c)),
			slog.String("code", string(problem.Code)), slog.Any("error", err))
	}
	if c.Response().Committed {
		return // part of an answer is out; the log says what happened
	}
	if err := writeProblem(c, status, problem); err != nil {
		s.log.LogAttrs(ctx, slog.LevelDebug, "answer not sent", slog.String("request_id", requestID(c)), slog.Any("error", err))
	}
}

func writeProblem(c echo.Context, status int, problem *toygres.Error) error {
	id := requestID(c)
	body := openapi.Problem{
		Type:      "about:blank", // code tells the kinds apart
		Title:     http.StatusText(status),
		Status:    status,
		Detail:    optional(problem.Message),
		Code:      openapi.ErrorCode(problem.Code),
		RequestId: optional(id),
	}
	if operation, err := uuid.Parse(string(problem.Operation)); err == nil {
		body.OperationId = &operation
	}
	if e := problem.Postgres; e != nil {
		body.Postgres = &openapi.PostgresError{Sqlstate: e.SQLState, Severity: e.Severity, Message: e.Message,
			Detail: optional(e.Detail), Hint: optional(e.Hint), Where: optional(e.Where)}
		if e.Position > 0 {
			body.Postgres.Position = &e.Position
		}
	}
	if len(problem.Fields) > 0 {
		fields := make([]openapi.FieldError, len(problem.Fields))
		for i, f := range problem.Fields {
			fields[i] = openapi.FieldError{Field: f.Field, Rule: f.Rule, Message: f.Message}
		}
		body.Errors = &fields
	}

	header := c.Response().Header()
	header.Set(echo.HeaderContentType, "application/problem+json")
	header.Set(echo.HeaderCacheControl, "no-store")
	switch status {
	case http.StatusUnauthorized:
		header.Set(echo.HeaderWWWAuthenticate, `Bearer realm="toygres"`)
	case http.StatusTooManyRequests, http.StatusServiceUnavailable:
		wait := problem.RetryAfter
		if wait <= 0 {
			wait = defaultRetryAfter
		}
		header.Set(echo.HeaderRetryAfter, strconv.Itoa(int(math.Ceil(wait.Seconds()))))
	}
	c.Response().WriteHeader(status)
	if c.Request().Method == http.MethodHead {
		return nil
	}
	return json.NewEncoder(c.Response()).Encode(body)
}

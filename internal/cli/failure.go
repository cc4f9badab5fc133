package cli

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/toygres/toygres/openapi"
)

// The exit codes, for scripts. They are documented in exitCodesHelp and never
// change their meaning.
const (
	exitOK          = 0
	exitFailure     = 1
	exitUsage       = 2
	exitNotFound    = 3
	exitConflict    = 4
	exitDenied      = 5
	exitUnavailable = 6
	exitOperation   = 7
	exitQuery       = 8
	exitInterrupted = 130 // 128 + SIGINT, as shells have it
)

func exitCodesHelp() *cobra.Command {
	return &cobra.Command{
		Use:   "exit-codes",
		Short: "What the exit codes mean",
		Long: `Exit codes:

    0  done
    1  failed for another reason
    2  wrong usage, or a value that the server refuses
    3  there is no such instance, operation or token
    4  the present state does not allow it, or the name is taken
    5  not signed in, or not allowed
    6  the server is unavailable or busy, or the time is up
    7  the operation failed or was cancelled
    8  PostgreSQL refused the statement of toygres query
  130  interrupted with Ctrl-C; an operation that has begun goes on

toygres psql exits with the code of psql itself.`,
	}
}

// failure is an error with all that the user should see of it.
type failure struct {
	code      int
	message   string
	fields    []string // one line for each field that is wrong
	hint      string   // what to do
	transient bool     // worth trying again
	// lost is set when no answer of the server came at all.
	lost bool
	// retryAfter is when the server asks to be tried again; 0 is unknown.
	retryAfter time.Duration
	cause      error
}

func (f *failure) Error() string { return f.message }
func (f *failure) Unwrap() error { return f.cause }

// exitCode is an error that has been reported already.
type exitCode int

func (c exitCode) Error() string { return fmt.Sprintf("exit code %d", int(c)) }

func usagef(format string, args ...any) error {
	return &failure{code: exitUsage, message: fmt.Sprintf(format, args...)}
}

// isTransient reports whether the same call may succeed later.
func isTransient(err error) bool {
	var f *failure
	return errors.As(err, &f) && f.transient
}

// hasCode reports whether err makes the command exit with code.
func hasCode(err error, code int) bool {
	var f *failure
	return errors.As(err, &f) && f.code == code
}

// report prints err, if there is one, and returns the exit code for it.
func (a *app) report(ctx context.Context, err error) int {
	var f *failure
	var code exitCode
	switch {
	case err == nil:
		return exitOK
	case errors.As(err, &code):
		return int(code)
	case ctx.Err() != nil && errors.Is(err, context.Canceled):
		fmt.Fprintln(a.Err, "toygres: interrupted")
		return exitInterrupted
	case errors.As(err, &f):
	default:
		f = &failure{code: exitFailure, message: err.Error()}
	}
	line := "toygres: " + clean(f.message)
	if f.hint != "" && len(f.fields) == 0 {
		line += "; " + clean(f.hint)
	}
	fmt.Fprintln(a.Err, line)
	for _, field := range f.fields {
		fmt.Fprintln(a.Err, "  "+clean(field))
	}
	if f.hint != "" && len(f.fields) > 0 {
		fmt.Fprintln(a.Err, "  "+clean(f.hint))
	}
	return f.code
}

// problemFailure turns the server's problem document into a failure.
func problemFailure(p openapi.Problem, response *http.Response) *failure {
	f := &failure{
		code:       exitCodeOf(p.Code, response.StatusCode),
		message:    p.Title,
		retryAfter: retryAfter(response),
	}
	if p.Detail != nil && *p.Detail != "" {
		f.message = *p.Detail
	}
	if p.Errors != nil {
		for _, e := range *p.Errors {
			f.fields = append(f.fields, e.Field+": "+e.Message)
		}
		if only := *p.Errors; len(only) == 1 && strings.Contains(f.message, only[0].Field+" "+only[0].Message) {
			f.fields = nil // the message says it all
		}
	}
	if e := p.Postgres; e != nil {
		if e.Detail != nil {
			f.fields = append(f.fields, "detail: "+*e.Detail)
		}
		if e.Position != nil {
			f.fields = append(f.fields, fmt.Sprintf("at character %d", *e.Position))
		}
		if e.Hint != nil {
			f.fields = append(f.fields, "hint: "+*e.Hint)
		}
	}
	var hints []string
	switch p.Code {
	case openapi.ErrorCodeUnauthenticated:
		hints = append(hints, "sign in with `toygres login`")
	case openapi.ErrorCodeConflict:
		if p.OperationId != nil {
			hints = append(hints, fmt.Sprintf("follow the operation in progress with `toygres operations get %s --wait`", p.OperationId))
		}
	case openapi.ErrorCodeUnavailable, openapi.ErrorCodeRateLimited:
		f.transient = true
		if f.retryAfter > 0 {
			hints = append(hints, fmt.Sprintf("it may work again in %s", f.retryAfter))
		}
	case openapi.ErrorCodeInternal:
		f.transient = true
		if p.RequestId != nil {
			hints = append(hints, "the request id for the server's log is "+*p.RequestId)
		}
	}
	f.hint = strings.Join(hints, "; ")
	return f
}

// exitCodeOf maps the problem's code to an exit code, and by the HTTP status
// where the code is missing or newer than this command.
func exitCodeOf(code openapi.ErrorCode, status int) int {
	switch code {
	case openapi.ErrorCodeInvalid:
		return exitUsage
	case openapi.ErrorCodeNotFound:
		return exitNotFound
	case openapi.ErrorCodeConflict:
		return exitConflict
	case openapi.ErrorCodeUnauthenticated, openapi.ErrorCodeForbidden:
		return exitDenied
	case openapi.ErrorCodeUnavailable, openapi.ErrorCodeRateLimited, openapi.ErrorCodeExhausted:
		return exitUnavailable
	case openapi.ErrorCodeProviderFailed, openapi.ErrorCodeCancelled:
		return exitOperation
	case openapi.ErrorCodeQueryFailed:
		return exitQuery
	case openapi.ErrorCodeInternal:
		return exitFailure
	}
	switch status {
	case http.StatusBadRequest, http.StatusUnprocessableEntity, http.StatusRequestEntityTooLarge:
		return exitUsage
	case http.StatusNotFound:
		return exitNotFound
	case http.StatusConflict:
		return exitConflict
	case http.StatusUnauthorized, http.StatusForbidden:
		return exitDenied
	case http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return exitUnavailable
	}
	return exitFailure
}

// fileFailure says which file could not be used, and why, without Go's words
// for it.
func fileFailure(what, path string, err error) error {
	var p *os.PathError
	if errors.As(err, &p) {
		err = p.Err
	}
	return &failure{code: exitFailure, message: fmt.Sprintf("can't %s %s: %v", what, path, err), cause: err}
}

package toygres

import (
	"errors"
	"fmt"
	"time"
)

// ErrorCode says what kind of trouble an [Error] is. Callers decide by code,
// never by text; the API maps each to one HTTP status.
type ErrorCode string

// The error codes.
const (
	CodeInvalid         ErrorCode = "invalid"         // the request breaks a rule; see Error.Fields
	CodeUnauthenticated ErrorCode = "unauthenticated" // nobody is signed in
	CodeForbidden       ErrorCode = "forbidden"       // signed in, but not allowed
	CodeNotFound        ErrorCode = "not_found"       // no such thing, or not visible
	CodeConflict        ErrorCode = "conflict"        // the present state does not allow it
	CodeRateLimited     ErrorCode = "rate_limited"    // too many requests
	CodeUnavailable     ErrorCode = "unavailable"     // a part that is needed is down; try again
	CodeExhausted       ErrorCode = "exhausted"       // no port, disk or other capacity left
	CodeProvider        ErrorCode = "provider_failed" // the provider could not do it
	CodeQueryFailed     ErrorCode = "query_failed"    // PostgreSQL refused a statement; see Error.Postgres
	CodeCancelled       ErrorCode = "cancelled"       // somebody cancelled it
	CodeInternal        ErrorCode = "internal"        // a defect of ours; details are in the log only
)

// FieldError names the field of a request that breaks a rule.
type FieldError struct {
	Field   string // dotted path in the request, for example "storage_gib"
	Rule    string // machine-readable rule, for example "min"
	Message string // what is wrong and what is allowed, for people
}

// PostgresError is what an instance's server says of a statement that it
// refuses. It may repeat what the statement held, so it is for who sent it and
// for no log.
type PostgresError struct {
	SQLState string // for example "42P01"
	Severity string
	Message  string
	Detail   string
	Hint     string
	Position int    // of the mistake in the statement, in characters from 1; 0 where there is none
	Where    string // the functions that it happened in
}

// Error is the one error type that crosses package borders with a meaning.
// Message is for the user: it says what is wrong and what to do next, and
// never holds a secret. Err is the cause, for logs only.
type Error struct {
	Code       ErrorCode
	Message    string
	Fields     []FieldError
	Operation  OperationID   // the operation in progress, for conflicts
	RetryAfter time.Duration // when trying again makes sense; 0 is unknown
	Postgres   *PostgresError
	Err        error
}

// Error returns the message, followed by the cause where there is one.
func (e *Error) Error() string {
	if e.Err != nil {
		return e.Message + ": " + e.Err.Error()
	}
	return e.Message
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// Errorf returns an [Error] with a formatted message. A %w verb becomes the
// cause as well as part of the message.
func Errorf(code ErrorCode, format string, args ...any) *Error {
	wrapped := fmt.Errorf(format, args...)
	return &Error{Code: code, Message: wrapped.Error(), Err: errors.Unwrap(wrapped)}
}

// CodeOf returns the code of the first [Error] in err's chain, CodeInternal
// for any other error, and "" for nil.
func CodeOf(err error) ErrorCode {
	if err == nil {
		return ""
	}
	var e *Error
	if errors.As(err, &e) {
		return e.Code
	}
	return CodeInternal
}

// FieldsOf returns the fields of the first [Error] in err's chain.
func FieldsOf(err error) []FieldError {
	var e *Error
	if errors.As(err, &e) {
		return e.Fields
	}
	return nil
}

// MessageOf returns the user's message of the first [Error] in err's chain,
// and a general sentence for any other error, whose text may hold internals.
func MessageOf(err error) string {
	var e *Error
	if errors.As(err, &e) {
		return e.Message
	}
	return "an internal error occurred; the server's log has the details"
}

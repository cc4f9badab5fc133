package catalog

import (
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/puddle/v2"

	"github.com/toygres/toygres"
)

// SQLSTATEs that mean something to us. Others of their classes are decided by
// [unavailable].
const (
	checkViolation    = "23514"
	untranslatable    = "22P05"
	badEncoding       = "22021"
	undefinedTable    = "42P01"
	undefinedColumn   = "42703"
	undefinedFunction = "42883"
	readOnly          = "25006"
	lockNotAvailable  = "55P03"
	queryCanceled     = "57014"
)

// wrap gives an error of PostgreSQL or the connection its code. The cause
// stays inside for the log; the message is fit for users.
func wrap(err error) error {
	var known *toygres.Error
	switch {
	case err == nil || errors.As(err, &known):
		return err
	case errors.Is(err, context.Canceled):
		return &toygres.Error{Code: toygres.CodeCancelled, Message: "the request was cancelled", Err: err}
	}
	// A failed connection attempt is one whatever the server answered to it.
	var connect *pgconn.ConnectError
	if errors.As(err, &connect) {
		return down(err)
	}
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		return wrapPg(pg, err)
	}
	var network net.Error
	if errors.As(err, &network) || errors.Is(err, context.DeadlineExceeded) || errors.Is(err, net.ErrClosed) ||
		errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, puddle.ErrClosedPool) ||
		pgconn.Timeout(err) || pgconn.SafeToRetry(err) {
		return down(err)
	}
	return &toygres.Error{Code: toygres.CodeInternal, Message: "the catalog could not do it; the log has the details", Err: err}
}

func wrapPg(pg *pgconn.PgError, err error) error {
	switch {
	case pg.Code == undefinedTable || pg.Code == undefinedColumn || pg.Code == undefinedFunction:
		return &toygres.Error{Code: toygres.CodeUnavailable, RetryAfter: retryAfter, Err: err,
			Message: "the catalog's schema is not the one this program needs; run `toygres-api migrate`"}
	case pg.Code == badEncoding || pg.Code == untranslatable:
		return &toygres.Error{Code: toygres.CodeInvalid, Err: err, Message: "the request holds characters that can't be stored; use valid UTF-8 without NUL"}
	case pg.Code == checkViolation:
		return &toygres.Error{Code: toygres.CodeInvalid, Err: err, Message: "a value is outside of what is allowed"}
	case unavailable(pg.Code):
		return down(err)
	default:
		return &toygres.Error{Code: toygres.CodeInternal, Message: "the catalog could not do it; the log has the details", Err: err}
	}
}

// unavailable reports whether the same statement may succeed later: class 08
// is connections, 53 resources such as disk and connection slots, 57P the
// server stopping or starting, 58 the system under it, 40 a transaction that
// lost against another.
func unavailable(sqlstate string) bool {
	for _, class := range []string{"08", "40", "53", "57P", "58"} {
		if strings.HasPrefix(sqlstate, class) {
			return true
		}
	}
	return sqlstate == queryCanceled || sqlstate == lockNotAvailable || sqlstate == readOnly
}

// retryAfter is about as long as PostgreSQL takes to restart.
const retryAfter = 5 * time.Second

func down(err error) error {
	return &toygres.Error{Code: toygres.CodeUnavailable, RetryAfter: retryAfter, Err: err,
		Message: "the catalog's database can't be reached; try again in a moment"}
}

// badURL leaves the cause out of the message: a URL may hold a password.
func badURL(err error) error {
	return &toygres.Error{Code: toygres.CodeInvalid, Err: err,
		Message: "the catalog's URL can't be read; it looks like postgres://user@host:5432/database?passfile=/path"}
}

// violates reports whether err is a breach of the unique index or constraint
// of that name; class 23 is breaches.
func violates(err error, constraint string) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && strings.HasPrefix(pg.Code, "23") && pg.ConstraintName == constraint
}

func notFound(what string) error {
	return toygres.Errorf(toygres.CodeNotFound, "there is no such %s", what)
}

// clean makes a text of foreign origin, such as a provider's error, one that
// can be stored: valid UTF-8, no NUL, not endless.
func clean(text string) string {
	const most = 4000
	if len(text) > most {
		text = text[:most] + "…"
	}
	return strings.ReplaceAll(strings.ToValidUTF8(text, "\uFFFD"), "\x00", "")
}

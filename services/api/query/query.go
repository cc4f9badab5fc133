// Package query runs one SQL statement on the server of an instance and turns what it answers into JSON.
package query

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/toygres/toygres"
)

// Statement is what is to run, and within which limits. All limits are
// positive.
type Statement struct {
	SQL      string
	Role     string // whose rights it has; "" for the superuser's
	ReadOnly bool
	Timeout  time.Duration // for the statement itself
	MaxRows  int
	MaxBytes int // of all values together: as PostgreSQL writes them, and [valueOverhead] for each
}

// valueOverhead is about what a value takes in memory beside its text, in
// bytes, so that nulls and empty texts count, too.
const valueOverhead = 64

// Column is one column of a result.
type Column struct {
	Name string
	Type string // as PostgreSQL writes it, for example "numeric(10,2)" or "text[]"
}

// Limit names what cut a result short.
type Limit string

// The limits.
const (
	LimitRows  Limit = "rows"
	LimitBytes Limit = "bytes"
)

// Result is what a statement answered.
type Result struct {
	Columns   []Column
	Rows      [][]json.RawMessage
	Command   string        // PostgreSQL's tag, for example "INSERT 0 3"; "" where a read was cut short
	Affected  int64         // rows that the tag counts
	Truncated Limit         // "" when nothing was left out
	Took      time.Duration // with the connection
}

// beginReadOnly begins for good: once a query has run, a transaction can't be
// made one that writes any more; and within a block no procedure can end it and
// begin another.
const beginReadOnly = "BEGIN READ ONLY; SELECT 1"

// statementName keeps the statement while its types are asked for.
const statementName = "toygres_query"

// Run runs a statement. In a read-only transaction it stops when a limit is
// reached; otherwise the statement runs to its end and is committed, and only
// the answer is cut short. When ctx ends, the statement is cancelled at the
// server and undone.
//
// What PostgreSQL refuses is CodeQueryFailed with Error.Postgres, and a server
// that does not answer CodeProvider. The statement's text is in none of the
// errors' causes.
func Run(ctx context.Context, at toygres.Endpoint, as toygres.Credentials, s Statement) (Result, error) {
	started := time.Now()
	if err := s.check(); err != nil {
		return Result{}, err
	}
	conn, err := connect(ctx, at, as, s)
	if err != nil {
		return Result{}, err
	}
	defer hangUp(ctx, conn)
	result, err := s.run(ctx, conn)
	if err != nil {
		return Result{}, explain(ctx, err)
	}
	result.Took = time.Since(started)
	return result, nil
}

// check refuses what the protocol can't carry out in one round.
func (s Statement) check() error {
	if firstWord(s.SQL) == "copy" {
		return invalid("sql", "copy", "must not be COPY, which needs a stream of data; use SELECT or INSERT here, and psql for COPY")
	}
	return nil
}

func (s Statement) run(ctx context.Context, conn *pgconn.PgConn) (Result, error) {
	if s.ReadOnly {
		if _, err := conn.Exec(ctx, beginReadOnly).ReadAll(); err != nil {
			return Result{}, err
		}
	}
	return s.execute(ctx, conn, s.SQL)
}

// execute runs a statement with args in place of $1, $2 and so on.
func (s Statement) execute(ctx context.Context, conn *pgconn.PgConn, sql string, args ...[]byte) (Result, error) {
	description, err := conn.Prepare(ctx, statementName, sql, nil)
	if err != nil {
		return Result{}, err
	}
	if len(description.ParamOIDs) > len(args) {
		return Result{}, invalid("sql", "parameters", "must not have parameters such as $1; write the values into it")
	}
	columns, encoders, err := describe(ctx, conn, description.Fields)
	if err != nil {
		return Result{}, err
	}
	result := Result{Columns: columns}
	reader := conn.ExecPrepared(ctx, statementName, args, nil, nil)
	for size := 0; reader.NextRow(); {
		if result.Truncated == "" {
			values := reader.Values()
			for _, value := range values {
				size += len(value) + valueOverhead
			}
			switch {
			case len(result.Rows) == s.MaxRows:
				result.Truncated = LimitRows
			case size > s.MaxBytes:
				result.Truncated = LimitBytes
			default:
				result.Rows = append(result.Rows, encode(encoders, values))
			}
		}
		if result.Truncated != "" && s.ReadOnly {
			return result, nil // hanging up ends it at the server
		}
	}
	tag, err := reader.Close()
	if err != nil {
		return Result{}, err
	}
	result.Command, result.Affected = tag.String(), tag.RowsAffected()
	return result, nil
}

// explain gives trouble of a connection that was there a code and a message.
func explain(ctx context.Context, err error) error {
	var known *toygres.Error
	var refused *pgconn.PgError
	var tooLong *pgproto3.ExceededMaxBodyLenErr
	switch {
	case errors.As(err, &known):
		return err
	case errors.Is(ctx.Err(), context.Canceled):
		return ctx.Err()
	case errors.As(err, &refused):
		return refusal(refused)
	case errors.As(err, &tooLong):
		return toygres.Errorf(toygres.CodeInvalid, "one row of the result is larger than %d MiB; select less of it", maxRow>>20)
	default:
		return &toygres.Error{Code: toygres.CodeProvider, Err: errors.New("the connection broke"),
			Message: "the connection to the server was lost before it answered; whether the statement has changed anything is not known"}
	}
}

// refusal is PostgreSQL's own error. The cause is its SQLSTATE alone: the
// message may repeat what the statement held.
func refusal(e *pgconn.PgError) error {
	hint := e.Hint
	switch e.Code {
	case "57014": // query_canceled
		if hint == "" {
			hint = "Give it more time, or make it do less."
		}
	case "25006": // read_only_sql_transaction
		if hint == "" {
			hint = "Ask for a statement that may write: read_only false, or --write on the command line."
		}
	}
	message := fmt.Sprintf("PostgreSQL refuses the statement: %s (SQLSTATE %s)", e.Message, e.Code)
	return &toygres.Error{Code: toygres.CodeQueryFailed, Message: message, Err: errors.New("SQLSTATE " + e.Code),
		Postgres: &toygres.PostgresError{SQLState: e.Code, Severity: e.Severity, Message: e.Message, Detail: e.Detail, Hint: hint,
			Position: int(e.Position), Where: e.Where}}
}

func invalid(field, rule, message string) error {
	return &toygres.Error{Code: toygres.CodeInvalid, Message: "the " + field + " " + message,
		Fields: []toygres.FieldError{{Field: field, Rule: rule, Message: message}}}
}

// firstWord returns the statement's first word in lower case. Before it there
// may be white space, comments and empty statements.
func firstWord(sql string) string {
	for {
		sql = strings.TrimLeft(sql, " \t\n\r\f\v;")
		switch {
		case strings.HasPrefix(sql, "--"):
			_, sql, _ = strings.Cut(sql, "\n")
		case strings.HasPrefix(sql, "/*"):
			sql = sql[commentLength(sql):]
		default:
			end := strings.IndexFunc(sql, func(r rune) bool { return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') })
			if end < 0 {
				end = len(sql)
			}
			return strings.ToLower(sql[:end])
		}
	}
}

// commentLength returns how long the comment is that text begins with; they
// nest.
func commentLength(text string) int {
	depth := 0
	for i := 0; i < len(text); i++ {
		switch {
		case strings.HasPrefix(text[i:], "/*"):
			depth++
			i++
		case strings.HasPrefix(text[i:], "*/"):
			if depth--; depth == 0 {
				return i + 2
			}
			i++
		}
	}
	return len(text)
}

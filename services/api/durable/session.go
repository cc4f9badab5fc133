package durable

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/toygres/toygres"
	"github.com/toygres/toygres/openapi"
	"github.com/toygres/toygres/services/api/query"
)

// session is one transaction on a server that has the extension.
type session struct {
	*query.Session
	ctx context.Context
}

// read calls do in a transaction that can't write, as the superuser: another
// role would see its own functions only.
func (f Functions) read(ctx context.Context, do func(session) error) error {
	return f.transact(ctx, query.Statement{ReadOnly: true}, do)
}

func (f Functions) transact(ctx context.Context, limits query.Statement, do func(session) error) error {
	limits.Timeout, limits.MaxRows, limits.MaxBytes = timeout, maxRows, maxBytes
	return query.Transact(ctx, f.At, f.As, limits, func(q *query.Session) error {
		s := session{q, ctx}
		// The schema and not the extension: a role may see the one and not the other.
		there, err := rowOf[bool](s, `SELECT to_json(to_regnamespace('df') IS NOT NULL)`)
		if err == nil && !there {
			err = toygres.Errorf(toygres.CodeConflict, "this instance has no durable functions: create one with the image type pg_durable, and run CREATE EXTENSION pg_durable in its database %s", f.As.Database)
		}
		if err != nil {
			return err
		}
		return do(s)
	})
}

// rowsOf runs a statement whose rows are one JSON value each, and tells whether
// there were more than are read.
func rowsOf[T any](s session, sql string, args ...*string) ([]T, bool, error) {
	result, err := s.Run(s.ctx, sql, args...)
	if err != nil {
		return nil, false, err
	}
	rows, err := query.Values[T](result)
	return rows, result.Truncated != "", err
}

func rowOf[T any](s session, sql string, args ...*string) (row T, err error) {
	rows, _, err := rowsOf[T](s, sql, args...)
	if err != nil {
		return row, err
	}
	if len(rows) != 1 {
		return row, toygres.Errorf(toygres.CodeProvider, "pg_durable answered %d rows where one was expected; look whether its version is one that Toygres knows", len(rows))
	}
	return rows[0], nil
}

// status returns how far a function is; CodeNotFound says that there is none.
func (s session) status(id string) (string, error) {
	status, err := rowOf[*string](s, `SELECT to_json(df.status($1))`, text(id))
	if err != nil {
		return "", err
	}
	if status == nil {
		return "", toygres.Errorf(toygres.CodeNotFound, "there is no durable function %q on this instance", id)
	}
	return *status, nil
}

// goesOn refuses what can be done only to a function that has not ended.
func (s session) goesOn(id, what string) error {
	status, err := s.status(id)
	if err != nil {
		return err
	}
	switch openapi.DurableFunctionStatus(status) {
	case openapi.DurableFunctionStatusPending, openapi.DurableFunctionStatusRunning:
		return nil
	}
	return toygres.Errorf(toygres.CodeConflict, "the durable function %q can't be %s any more: it is %s", id, what, status)
}

func (s session) info(id string) (openapi.DurableFunction, error) {
	return rowOf[openapi.DurableFunction](s, `
		SELECT to_json(t) FROM (
			SELECT instance_id AS id, label, function_name, function_version, current_execution_id, status, left(output, 100000) AS output
			FROM df.instance_info($1)) t`, text(id))
}

func (s session) explain(idOrGraph string) (string, error) {
	return rowOf[string](s, `SELECT to_json(df.explain($1))`, text(idOrGraph))
}

// evaluate returns the graph that an expression of the extension's language
// describes. It is SQL by its nature and runs with the rights of the session's
// role; what is made of it goes on as a value.
func (s session) evaluate(expression string) (string, error) {
	const before = "SELECT to_json(("
	result, err := s.Run(s.ctx, before+expression+"\n)::text)")
	if err != nil {
		var refused *pgconn.PgError
		if errors.As(err, &refused) && refused.Position > int32(len(before)) {
			refused.Position -= int32(len(before)) // as the user counts
		}
		return "", err
	}
	graphs, err := query.Values[*string](result)
	if err == nil && (len(graphs) != 1 || graphs[0] == nil) {
		const message = "must be one SQL expression that is a text, such as 'SELECT 1' ~> 'SELECT 2'"
		return "", &toygres.Error{Code: toygres.CodeInvalid, Message: "the function " + message,
			Fields: []toygres.FieldError{{Field: "function", Rule: "expression", Message: message}}}
	}
	if err != nil {
		return "", fmt.Errorf("read the graph: %w", err)
	}
	return *graphs[0], nil
}

func text(s string) *string { return &s }

// optional is null for an empty text.
func optional(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

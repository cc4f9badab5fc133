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
	// path is where an expression's names are looked for, as SQL.
	path string
}

// ours is where the names of our own statements are looked for: nowhere that an
// application can write to, for most of them run with the superuser's rights.
const ours = "pg_catalog, pg_temp"

// operatorsOf returns the schema of the extension's operators, or null. Whoever
// may create schemas can make one that is called df, so that has to be a
// superuser's.
const operatorsOf = `
	SELECT to_json((
		SELECT quote_ident(operators.nspname)
		FROM pg_extension e JOIN pg_namespace operators ON operators.oid = e.extnamespace
		WHERE e.extname = 'pg_durable' AND EXISTS (
			SELECT FROM pg_namespace n JOIN pg_roles r ON r.oid = n.nspowner WHERE n.nspname = 'df' AND r.rolsuper)))`

// read calls do in a transaction that can't write, as the superuser: another
// role would see its own functions only.
func (f Functions) read(ctx context.Context, do func(session) error) error {
	return f.transact(ctx, query.Statement{ReadOnly: true}, do)
}

func (f Functions) transact(ctx context.Context, limits query.Statement, do func(session) error) error {
	limits.Timeout, limits.MaxRows, limits.MaxBytes = timeout, maxRows, MaxBytes
	return query.Transact(ctx, f.At, f.As, limits, func(q *query.Session) error {
		s := session{q, ctx, "DEFAULT"}
		if err := s.lookIn(ours); err != nil {
			return err
		}
		operators, err := rowOf[*string](s, operatorsOf)
		if err == nil && operators == nil {
			err = toygres.Errorf(toygres.CodeConflict, "this instance has no durable functions: create one with the image type pg_durable, and run CREATE EXTENSION pg_durable in its database %s", f.As.Database)
		}
		if err != nil {
			return err
		}
		if limits.Role == "" {
			s.path = "pg_catalog, " + *operators + ", pg_temp"
		}
		return do(s)
	})
}

// lookIn sets where names are looked for.
func (s session) lookIn(path string) error {
	_, err := s.Run(s.ctx, "SET LOCAL search_path TO "+path)
	return err
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
	if err := s.lookIn(s.path); err != nil {
		return "", err
	}
	const before = "SELECT pg_catalog.to_json(("
	result, err := s.Run(s.ctx, before+expression+"\n)::pg_catalog.text)")
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
	return *graphs[0], s.lookIn(ours)
}

func text(s string) *string { return &s }

// optional is null for an empty text.
func optional(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

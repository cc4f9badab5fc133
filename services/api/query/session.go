package query

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/toygres/toygres"
)

// Session is one transaction on an instance's server.
type Session struct {
	conn   *pgconn.PgConn
	limits Statement
}

// Transact calls do with a session, in which every statement has the role and
// the limits of limits; its SQL is not looked at. What do did is committed if
// it returns nil and was allowed to write, and else undone. Errors are as those
// of [Run].
func Transact(ctx context.Context, at toygres.Endpoint, as toygres.Credentials, limits Statement, do func(*Session) error) error {
	conn, err := connect(ctx, at, as, limits)
	if err != nil {
		return err
	}
	defer hangUp(ctx, conn)
	begin := "BEGIN"
	if limits.ReadOnly {
		begin = beginReadOnly
	}
	if _, err := conn.Exec(ctx, begin).ReadAll(); err != nil {
		return explain(ctx, err)
	}
	if err := do(&Session{conn, limits}); err != nil {
		return explain(ctx, err)
	}
	if limits.ReadOnly {
		return nil
	}
	if _, err = conn.Exec(ctx, "COMMIT").ReadAll(); err != nil {
		return explain(ctx, err)
	}
	return nil
}

// Run runs one statement with args in place of $1, $2 and so on; a nil is a
// null. After a result that was cut short a session that only reads has ended.
func (s *Session) Run(ctx context.Context, sql string, args ...*string) (Result, error) {
	values := make([][]byte, len(args))
	for i, arg := range args {
		if arg != nil {
			values[i] = []byte(*arg)
		}
	}
	result, err := s.limits.execute(ctx, s.conn, sql, values...)
	if err != nil || s.conn.IsBusy() {
		return result, err
	}
	return result, s.conn.Deallocate(ctx, statementName)
}

// Values returns the first value of each row, which is JSON, as a T.
func Values[T any](result Result) ([]T, error) {
	values := make([]T, len(result.Rows))
	for i, row := range result.Rows {
		if err := json.Unmarshal(row[0], &values[i]); err != nil {
			return nil, fmt.Errorf("read the value in row %d: %w", i+1, err)
		}
	}
	return values, nil
}

package admin

import (
	"context"
	"strconv"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/toygres/toygres"
)

// Replicate signs in for the streaming replication protocol, under a name by
// which [Copied] finds the connection. It is one to a database: whoever may
// sign in otherwise may do so then, too, while for others servers have rules of
// their own.
func Replicate(ctx context.Context, at toygres.Endpoint, as toygres.Credentials, name string) (*pgconn.PgConn, error) {
	return connect(ctx, at, as, map[string]string{"application_name": name, "replication": "database", "statement_timeout": "0"})
}

// Copied asks the server how many bytes of its data it has sent over the
// connection of that name, and how many there are, 0 as long as it does not
// know. It is false when nothing is copied.
func Copied(ctx context.Context, at toygres.Endpoint, as toygres.Credentials, name string) (sent, of int64, copies bool, err error) {
	conn, err := connect(ctx, at, as, quiet)
	if err != nil {
		return 0, 0, false, err
	}
	defer hangUp(ctx, conn)
	result := conn.ExecParams(ctx, `SELECT backup_streamed, coalesce(backup_total, 0) FROM pg_catalog.pg_stat_progress_basebackup
		JOIN pg_catalog.pg_stat_activity USING (pid) WHERE application_name = $1`, [][]byte{[]byte(name)}, nil, nil, nil).Read()
	if result.Err != nil || len(result.Rows) == 0 {
		return 0, 0, false, result.Err
	}
	if sent, err = strconv.ParseInt(string(result.Rows[0][0]), 10, 64); err == nil {
		of, err = strconv.ParseInt(string(result.Rows[0][1]), 10, 64)
	}
	return sent, of, err == nil, err
}

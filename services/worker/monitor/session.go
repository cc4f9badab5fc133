package monitor

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/toygres/toygres"
	"github.com/toygres/toygres/activities"
)

// session is the connection by which an instance is probed. To sign in costs
// far more than the query, on both sides, so a connection is kept for a while;
// not for ever, because that new ones are taken, with the password of today, is
// part of being healthy.
type session struct {
	conn  *pgconn.PgConn
	until time.Time
}

// probe runs a query at the instance and returns how long that took.
func (m *Monitor) probe(ctx context.Context, id toygres.InstanceID, at toygres.Endpoint, s *session) (time.Duration, error) {
	ctx, cancel := context.WithTimeout(ctx, m.Timeout)
	defer cancel()
	if s.conn != nil && time.Now().Before(s.until) {
		took, err := ask(ctx, s.conn)
		if err == nil || ctx.Err() != nil {
			return took, m.unanswered(ctx, err)
		}
		// The server was restarted, or ends connections that idle: a new one tells.
	}
	s.close()
	if err := m.open(ctx, id, at, s); err != nil {
		return 0, m.unanswered(ctx, err)
	}
	took, err := ask(ctx, s.conn)
	return took, m.unanswered(ctx, err)
}

func (m *Monitor) open(ctx context.Context, id toygres.InstanceID, at toygres.Endpoint, s *session) error {
	credentials, err := m.Provider.Credentials(ctx, id)
	if err != nil {
		return blind{err}
	}
	config, err := activities.AsClient(at, credentials)
	if err != nil {
		return err
	}
	config.RuntimeParams["application_name"] = "toygres monitor"
	conn, err := pgconn.ConnectConfig(ctx, &config.Config)
	if err != nil {
		return err
	}
	s.conn, s.until = conn, time.Now().Add(m.KeepConnection/2+rand.N(m.KeepConnection))
	return nil
}

// blind marks an error that is the provider's and not the instance's.
type blind struct{ error }

func (b blind) Unwrap() error { return b.error }

// ask runs the query.
func ask(ctx context.Context, conn *pgconn.PgConn) (time.Duration, error) {
	begun := time.Now()
	_, err := conn.Exec(ctx, "SELECT 1").ReadAll()
	return time.Since(begun), err
}

// close lets go of the connection. The server takes the end of an idle one for
// a good-bye.
func (s *session) close() {
	if s.conn != nil {
		_ = s.conn.Conn().Close()
		s.conn = nil
	}
}

// unanswered says in words for users why a probe failed.
func (m *Monitor) unanswered(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	unhealthy := &toygres.Error{Code: toygres.CodeProvider, Message: "its server does not answer; look at its log", Err: err}
	var unseen blind
	var ours *toygres.Error
	var refused *pgconn.PgError
	switch {
	case errors.As(err, &unseen), errors.As(err, &ours):
		return err
	case errors.As(err, &refused):
		unhealthy.Message = "its server takes no queries: " + refused.Message
	case ctx.Err() != nil:
		unhealthy.Message = "its server did not answer within " + m.Timeout.String()
	}
	return unhealthy
}

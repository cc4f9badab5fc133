package query

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgconn/ctxwatch"

	"github.com/toygres/toygres"
)

const (
	connectTime = 10 * time.Second
	// partingTime bounds telling the server that nobody waits for the answer.
	partingTime = 5 * time.Second
	// maxRow bounds what one row takes in memory, in bytes.
	maxRow = 8 << 20
)

// connect opens a connection for one statement.
func connect(ctx context.Context, at toygres.Endpoint, as toygres.Credentials, s Statement) (*pgconn.PgConn, error) {
	config, err := settings(at, as)
	if err != nil {
		return nil, err
	}
	config.RuntimeParams = map[string]string{
		"application_name":  "toygres query",
		"client_encoding":   "UTF8",
		"DateStyle":         "ISO",
		"bytea_output":      "hex",
		"statement_timeout": strconv.FormatInt(s.Timeout.Milliseconds(), 10),
		// The server's own log, too, keeps no literal of the statement.
		"log_min_messages":        "fatal",
		"log_min_error_statement": "panic",
	}
	if s.Role != "" {
		// As the session's own default, so that RESET ROLE leads back to it.
		config.RuntimeParams["role"] = s.Role
	}
	connecting, cancel := context.WithTimeout(ctx, connectTime)
	defer cancel()
	conn, err := pgconn.ConnectConfig(connecting, config)
	if err == nil {
		return conn, nil
	}
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	var refused *pgconn.PgError
	if errors.As(err, &refused) && refused.Code == "22023" && s.Role != "" { // invalid_parameter_value
		return nil, invalid("role", "exists", "must be a role that the server has")
	}
	message := "the server does not answer; look at the instance's state and log"
	if refused != nil {
		message = "the server takes no connection: " + refused.Message
	}
	return nil, &toygres.Error{Code: toygres.CodeProvider, Message: message, Err: err}
}

// settings are how the endpoint is reached: verified when there is a CA to
// verify it with.
func settings(at toygres.Endpoint, as toygres.Credentials) (*pgconn.Config, error) {
	// Named here so that the API's own PG* variables have no say.
	config, err := pgconn.ParseConfig("host=localhost sslmode=prefer passfile=/dev/null")
	if err != nil {
		return nil, err
	}
	config.Host, config.Port = at.Host, uint16(at.Port)
	config.User, config.Password, config.Database = as.User, as.Password, as.Database
	for _, fallback := range config.Fallbacks {
		fallback.Host, fallback.Port = config.Host, config.Port
	}
	config.MaxProtocolMessageBodyLen = maxRow
	config.BuildContextWatcherHandler = func(conn *pgconn.PgConn) ctxwatch.Handler {
		return &pgconn.CancelRequestContextWatcherHandler{Conn: conn, DeadlineDelay: partingTime}
	}
	if as.CA == "" {
		return config, nil
	}
	authorities := x509.NewCertPool()
	if !authorities.AppendCertsFromPEM([]byte(as.CA)) {
		return nil, toygres.Errorf(toygres.CodeProvider, "the CA of the server at %s:%d can't be read", at.Host, at.Port)
	}
	config.TLSConfig = &tls.Config{RootCAs: authorities, ServerName: at.Host, MinVersion: tls.VersionTLS12}
	config.Fallbacks = nil // never without TLS
	return config, nil
}

// hangUp closes the connection and ends what still runs on it.
func hangUp(ctx context.Context, conn *pgconn.PgConn) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), partingTime)
	defer cancel()
	if conn.IsBusy() {
		// An error leaves the statement to its own time limit.
		_ = conn.CancelRequest(ctx)
		_ = conn.Conn().Close()
	}
	_ = conn.Close(ctx)
}

// Package admin signs in to an instance's server as its superuser, for what
// providers do to a server from within.
package admin

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/toygres/toygres"
)

// connectTime bounds one attempt to sign in.
const connectTime = 10 * time.Second

// quiet keeps what we run out of the server's log, whatever its superuser has
// set, and makes a commit last: we write down that it has happened.
var quiet = map[string]string{
	"application_name":              "toygres",
	"default_transaction_read_only": "off",
	"log_statement":                 "none",
	"log_min_duration_statement":    "-1",
	"log_duration":                  "off",
	"log_min_error_statement":       "panic",
	"synchronous_commit":            "local", // not by standbys, which may be away
	"statement_timeout":             "10s",
}

// connect signs in. CodeUnavailable says that the server does not take
// connections now; its cause is a PgError when the server said why.
func connect(ctx context.Context, at toygres.Endpoint, as toygres.Credentials, params map[string]string) (*pgconn.PgConn, error) {
	ctx, cancel := context.WithTimeout(ctx, connectTime)
	defer cancel()
	config, err := settings(at, as)
	if err != nil {
		return nil, err
	}
	config.RuntimeParams = params
	conn, err := pgconn.ConnectConfig(ctx, config)
	if err == nil {
		return conn, nil
	}
	message := "the server does not answer"
	var refused *pgconn.PgError
	if errors.As(err, &refused) {
		message = "the server takes no connection: " + refused.Message
	}
	return nil, &toygres.Error{Code: toygres.CodeUnavailable, Message: message, Err: err}
}

// settings are how the endpoint is reached: in clear, or verified when there is
// a CA to verify it with.
func settings(at toygres.Endpoint, as toygres.Credentials) (*pgconn.Config, error) {
	// Named here so that our own PG* variables have no say.
	config, err := pgconn.ParseConfig("host=localhost port=5432 user=postgres sslmode=disable passfile=/dev/null")
	if err != nil {
		return nil, err
	}
	config.Host, config.Port = at.Host, uint16(at.Port)
	config.User, config.Password, config.Database = as.User, as.Password, as.Database
	if as.CA == "" {
		return config, nil
	}
	authorities := x509.NewCertPool()
	if !authorities.AppendCertsFromPEM([]byte(as.CA)) {
		return nil, toygres.Errorf(toygres.CodeProvider, "the CA of the server at %s:%d can't be read", at.Host, at.Port)
	}
	config.TLSConfig = &tls.Config{RootCAs: authorities, ServerName: at.Host, MinVersion: tls.VersionTLS12}
	return config, nil
}

func hangUp(ctx context.Context, conn *pgconn.PgConn) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), connectTime)
	defer cancel()
	_ = conn.Close(ctx) // it has served its purpose
}

package activities

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/toygres/toygres"
)

// Credentials is what a connection needs of the provider.
type Credentials interface {
	Credentials(ctx context.Context, id toygres.InstanceID) (toygres.Credentials, error)
}

// Connections reaches instances the way their clients do.
type Connections struct {
	Credentials Credentials
	Journal     Journal

	// Query asks a server for its version, for example "18.4". Nil is a real
	// query; recorded histories and tests of workflows have no server.
	Query func(context.Context, toygres.Endpoint, toygres.Credentials) (string, error)
}

// TestConnectionInput says which server to reach, and where.
type TestConnectionInput struct {
	OperationID toygres.OperationID
	InstanceID  toygres.InstanceID
	Endpoint    toygres.Endpoint
}

// TestConnectionResult is what the server says about itself.
type TestConnectionResult struct {
	ServerVersion string
}

// One attempt to connect and query must not wait longer than this.
const connectTimeout = 10 * time.Second

// TestConnection runs a query through the endpoint, signed in as the
// superuser. The password never leaves this method.
func (c *Connections) TestConnection(ctx context.Context, in TestConnectionInput) (TestConnectionResult, error) {
	step := step{journal: c.Journal, operation: in.OperationID, name: toygres.StepConnect, tries: bounded}
	var result TestConnectionResult
	err := step.do(ctx, func(ctx context.Context) error {
		credentials, err := c.Credentials.Credentials(ctx, in.InstanceID)
		if err != nil {
			return err
		}
		query := c.Query
		if query == nil {
			query = ServerVersion
		}
		result.ServerVersion, err = query(ctx, in.Endpoint, credentials)
		return err
	})
	return result, err
}

// ServerVersion asks the server for its version, for example "18.4".
func ServerVersion(ctx context.Context, endpoint toygres.Endpoint, credentials toygres.Credentials) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, connectTimeout)
	defer cancel()
	config, err := AsClient(endpoint, credentials)
	if err != nil {
		return "", err
	}
	conn, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		return "", unreachable(endpoint, err)
	}
	defer conn.Close(context.WithoutCancel(ctx))
	var full, short string
	if err := conn.QueryRow(ctx, "SELECT version(), current_setting('server_version')").Scan(&full, &short); err != nil {
		return "", unreachable(endpoint, err)
	}
	return short, nil
}

// AsClient is how the endpoint is reached the way clients do: as
// sslmode=verify-full when there is a CA to verify it with.
func AsClient(endpoint toygres.Endpoint, credentials toygres.Credentials) (*pgx.ConnConfig, error) {
	// Named here so that the worker's own PG* variables have no say.
	config, err := pgx.ParseConfig("host=localhost sslmode=prefer application_name=toygres passfile=/dev/null")
	if err != nil {
		return nil, err
	}
	config.Host, config.Port = endpoint.Host, uint16(endpoint.Port)
	config.User, config.Password, config.Database = credentials.User, credentials.Password, credentials.Database
	for _, fallback := range config.Fallbacks {
		fallback.Host, fallback.Port = config.Host, config.Port
	}
	if credentials.CA == "" {
		return config, nil
	}
	authorities := x509.NewCertPool()
	if !authorities.AppendCertsFromPEM([]byte(credentials.CA)) {
		return nil, toygres.Errorf(toygres.CodeProvider, "the CA of the server at %s:%d can't be read", endpoint.Host, endpoint.Port)
	}
	config.TLSConfig = &tls.Config{RootCAs: authorities, ServerName: endpoint.Host, MinVersion: tls.VersionTLS12}
	config.Fallbacks = nil // never without TLS
	return config, nil
}

func unreachable(endpoint toygres.Endpoint, err error) error {
	return toygres.Errorf(toygres.CodeProvider, "PostgreSQL at %s:%d does not answer a query: %w", endpoint.Host, endpoint.Port, err)
}

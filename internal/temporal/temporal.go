// Package temporal connects a program to Temporal as the environment says: in
// clear on a trusted network, with TLS, with a client certificate, or with an
// API key, so that both an installation of one's own and Temporal Cloud work.
package temporal

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"

	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/interceptor"
	sdklog "go.temporal.io/sdk/log"
)

// Config is what the environment says about Temporal. Its tags are those of
// github.com/caarlos0/env; the programs put TOYGRES_ before each name.
type Config struct {
	Address   string `env:"TEMPORAL_ADDRESS" envDefault:"127.0.0.1:7233"`
	Namespace string `env:"TEMPORAL_NAMESPACE" envDefault:"toygres"`

	// TLS is on when this is true or any of the files or the name below is given.
	TLS        bool   `env:"TEMPORAL_TLS"`
	CAFile     string `env:"TEMPORAL_TLS_CA_FILE"`     // instead of the system's authorities
	CertFile   string `env:"TEMPORAL_TLS_CERT_FILE"`   // of the client, with its key in KeyFile
	KeyFile    string `env:"TEMPORAL_TLS_KEY_FILE"`    //
	ServerName string `env:"TEMPORAL_TLS_SERVER_NAME"` // in the server's certificate, if it is not that of Address

	// APIKeyFile holds an API key in its first line. It needs TLS, which is therefore on.
	APIKeyFile string `env:"TEMPORAL_API_KEY_FILE"`
}

// Options are what a program adds to what the environment says.
type Options struct {
	Identity     string // of this process; "" for the library's, which names host and process
	Log          *slog.Logger
	Interceptors []interceptor.ClientInterceptor
	Metrics      client.MetricsHandler // nil for none
}

// Open returns a client that connects with its first call, so that a program
// starts and does what it can while Temporal is down. Certificates and keys
// are read again whenever they are used, so that they can be replaced in
// place. Errors name the variable to change.
func (c Config) Open(o Options) (client.Client, error) {
	options := client.Options{
		HostPort: c.Address, Namespace: c.Namespace, Identity: o.Identity,
		Logger: sdklog.NewStructuredLogger(o.Log), Interceptors: o.Interceptors, MetricsHandler: o.Metrics,
	}
	secured, err := c.tls()
	if err != nil {
		return nil, err
	}
	options.ConnectionOptions.TLS = secured
	if c.APIKeyFile != "" {
		if _, err := c.apiKey(context.Background()); err != nil {
			return nil, err
		}
		options.Credentials = client.NewAPIKeyDynamicCredentials(c.apiKey)
	}
	temporal, err := client.NewLazyClient(options)
	if err != nil {
		return nil, fmt.Errorf("prepare the connection to Temporal: %w", err)
	}
	return temporal, nil
}

// tls returns nil when the connection is in clear.
func (c Config) tls() (*tls.Config, error) {
	if (c.CertFile == "") != (c.KeyFile == "") {
		return nil, errors.New("TOYGRES_TEMPORAL_TLS_CERT_FILE and TOYGRES_TEMPORAL_TLS_KEY_FILE belong together; set both or none")
	}
	if !c.TLS && c.CAFile == "" && c.CertFile == "" && c.ServerName == "" && c.APIKeyFile == "" {
		return nil, nil
	}
	secured := &tls.Config{MinVersion: tls.VersionTLS12, ServerName: c.ServerName}
	if c.CAFile != "" {
		pem, err := os.ReadFile(c.CAFile)
		if err != nil {
			return nil, fmt.Errorf("TOYGRES_TEMPORAL_TLS_CA_FILE: %w", err)
		}
		secured.RootCAs = x509.NewCertPool()
		if !secured.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("TOYGRES_TEMPORAL_TLS_CA_FILE: %s holds no certificate in PEM format", c.CAFile)
		}
	}
	if c.CertFile != "" {
		if _, err := c.certificate(nil); err != nil {
			return nil, err
		}
		secured.GetClientCertificate = c.certificate
	}
	return secured, nil
}

func (c Config) certificate(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
	certificate, err := tls.LoadX509KeyPair(c.CertFile, c.KeyFile)
	if err != nil {
		return nil, fmt.Errorf("TOYGRES_TEMPORAL_TLS_CERT_FILE and TOYGRES_TEMPORAL_TLS_KEY_FILE: %w", err)
	}
	return &certificate, nil
}

func (c Config) apiKey(context.Context) (string, error) {
	data, err := os.ReadFile(c.APIKeyFile)
	if err != nil {
		return "", fmt.Errorf("TOYGRES_TEMPORAL_API_KEY_FILE: %w", err)
	}
	key, _, _ := strings.Cut(string(data), "\n")
	if key = strings.TrimSpace(key); key == "" {
		return "", fmt.Errorf("TOYGRES_TEMPORAL_API_KEY_FILE: the first line of %s is empty", c.APIKeyFile)
	}
	return key, nil
}

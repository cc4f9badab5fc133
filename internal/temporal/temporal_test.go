package temporal_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"log/slog"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"

	"github.com/toygres/toygres/internal/temporal"
)

// frontend answers like Temporal's, as far as a client asks when it connects,
// and remembers how the caller has signed in. TLS and API keys are what a
// proxy before Temporal checks, so no more of Temporal is needed.
type frontend struct {
	workflowservice.UnimplementedWorkflowServiceServer
	healthpb.UnimplementedHealthServer

	mu            sync.Mutex
	authorization []string
	certificate   *big.Int
}

func (f *frontend) GetSystemInfo(context.Context, *workflowservice.GetSystemInfoRequest) (*workflowservice.GetSystemInfoResponse, error) {
	return &workflowservice.GetSystemInfoResponse{Capabilities: &workflowservice.GetSystemInfoResponse_Capabilities{}}, nil
}

func (f *frontend) Check(ctx context.Context, _ *healthpb.HealthCheckRequest) (*healthpb.HealthCheckResponse, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if md, ok := metadata.FromIncomingContext(ctx); ok {
		f.authorization = md.Get("authorization")
	}
	f.certificate = nil
	if p, ok := peer.FromContext(ctx); ok {
		if info, ok := p.AuthInfo.(credentials.TLSInfo); ok && len(info.State.PeerCertificates) > 0 {
			f.certificate = info.State.PeerCertificates[0].SerialNumber
		}
	}
	return &healthpb.HealthCheckResponse{Status: healthpb.HealthCheckResponse_SERVING}, nil
}

func (f *frontend) seen() (authorization []string, certificate *big.Int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.authorization, f.certificate
}

// authority signs certificates, which it writes below dir.
type authority struct {
	t    *testing.T
	dir  string
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	a := &authority{t: t, dir: t.TempDir()}
	var err error
	a.key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "authority"}, IsCA: true,
		BasicConstraintsValid: true, NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &a.key.PublicKey, a.key)
	require.NoError(t, err)
	a.cert, err = x509.ParseCertificate(der)
	require.NoError(t, err)
	a.write("ca.crt", "CERTIFICATE", der)
	return a
}

func (a *authority) file(name string) string { return filepath.Join(a.dir, name) }

func (a *authority) write(name, kind string, der []byte) {
	a.t.Helper()
	require.NoError(a.t, os.WriteFile(a.file(name), pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600))
}

// issue writes <name>.crt and <name>.key.
func (a *authority) issue(name string, serial int64) {
	a.t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(a.t, err)
	template := &x509.Certificate{SerialNumber: big.NewInt(serial), DNSNames: []string{"temporal.test"}, NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, a.cert, &key.PublicKey, a.key)
	require.NoError(a.t, err)
	a.write(name+".crt", "CERTIFICATE", der)
	der, err = x509.MarshalECPrivateKey(key)
	require.NoError(a.t, err)
	a.write(name+".key", "EC PRIVATE KEY", der)
}

// serve starts a frontend that speaks TLS and asks for client certificates.
func (a *authority) serve(auth tls.ClientAuthType) (*frontend, string) {
	a.t.Helper()
	a.issue("server", 2)
	certificate, err := tls.LoadX509KeyPair(a.file("server.crt"), a.file("server.key"))
	require.NoError(a.t, err)
	clients := x509.NewCertPool()
	clients.AddCert(a.cert)
	server := grpc.NewServer(grpc.Creds(credentials.NewTLS(&tls.Config{
		MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{certificate}, ClientCAs: clients, ClientAuth: auth})))
	f := &frontend{}
	workflowservice.RegisterWorkflowServiceServer(server, f)
	healthpb.RegisterHealthServer(server, f)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(a.t, err)
	go func() { _ = server.Serve(listener) }()
	a.t.Cleanup(server.Stop)
	return f, listener.Addr().String()
}

func call(t *testing.T, c temporal.Config) error {
	t.Helper()
	opened, err := c.Open(temporal.Options{Log: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	defer opened.Close()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	_, err = opened.CheckHealth(ctx, &client.CheckHealthRequest{})
	return err
}

func TestClientCertificateSignsInAndMayBeReplacedInPlace(t *testing.T) {
	t.Parallel()
	a := newAuthority(t)
	f, address := a.serve(tls.RequireAndVerifyClientCert)
	a.issue("client", 7)
	c := temporal.Config{Address: address, Namespace: "toygres", CAFile: a.file("ca.crt"), ServerName: "temporal.test",
		CertFile: a.file("client.crt"), KeyFile: a.file("client.key")}
	opened, err := c.Open(temporal.Options{Log: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	defer opened.Close()
	a.issue("client", 8) // before the first call, as after a disconnect
	_, err = opened.CheckHealth(t.Context(), &client.CheckHealthRequest{})
	require.NoError(t, err)
	_, certificate := f.seen()
	require.Equal(t, big.NewInt(8), certificate)

	c.CertFile, c.KeyFile = "", ""
	require.Error(t, call(t, c), "without a certificate nobody gets in")
}

func TestAPIKeyIsSentOverTLSAndMayBeReplacedInPlace(t *testing.T) {
	t.Parallel()
	a := newAuthority(t)
	f, address := a.serve(tls.NoClientCert)
	key := a.file("key")
	require.NoError(t, os.WriteFile(key, []byte("first\n"), 0o600))
	c := temporal.Config{Address: address, Namespace: "toygres", CAFile: a.file("ca.crt"), ServerName: "temporal.test", APIKeyFile: key}
	opened, err := c.Open(temporal.Options{Log: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	defer opened.Close()
	for _, value := range []string{"first", "second"} {
		require.NoError(t, os.WriteFile(key, []byte(value+"\n"), 0o600))
		_, err = opened.CheckHealth(t.Context(), &client.CheckHealthRequest{})
		require.NoError(t, err)
		authorization, _ := f.seen()
		require.Equal(t, []string{"Bearer " + value}, authorization)
	}
}

func TestUnknownServerIsNotBelieved(t *testing.T) {
	t.Parallel()
	_, address := newAuthority(t).serve(tls.NoClientCert)
	other := newAuthority(t)
	require.Error(t, call(t, temporal.Config{Address: address, CAFile: other.file("ca.crt"), ServerName: "temporal.test"}))
	require.Error(t, call(t, temporal.Config{Address: address, TLS: true}), "the system's authorities do not know it either")
}

func TestSettingsThatCannotWorkAreRefusedAtOnce(t *testing.T) {
	t.Parallel()
	a := newAuthority(t)
	a.issue("client", 7)
	empty := a.file("empty")
	require.NoError(t, os.WriteFile(empty, []byte("\n"), 0o600))
	for variable, c := range map[string]temporal.Config{
		"TOYGRES_TEMPORAL_TLS_KEY_FILE":  {CertFile: a.file("client.crt")},
		"TOYGRES_TEMPORAL_TLS_CERT_FILE": {CertFile: a.file("none.crt"), KeyFile: a.file("client.key")},
		"TOYGRES_TEMPORAL_TLS_CA_FILE":   {CAFile: empty},
		"TOYGRES_TEMPORAL_API_KEY_FILE":  {APIKeyFile: empty},
	} {
		_, err := c.Open(temporal.Options{Log: slog.New(slog.DiscardHandler)})
		require.ErrorContains(t, err, variable)
	}
}

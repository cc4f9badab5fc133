package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/toygres/toygres"
	"github.com/toygres/toygres/dev/postgrestest"
)

// None of these tests is parallel: the environment is the configuration.

const password = "correct horse battery"

// environment prepares what a program needs and returns a file with the
// administrator's password.
func environment(t *testing.T) (passwordFile string) {
	t.Helper()
	dir := t.TempDir()
	require.NoError(t, os.Chmod(filepath.Dir(dir), 0o755))
	require.NoError(t, os.Chmod(dir, 0o755))
	t.Setenv("TOYGRES_CATALOG_URL", postgrestest.NewDatabase(t))
	t.Setenv("TOYGRES_LISTEN", "127.0.0.1:0")
	t.Setenv("TOYGRES_TEMPORAL_ADDRESS", "127.0.0.1:1")
	t.Setenv("TOYGRES_LOCAL_DIR", filepath.Join(dir, "instances"))
	t.Setenv("TOYGRES_LOCAL_POSTGRES", postgrestest.Prefixes(t)[0])
	file := filepath.Join(dir, "password")
	require.NoError(t, os.WriteFile(file, []byte(password+"\n"), 0o600))
	return file
}

func command(t *testing.T, stdin string, args ...string) (string, error) {
	t.Helper()
	var out bytes.Buffer
	err := run(t.Context(), args, strings.NewReader(stdin), &out, io.Discard)
	return out.String(), err
}

// program is a running `serve`.
type program struct {
	url   string
	stop  func()
	ended chan error

	mu  sync.Mutex
	log bytes.Buffer
}

func (p *program) Write(data []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.log.Write(data)
}

func (p *program) lines() []map[string]any {
	p.mu.Lock()
	defer p.mu.Unlock()
	var lines []map[string]any
	for _, line := range strings.Split(p.log.String(), "\n") {
		fields := map[string]any{}
		if json.Unmarshal([]byte(line), &fields) == nil {
			lines = append(lines, fields)
		}
	}
	return lines
}

// startProgram runs `serve` until the test ends, at the latest.
func startProgram(t *testing.T) *program {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	p := &program{stop: stop, ended: make(chan error, 1)}
	go func() { p.ended <- run(ctx, nil, strings.NewReader(""), io.Discard, p) }()
	t.Cleanup(stop)
	require.Eventually(t, func() bool {
		for _, line := range p.lines() {
			if line["msg"] == "serving" {
				p.url = "http://" + line["address"].(string)
			}
		}
		return p.url != ""
	}, time.Minute, 10*time.Millisecond, "it does not serve")
	return p
}

func (p *program) signIn(t *testing.T) *http.Cookie {
	t.Helper()
	response, err := http.Post(p.url+"/api/sessions", "application/json",
		strings.NewReader(`{"username":"admin","password":"`+password+`"}`))
	require.NoError(t, err)
	defer response.Body.Close()
	require.Equal(t, 200, response.StatusCode)
	return response.Cookies()[0]
}

func TestMigrateAndAdminPrepareTheCatalog(t *testing.T) {
	file := environment(t)
	out, err := command(t, "", "migrate", "status")
	require.NoError(t, err)
	require.Contains(t, out, "pending")
	out, err = command(t, "", "migrate")
	require.NoError(t, err)
	require.Contains(t, out, "applied now")
	out, err = command(t, "", "migrate", "up")
	require.NoError(t, err)
	require.NotContains(t, out, "now")

	_, err = command(t, "", "admin", "--password-file", file)
	require.NoError(t, err)
	p := startProgram(t)
	cookie := p.signIn(t)
	status := func() int {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, p.url+"/api/me", nil)
		require.NoError(t, err)
		request.AddCookie(cookie)
		response, err := http.DefaultClient.Do(request)
		require.NoError(t, err)
		response.Body.Close()
		return response.StatusCode
	}
	require.Equal(t, 200, status())
	// The same password again signs nobody out; another one does.
	_, err = command(t, password, "admin")
	require.NoError(t, err)
	require.Equal(t, 200, status())
	_, err = command(t, "another password", "admin", "--username", "Admin")
	require.NoError(t, err)
	require.Eventually(t, func() bool { return status() == 401 }, time.Minute, 10*time.Millisecond, "the session outlives the password")
}

func TestCommandsRefuseWhatCannotWork(t *testing.T) {
	file := environment(t)
	for name, test := range map[string]struct {
		stdin string
		args  []string
		want  string
	}{
		"unknown command":   {"", []string{"dance"}, "Usage"},
		"direction":         {"", []string{"migrate", "sideways"}, "sideways"},
		"password argument": {"", []string{"admin", "--password", "x"}, "--password-file"},
		"empty password":    {"\n", []string{"admin"}, "empty"},
		"short password":    {"short", []string{"admin"}, "8"},
		"no password file":  {"", []string{"admin", "--password-file", file + ".none"}, "no such file"},
		"serve's arguments": {"", []string{"serve", "now"}, "environment"},
	} {
		t.Run(name, func(t *testing.T) {
			if name == "short password" {
				_, err := command(t, "", "migrate")
				require.NoError(t, err)
			}
			_, err := command(t, test.stdin, test.args...)
			require.ErrorContains(t, err, test.want)
		})
	}
	for variable, value := range map[string]string{
		"TOYGRES_CATALOG_URL": "", "TOYGRES_PROVIDER": "cloud", "TOYGRES_PUBLIC_URL": "toygres", "TOYGRES_LOG_LEVEL": "loud",
		"TOYGRES_TRUSTED_PROXIES": "nowhere", "TOYGRES_SIGN_INS_PER_USER": "many", "TOYGRES_LOCAL_DIR": "", "TOYGRES_LOCAL_PORTS": "x",
		"TOYGRES_LISTEN": "127.0.0.1:99999",
	} {
		t.Run(variable, func(t *testing.T) {
			t.Setenv(variable, value)
			_, err := command(t, "", "serve")
			want := variable
			if value == "many" {
				want = "SignInsPerUser"
			}
			require.ErrorContains(t, err, want)
		})
	}
}

func TestMigrateWaitsForACatalogThatStarts(t *testing.T) {
	environment(t)
	catalogURL, err := url.Parse(os.Getenv("TOYGRES_CATALOG_URL"))
	require.NoError(t, err)
	catalog := catalogURL.Host
	var started atomic.Bool
	tried := make(chan struct{}, 100)
	door, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = door.Close() })
	go func() {
		for {
			client, err := door.Accept()
			if err != nil {
				return
			}
			server, err := net.Dial("tcp", catalog)
			if err != nil || !started.Load() {
				_ = client.Close()
				tried <- struct{}{}
				continue
			}
			go func() { _, _ = io.Copy(server, client); _ = server.Close() }()
			go func() { _, _ = io.Copy(client, server); _ = client.Close() }()
		}
	}()
	catalogURL.Host = door.Addr().String()
	t.Setenv("TOYGRES_CATALOG_URL", catalogURL.String())

	_, err = command(t, "", "migrate")
	require.Equal(t, toygres.CodeUnavailable, toygres.CodeOf(err), "%v", err)
	<-tried
	ended := make(chan error)
	go func() {
		_, err := command(t, "", "migrate", "--wait", "1m", "up")
		ended <- err
	}()
	<-tried
	started.Store(true)
	require.NoError(t, <-ended)
}

func TestServeStopsInOrder(t *testing.T) {
	file := environment(t)
	_, err := command(t, "", "migrate")
	require.NoError(t, err)
	_, err = command(t, "", "admin", "--password-file", file)
	require.NoError(t, err)
	p := startProgram(t)
	cookie := p.signIn(t)

	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, p.url+"/api/events", nil)
	require.NoError(t, err)
	request.AddCookie(cookie)
	stream, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	defer stream.Body.Close()
	lines := bufio.NewScanner(stream.Body)
	require.True(t, lines.Scan(), "the stream is open")

	p.stop()
	require.Eventually(t, func() bool {
		response, err := http.Get(p.url + "/readyz")
		if err != nil {
			return false
		}
		response.Body.Close()
		return response.StatusCode == http.StatusServiceUnavailable
	}, time.Minute, 5*time.Millisecond, "it stops without a word")
	for lines.Scan() {
	}
	require.NoError(t, lines.Err(), "the stream must end properly")
	select {
	case err := <-p.ended:
		require.NoError(t, err)
	case <-time.After(time.Minute):
		t.Fatal("an open stream holds the program up")
	}
}

func TestMetricsCanHaveAnAddressOfTheirOwn(t *testing.T) {
	environment(t)
	t.Setenv("TOYGRES_METRICS_LISTEN", "127.0.0.1:0")
	_, err := command(t, "", "migrate")
	require.NoError(t, err)
	p := startProgram(t)
	metrics := ""
	for _, line := range p.lines() {
		if line["msg"] == "serving metrics" {
			metrics = "http://" + line["address"].(string)
		}
	}
	read := func(url string) string {
		response, err := http.Get(url)
		require.NoError(t, err)
		defer response.Body.Close()
		body, err := io.ReadAll(response.Body)
		require.NoError(t, err)
		return string(body)
	}
	require.Contains(t, read(metrics+"/metrics"), "toygres_build_info")
	require.NotContains(t, read(p.url+"/metrics"), "toygres_build_info")
	require.NotContains(t, read(metrics+"/readyz"), "ready")
}

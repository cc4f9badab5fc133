package cli

import (
	"bytes"
	"context"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/toygres/toygres/openapi"
)

const (
	userID     = "11111111-1111-4111-8111-111111111111"
	instanceID = "22222222-2222-4222-8222-222222222222"
)

// testNow is the time on every clock of these tests.
var testNow = time.Date(2030, 5, 6, 7, 8, 9, 0, time.UTC)

// TestMain makes the pauses between tries short, and runs the command itself
// where a test needs it as a process of its own.
func TestMain(m *testing.M) {
	if os.Getenv("TOYGRES_TEST_COMMAND") != "" {
		ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
		code := Main(ctx, os.Args[1:], Streams{In: os.Stdin, Out: os.Stdout, Err: os.Stderr}, os.Getenv)
		stop()
		os.Exit(code)
	}
	time.Local = time.UTC
	retryDelays = []time.Duration{time.Millisecond, time.Millisecond}
	firstReconnect, lastReconnect = 10*time.Millisecond, 50*time.Millisecond
	pollEvery = 20 * time.Millisecond
	os.Exit(m.Run())
}

// user is somebody with a configuration of his own.
type user struct {
	t      *testing.T
	config string
	env    map[string]string
	in     io.Reader
	ctx    context.Context
}

type result struct {
	code     int
	out, err string
}

func newUser(t *testing.T, env ...string) *user {
	u := &user{t: t, config: filepath.Join(t.TempDir(), "config", "toygres", "config.yaml"), env: map[string]string{}, ctx: t.Context()}
	u.env["TOYGRES_CONFIG"] = u.config
	for i := 0; i < len(env); i += 2 {
		u.env[env[i]] = env[i+1]
	}
	return u
}

// signedInTo returns a user with a token for s.
func signedInTo(t *testing.T, s *fakeServer) *user {
	s.mu.Lock()
	s.tokens["tgr_test"] = openapi.Token{Id: uuid.MustParse("33333333-3333-4333-8333-333333333333"), Name: "test", Prefix: "tgr_test", CreatedAt: testNow.Add(-50 * time.Hour)}
	s.mu.Unlock()
	return newUser(t, "TOYGRES_URL", s.URL, "TOYGRES_TOKEN", "tgr_test")
}

func (u *user) run(args ...string) result {
	u.t.Helper()
	var out, errs lockedBuffer
	code := u.start(&out, &errs, args...)()
	return result{code, out.String(), errs.String()}
}

// start runs a command in the background and returns how to wait for it.
func (u *user) start(out, errs io.Writer, args ...string) func() int {
	in := u.in
	if in == nil {
		in = strings.NewReader("")
	}
	a := &app{Streams: Streams{In: in, Out: out, Err: errs}, env: func(name string) string { return u.env[name] }, now: func() time.Time { return testNow }}
	code := make(chan int, 1)
	go func() { code <- a.main(u.ctx, args) }()
	return func() int {
		select {
		case c := <-code:
			return c
		case <-time.After(time.Minute):
			u.t.Error("the command did not end: toygres ", strings.Join(args, " "))
			return -1
		}
	}
}

// lockedBuffer can be read while a command writes to it.
type lockedBuffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

// eventually waits for a condition.
func eventually(t *testing.T, condition func() bool) {
	t.Helper()
	require.Eventually(t, condition, time.Minute, 2*time.Millisecond)
}

func testInstance(name string) openapi.Instance {
	version := "18.4"
	return openapi.Instance{Id: uuid.MustParse(instanceID), Name: name, Version: 18, ServerVersion: &version, CpuMillis: 1500, MemoryMib: 1024,
		StorageGib: 10, ImageType: openapi.Stock, AllowedCidrs: []string{}, Tags: map[string]string{}, Parameters: map[string]string{}, Monitored: true, State: openapi.InstanceStateRunning, Health: openapi.Healthy, Provider: "local",
		Endpoint: &openapi.Endpoint{Host: "127.0.0.1", Port: 15500}, CreatedAt: testNow.Add(-3 * time.Hour), UpdatedAt: testNow.Add(-90 * time.Second)}
}

func testConnection(revealed bool) openapi.Connection {
	c := openapi.Connection{Host: "127.0.0.1", Port: 15500, Username: "postgres", Database: "postgres", Sslmode: "disable",
		Url: "postgres://postgres@127.0.0.1:15500/postgres?sslmode=disable"}
	if revealed {
		password := `s3:c\ret`
		c.Password = &password
		c.Url = "postgres://postgres:s3%3Ac%5Cret@127.0.0.1:15500/postgres?sslmode=disable"
	}
	return c
}

var testOffer = openapi.Offer{Provider: "local", Versions: []int{18, 17}, DefaultVersion: 18, ImageTypes: []openapi.ImageType{openapi.Stock},
	CpuMillis: openapi.Range{Min: 100, Max: 128000, Default: 1000}, MemoryMib: openapi.Range{Min: 128, Max: 1048576, Default: 1024},
	StorageGib: openapi.Range{Min: 1, Max: 16384, Default: 10}}

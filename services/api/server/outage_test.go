package server_test

import (
	"io"
	"net"
	"net/url"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/toygres/toygres"
)

// wire is a connection to the catalog that a test can cut and mend.
type wire struct {
	t        *testing.T
	to       string
	listener net.Listener

	mu    sync.Mutex
	cut   bool
	conns []net.Conn
}

// newWire returns a wire, and the catalog's URL through it.
func newWire(t *testing.T, catalogURL string) (*wire, string) {
	t.Helper()
	u, err := url.Parse(catalogURL)
	require.NoError(t, err)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	w := &wire{t: t, to: u.Host, listener: listener}
	go w.run()
	t.Cleanup(func() { listener.Close(); w.setCut(true) })
	u.Host = listener.Addr().String()
	return w, u.String()
}

func (w *wire) run() {
	for {
		from, err := w.listener.Accept()
		if err != nil {
			return
		}
		w.mu.Lock()
		to, err := net.Dial("tcp", w.to)
		if w.cut || err != nil {
			from.Close()
			if to != nil {
				to.Close()
			}
			w.mu.Unlock()
			continue
		}
		w.conns = append(w.conns, from, to)
		w.mu.Unlock()
		pipe := func(a, b net.Conn) {
			_, _ = io.Copy(a, b)
			a.Close()
			b.Close()
		}
		go pipe(from, to)
		go pipe(to, from)
	}
}

func (w *wire) setCut(cut bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.cut = cut
	for _, c := range w.conns {
		c.Close()
	}
	w.conns = nil
}

func TestCatalogOutageAnswers503AndPasses(t *testing.T) {
	t.Parallel()
	direct := migrated(t)
	w, through := newWire(t, direct)
	a := startOn(t, through)
	instance := a.running("demo")
	admin := a.asAdmin()
	f := admin.follow("/api/events")
	first, _ := f.next()

	w.setCut(true)
	for _, got := range []answer{
		admin.get("/api/instances"), admin.get("/api/instances/demo"), admin.post("/api/instances", `{"name":"other"}`),
		admin.delete("/api/instances/demo"), admin.post("/api/instances/demo/stop", ""),
		a.anonymous().post("/api/sessions", signIn("admin", adminPassword)),
	} {
		problem := got.problem(503, toygres.CodeUnavailable)
		require.NotEmpty(t, got.header.Get("Retry-After"))
		require.NotContains(t, *problem.Detail, "127.0.0.1", "no internals")
	}
	require.Equal(t, 503, a.anonymous().get("/readyz").status)
	require.Equal(t, 200, a.anonymous().get("/healthz").status)

	w.setCut(false)
	eventually(t, func() bool { return admin.get("/api/instances/demo").status == 200 }, "it does not recover")
	eventually(t, func() bool { return a.anonymous().get("/readyz").status == 200 }, "it does not become ready")
	// The stream was ended, because a revocation may have been missed, and
	// its client resumes.
	f.ended()
	want := a.fact(instance, "afterwards")
	resumed := admin.with("Last-Event-ID", first.id).follow("/api/events")
	require.Equal(t, want, resumed.event().Id)
	require.NotContains(t, a.log.String(), "panic")
}

package cli

import (
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/toygres/toygres/openapi"
)

func TestTokenDoesNotFollowARedirectToAnotherServer(t *testing.T) {
	t.Parallel()
	var reached atomic.Int32
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached.Add(1) }))
	t.Cleanup(other.Close)
	s := newFakeServer(t)
	s.override = func(w http.ResponseWriter, r *http.Request) bool {
		http.Redirect(w, r, other.URL+r.URL.Path, http.StatusTemporaryRedirect)
		return true
	}
	r := signedInTo(t, s).run("list")
	require.Equal(t, exitFailure, r.code)
	require.Contains(t, r.err, "redirects to "+other.URL)
	require.Zero(t, reached.Load())
}

func TestEnvironmentTokenGoesToItsOwnServerOnly(t *testing.T) {
	t.Parallel()
	mine, other := newFakeServer(t), newFakeServer(t)
	u := signedInTo(t, mine)
	require.Zero(t, u.run("list").code)
	r := u.run("list", "--server", other.URL)
	require.Equal(t, exitDenied, r.code)
	require.Contains(t, r.err, "not signed in to "+other.URL)
	require.Empty(t, other.requests)

	// Without TOYGRES_URL it is for the server that is named beside it, and
	// never for one that happens to be current.
	require.NoError(t, updateConfig(u.config, func(c *config) { c.Current = other.URL }))
	delete(u.env, "TOYGRES_URL")
	require.Zero(t, u.run("list", "--server", mine.URL).code)
	require.NotContains(t, u.run("list").err, other.URL)
	require.Empty(t, other.requests)
}

func TestStoredTokenGoesToItsOwnServerOnly(t *testing.T) {
	t.Parallel()
	mine, other := newFakeServer(t), newFakeServer(t)
	u := newUser(t)
	u.in = strings.NewReader(testPassword)
	require.Zero(t, u.run("login", "--server", mine.URL).code)
	require.Equal(t, exitDenied, u.run("list", "--server", other.URL).code)
	require.Empty(t, other.requests)
}

func TestServerURLHasOneForm(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"http://LocalHost:80/": "http://localhost", "https://a.example:443": "https://a.example", "http://[::1]:8080": "http://[::1]:8080",
		"https://a.example/toygres/": "https://a.example/toygres",
	} {
		got, err := normalURL(in)
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
	for _, bad := range []string{"", "localhost:8080", "ftp://a", "http://", "http://user:pw@a", "http://a?b", "http://a#b", "://"} {
		_, err := normalURL(bad)
		require.True(t, hasCode(err, exitUsage), bad)
		require.NotContains(t, err.Error(), "pw@")
	}
}

func TestCreateIsRepeatedWithTheSameKey(t *testing.T) {
	t.Parallel()
	s := newFakeServer(t)
	var tries atomic.Int32
	s.override = func(w http.ResponseWriter, r *http.Request) bool {
		if r.Method != http.MethodPost || tries.Add(1) > 2 {
			return false
		}
		if tries.Load() == 1 { // the connection breaks without an answer
			conn, _, err := http.NewResponseController(w).Hijack()
			if err == nil {
				_ = conn.Close()
			}
			return true
		}
		refuse(w, 503, openapi.ErrorCodeUnavailable, "not now")
		return true
	}
	r := signedInTo(t, s).run("create", "demo")
	require.Zero(t, r.code, r.err)
	require.Contains(t, r.out, "Creating demo, operation ")
	asked := s.asked("POST", "/api/instances")
	require.Len(t, asked, 3)
	require.NotEmpty(t, asked[0].key)
	require.Equal(t, asked[0].key, asked[1].key)
	require.Equal(t, asked[0].key, asked[2].key)
	require.Len(t, s.operations, 1)
}

func TestWritesWithoutAKeyAreNotRepeated(t *testing.T) {
	t.Parallel()
	s := newFakeServer(t)
	s.override = func(w http.ResponseWriter, _ *http.Request) bool {
		refuse(w, 503, openapi.ErrorCodeUnavailable, "not now")
		return true
	}
	require.Equal(t, exitUnavailable, signedInTo(t, s).run("stop", "demo").code)
	require.Len(t, s.requests, 1)
}

func TestExitCodeTellsWhatWentWrong(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		status int
		code   openapi.ErrorCode
		want   int
	}{
		{400, openapi.ErrorCodeInvalid, exitUsage}, {422, openapi.ErrorCodeInvalid, exitUsage},
		{401, openapi.ErrorCodeUnauthenticated, exitDenied}, {403, openapi.ErrorCodeForbidden, exitDenied},
		{404, openapi.ErrorCodeNotFound, exitNotFound}, {409, openapi.ErrorCodeConflict, exitConflict},
		{429, openapi.ErrorCodeRateLimited, exitUnavailable}, {503, openapi.ErrorCodeUnavailable, exitUnavailable},
		{507, openapi.ErrorCodeExhausted, exitUnavailable}, {502, openapi.ErrorCodeProviderFailed, exitOperation},
		{500, openapi.ErrorCodeInternal, exitFailure}, {418, "brand_new", exitFailure}, {409, "brand_new", exitConflict},
	} {
		t.Run(fmt.Sprint(c.status, c.code), func(t *testing.T) {
			t.Parallel()
			s := newFakeServer(t)
			s.override = func(w http.ResponseWriter, _ *http.Request) bool {
				w.Header().Set("Retry-After", "7")
				refuse(w, c.status, c.code, "it is so")
				return true
			}
			r := signedInTo(t, s).run("get", "demo")
			require.Equal(t, c.want, r.code)
			require.Empty(t, r.out)
			require.True(t, strings.HasPrefix(r.err, "toygres: it is so"), r.err)
			require.Equal(t, 1, strings.Count(r.err, "\n"), "an error is one line: %s", r.err)
			if c.code == openapi.ErrorCodeUnavailable {
				require.Contains(t, r.err, "it may work again in 7s")
			}
		})
	}
}

func TestFieldErrorsAreListedOnePerLine(t *testing.T) {
	t.Parallel()
	s := newFakeServer(t)
	s.override = func(w http.ResponseWriter, _ *http.Request) bool {
		answer(w, 422, openapi.Problem{Type: "about:blank", Title: "Unprocessable", Status: 422, Code: openapi.ErrorCodeInvalid,
			Errors: &[]openapi.FieldError{{Field: "name", Rule: "reserved", Message: "is reserved"}, {Field: "version", Rule: "available", Message: "is not there\x1b[2J"}}})
		return true
	}
	r := signedInTo(t, s).run("create", "admin")
	require.Equal(t, exitUsage, r.code)
	require.Equal(t, "toygres: Unprocessable\n  name: is reserved\n  version: is not there\n", r.err)
}

func TestServerThatIsDownIsNamed(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	url := "http://" + listener.Addr().String()
	require.NoError(t, listener.Close())
	r := newUser(t, "TOYGRES_URL", url, "TOYGRES_TOKEN", "x").run("list")
	require.Equal(t, exitUnavailable, r.code)
	require.Equal(t, "toygres: no Toygres server answers at "+url+"; start it with `make up`, or name another one with --server or TOYGRES_URL\n", r.err)
}

func TestServerThatIsNotToygresIsSaidSo(t *testing.T) {
	t.Parallel()
	for _, status := range []int{200, 404, 500} {
		page := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/html")
			w.WriteHeader(status)
			_, _ = w.Write([]byte("<html>welcome</html>"))
		}))
		t.Cleanup(page.Close)
		r := newUser(t, "TOYGRES_URL", page.URL, "TOYGRES_TOKEN", "x").run("get", "demo")
		require.Equal(t, exitFailure, r.code)
		require.Contains(t, r.err, page.URL)
		require.NotContains(t, r.err, "<html>")
	}
}

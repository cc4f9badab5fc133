package cli

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/toygres/toygres/openapi"
)

// logServer is a fake server whose logs are as the test has them: each request
// for one gets the next answer.
type logServer struct {
	mu      sync.Mutex
	queries []url.Values
	answers []http.HandlerFunc
}

func withLogs(t *testing.T, answers ...http.HandlerFunc) (*user, *logServer) {
	t.Helper()
	s := newFakeServer(t)
	l := &logServer{answers: answers}
	s.override = func(w http.ResponseWriter, r *http.Request) bool {
		if r.URL.Path != "/api/instances/demo/logs" {
			return false
		}
		l.mu.Lock()
		l.queries = append(l.queries, r.URL.Query())
		next := l.answers[0]
		l.answers = l.answers[1:]
		l.mu.Unlock()
		next(w, r)
		return true
	}
	return signedInTo(t, s), l
}

func plainLog(text string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		_, _ = w.Write([]byte(text))
	}
}

// followedLog writes events and then ends the connection.
func followedLog(events ...any) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		for _, event := range events {
			kind := "log"
			if _, ends := event.(openapi.LogEnd); ends {
				kind = "end"
			}
			data, _ := json.Marshal(event)
			_, _ = fmt.Fprintf(w, ": heartbeat\n\nevent: %s\ndata: %s\n\n", kind, data)
		}
		_ = http.NewResponseController(w).Flush()
	}
}

func TestLogsPrintsWhatTheServerWrote(t *testing.T) {
	t.Parallel()
	u, l := withLogs(t, plainLog("one\n\ttwo\x1b[2J\n\nthree\n"), plainLog("one\n"), plainLog("one\ntwo\n"), plainLog(""))
	r := u.run("logs", "demo")
	require.Zero(t, r.code, r.err)
	require.Equal(t, "one\n\ttwo\n\nthree\n", r.out, "what would steer the terminal goes")
	require.Equal(t, url.Values{"tail": {"200"}}, l.queries[0])

	r = u.run("logs", "demo", "--tail", "5", "--since", "10m", "--filter", "some error", "-o", "json")
	require.JSONEq(t, `{"line":"one"}`, r.out)
	require.Equal(t, url.Values{"tail": {"5"}, "filter": {"some error"}, "since": {testNow.Add(-10 * time.Minute).UTC().Format(time.RFC3339)}}, l.queries[1])

	require.Equal(t, "- one\n- two\n", u.run("logs", "demo", "-o", "yaml", "--since", "2026-03-10T12:00:00+01:00").out)
	require.Empty(t, u.run("logs", "demo").out)
	for _, wrong := range [][]string{{"logs"}, {"logs", "demo", "--tail", "-1"}, {"logs", "demo", "--tail", "10001"}, {"logs", "demo", "--since", "yesterday"},
		{"logs", "demo", "--since", "-10m"}} {
		require.Equal(t, exitUsage, u.run(wrong...).code, "%v", wrong)
	}
	require.Len(t, l.queries, 4)
}

func TestLogsSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	u, _ := withLogs(t,
		func(w http.ResponseWriter, _ *http.Request) {
			refuse(w, 403, openapi.ErrorCodeForbidden, "this needs the role operator")
		},
		func(w http.ResponseWriter, _ *http.Request) { answer(w, 200, "not a log") },
		func(w http.ResponseWriter, _ *http.Request) {
			plainLog("one\n")(w, nil)
			_ = http.NewResponseController(w).Flush()
			panic(http.ErrAbortHandler)
		},
		func(w http.ResponseWriter, _ *http.Request) {
			refuse(w, 404, openapi.ErrorCodeNotFound, "no such instance")
		},
	)
	r := u.run("logs", "demo")
	require.Equal(t, exitDenied, r.code)
	require.Contains(t, r.err, "operator")
	require.Equal(t, exitFailure, u.run("logs", "demo").code)
	r = u.run("logs", "demo")
	require.Equal(t, exitUnavailable, r.code, "a log that breaks off is not the whole")
	require.Equal(t, "one\n", r.out)
	require.Equal(t, exitNotFound, u.run("logs", "demo", "-f").code)
}

func TestFollowedLogIsTakenUpAgainAndEnds(t *testing.T) {
	t.Parallel()
	dropped := 7
	code := openapi.ErrorCodeProviderFailed
	u, l := withLogs(t,
		followedLog(openapi.LogLines{Lines: []string{"one", "two"}}, openapi.LogLines{Lines: []string{"three"}, Dropped: &dropped}),
		followedLog(openapi.LogLines{Lines: []string{"four"}}, openapi.LogEnd{Reason: "the instance was deleted"}),
		followedLog(openapi.LogEnd{Reason: "the disk is on fire", Code: &code}),
	)
	r := u.run("logs", "demo", "-f", "--tail", "3", "--since", "1h", "--filter", "x")
	require.Zero(t, r.code, r.err)
	require.Equal(t, "one\ntwo\nthree\nfour\n", r.out)
	require.Contains(t, r.err, "7 lines were left out")
	require.Contains(t, r.err, "lines may be missing")
	require.Contains(t, r.err, "the instance was deleted")
	require.Equal(t, []string{"3", "true", "x"}, []string{l.queries[0].Get("tail"), l.queries[0].Get("follow"), l.queries[0].Get("filter")})
	require.NotEmpty(t, l.queries[0].Get("since"))
	require.Equal(t, url.Values{"tail": {"0"}, "follow": {"true"}, "filter": {"x"}}, l.queries[1], "what was shown is not asked for again")

	r = u.run("logs", "demo", "-f")
	require.Equal(t, exitFailure, r.code)
	require.Contains(t, r.err, "the disk is on fire")
	require.Empty(t, r.out)
}

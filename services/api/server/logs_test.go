package server_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/toygres/toygres"
	"github.com/toygres/toygres/openapi"
	"github.com/toygres/toygres/services/api/server"
)

// logging is a provider with a log as the test has it.
type logging struct {
	toygres.Provider
	open func(context.Context, toygres.LogOptions) (io.ReadCloser, error)

	mu    sync.Mutex
	asked []toygres.LogOptions
}

func (l *logging) Logs(ctx context.Context, _ toygres.InstanceID, o toygres.LogOptions) (io.ReadCloser, error) {
	l.mu.Lock()
	l.asked = append(l.asked, o)
	l.mu.Unlock()
	return l.open(ctx, o)
}

func (l *logging) last() toygres.LogOptions {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.asked[len(l.asked)-1]
}

// withLog starts an API whose instance "demo" has this log.
func withLog(t *testing.T, open func(context.Context, toygres.LogOptions) (io.ReadCloser, error), change ...func(*server.Options)) (*api, *logging) {
	t.Helper()
	l := &logging{open: open}
	a := start(t, append(change, func(o *server.Options) { l.Provider, o.Provider = o.Provider, l })...)
	a.running("demo")
	return a, l
}

func fixedLog(text string) func(context.Context, toygres.LogOptions) (io.ReadCloser, error) {
	return func(context.Context, toygres.LogOptions) (io.ReadCloser, error) {
		return io.NopCloser(strings.NewReader(text)), nil
	}
}

func TestWhoMaySeeThePasswordMayReadLogs(t *testing.T) {
	t.Parallel()
	a, _ := withLog(t, fixedLog("LOG:  secret\n"))
	for role, status := range map[toygres.Role]int{toygres.RoleViewer: 403, toygres.RoleOperator: 200, toygres.RoleAdmin: 200} {
		caller := a.as(a.user("log-"+string(role), role))
		for _, query := range []string{"", "?follow=true"} {
			got := caller.get("/api/instances/demo/logs" + query)
			require.Equal(t, status, got.status, "%s %s", role, query)
			require.Equal(t, status == 200, strings.Contains(string(got.body), "secret"), role)
			require.Equal(t, caller.post("/api/instances/demo/connection/reveal", "").status == 403, status == 403, "the rules differ")
		}
	}
	a.anonymous().get("/api/instances/demo/logs").problem(401, toygres.CodeUnauthenticated)
	a.asAdmin().get("/api/instances/nothing/logs").problem(404, toygres.CodeNotFound)
}

func TestLogIsText(t *testing.T) {
	t.Parallel()
	a, l := withLog(t, fixedLog("one\ntwo\n\nthree"))
	got := a.asAdmin().get("/api/instances/demo/logs")
	require.Equal(t, 200, got.status)
	require.Equal(t, "text/plain; charset=utf-8", got.header.Get("Content-Type"))
	require.Equal(t, "no-store", got.header.Get("Cache-Control"))
	require.Equal(t, "one\ntwo\n\nthree\n", string(got.body))
	require.Equal(t, toygres.LogOptions{Tail: 200}, l.last())

	since := time.Date(2026, 3, 10, 12, 0, 0, 0, time.UTC)
	a.asAdmin().get("/api/instances/demo/logs?tail=7&since=2026-03-10T12:00:00Z")
	require.Equal(t, 7, l.last().Tail)
	require.True(t, since.Equal(l.last().Since))
	a.asAdmin().get("/api/instances/demo/logs?tail=0")
	require.Equal(t, -1, l.last().Tail, "none is not all")
	for _, wrong := range []string{"tail=-1", "tail=10001", "tail=x", "since=yesterday", "filter=", "follow=maybe", "lines=3",
		"filter=" + strings.Repeat("x", 201)} {
		a.asAdmin().get("/api/instances/demo/logs?"+wrong).problem(400, toygres.CodeInvalid)
	}
}

func TestFilteredTailIsOfTheLinesThatMatch(t *testing.T) {
	t.Parallel()
	var text strings.Builder
	for n := range 10_000 {
		fmt.Fprintf(&text, "LOG:  %d\nERROR:  bad %d\n", n, n)
	}
	a, l := withLog(t, fixedLog(text.String()))
	got := a.asAdmin().get("/api/instances/demo/logs?tail=2&filter=error%3A%20%20BAD")
	require.Equal(t, "ERROR:  bad 9998\nERROR:  bad 9999\n", string(got.body))
	require.Zero(t, l.last().Tail, "all lines have to be looked at")
	require.Empty(t, a.asAdmin().get("/api/instances/demo/logs?filter=nothing%20of%20that").body)
}

func TestGarbageInALogIsShownAndDoesNothing(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("ä", 1_000_000)
	a, _ := withLog(t, fixedLog("\x1b[2J\x00\x07 bell\nwindows\r\n\xff\xfe bad\n"+"right \u202e left\nü 日本 👍\ttab\n"+long+"\nend\n"))
	lines := strings.Split(string(a.asAdmin().get("/api/instances/demo/logs").body), "\n")
	require.Equal(t, []string{`\x1b[2J\x00\x07 bell`, "windows", `\xff\xfe bad`, `right \u202e left`, "ü 日本 👍\ttab"}, lines[:5])
	require.Equal(t, strings.Repeat("ä", 4096)+" … (1991808 more bytes)", lines[5])
	require.Equal(t, []string{"end", ""}, lines[6:])

	f := a.followLogs("")
	require.Equal(t, lines[:7], f.lines(7), "the stream shows the same")
}

func TestALogThatBreaksOffIsNotTakenForTheWhole(t *testing.T) {
	t.Parallel()
	broken := toygres.Errorf(toygres.CodeProvider, "the disk is on fire")
	a, l := withLog(t, func(context.Context, toygres.LogOptions) (io.ReadCloser, error) {
		return io.NopCloser(io.MultiReader(strings.NewReader(strings.Repeat("line\n", 100_000)), failingReader{broken})), nil
	})
	response, err := http.DefaultTransport.RoundTrip(a.asAdmin().request(t.Context(), "GET", "/api/instances/demo/logs", ""))
	require.NoError(t, err)
	defer response.Body.Close()
	_, err = io.ReadAll(response.Body)
	require.Error(t, err, "the client can't tell that lines are missing")

	f := a.followLogs("")
	require.Len(t, f.lines(100_000), 100_000)
	require.Zero(t, f.dropped, "a client that reads loses nothing, however much there is")
	require.Equal(t, "the disk is on fire", f.end())

	l.open = func(context.Context, toygres.LogOptions) (io.ReadCloser, error) {
		return io.NopCloser(failingReader{broken}), nil
	}
	a.asAdmin().get("/api/instances/demo/logs").problem(502, toygres.CodeProvider)
	l.open = func(context.Context, toygres.LogOptions) (io.ReadCloser, error) { return nil, broken }
	a.asAdmin().get("/api/instances/demo/logs").problem(502, toygres.CodeProvider)
	a.asAdmin().get("/api/instances/demo/logs?follow=true").problem(502, toygres.CodeProvider)
}

type failingReader struct{ err error }

func (f failingReader) Read([]byte) (int, error) { return 0, f.err }

func TestWhatIsBeingMadeHasNoLogYet(t *testing.T) {
	t.Parallel()
	a, _ := withLog(t, func(context.Context, toygres.LogOptions) (io.ReadCloser, error) {
		return nil, toygres.Errorf(toygres.CodeNotFound, "no such instance")
	})
	a.asAdmin().get("/api/instances/demo/logs").problem(502, toygres.CodeProvider) // it should be there
	decode[openapi.Operation](a.asAdmin().delete("/api/instances/demo"), 503)      // there is no Temporal
	admin := a.asAdmin()
	_, err := a.store.Begin(t.Context(), "demo", toygres.KindDelete, a.admin.ID)
	require.NoError(t, err)
	admin.get("/api/instances/demo/logs").problem(409, toygres.CodeConflict)
}

// logFollower reads a followed log.
type logFollower struct {
	t       *testing.T
	events  *bufio.Scanner
	close   func() error
	dropped int
}

func (a *api) followLogs(query string) *logFollower {
	a.t.Helper()
	ctx, cancel := context.WithTimeout(a.t.Context(), time.Minute)
	a.t.Cleanup(cancel)
	response, err := http.DefaultTransport.RoundTrip(a.asAdmin().request(ctx, "GET", "/api/instances/demo/logs?follow=true"+query, ""))
	require.NoError(a.t, err)
	a.t.Cleanup(func() { _ = response.Body.Close() })
	require.Equal(a.t, 200, response.StatusCode)
	require.Equal(a.t, "text/event-stream", response.Header.Get("Content-Type"))
	return newLogFollower(a.t, response.Body)
}

func newLogFollower(t *testing.T, body io.ReadCloser) *logFollower {
	events := bufio.NewScanner(body)
	events.Buffer(nil, 1<<20)
	return &logFollower{t: t, events: events, close: body.Close}
}

// next returns the next event's name and data, "" at the end.
func (f *logFollower) next() (kind, data string) {
	f.t.Helper()
	for f.events.Scan() {
		field, value, _ := strings.Cut(f.events.Text(), ": ")
		switch {
		case field == "event":
			kind = value
		case field == "data":
			data = value
		case field == "" && kind != "":
			return kind, data
		}
	}
	return "", ""
}

// lines returns the next n lines.
func (f *logFollower) lines(n int) (lines []string) {
	f.t.Helper()
	for len(lines) < n {
		kind, data := f.next()
		require.Equal(f.t, "log", kind, "after %d lines", len(lines))
		var message openapi.LogLines
		require.NoError(f.t, json.Unmarshal([]byte(data), &message))
		if message.Dropped != nil {
			f.dropped += *message.Dropped
		}
		lines = append(lines, message.Lines...)
	}
	return lines
}

// end returns why the log has ended.
func (f *logFollower) end() string {
	f.t.Helper()
	kind, data := f.next()
	require.Equal(f.t, "end", kind)
	var end openapi.LogEnd
	require.NoError(f.t, json.Unmarshal([]byte(data), &end))
	kind, _ = f.next()
	require.Empty(f.t, kind, "there is more after the end")
	return end.Reason
}

// pipeLog is a log that goes on as long as the test writes to it.
func pipeLog() (*io.PipeWriter, func(context.Context, toygres.LogOptions) (io.ReadCloser, error)) {
	in, out := io.Pipe()
	return out, func(context.Context, toygres.LogOptions) (io.ReadCloser, error) { return in, nil }
}

func TestFollowedLogShowsLinesAtOnceAndSaysWhyItEnds(t *testing.T) {
	t.Parallel()
	out, open := pipeLog()
	a, l := withLog(t, open)
	f := a.followLogs("&tail=5&filter=good")
	require.Equal(t, toygres.LogOptions{Tail: 5, Follow: true}, l.last())
	for n := range 3 {
		_, err := fmt.Fprintf(out, "bad %d\ngood %d\nhalf", n, n)
		require.NoError(t, err)
		require.Equal(t, []string{fmt.Sprintf("good %d", n)}, f.lines(1))
	}
	require.NoError(t, out.Close())
	require.Equal(t, "the instance was deleted", f.end())
}

// What a client does not read is kept up to a bound, and then dropped; the log
// is read on meanwhile, and the client hears what it has missed.
func TestASlowReaderLosesLinesAndNothingElse(t *testing.T) {
	t.Parallel()
	out, open := pipeLog()
	a, _ := withLog(t, open)
	conn, err := net.Dial("tcp", strings.TrimPrefix(a.url, "http://"))
	require.NoError(t, err)
	defer conn.Close()
	request := a.asAdmin().request(t.Context(), "GET", "/api/instances/demo/logs?follow=true", "")
	require.NoError(t, request.Write(conn))

	const total = 40_000
	padding := strings.Repeat("x", 1000)
	for n := range total { // which would wait for ever if the log was not read
		_, err := fmt.Fprintf(out, "%d %s\n", n, padding)
		require.NoError(t, err)
	}
	require.NoError(t, out.Close())

	response, err := http.ReadResponse(bufio.NewReader(conn), request)
	require.NoError(t, err)
	defer response.Body.Close()
	f := newLogFollower(t, response.Body)
	seen := 0
	last := ""
	for !strings.HasPrefix(last, fmt.Sprint(total-1, " ")) {
		lines := f.lines(1)
		seen += len(lines)
		last = lines[len(lines)-1]
		require.True(t, strings.HasPrefix(last, fmt.Sprint(seen+f.dropped-1, " ")), "%d lines and %d dropped ones lead to %.20s", seen, f.dropped, last)
	}
	require.Equal(t, total, seen+f.dropped)
	require.Greater(t, f.dropped, total/2, "much more was kept than the bound")
	require.Equal(t, "the instance was deleted", f.end())
}

func TestFollowedLogEndsWithItsCredentialItsServerAndItsClient(t *testing.T) {
	t.Parallel()
	closed := make(chan struct{}, 10)
	a, _ := withLog(t, func(context.Context, toygres.LogOptions) (io.ReadCloser, error) {
		in, _ := io.Pipe()
		return closing{in, closed}, nil
	}, func(o *server.Options) { o.StreamsPerUser = 1; o.Heartbeat = 10 * time.Millisecond })
	ended := func(f *logFollower) {
		t.Helper()
		kind, _ := f.next()
		require.Empty(t, kind)
		select {
		case <-closed:
		case <-time.After(time.Minute):
			require.FailNow(t, "the provider's log was not closed")
		}
	}
	session := a.session("admin")
	response, err := http.DefaultTransport.RoundTrip(session.request(t.Context(), "GET", "/api/instances/demo/logs?follow=true", ""))
	require.NoError(t, err)
	defer response.Body.Close()
	a.asAdmin().get("/api/instances/demo/logs?follow=true").problem(429, toygres.CodeRateLimited)
	require.Equal(t, 204, session.delete("/api/sessions/current").status)
	ended(newLogFollower(t, response.Body))

	f := a.followLogs("")
	require.NoError(t, f.close())
	<-closed

	eventually(t, func() bool {
		got, err := http.DefaultTransport.RoundTrip(a.asAdmin().request(t.Context(), "GET", "/api/instances/demo/logs?follow=true", ""))
		require.NoError(t, err)
		t.Cleanup(func() { _ = got.Body.Close() })
		f = newLogFollower(t, got.Body)
		return got.StatusCode == http.StatusOK
	}, "the stream that was left is still counted")
	a.server.EndStreams()
	ended(f)
}

// closing tells when it is closed.
type closing struct {
	*io.PipeReader
	closed chan<- struct{}
}

func (c closing) Close() error {
	c.closed <- struct{}{}
	return errors.Join(c.PipeReader.Close())
}

// The log of a real server.
func TestLogOfARealServer(t *testing.T) {
	t.Parallel()
	p := provider(t)
	a := start(t, func(o *server.Options) { o.Provider = p })
	a.provisioned(p, "demo")
	f := a.followLogs("&filter=accept%20connections")
	require.Contains(t, f.lines(1)[0], "database system is ready to accept connections")
	got := a.asAdmin().get("/api/instances/demo/logs?filter=accept%20connections")
	require.Contains(t, string(got.body), "database system is ready to accept connections")
}

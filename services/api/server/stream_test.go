package server_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"github.com/toygres/toygres"
	"github.com/toygres/toygres/internal/catalog"
	"github.com/toygres/toygres/openapi"
	"github.com/toygres/toygres/services/api/auth"
	"github.com/toygres/toygres/services/api/server"
)

// follower reads an event stream as a browser does.
type follower struct {
	t      *testing.T
	status int
	blocks chan block // closed when the stream ends
	close  context.CancelFunc
}

// block is what stands between two empty lines.
type block struct{ id, event, data, comment, retry string }

func (c *caller) follow(path string) *follower {
	t := c.api.t
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(cancel)
	response, err := http.DefaultTransport.RoundTrip(c.request(ctx, http.MethodGet, path, "")) //nolint:bodyclose // by the reader below
	require.NoError(t, err)
	f := &follower{t: t, status: response.StatusCode, blocks: make(chan block, 1000), close: cancel}
	if response.StatusCode == http.StatusOK {
		require.Equal(t, "text/event-stream", response.Header.Get("Content-Type"))
	}
	go func() {
		defer close(f.blocks)
		defer response.Body.Close()
		var b block
		for lines := bufio.NewScanner(response.Body); lines.Scan(); {
			field, value, _ := strings.Cut(lines.Text(), ":")
			value = strings.TrimPrefix(value, " ")
			switch {
			case lines.Text() == "":
				f.blocks <- b
				b = block{}
			case field == "":
				b.comment = value
			case field == "id":
				b.id = value
			case field == "event":
				b.event = value
			case field == "data":
				b.data = value
			case field == "retry":
				b.retry = value
			}
		}
	}()
	return f
}

// next returns the next block, and false at the end of the stream.
func (f *follower) next() (block, bool) {
	f.t.Helper()
	select {
	case b, ok := <-f.blocks:
		return b, ok
	case <-time.After(time.Minute):
		f.t.Fatal("the stream is silent")
		return block{}, false
	}
}

// event returns the next event, without what comes between.
func (f *follower) event() openapi.Event {
	f.t.Helper()
	for {
		b, ok := f.next()
		require.True(f.t, ok, "the stream has ended")
		if b.data == "" {
			continue
		}
		var e openapi.Event
		require.NoError(f.t, json.Unmarshal([]byte(b.data), &e))
		require.Equal(f.t, b.id, e.Id)
		require.Equal(f.t, b.event, e.Type)
		return e
	}
}

// ended waits for the end of the stream.
func (f *follower) ended() {
	f.t.Helper()
	for {
		if _, ok := f.next(); !ok {
			return
		}
	}
}

// fact records an event of an instance and returns its id.
func (a *api) fact(instance toygres.Instance, message string) string {
	a.t.Helper()
	id, err := a.store.RecordEvent(context.Background(), toygres.Event{Type: toygres.EventPasswordRevealed, InstanceID: instance.ID,
		Actor: a.admin.ID, Message: message})
	require.NoError(a.t, err)
	return strconv.Itoa(int(id))
}

func TestStreamShowsWhatComes(t *testing.T) {
	t.Parallel()
	a := start(t)
	instance := a.running("demo")
	f := a.asAdmin().follow("/api/events")
	first, _ := f.next()
	require.NotEmpty(t, first.retry)
	require.NotEmpty(t, first.id, "a client that is cut off now must be able to resume")
	want := a.fact(instance, "look")
	got := f.event()
	require.Equal(t, want, got.Id)
	require.Equal(t, "demo", got.InstanceName)
	require.Equal(t, "admin", *got.Actor)
}

func TestStreamResumesWithoutGapOrDuplicate(t *testing.T) {
	t.Parallel()
	a := start(t)
	instance := a.running("demo")
	resumeAt := a.fact(instance, "seen")
	var want []string
	const past, live = 450, 200 // more than one batch, while new ones come
	for i := range past {
		want = append(want, a.fact(instance, fmt.Sprint(i)))
	}
	written := make(chan []string)
	go func() {
		var ids []string
		for i := range live {
			ids = append(ids, a.fact(instance, fmt.Sprint(i)))
		}
		written <- ids
	}()
	f := a.asAdmin().with("Last-Event-ID", resumeAt).follow("/api/events")
	var got []string
	for range past + live {
		got = append(got, f.event().Id)
	}
	require.Equal(t, append(want, <-written...), got)
}

func TestStreamCutBeforeItsFirstEventResumes(t *testing.T) {
	t.Parallel()
	a := start(t)
	instance := a.running("demo")
	f := a.asAdmin().follow("/api/events")
	first, _ := f.next()
	f.close()
	want := a.fact(instance, "missed")
	require.Equal(t, want, a.asAdmin().with("Last-Event-ID", first.id).follow("/api/events").event().Id)
}

func TestStreamIgnoresAnIdFromTheFuture(t *testing.T) {
	t.Parallel()
	a := start(t)
	instance := a.running("demo")
	f := a.asAdmin().with("Last-Event-ID", "999999").follow("/api/events")
	_, ok := f.next()
	require.True(t, ok)
	require.Equal(t, a.fact(instance, "look"), f.event().Id)
}

func TestStreamFilters(t *testing.T) {
	t.Parallel()
	a := start(t, (&temporal{}).option)
	shop, blog := a.running("shop"), a.running("blog")
	admin := a.asAdmin()
	before := a.fact(shop, "start")
	byInstance := admin.follow("/api/events?instance=blog")
	deleting := decode[openapi.Operation](admin.delete("/api/instances/shop"), 202)
	byOperation := admin.with("Last-Event-ID", before).follow("/api/events?operation=" + deleting.Id.String())
	a.fact(shop, "not this one")
	want := a.fact(blog, "this one")
	require.Equal(t, want, byInstance.event().Id)
	e := byOperation.event()
	require.Equal(t, deleting.Id, *e.OperationId)
	// A stream may begin before its instance does.
	early := admin.follow("/api/events?instance=later")
	early.next()
	a.running("later")
	require.Equal(t, "later", early.event().InstanceName)
}

func TestStreamHasHeartbeats(t *testing.T) {
	t.Parallel()
	a := start(t, func(o *server.Options) { o.Heartbeat = 20 * time.Millisecond })
	f := a.asAdmin().follow("/api/events")
	f.next()
	b, ok := f.next()
	require.True(t, ok)
	require.Equal(t, "heartbeat", b.comment)
}

func TestStreamOutlivesTheServersTimeLimits(t *testing.T) {
	t.Parallel()
	a := start(t, func(o *server.Options) { o.Heartbeat = 20 * time.Millisecond })
	web := httptest.NewUnstartedServer(a.server.Handler())
	web.Config.ReadTimeout, web.Config.WriteTimeout = 100*time.Millisecond, 100*time.Millisecond
	web.Start()
	t.Cleanup(web.Close)
	a.url = web.URL
	f := a.asAdmin().follow("/api/events")
	for range 25 { // half a second
		_, ok := f.next()
		require.True(t, ok, "it was cut off")
	}
	a.server.EndStreams()
	f.ended()
}

func TestStreamsAreBoundedPerUser(t *testing.T) {
	t.Parallel()
	a := start(t, func(o *server.Options) { o.StreamsPerUser = 2 })
	admin := a.asAdmin()
	first := admin.follow("/api/events")
	require.Equal(t, 200, first.status)
	require.Equal(t, 200, admin.follow("/api/events").status)
	got := admin.get("/api/events")
	got.problem(429, toygres.CodeRateLimited)
	require.NotEmpty(t, got.header.Get("Retry-After"))
	require.Equal(t, 200, a.as(a.user("other", toygres.RoleViewer)).follow("/api/events").status)
	first.close()
	eventually(t, func() bool {
		again := admin.follow("/api/events")
		defer again.close()
		return again.status == 200
	}, "the closed stream still counts")
}

func TestSlowReaderIsDroppedAndCanResume(t *testing.T) {
	t.Parallel()
	a := start(t, func(o *server.Options) { o.StreamBuffer = 4 })
	instance := a.running("demo")
	admin := a.asAdmin()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	slow, err := http.DefaultTransport.RoundTrip(admin.request(ctx, http.MethodGet, "/api/events", ""))
	require.NoError(t, err)
	defer slow.Body.Close()
	quick := admin.follow("/api/events")
	// Nobody reads slow's body, so that its connection fills up. Large events
	// make that happen soon.
	message := strings.Repeat("x", 3000)
	dropped := func() bool {
		return strings.Contains(string(admin.get("/metrics").body), "toygres_event_streams_dropped_total 1")
	}
	for !dropped() {
		for range 50 {
			require.Equal(t, a.fact(instance, message), quick.event().Id, "others must not suffer")
		}
	}
	// It reads the rest, is cut off, and goes on after the last one it has.
	last := ""
	for lines := bufio.NewScanner(slow.Body); lines.Scan(); {
		if id, ok := strings.CutPrefix(lines.Text(), "id: "); ok {
			last = id
		}
	}
	resumed := admin.with("Last-Event-ID", last).follow("/api/events").event()
	after, err := strconv.Atoi(last)
	require.NoError(t, err)
	require.Equal(t, strconv.Itoa(after+1), resumed.Id)
}

func TestStreamEndsWithItsCredential(t *testing.T) {
	t.Parallel()
	a := start(t)
	session := a.session("admin")
	f := session.follow("/api/events")
	f.next()
	kept := a.asAdmin().follow("/api/events")
	kept.next()
	require.Equal(t, 204, session.delete("/api/sessions/current").status)
	f.ended()

	secret := auth.NewToken()
	_, err := a.store.CreateToken(t.Context(), catalog.NewToken{User: a.admin.ID, Name: "short", Hash: catalog.HashToken(secret),
		Expires: time.Now().Add(time.Second)})
	require.NoError(t, err)
	a.with("Authorization", "Bearer "+secret).follow("/api/events").ended()

	// Revoked somewhere else.
	gone := decode[openapi.CreatedToken](a.asAdmin().post("/api/tokens", `{"name":"gone"}`), 201)
	f = a.with("Authorization", "Bearer "+gone.Token).follow("/api/events")
	f.next()
	require.NoError(t, a.store.RevokeToken(t.Context(), a.admin.ID, catalog.TokenID(gone.Id.String())))
	f.ended()

	instance := a.running("demo")
	_ = instance
	require.Equal(t, "demo", kept.event().InstanceName, "the others go on")
}

func TestStreamsEndAtShutdown(t *testing.T) {
	t.Parallel()
	a := start(t)
	f := a.asAdmin().follow("/api/events")
	f.next()
	a.server.EndStreams()
	f.ended()
	a.asAdmin().get("/api/events").problem(503, toygres.CodeUnavailable)
}

// The memory of who is behind a token, and the hub, hear of a change a moment
// after it; here never.
func TestNoStreamOpensForWhoHasJustLostTheRight(t *testing.T) {
	t.Parallel()
	a := start(t)
	a.running("demo")
	pool, err := pgxpool.New(t.Context(), a.catalog)
	require.NoError(t, err)
	t.Cleanup(pool.Close)
	for _, quiet := range []string{`ALTER TABLE api_tokens DISABLE TRIGGER api_tokens_revoked`, `ALTER TABLE users DISABLE TRIGGER users_changed`} {
		_, err := pool.Exec(t.Context(), quiet)
		require.NoError(t, err)
	}
	olaf, eve := a.user("olaf", toygres.RoleOperator), a.user("eve", toygres.RoleOperator)
	demoted, revoked := a.as(olaf), a.as(eve)
	for _, caller := range []*caller{demoted, revoked} {
		require.Equal(t, 200, caller.get("/api/me").status)
	}
	_, err = pool.Exec(t.Context(), `UPDATE users SET role = 'viewer' WHERE id = $1`, olaf.ID)
	require.NoError(t, err)
	_, err = pool.Exec(t.Context(), `DELETE FROM api_tokens WHERE user_id = $1`, eve.ID)
	require.NoError(t, err)
	demoted.get("/api/instances/demo/logs?follow=true").problem(403, toygres.CodeForbidden)
	for _, path := range []string{"/api/instances/demo/logs?follow=true", "/api/events"} {
		revoked.get(path).problem(401, toygres.CodeUnauthenticated)
	}
}

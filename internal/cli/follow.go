package cli

import (
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"net/http"
	"time"

	"github.com/toygres/toygres/internal/cli/sse"
	"github.com/toygres/toygres/openapi"
)

// How a cut stream is taken up again, and how often is asked beside it.
var (
	firstReconnect = 250 * time.Millisecond
	lastReconnect  = 5 * time.Second
	// watchdog is how long to trust a silent stream. A connection that broke
	// without a word looks like one on which nothing happens.
	watchdog = 10 * time.Second
	// pollEvery is used where there is no stream at all.
	pollEvery = time.Second
)

// subscription is an event stream that is taken up again where it was cut.
type subscription struct {
	client *client
	params openapi.StreamEventsParams
	// connect opens another stream than that of events; may be nil.
	connect func(context.Context) (*http.Response, error)
	opened  func()          // called each time the stream is open; may be nil
	cut     func(err error) // called each time it ended or did not open; may be nil
	event   func(sse.Event) error
}

// run reads the stream until ctx ends, event returns an error, or the server
// refuses for good.
func (s *subscription) run(ctx context.Context) error {
	delay := firstReconnect
	for {
		events, err := s.once(ctx)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if !isTransient(err) {
			return err
		}
		if events > 0 {
			delay = firstReconnect
		}
		if s.cut != nil {
			s.cut(err)
		}
		// Half of it random: many clients must not come back at once.
		if err := sleep(ctx, delay/2+rand.N(delay/2)); err != nil {
			return err
		}
		delay = min(delay*2, lastReconnect)
	}
}

// once reads one connection to its end and returns how many events came. The
// error is never nil.
func (s *subscription) once(ctx context.Context) (int, error) {
	connect := s.connect
	if connect == nil {
		connect = func(ctx context.Context) (*http.Response, error) {
			return s.client.streams.StreamEvents(ctx, &s.params)
		}
	}
	response, err := connect(ctx)
	if err != nil {
		return 0, err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		_, err := accept(response, nil)
		if err == nil {
			err = notToygres(response)
		}
		return 0, err
	}
	if s.opened != nil {
		s.opened()
	}
	reader := sse.NewReader(response.Body)
	for count := 0; ; count++ {
		event, err := reader.Next()
		if id := reader.LastID(); id != "" {
			s.params.LastEventID = &id
		}
		if err != nil {
			if errors.Is(err, io.EOF) {
				err = io.ErrUnexpectedEOF
			}
			return count, lostConnection(origin(response.Request.URL), err)
		}
		if err := s.event(event); err != nil {
			return count, err
		}
	}
}

// follow calls read until it says that what it waits for has come: first
// when the stream of events is open, so that nothing can fall between, then
// after every event and every cut. Without a stream it falls back to asking
// now and then. Transient errors of read are passed to trouble, and are over
// when trouble is called with nil.
func (c *client) follow(ctx context.Context, about openapi.StreamEventsParams, read func(context.Context) (bool, error), trouble func(error)) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	news := make(chan struct{}, 1) // several changes need one look only
	wake := func() {
		select {
		case news <- struct{}{}:
		default:
		}
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		stream := subscription{client: c, params: about, opened: wake,
			cut:   func(error) { wake() },
			event: func(sse.Event) error { wake(); return nil }}
		// Whether the stream was refused for good does not matter: read then
		// says why, or works without it.
		_ = stream.run(ctx)
	}()
	interval, noStream := watchdog, ended
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-news:
		case <-noStream:
			interval, noStream = pollEvery, nil
		case <-time.After(interval):
		}
		finished, err := read(ctx)
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case err != nil && !isTransient(err):
			return err
		}
		trouble(err)
		if finished {
			return nil
		}
	}
}

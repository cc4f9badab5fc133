package server

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/toygres/toygres"
	"github.com/toygres/toygres/internal/catalog"
)

// eventBatch is how many events are read from the catalog at once.
const eventBatch = 200

// hub reads each new event once and hands it to every stream that wants it.
type hub struct {
	store interface {
		Events(ctx context.Context, filter catalog.EventFilter, limit int) ([]toygres.Event, error)
		LastEventID(ctx context.Context) (toygres.EventID, error)
	}
	frame   func(context.Context, toygres.Event) ([]byte, error)
	log     *slog.Logger
	metrics *metrics
	buffer  int // frames that a stream may lag behind
	perUser int // streams that a user may have

	wake    chan struct{} // there may be new events
	started chan struct{} // closed when last is known

	mu      sync.Mutex
	last    toygres.EventID // all up to it have been handed out
	streams map[*stream]struct{}
	byUser  map[toygres.UserID]int
	closed  bool
}

// stream is one client that follows events.
type stream struct {
	user   toygres.UserID
	hash   catalog.Hash // of the credential it was opened with
	wants  func(toygres.Event) bool
	after  toygres.EventID // it wants none up to this one
	frames chan frame
	ended  chan struct{} // closed when the hub has ended it
}

// frame is an event as it goes over the wire.
type frame struct {
	id   toygres.EventID
	data []byte
}

func newHub(s *Server) *hub {
	return &hub{
		store: s.options.Catalog, frame: s.eventFrame, log: s.log, metrics: s.metrics,
		buffer: s.options.StreamBuffer, perUser: s.options.StreamsPerUser,
		wake: make(chan struct{}, 1), started: make(chan struct{}),
		streams: map[*stream]struct{}{}, byUser: map[toygres.UserID]int{},
	}
}

// stir makes the hub look for new events.
func (h *hub) stir() {
	select {
	case h.wake <- struct{}{}:
	default: // it will look anyway
	}
}

// run hands out events until ctx ends.
func (h *hub) run(ctx context.Context) {
	const pause = time.Second
	for {
		select {
		case <-ctx.Done():
			return
		case <-h.wake:
		}
		if err := h.catchUp(ctx); err != nil && ctx.Err() == nil {
			h.log.WarnContext(ctx, "new events could not be read", "error", err, "again_in", pause)
			time.AfterFunc(pause, h.stir)
		}
	}
}

// catchUp hands out everything after the last event that was handed out. The
// first time it only finds out where that is.
func (h *hub) catchUp(ctx context.Context) error {
	select {
	case <-h.started:
	default:
		last, err := h.store.LastEventID(ctx)
		if err != nil {
			return err
		}
		h.mu.Lock()
		h.last = last
		h.mu.Unlock()
		close(h.started)
	}
	for {
		h.mu.Lock()
		last := h.last
		h.mu.Unlock()
		events, err := h.store.Events(ctx, catalog.EventFilter{After: last}, eventBatch)
		if err != nil {
			return err
		}
		for _, e := range events {
			if err := h.handOut(ctx, e); err != nil {
				return err
			}
		}
		if len(events) < eventBatch {
			return nil
		}
	}
}

func (h *hub) handOut(ctx context.Context, e toygres.Event) error {
	data, err := h.frame(ctx, e)
	if err != nil {
		return err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.last = e.ID
	for st := range h.streams {
		if e.ID <= st.after || !st.wants(e) {
			continue
		}
		select {
		case st.frames <- frame{e.ID, data}:
		default:
			// It reads too slowly. It will come again and resume.
			h.metrics.dropped.Inc()
			h.end(st)
		}
	}
	return nil
}

// open adds a stream, which gets all events that are committed from now on,
// and perhaps some that were a moment before.
func (h *hub) open(ctx context.Context, user toygres.UserID, hash catalog.Hash, wants func(toygres.Event) bool) (*stream, error) {
	select {
	case <-h.started:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		return nil, &toygres.Error{Code: toygres.CodeUnavailable, RetryAfter: time.Second, Message: "this server is stopping; try again"}
	}
	if h.byUser[user] >= h.perUser {
		return nil, &toygres.Error{Code: toygres.CodeRateLimited, RetryAfter: 10 * time.Second,
			Message: fmt.Sprintf("you follow %d event streams already; close one first", h.perUser)}
	}
	st := &stream{user: user, hash: hash, wants: wants, frames: make(chan frame, h.buffer), ended: make(chan struct{})}
	h.streams[st] = struct{}{}
	h.byUser[user]++
	h.metrics.streams.Inc()
	return st, nil
}

// skip keeps events from a stream that were there before it. A hub that is
// behind would fill the stream's buffer with what its client gets from the
// catalog, and take that client for a slow one.
func (h *hub) skip(st *stream, last toygres.EventID) {
	h.mu.Lock()
	defer h.mu.Unlock()
	st.after = last
}

// close removes a stream whose client has gone.
func (h *hub) close(st *stream) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.end(st)
}

// end removes a stream and tells it so. h.mu is held.
func (h *hub) end(st *stream) {
	if _, open := h.streams[st]; !open {
		return
	}
	delete(h.streams, st)
	if h.byUser[st.user]--; h.byUser[st.user] == 0 {
		delete(h.byUser, st.user)
	}
	h.metrics.streams.Dec()
	close(st.ended)
}

// endOf ends the streams that were opened with a credential.
func (h *hub) endOf(hash catalog.Hash) {
	h.endIf(func(st *stream) bool { return st.hash == hash })
}

// endAll ends all streams; their clients come again and resume.
func (h *hub) endAll() { h.endIf(func(*stream) bool { return true }) }

func (h *hub) endIf(condition func(*stream) bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for st := range h.streams {
		if condition(st) {
			h.end(st)
		}
	}
}

// shutDown ends all streams and lets no more in.
func (h *hub) shutDown() {
	h.mu.Lock()
	h.closed = true
	h.mu.Unlock()
	h.endAll()
}

// eventFrame writes an event as the event stream format has it.
func (s *Server) eventFrame(ctx context.Context, e toygres.Event) ([]byte, error) {
	data, err := json.Marshal(event(e, s.userName(ctx, e.Actor)))
	if err != nil {
		return nil, fmt.Errorf("write event %d: %w", e.ID, err)
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, "id: %d\nevent: %s\ndata: %s\n\n", e.ID, e.Type, data)
	return b.Bytes(), nil
}

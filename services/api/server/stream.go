package server

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/toygres/toygres"
	"github.com/toygres/toygres/internal/catalog"
	"github.com/toygres/toygres/openapi"
)

// streamRoute is a stream, always; logsRoute is one when it is followed.
const (
	streamRoute = "/api/events"
	logsRoute   = "/api/instances/:name/logs"
)

// streams reports whether the answer to a request lasts as long as its client
// likes, and so is exempt from what bounds and measures the others.
func streams(c echo.Context) bool {
	return c.Path() == streamRoute || c.Path() == logsRoute && c.QueryParam("follow") == "true"
}

// writeTime bounds one write to a client that does not read.
const writeTime = 30 * time.Second

// reconnectAfter is what clients are told to wait before they come again.
const reconnectAfter = 2 * time.Second

// StreamEvents follows events as they are committed, after those since
// Last-Event-ID.
func (s *Server) StreamEvents(ctx context.Context, request openapi.StreamEventsRequestObject) (openapi.StreamEventsResponseObject, error) {
	after, resume, err := lastEventID(request.Params.LastEventID)
	if err != nil {
		return nil, err
	}
	current := callOf(ctx)
	opening, cancel := context.WithTimeout(ctx, checkTime)
	defer cancel()
	st, err := s.openStream(opening, "streamEvents", eventsWanted(request.Params))
	if err != nil {
		return nil, err
	}
	// Only now, so that whatever is newer than this one is in the stream.
	newest, err := s.options.Catalog.LastEventID(opening)
	if err != nil {
		s.hub.close(st)
		return nil, err
	}
	s.hub.skip(st, newest)
	// An id from the future is another catalog's. Waiting for it would hide
	// everything until then.
	if !resume || after > newest {
		after, resume = newest, false
	}
	pruned, err := s.options.Catalog.PrunedEvents(opening)
	if err != nil {
		s.hub.close(st)
		return nil, err
	}
	gap := resume && after < pruned
	return &streamResponse{ctx: ctx, server: s, stream: st, after: after, gap: gap, resume: resume, until: current.principal.ExpiresAt}, nil
}

// openStream adds a stream to the hub for whoever is behind the request. Of what
// was revoked or changed just before, the hub could not end it; so the catalog is
// asked once more, and not the memory.
func (s *Server) openStream(ctx context.Context, operation string, wants func(toygres.Event) bool) (*stream, error) {
	current := callOf(ctx)
	hash := catalog.HashToken(current.credential.Secret)
	st, err := s.hub.open(ctx, current.principal.User.ID, hash, wants)
	if err != nil {
		return nil, err
	}
	principal, err := s.options.Catalog.Principal(ctx, hash)
	if err == nil {
		err = allow(principal, operation)
	}
	if err != nil {
		s.hub.close(st)
		return nil, err
	}
	return st, nil
}

func lastEventID(header *string) (id toygres.EventID, given bool, err error) {
	if header == nil {
		return 0, false, nil
	}
	number, err := strconv.ParseInt(*header, 10, 64)
	if err != nil {
		return 0, false, badRequest("Last-Event-ID is not the id of an event",
			toygres.FieldError{Field: "Last-Event-ID", Rule: "max", Message: "is not the id of an event"})
	}
	return toygres.EventID(number), true, nil
}

// eventsWanted selects by the instance's name and not its id, so that a
// stream may begin before the instance does and go on after its end.
func eventsWanted(p openapi.StreamEventsParams) func(toygres.Event) bool {
	instance := or(p.Instance)
	operation := toygres.OperationID("")
	if p.Operation != nil {
		operation = toygres.OperationID(p.Operation.String())
	}
	batch := toygres.BatchID("")
	if p.Batch != nil {
		batch = toygres.BatchID(p.Batch.String())
	}
	return func(e toygres.Event) bool {
		return (batch == "" || e.Batch == batch) && (instance == "" || e.InstanceName == instance) && (operation == "" || e.OperationID == operation)
	}
}

// streamResponse writes one client's stream until either side ends it.
type streamResponse struct {
	ctx    context.Context
	server *Server
	stream *stream
	after  toygres.EventID // the last event that the client has
	gap    bool            // events after it were removed since
	resume bool            // there may be events between after and the stream's first
	until  time.Time       // when the credential ends; zero: never
}

// VisitStreamEventsResponse implements the generated response interface.
func (r *streamResponse) VisitStreamEventsResponse(w http.ResponseWriter) error {
	defer r.server.hub.close(r.stream)
	out := &streamWriter{w: w, control: http.NewResponseController(w)}
	if err := out.begin(); err != nil {
		return err
	}
	err := r.write(out)
	if err != nil && r.ctx.Err() == nil {
		r.server.log.DebugContext(r.ctx, "event stream ended", "request_id", callOf(r.ctx).requestID, "error", err)
	}
	return nil // the answer has begun; there is no other way to say it
}

func (r *streamResponse) write(out *streamWriter) error {
	// The id without data dispatches nothing, but a client that is cut off
	// before the first event resumes from here.
	if err := out.write(fmt.Appendf(nil, "retry: %d\nid: %d\n\n", reconnectAfter.Milliseconds(), r.after)); err != nil {
		return err
	}
	if r.gap {
		if err := out.write(fmt.Appendf(nil, "event: gap\ndata: {\"after\":\"%d\"}\n\n", r.after)); err != nil {
			return err
		}
	}
	if r.resume {
		if err := r.writePast(out); err != nil {
			return err
		}
	}
	heartbeat := time.NewTicker(r.server.options.Heartbeat)
	defer heartbeat.Stop()
	expired, stop := expiry(r.until)
	defer stop()
	for {
		select {
		case <-r.ctx.Done():
			return r.ctx.Err()
		case <-r.stream.ended:
			return errors.New("ended by this server")
		case <-expired:
			return errors.New("the session or token has ended")
		case <-heartbeat.C:
			if err := out.write([]byte(": heartbeat\n\n")); err != nil {
				return err
			}
		case next := <-r.stream.frames:
			if next.id <= r.after {
				continue // it was among the past ones
			}
			if err := out.write(next.data); err != nil {
				return err
			}
			r.after = next.id
		}
	}
}

// expiry fires when a credential ends, which it never does when until is zero.
func expiry(until time.Time) (expired <-chan time.Time, stop func() bool) {
	if until.IsZero() {
		return nil, func() bool { return false }
	}
	timer := time.NewTimer(time.Until(until))
	return timer.C, timer.Stop
}

// writePast writes what the client missed. Meanwhile new events gather in the
// stream's buffer, so that there is no gap; what is in both is skipped there.
func (r *streamResponse) writePast(out *streamWriter) error {
	after := r.after
	for {
		events, err := r.server.options.Catalog.Events(r.ctx, catalog.EventFilter{After: after}, eventBatch)
		if err != nil {
			return err
		}
		for _, e := range events {
			after = e.ID
			if !r.stream.wants(e) {
				continue
			}
			data, err := r.server.eventFrame(r.ctx, e)
			if err != nil {
				return err
			}
			if err := out.write(data); err != nil {
				return err
			}
		}
		r.after = max(r.after, after)
		if len(events) < eventBatch {
			return nil
		}
	}
}

// streamWriter writes at once, and gives up on a client that does not read.
type streamWriter struct {
	w       http.ResponseWriter
	control *http.ResponseController
}

// begin lifts the server's limits for one answer, and begins it.
func (s *streamWriter) begin() error {
	if err := s.control.SetReadDeadline(time.Time{}); err != nil {
		return err
	}
	s.w.Header().Set("Content-Type", "text/event-stream")
	s.w.Header().Set("Cache-Control", "no-store")
	s.w.Header().Set("X-Accel-Buffering", "no") // nginx would hold events back
	s.w.WriteHeader(http.StatusOK)
	return nil
}

func (s *streamWriter) write(data []byte) error {
	if err := s.control.SetWriteDeadline(time.Now().Add(writeTime)); err != nil {
		return err
	}
	if _, err := s.w.Write(data); err != nil {
		return err
	}
	return s.control.Flush()
}

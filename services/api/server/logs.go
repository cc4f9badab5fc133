package server

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"sync"
	"time"

	"github.com/toygres/toygres"
	"github.com/toygres/toygres/openapi"
)

// logTail is how many lines are shown when nobody says.
const logTail = 200

// GetLogs answers what an instance's server has written to its log.
func (s *Server) GetLogs(ctx context.Context, request openapi.GetLogsRequestObject) (openapi.GetLogsResponseObject, error) {
	instance, err := s.options.Catalog.Instance(ctx, request.Name)
	if err != nil {
		return nil, err
	}
	p := request.Params
	tail := logTail
	if p.Tail != nil {
		tail = *p.Tail
	}
	wanted := toygres.LogOptions{Tail: tail, Since: or(p.Since), Follow: or(p.Follow)}
	if tail == 0 {
		wanted.Tail = -1
	}
	filter := or(p.Filter)
	if !wanted.Follow {
		if filter != "" && tail > 0 {
			wanted.Tail = 0 // how many lines have to be read to find so many, nobody knows
		}
		log, err := s.openLog(ctx, instance, wanted)
		if err != nil {
			return nil, err
		}
		return &logResponse{server: s, ctx: ctx, log: log, lines: newLogLines(log, filter), tail: tail, filtered: filter != ""}, nil
	}

	current := callOf(ctx)
	opening, cancel := context.WithTimeout(ctx, checkTime)
	defer cancel()
	st, err := s.openStream(opening, "getLogs", func(toygres.Event) bool { return false }) // counted and ended as event streams are
	if err != nil {
		return nil, err
	}
	log, err := s.openLog(ctx, instance, wanted)
	if err != nil {
		s.hub.close(st)
		return nil, err
	}
	return &followedLogResponse{server: s, ctx: ctx, stream: st, log: log, lines: newLogLines(log, filter), until: current.principal.ExpiresAt}, nil
}

func (s *Server) openLog(ctx context.Context, instance toygres.Instance, wanted toygres.LogOptions) (io.ReadCloser, error) {
	log, err := s.options.Provider.Logs(ctx, instance.ID, wanted)
	if toygres.CodeOf(err) == toygres.CodeNotFound && instance.State != toygres.StateRunning && instance.State != toygres.StateStopped {
		return nil, toygres.Errorf(toygres.CodeConflict, "%q has no log while it is %s", instance.Spec.Name, instance.State)
	}
	return log, ofProvider(err)
}

// logResponse writes a log as it is now, as text.
type logResponse struct {
	server   *Server
	ctx      context.Context
	log      io.Closer
	lines    *logLines
	tail     int
	filtered bool
}

// VisitGetLogsResponse implements the generated response interface.
func (r *logResponse) VisitGetLogsResponse(w http.ResponseWriter) error {
	defer r.log.Close()
	first, err := r.lines.next()
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(http.StatusOK)
	if err == nil {
		err = r.write(w, first)
	}
	if err != nil && !errors.Is(err, io.EOF) {
		r.server.log.WarnContext(r.ctx, "a log was not read to its end", "request_id", callOf(r.ctx).requestID, "error", err)
		panic(http.ErrAbortHandler) // else the client would take it for the whole
	}
	return nil
}

// write writes the first line and all that follow.
func (r *logResponse) write(w io.Writer, line string) (err error) {
	last := lastLogLines{most: r.tail}
	for ; err == nil; line, err = r.lines.next() {
		if r.filtered {
			last.add(line)
		} else if _, err := io.WriteString(w, line+"\n"); err != nil {
			return err
		}
	}
	if !errors.Is(err, io.EOF) {
		return err
	}
	for _, line := range last.lines {
		if _, err := io.WriteString(w, line+"\n"); err != nil {
			return err
		}
	}
	return nil
}

// followedLogResponse writes a log to one client until either side ends it.
type followedLogResponse struct {
	server *Server
	ctx    context.Context
	stream *stream
	log    io.Closer
	lines  *logLines
	until  time.Time // when the credential ends; zero: never
}

// VisitGetLogsResponse implements the generated response interface.
func (r *followedLogResponse) VisitGetLogsResponse(w http.ResponseWriter) error {
	defer r.server.hub.close(r.stream)
	queue := newLogQueue()
	done, read := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(read)
		queue.fill(r.lines, done)
	}()
	defer func() {
		close(done)
		_ = r.log.Close() // which ends a read
		<-read
	}()
	out := &streamWriter{w: w, control: http.NewResponseController(w)}
	if err := out.begin(); err != nil {
		return err
	}
	if err := r.write(out, queue); err != nil && r.ctx.Err() == nil {
		r.server.log.DebugContext(r.ctx, "a followed log ended", "request_id", callOf(r.ctx).requestID, "error", err)
	}
	return nil // the answer has begun; there is no other way to say it
}

func (r *followedLogResponse) write(out *streamWriter, queue *logQueue) error {
	if err := out.write(fmt.Appendf(nil, "retry: %d\n\n", reconnectAfter.Milliseconds())); err != nil {
		return err
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
		case <-queue.news:
		}
		for {
			lines, dropped, end := queue.take()
			if len(lines) > 0 {
				message := openapi.LogLines{Lines: lines}
				if dropped > 0 {
					message.Dropped = &dropped
				}
				if err := out.event("log", message); err != nil {
					return err
				}
				continue
			}
			if end != nil {
				last := openapi.LogEnd{Reason: "the instance was deleted"}
				if !errors.Is(end, io.EOF) {
					code := openapi.ErrorCode(toygres.CodeOf(end))
					last = openapi.LogEnd{Reason: toygres.MessageOf(end), Code: &code}
				}
				return errors.Join(end, out.event("end", last))
			}
			break
		}
	}
}

// event writes an event that can't be resumed after.
func (s *streamWriter) event(kind string, data any) error {
	text, err := json.Marshal(data)
	if err != nil {
		return err
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, "event: %s\ndata: %s\n\n", kind, text)
	return s.write(b.Bytes())
}

// logPatience is how long a client may take nothing before lines are dropped.
const logPatience = 2 * time.Second

// logQueue is between a log and a client, who may be slow. For a while it holds
// the log up; then, as nobody may do that for ever, it drops the oldest lines.
type logQueue struct {
	news  chan struct{} // there is something to be taken
	taken chan struct{} // something was

	mu      sync.Mutex
	last    lastLogLines
	stalled bool  // the client takes nothing
	end     error // io.EOF when the log has ended
}

func newLogQueue() *logQueue {
	return &logQueue{news: make(chan struct{}, 1), taken: make(chan struct{}, 1), last: lastLogLines{most: math.MaxInt}}
}

// fill reads the log to its end, or until done is closed.
func (q *logQueue) fill(lines *logLines, done <-chan struct{}) {
	for {
		line, err := lines.next()
		if err == nil && !q.room(done) {
			return
		}
		q.mu.Lock()
		if err == nil {
			q.last.add(line)
		} else {
			q.end = err
		}
		q.mu.Unlock()
		stir(q.news)
		if err != nil {
			return
		}
	}
}

// room waits until there is room for more, or patience ends. It reports
// whether anybody is still there.
func (q *logQueue) room(done <-chan struct{}) bool {
	var patience <-chan time.Time
	for {
		q.mu.Lock()
		free := q.stalled || !q.last.full()
		q.mu.Unlock()
		if free {
			return true
		}
		if patience == nil {
			timer := time.NewTimer(logPatience)
			defer timer.Stop()
			patience = timer.C
		}
		select {
		case <-done:
			return false
		case <-q.taken:
		case <-patience:
			q.mu.Lock()
			q.stalled = true
			q.mu.Unlock()
		}
	}
}

// stir tells whoever waits, unless that has been told.
func stir(c chan<- struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// take returns what is next, and when there are no more lines, how the log
// ended.
func (q *logQueue) take() (lines []string, dropped int, end error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.stalled = false
	lines, dropped = q.last.take()
	stir(q.taken)
	return lines, dropped, q.end
}

// Package sse reads streams of Server-Sent Events, as the HTML standard
// defines them (section 9.2.6).
package sse

import (
	"bufio"
	"io"
	"strings"
)

// maxLine bounds one line of a stream, in bytes.
const maxLine = 1 << 20

// Event is one event of a stream.
type Event struct {
	ID   string // the last id seen, which resumes the stream after this event
	Type string // "message" where the stream names none
	Data string
}

// Reader reads events from a stream.
type Reader struct {
	lines  *bufio.Scanner
	lastID string
}

// NewReader returns a reader of the stream in.
func NewReader(in io.Reader) *Reader {
	lines := bufio.NewScanner(in)
	lines.Buffer(make([]byte, 0, 4096), maxLine)
	return &Reader{lines: lines}
}

// LastID returns the id of the last event, also of one that had no data.
func (r *Reader) LastID() string { return r.lastID }

// Next returns the next event, and io.EOF at the end. An event that is cut
// off by the end does not count.
func (r *Reader) Next() (Event, error) {
	event := Event{Type: "message"}
	var data []string
	id := r.lastID
	for r.lines.Scan() {
		line := strings.TrimSuffix(r.lines.Text(), "\r")
		if line == "" {
			r.lastID = id
			if data == nil {
				event = Event{Type: "message"}
				continue
			}
			event.ID, event.Data = id, strings.Join(data, "\n")
			return event, nil
		}
		field, value, _ := strings.Cut(line, ":")
		value = strings.TrimPrefix(value, " ")
		switch field {
		case "event":
			event.Type = value
		case "data":
			data = append(data, value)
		case "id":
			if !strings.Contains(value, "\x00") {
				id = value
			}
		}
	}
	if err := r.lines.Err(); err != nil {
		return Event{}, err
	}
	return Event{}, io.EOF
}

package server

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxLogLine is how much of a line is shown, in bytes as the server wrote them.
const maxLogLine = 8 << 10

// logLines reads a log line by line, as text that can be shown anywhere.
type logLines struct {
	in   *bufio.Reader
	wish string // in lower case; only lines with it
	line []byte
}

func newLogLines(log io.Reader, filter string) *logLines {
	return &logLines{in: bufio.NewReaderSize(log, 32<<10), wish: strings.ToLower(filter)}
}

// next returns the next line without its end, and io.EOF after the last one.
func (l *logLines) next() (string, error) {
	for {
		line, err := l.read()
		if err != nil || l.wish == "" || strings.Contains(strings.ToLower(line), l.wish) {
			return line, err
		}
	}
}

func (l *logLines) read() (string, error) {
	l.line = l.line[:0]
	length := 0
	for {
		part, err := l.in.ReadSlice('\n')
		if err == nil {
			part = part[:len(part)-1]
		}
		length += len(part)
		l.line = append(l.line, part[:min(len(part), maxLogLine-len(l.line))]...)
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
		case err == nil, errors.Is(err, io.EOF) && length > 0: // a last line that has no end
			return showable(l.line, length), nil
		default:
			return "", err
		}
	}
}

// showable returns a line, or the beginning of one that had so many bytes, with
// everything escaped that is no text: what would steer a terminal, change the
// direction of writing, or be invisible.
func showable(line []byte, length int) string {
	cut := length - len(line)
	if cut > 0 {
		whole := beforePartOfRune(line)
		cut += len(line) - len(whole)
		line = whole
	} else if n := len(line); n > 0 && line[n-1] == '\r' {
		line = line[:n-1]
	}
	var text strings.Builder
	text.Grow(len(line))
	for len(line) > 0 {
		r, size := utf8.DecodeRune(line)
		switch {
		case r == utf8.RuneError && size == 1, r < ' ' && r != '\t', r == 0x7f:
			fmt.Fprintf(&text, `\x%02x`, line[0])
		case r == '\t' || unicode.IsGraphic(r):
			text.WriteRune(r)
		case r <= 0xffff:
			fmt.Fprintf(&text, `\u%04x`, r)
		default:
			fmt.Fprintf(&text, `\U%08x`, r)
		}
		line = line[size:]
	}
	if cut > 0 {
		fmt.Fprintf(&text, " … (%d more bytes)", cut)
	}
	return text.String()
}

// beforePartOfRune leaves out a character of which the end was cut off.
func beforePartOfRune(line []byte) []byte {
	for n := 1; n < utf8.UTFMax && n <= len(line); n++ {
		if from := len(line) - n; utf8.RuneStart(line[from]) {
			if !utf8.FullRune(line[from:]) {
				return line[:from]
			}
			break
		}
	}
	return line
}

// lastLogLines keeps the last lines of many, in bounded memory.
type lastLogLines struct {
	most    int // lines
	lines   []string
	size    int // in bytes, with what a line costs beside its text
	dropped int // lines that were left out
}

// maxKeptLog bounds the lines that are kept for one client, in bytes.
const maxKeptLog = 1 << 20

func cost(line string) int { return len(line) + 32 }

func (l *lastLogLines) add(line string) {
	l.lines = append(l.lines, line)
	l.size += cost(line)
	for len(l.lines) > l.most || l.size > maxKeptLog && len(l.lines) > 1 {
		l.size -= cost(l.lines[0])
		l.lines[0] = ""
		l.lines = l.lines[1:]
		l.dropped++
	}
}

// full reports whether another line may cost one.
func (l *lastLogLines) full() bool { return l.size > maxKeptLog-maxLogLine }

// take returns the first lines, about as many as go into one message, and how
// many were left out before them.
func (l *lastLogLines) take() (lines []string, dropped int) {
	const message = 64 << 10
	size, n := 0, 0
	for n < len(l.lines) && (n == 0 || size+cost(l.lines[n]) <= message) {
		size += cost(l.lines[n])
		n++
	}
	lines, dropped = l.lines[:n:n], l.dropped
	l.lines, l.size, l.dropped = l.lines[n:], l.size-size, 0
	if len(l.lines) == 0 {
		l.lines = nil
	}
	return lines, dropped
}

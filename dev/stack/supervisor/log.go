package supervisor

import (
	"bytes"
	"errors"
	"io"
	"os"
	"regexp"
	"strings"
)

// largestLog is the size in bytes from which a log is set aside (as .1) when its part starts.
const largestLog = 20 << 20

// openLog opens a part's log for appending and returns the offset at which the new output begins.
func openLog(file string) (*os.File, int64, error) {
	if info, err := os.Stat(file); err == nil && info.Size() > largestLog {
		if err := os.Rename(file, file+".1"); err != nil {
			return nil, 0, err
		}
	}
	log, err := os.OpenFile(file, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return nil, 0, err
	}
	end, err := log.Seek(0, io.SeekEnd)
	if err != nil {
		return nil, 0, errors.Join(err, log.Close())
	}
	return log, end, nil
}

var complaint = regexp.MustCompile(`(?i)\b(fatal|panic|error|failed|cannot)\b`)

// reason finds the line of a log, from an offset on, that most likely says why its program failed: the last one that
// sounds like a complaint, or else the last one. It is empty if there is none.
func reason(file string, from int64) string {
	log, err := os.Open(file)
	if err != nil {
		return ""
	}
	defer func() { _ = log.Close() }()
	if info, err := log.Stat(); err == nil && info.Size()-from > 64<<10 {
		from = info.Size() - 64<<10 // the end is enough
	}
	content, err := io.ReadAll(io.NewSectionReader(log, from, 1<<20))
	if err != nil {
		return ""
	}
	var last, complaining string
	for line := range bytes.Lines(content) {
		text := strings.TrimSpace(string(line))
		if text == "" {
			continue
		}
		last = text
		if complaint.MatchString(text) {
			complaining = text
		}
	}
	if complaining != "" {
		last = complaining
	}
	if len(last) > 500 {
		last = last[:500] + "…"
	}
	return last
}

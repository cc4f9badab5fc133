package local

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
)

// logPrefix is log_line_prefix: time, process, and what kind of process it is,
// so that a client's failed sign-in is not taken for the server's failure.
const logPrefix = "%m [%p] %b "

// maxLog is the size in bytes from which a log is put aside when its server is
// started. One older log is kept.
const maxLog = 16 << 20

var (
	fatalLine  = regexp.MustCompile(`(?:FATAL|PANIC):\s+(.*)`)
	clientLine = regexp.MustCompile(`\] (?:dead-end )?client backend `)
)

// openLog opens the log for appending, and returns where the new part begins.
func (d directory) openLog() (*os.File, int64, error) {
	if err := makeDir(d.file("log"), 0o700); err != nil {
		return nil, 0, err
	}
	path := d.logFile()
	if info, err := os.Stat(path); err == nil && info.Size() > maxLog {
		if err := os.Rename(path, d.olderLog()); err != nil {
			return nil, 0, err
		}
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o600)
	if err != nil {
		return nil, 0, err
	}
	info, err := f.Stat()
	if err != nil {
		return nil, 0, errors.Join(err, f.Close())
	}
	return f, info.Size(), nil
}

// trimLog puts the log aside when it is too long while its server writes to
// it: the server appends, so it goes on at the beginning. The caller holds the
// lock.
func (d directory) trimLog() error {
	info, err := os.Stat(d.logFile())
	if err != nil || info.Size() <= maxLog {
		return err
	}
	from, err := os.Open(d.logFile())
	if err != nil {
		return err
	}
	defer from.Close()
	// In one step, so that whoever reads the older log reads it to its end.
	to, err := os.CreateTemp(d.file("log"), "."+filepath.Base(d.olderLog())+".*"+tempMark)
	if err != nil {
		return err
	}
	_, err = from.Seek(-maxLog, io.SeekEnd)
	if err == nil {
		_, err = io.Copy(to, io.LimitReader(from, 2*maxLog))
	}
	if err == nil {
		err = os.Rename(to.Name(), d.olderLog())
	}
	if err != nil {
		return errors.Join(err, to.Close(), os.Remove(to.Name()))
	}
	return errors.Join(os.Truncate(d.logFile(), 0), to.Close())
}

// lastWords returns why a server ended, by what it logged from offset on: its
// last FATAL or PANIC, else its last line, else "".
func (d directory) lastWords(offset int64) (string, error) {
	f, err := os.Open(d.logFile())
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return "", err
	}
	const tail = 256 << 10
	if offset > info.Size() { // trimmed since
		offset = 0
	}
	offset = max(offset, info.Size()-tail)
	content, err := io.ReadAll(io.NewSectionReader(f, offset, tail))
	if err != nil {
		return "", err
	}
	return lastWords(content), nil
}

func lastWords(log []byte) string {
	var fatal, last string
	lines := bufio.NewScanner(bytes.NewReader(log))
	lines.Buffer(nil, len(log)+1)
	for lines.Scan() {
		line := lines.Text()
		if clientLine.MatchString(line) {
			continue
		}
		if m := fatalLine.FindStringSubmatch(line); m != nil {
			fatal = m[1]
		}
		if printable(line) != "" {
			last = line
		}
	}
	if fatal == "" {
		fatal = last
	}
	return printable(fatal)
}

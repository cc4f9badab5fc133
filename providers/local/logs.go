package local

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"time"

	"github.com/toygres/toygres"
)

// Logs reads the instance's log and the older one that was put aside. Both
// survive their servers.
func (p *Provider) Logs(ctx context.Context, id toygres.InstanceID, options toygres.LogOptions) (io.ReadCloser, error) {
	d, ok := p.directory(id)
	if !ok || !d.exists() {
		return nil, notFound(id)
	}
	f := &logReading{directory: d}
	if err := f.begin(options); err != nil {
		return nil, p.failure("opening the server's log", errors.Join(err, f.close()))
	}
	ctx, cancel := context.WithCancel(ctx)
	in, out := io.Pipe()
	go func() {
		err := f.copy(ctx, out, options.Follow)
		out.CloseWithError(p.failure("reading the server's log", errors.Join(err, f.close()))) // EOF when there is none
	}()
	return &logPipe{in, cancel}, nil
}

// exists reports whether there is such an instance, and nobody deletes it.
func (d directory) exists() bool {
	_, err := os.Lstat(d.file(specFile))
	return err == nil
}

// logPipe is the reader's end of a log.
type logPipe struct {
	*io.PipeReader
	cancel context.CancelFunc
}

func (l *logPipe) Close() error {
	l.cancel()
	return l.PipeReader.Close()
}

// logReading is the state of reading an instance's log. Meanwhile it may be
// put aside: when no server runs by renaming it, and when one does by copying
// and emptying it.
type logReading struct {
	directory
	older *os.File // nil when there is nothing to be read of it
	file  *os.File // nil when there is none yet
	at    int64    // where we are in file
	past  []byte   // what is just before that
}

func (f *logReading) close() error {
	var errs []error
	for _, file := range []*os.File{f.older, f.file} {
		if file != nil {
			errs = append(errs, file.Close())
		}
	}
	return errors.Join(errs...)
}

// begin opens what there is, and goes to where the options want to begin.
func (f *logReading) begin(o toygres.LogOptions) (err error) {
	if f.file, err = openLogFile(f.logFile()); err != nil {
		return err
	}
	if f.older, err = openLogFile(f.olderLog()); err != nil {
		return err
	}
	lines := o.Tail
	if f.file != nil {
		var found int
		if f.at, found, err = placeIn(f.file, lines, o.Since); err != nil {
			return err
		}
		if lines > 0 && found == lines {
			lines = -1
		} else if lines > 0 {
			lines -= found
		}
		if f.past, err = before(f.file, f.at); err != nil {
			return err
		}
	}
	if f.older == nil || sameFile(f.older, f.file) { // the latter was put aside this moment
		return nil
	}
	at, _, err := placeIn(f.older, lines, o.Since)
	if err != nil {
		return err
	}
	_, err = f.older.Seek(at, io.SeekStart)
	return err
}

// openLogFile returns nil when there is no such file.
func openLogFile(path string) (*os.File, error) {
	file, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil //nolint:nilnil // nil is what it is about
	}
	return file, err
}

func sameFile(a, b *os.File) bool {
	if a == nil || b == nil {
		return false
	}
	one, err1 := a.Stat()
	other, err2 := b.Stat()
	return err1 == nil && err2 == nil && os.SameFile(one, other)
}

// placeIn returns where the last lines of a file begin, and how many these
// are: at most n (all when that is 0, none when it is negative), and none from
// before since.
func placeIn(file *os.File, n int, since time.Time) (at int64, found int, err error) {
	info, err := file.Stat()
	if err != nil || n < 0 {
		return sizeOf(info), 0, err
	}
	if n > 0 {
		if at, found, err = lastLines(file, info.Size(), n); err != nil {
			return 0, 0, err
		}
	}
	if since.IsZero() {
		return at, found, nil
	}
	if info.ModTime().Add(time.Second).Before(since) { // the clock of files is a little behind
		return info.Size(), 0, nil
	}
	from, err := firstSince(file, since)
	return max(at, from), found, err
}

func sizeOf(info os.FileInfo) int64 {
	if info == nil {
		return 0
	}
	return info.Size()
}

// lastLines returns where the last n lines of the first size bytes begin, and
// how many there are if they are fewer.
func lastLines(file io.ReaderAt, size int64, n int) (at int64, found int, err error) {
	block := make([]byte, 64<<10)
	for end := size; end > 0; {
		begin := max(0, end-int64(len(block)))
		part := block[:end-begin]
		if _, err := file.ReadAt(part, begin); err != nil && !errors.Is(err, io.EOF) {
			return 0, 0, err
		}
		for i := len(part) - 1; i >= 0; i-- {
			// A line is found at the end of the one before it.
			if part[i] != '\n' || begin+int64(i) == size-1 {
				continue
			}
			if found++; found == n {
				return begin + int64(i) + 1, n, nil
			}
		}
		end = begin
	}
	if size > 0 {
		found++
	}
	return 0, found, nil
}

// firstSince returns where the first line begins that was written then or
// later.
func firstSince(file *os.File, since time.Time) (int64, error) {
	since = since.Truncate(time.Millisecond) // no finer are the times in the log
	in := bufio.NewReaderSize(io.NewSectionReader(file, 0, 1<<62), 64<<10)
	var at int64
	for midLine := false; ; {
		part, err := in.ReadSlice('\n')
		if !midLine {
			if written, ok := writtenAt(part); ok && !written.Before(since) {
				return at, nil
			}
		}
		at += int64(len(part))
		midLine = errors.Is(err, bufio.ErrBufferFull)
		switch {
		case errors.Is(err, io.EOF):
			return at, nil
		case err != nil && !midLine:
			return 0, err
		}
	}
}

// writtenAt reads the time at the beginning of a line, see [logPrefix]. Lines
// that go on with a message have none.
func writtenAt(line []byte) (time.Time, bool) {
	day, rest, _ := bytes.Cut(line[:min(len(line), 40)], []byte(" "))
	clock, rest, _ := bytes.Cut(rest, []byte(" "))
	zone, _, ok := bytes.Cut(rest, []byte(" "))
	if !ok {
		return time.Time{}, false
	}
	t, err := time.ParseInLocation("2006-01-02 15:04:05.000 MST", string(day)+" "+string(clock)+" "+string(zone), time.Local)
	return t, err == nil
}

// pastSize is how many bytes are enough to find a place again: with the
// beginning of a line in it, which has its time and the process that wrote it.
// The ends of long lines may be all the same.
const pastSize = 16 << 10

// before returns what is in the file just before at.
func before(file io.ReaderAt, at int64) ([]byte, error) {
	past := make([]byte, min(at, pastSize))
	n, err := file.ReadAt(past, at-int64(len(past)))
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return past[:n], err
}

// followPause is how often a followed log is looked at. It costs next to
// nothing, while of the kernel's watches a user may only have some dozens, and
// readers may be many.
const followPause = 200 * time.Millisecond

// copy writes the log to out, to the end of what there is or, following, until
// the instance is deleted.
func (f *logReading) copy(ctx context.Context, out io.Writer, follow bool) error {
	if f.older != nil && !sameFile(f.older, f.file) {
		if _, err := io.Copy(out, f.older); err != nil {
			return closedIsFine(err)
		}
	}
	for {
		err := f.copyFile(out)
		if err != nil || !follow {
			return closedIsFine(err)
		}
		if !f.exists() {
			return nil
		}
		moved, err := f.catchUp(out)
		if err != nil {
			return closedIsFine(err)
		}
		if moved {
			continue
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(followPause):
		}
	}
}

// closedIsFine says that a reader who has had enough is no failure.
func closedIsFine(err error) error {
	if errors.Is(err, io.ErrClosedPipe) {
		return nil
	}
	return err
}

// copyFile writes what is new in the file.
func (f *logReading) copyFile(out io.Writer) error {
	if f.file == nil {
		return nil
	}
	n, err := io.Copy(out, io.NewSectionReader(f.file, f.at, 1<<62))
	if n == 0 || err != nil {
		return err
	}
	f.at += n
	f.past, err = before(f.file, f.at)
	return err
}

// catchUp notices that the log was put aside, writes what we have missed of
// it, and goes to the beginning of the new one. It reports whether it was.
func (f *logReading) catchUp(out io.Writer) (bool, error) {
	now, err := os.Stat(f.logFile())
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil // until the next server starts
	}
	if err != nil {
		return false, err
	}
	if f.file != nil {
		mine, err := f.file.Stat()
		switch {
		case err != nil:
			return false, err
		case os.SameFile(mine, now) && now.Size() >= f.at:
			return false, nil
		case os.SameFile(mine, now):
			err = f.copyMissed(out)
		default: // renamed; nobody writes to it any more
			err = f.copyFile(out)
		}
		if err := errors.Join(err, f.file.Close()); err != nil {
			f.file = nil
			return false, err
		}
	}
	f.file, err = openLogFile(f.logFile())
	f.at, f.past = 0, nil
	return true, err
}

// copyMissed writes what was added to the log after we had read it and before
// it was copied and emptied. That is very little, unless out is very slow.
func (f *logReading) copyMissed(out io.Writer) error {
	older, err := openLogFile(f.olderLog())
	if older == nil || err != nil {
		return err
	}
	defer older.Close()
	info, err := older.Stat()
	if err != nil {
		return err
	}
	const most = 4 << 20
	end := make([]byte, min(info.Size(), most))
	if _, err := older.ReadAt(end, info.Size()-int64(len(end))); err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	if place := bytes.LastIndex(end, f.past); place >= 0 && len(f.past) > 0 {
		_, err = out.Write(end[place+len(f.past):])
	}
	return err
}

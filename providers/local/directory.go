package local

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"syscall"
	"time"

	"github.com/toygres/toygres"
)

// format is the version of the files that we write. Later versions must read
// this one, or refuse clearly.
const format = 1

// wish is whether an instance should run.
type wish string

const (
	running wish = "running"
	stopped wish = "stopped"
)

// record is spec.json: what was asked of an instance.
type record struct {
	Format     int                `json:"format"`
	ID         toygres.InstanceID `json:"id"`
	Name       string             `json:"name"`
	Version    int                `json:"version"`
	CPUMillis  int                `json:"cpu_millis"`
	MemoryMiB  int                `json:"memory_mib"`
	StorageGiB int                `json:"storage_gib"`
	ImageType  toygres.ImageType  `json:"image_type"`
	Allowed    []string           `json:"allowed_cidrs,omitempty"`
	Source     toygres.InstanceID `json:"source,omitempty"` // whose data it began with
	Parameters map[string]string  `json:"parameters,omitempty"`
	Port       int                `json:"port"`
	Wants      wish               `json:"wants"`
	Restart    restart            `json:"restart,omitzero"`
	Rotation   string             `json:"rotation,omitempty"` // the request that last changed the password
}

func newRecord(id toygres.InstanceID, s toygres.Spec, port int) record {
	return record{Format: format, ID: id, Name: s.Name, Version: s.Version, CPUMillis: s.CPUMillis, MemoryMiB: s.MemoryMiB,
		StorageGiB: s.StorageGiB, ImageType: s.ImageType, Allowed: s.AllowedCIDRs, Parameters: s.Parameters, Source: s.Source, Port: port, Wants: running}
}

func (r record) spec() toygres.Spec {
	return toygres.Spec{Name: r.Name, Version: r.Version, CPUMillis: r.CPUMillis, MemoryMiB: r.MemoryMiB,
		StorageGiB: r.StorageGiB, ImageType: r.ImageType, AllowedCIDRs: r.Allowed, Parameters: r.Parameters, Source: r.Source}
}

// status is status.json: how the last start went. It is a memory aid of those
// who start servers; what really runs is never read from it alone.
type status struct {
	Format        int         `json:"format"`
	PID           int         `json:"pid,omitempty"`           // server started last; 0 once its end was noticed
	Starter       incarnation `json:"starter,omitzero"`        // who started it
	Size          size        `json:"size,omitzero"`           // that it was started with; zero when that is not known
	Configuration string      `json:"configuration,omitempty"` // the mark of the one that it was started with; "" when that is not known
	LogOffset     int64       `json:"log_offset,omitempty"`    // where its log begins
	ReadyAt       time.Time   `json:"ready_at,omitzero"`       // when it was first seen ready
	WasReady      bool        `json:"was_ready,omitempty"`     // some server of this instance was ready once
	StoppingSince time.Time   `json:"stopping_since,omitzero"` // when it was asked to end
	Failures      int         `json:"failures,omitempty"`      // ends that nobody asked for, in a row
	Failed        bool        `json:"failed,omitempty"`        // it won't become ready by itself
	RetryAt       time.Time   `json:"retry_at,omitzero"`       // not to be started before
	Message       string      `json:"message,omitempty"`       // why the last one ended
}

// size is how much an instance has, in our files.
type size struct {
	CPUMillis  int `json:"cpu_millis"`
	MemoryMiB  int `json:"memory_mib"`
	StorageGiB int `json:"storage_gib"`
}

// outdated reports whether the server was started with another size than the
// instance should have.
func (s status) outdated(of server, r record) bool {
	return s.PID == of.pid && s.Size != size{} && s.Size != size(r.spec().Size())
}

// directory is where one instance lives.
type directory struct {
	id   toygres.InstanceID
	path string
}

// identity is a UUID in its canonical form: safe as a file name.
var identity = regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)

// directory returns where the instance lives or would live, and whether id is
// one at all.
func (p *Provider) directory(id toygres.InstanceID) (directory, bool) {
	return directory{id: id, path: filepath.Join(p.config.Dir, string(id))}, identity.MatchString(string(id))
}

func (d directory) file(name string) string { return filepath.Join(d.path, name) }
func (d directory) data() string            { return d.file("data") }
func (d directory) logFile() string         { return d.file("log/postgresql.log") }
func (d directory) olderLog() string        { return d.file("log/postgresql.log.1") }

const (
	specFile    = "spec.json"
	statusFile  = "status.json"
	deletedFile = "deleted.json"
	tempMark    = ".tmp" // suffix of files that are not complete yet
)

// initialised reports whether the data directory is complete: it only gets its
// name when it is.
func (d directory) initialised() bool {
	info, err := os.Stat(d.data())
	return err == nil && info.IsDir()
}

// deleting reports whether the instance is being removed.
func (d directory) deleting() bool {
	_, err := os.Lstat(d.file(deletedFile))
	return err == nil
}

// errCorrupt is a spec.json that we can't use. It is never overwritten.
var errCorrupt = errors.New("spec.json can't be used")

// read returns what was asked of the instance; fs.ErrNotExist when there is no
// such instance or it is being deleted, errCorrupt when the file is unusable.
func (d directory) read() (record, error) {
	var r record
	switch err := readJSON(d.file(specFile), &r); {
	case errors.Is(err, fs.ErrNotExist):
		return r, err
	case err != nil:
		return r, fmt.Errorf("%w: %w", errCorrupt, err)
	case r.Format != format:
		return r, fmt.Errorf("%w: %s has format %d, this version of Toygres knows %d", errCorrupt, d.file(specFile), r.Format, format)
	case r.ID != d.id:
		return r, fmt.Errorf("%w: %s belongs to the instance %s", errCorrupt, d.file(specFile), r.ID)
	case r.Wants != running && r.Wants != stopped:
		return r, fmt.Errorf("%w: %s wants %q", errCorrupt, d.file(specFile), r.Wants)
	}
	return r, nil
}

func (d directory) write(r record) error { return writeJSON(d.file(specFile), r, true) }

// status returns how the last start went. A missing or damaged file is as good
// as an empty one.
func (d directory) status() status {
	var s status
	if err := readJSON(d.file(statusFile), &s); err != nil || s.Format != format {
		return status{Format: format}
	}
	return s
}

// setStatus writes the status if it has changed.
func (d directory) setStatus(s status) error {
	s.Format = format
	if s == d.status() {
		return nil
	}
	return writeJSON(d.file(statusFile), s, false)
}

func readJSON(path string, v any) error {
	b, err := readSmall(path)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(b, v); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return nil
}

// smallFile bounds what the files of an instance's directory have, in bytes;
// there are at most [toygres.MaxParametersBytes] of parameters in one.
const smallFile = 256 << 10

// readSmall reads a small regular file, and refuses a larger one. The data directory belongs to a user
// whom others may act as, so it neither follows links nor waits for a pipe.
func readSmall(path string) ([]byte, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if info, err := f.Stat(); err != nil || !info.Mode().IsRegular() {
		return nil, errors.Join(fmt.Errorf("%s is no regular file", path), err)
	}
	b, err := io.ReadAll(io.LimitReader(f, smallFile+1))
	if err == nil && len(b) > smallFile {
		return nil, fmt.Errorf("%s has more than %d bytes", path, smallFile)
	}
	return b, err
}

func writeJSON(path string, v any, durable bool) error {
	b, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return err
	}
	return writeFile(path, append(b, '\n'), 0o600, durable)
}

// writeFile replaces the file at path in one step. If durable it survives a
// power cut from the moment of the return.
func writeFile(path string, content []byte, mode os.FileMode, durable bool) (err error) {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*"+tempMark)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, f.Close(), os.Remove(f.Name()))
		}
	}()
	if _, err = f.Write(content); err != nil {
		return err
	}
	if err = f.Chmod(mode); err != nil {
		return err
	}
	if durable {
		if err = f.Sync(); err != nil {
			return err
		}
	}
	if err = os.Rename(f.Name(), path); err != nil {
		return err
	}
	if durable {
		err = syncDir(filepath.Dir(path))
	}
	return errors.Join(err, f.Close())
}

// syncDir makes the names in a directory survive a power cut.
func syncDir(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// makeDir makes a directory with just this mode, whatever the umask, unless it
// is there already.
func makeDir(path string, mode os.FileMode) error {
	err := os.Mkdir(path, mode)
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return os.Chmod(path, mode)
}

// now is the time in the form in which it survives being written and read.
func now() time.Time { return time.Now().UTC().Round(0) }

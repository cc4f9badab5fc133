// Package basebackup copies the data of a running server by the replication
// protocol, as pg_basebackup does, which not every installation has. The server
// goes on serving meanwhile.
package basebackup

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgproto3"
	"golang.org/x/sync/errgroup"

	"github.com/toygres/toygres"
)

// command asks for everything that a server needs to start from the copy, with
// a manifest to check it against. "fast" because somebody waits.
const command = `BASE_BACKUP (LABEL 'toygres', PROGRESS true, CHECKPOINT 'fast', WAL true, MANIFEST 'yes', MANIFEST_CHECKSUMS 'CRC32C')`

// Target is where the copy goes.
type Target struct {
	Dir      *os.Root               // empty
	Own      func(f *os.File) error // gives a file or directory to PostgreSQL's user; nil: it is ours
	Progress func(done, of int64)   // in bytes, now and then; of is an estimate
}

// Copy copies the server's data over a connection of the kind that
// admin.Replicate opens, and checks it. A server with tablespaces of its own is
// CodeInvalid.
func Copy(ctx context.Context, conn *pgconn.PgConn, to Target) error {
	conn.Frontend().SendQuery(&pgproto3.Query{String: command})
	if err := conn.Frontend().Flush(); err != nil {
		return lost(err)
	}
	c := copying{target: to}
	defer c.abandon()
	for {
		message, err := conn.ReceiveMessage(ctx)
		if err != nil {
			return lost(err)
		}
		switch m := message.(type) {
		case *pgproto3.RowDescription:
			c.set++
		case *pgproto3.DataRow:
			err = c.row(m.Values)
		case *pgproto3.CopyData:
			err = c.data(m.Data)
		case *pgproto3.CopyDone:
			err = c.endArchive()
		case *pgproto3.ErrorResponse:
			err = lost(pgconn.ErrorResponseToPgError(m))
		case *pgproto3.ReadyForQuery:
			return c.finish()
		}
		if err != nil {
			return err
		}
	}
}

// lost is for what the source or the way to it is to blame for.
func lost(err error) error {
	message := "the connection to the source was lost"
	var refused *pgconn.PgError
	if errors.As(err, &refused) {
		message = "the source ended the copy: " + refused.Message
	}
	return &toygres.Error{Code: toygres.CodeProvider, Message: message, Err: err}
}

// copying is a copy in the making. See "Streaming Replication Protocol" in
// PostgreSQL's manual, BASE_BACKUP.
type copying struct {
	target    Target
	set       int   // result set: 1 where it begins, 2 the tablespaces, 3 where it ends
	size      int64 // estimated, in bytes
	archive   *io.PipeWriter
	unpacking errgroup.Group
	seen      map[string]file
	inList    bool // the manifest comes
	manifest  bytes.Buffer
}

func (c *copying) row(values [][]byte) error {
	if c.set != 2 {
		return nil
	}
	if len(values) != 3 {
		return toygres.Errorf(toygres.CodeProvider, "the source describes its tablespaces in a way that Toygres does not know")
	}
	if values[0] != nil {
		return toygres.Errorf(toygres.CodeInvalid, "the source has a tablespace at %q, outside of its data directory, and can't be forked; move what is in it and drop it", values[1])
	}
	kibibytes, err := strconv.ParseInt(string(values[2]), 10, 64)
	c.size = kibibytes << 10
	return err
}

func (c *copying) data(d []byte) error {
	if len(d) == 0 {
		return nil
	}
	kind, rest := d[0], d[1:]
	switch kind {
	case 'n':
		if c.archive != nil || c.seen != nil {
			return toygres.Errorf(toygres.CodeProvider, "the source sends a second archive")
		}
		r, w := io.Pipe()
		c.archive, c.seen = w, map[string]file{}
		c.unpacking.Go(func() error {
			err := unpack(r, c.target, c.seen)
			_ = r.CloseWithError(errors.Join(err, io.ErrClosedPipe)) // never fails
			return err
		})
	case 'm':
		c.inList = true
		return c.endArchive()
	case 'd':
		if c.inList {
			if c.manifest.Len()+len(rest) > maxManifest {
				return toygres.Errorf(toygres.CodeProvider, "the source has too many files to be forked")
			}
			_, err := c.manifest.Write(rest)
			return err
		}
		if c.archive == nil {
			return toygres.Errorf(toygres.CodeProvider, "the source sends data of no archive")
		}
		if _, err := c.archive.Write(rest); err != nil {
			return c.endArchive() // why it was not taken
		}
	case 'p':
		if len(rest) == 8 && c.target.Progress != nil {
			done := int64(binary.BigEndian.Uint64(rest))
			c.target.Progress(done, max(c.size, done))
		}
	}
	return nil
}

// endArchive waits until all of the archive is unpacked.
func (c *copying) endArchive() error {
	if c.archive == nil {
		return nil
	}
	err := c.archive.Close()
	c.archive = nil
	return errors.Join(c.unpacking.Wait(), err)
}

// abandon ends what an error has left going on.
func (c *copying) abandon() {
	if c.archive != nil {
		_ = c.archive.CloseWithError(io.ErrUnexpectedEOF) // never fails
		_ = c.unpacking.Wait()                            // why it ended is known
	}
}

func (c *copying) finish() error {
	if c.seen == nil || c.set < 3 {
		return toygres.Errorf(toygres.CodeProvider, "the source has sent no data")
	}
	if err := check(c.manifest.Bytes(), c.seen); err != nil {
		return &toygres.Error{Code: toygres.CodeProvider, Message: fmt.Sprintf("the copy is not what the source has sent: %v", err), Err: err}
	}
	return nil
}

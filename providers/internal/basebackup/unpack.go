package basebackup

import (
	"archive/tar"
	"encoding/hex"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"path"
	"path/filepath"
)

// file is what has arrived of a file.
type file struct {
	size     int64
	checksum string
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// leftOut are what would make the copy a standby of its source, or tell of a
// server that does not run here.
var leftOut = map[string]bool{"standby.signal": true, "recovery.signal": true, "postmaster.pid": true, "postmaster.opts": true}

// unpack writes an archive below the target's directory and notes what it
// wrote. An instance's superuser has a hand in what his server sends, so
// nothing gets out of the directory.
func unpack(archive io.Reader, to Target, seen map[string]file) error {
	in := tar.NewReader(archive)
	buffer := make([]byte, 256<<10)
	for {
		header, err := in.Next()
		if errors.Is(err, io.EOF) {
			_, err = io.Copy(io.Discard, archive)
			return err
		}
		if err != nil {
			return fmt.Errorf("read the archive: %w", err)
		}
		name := path.Clean(header.Name)
		if !filepath.IsLocal(name) {
			return fmt.Errorf("the archive holds %q, outside of it", header.Name)
		}
		switch header.Typeflag {
		case tar.TypeDir:
			err = makeDir(to, name)
		case tar.TypeReg:
			seen[name], err = write(to, name, in, buffer)
		default:
			err = fmt.Errorf("the archive holds %q, which is neither file nor directory", header.Name)
		}
		if err != nil {
			return err
		}
	}
}

func makeDir(to Target, name string) error {
	if name == "." {
		return nil
	}
	if err := to.Dir.Mkdir(name, 0o700); err != nil {
		return err
	}
	if to.Own == nil {
		return nil
	}
	dir, err := to.Dir.Open(name)
	if err != nil {
		return err
	}
	return errors.Join(to.Own(dir), dir.Close())
}

func write(to Target, name string, content io.Reader, buffer []byte) (_ file, err error) {
	sum := crc32.New(castagnoli)
	if leftOut[name] {
		size, err := io.CopyBuffer(sum, content, buffer)
		return file{size, littleEndian(sum.Sum32())}, err
	}
	f, err := to.Dir.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return file{}, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	if to.Own != nil {
		if err := to.Own(f); err != nil {
			return file{}, err
		}
	}
	size, err := io.CopyBuffer(io.MultiWriter(f, sum), content, buffer)
	return file{size, littleEndian(sum.Sum32())}, err
}

// littleEndian is a CRC-32C as manifests have it.
func littleEndian(sum uint32) string {
	return hex.EncodeToString([]byte{byte(sum), byte(sum >> 8), byte(sum >> 16), byte(sum >> 24)})
}

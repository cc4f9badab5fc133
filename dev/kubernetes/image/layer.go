// Package image makes container images without a registry and without a daemon: tar archives, as of `docker save`, whose
// content is the same whenever their inputs are.
package image

import (
	"archive/tar"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/google/go-containerregistry/pkg/compression"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
)

// file is one that a layer gets from memory.
type file struct {
	path    string // without a leading slash
	mode    fs.FileMode
	content string
	link    string // the target, for a symbolic link
	uid     int    // also the group
}

// tree is a directory that a layer gets below another path.
type tree struct {
	source string
	target string // "" for the root
	// skip leaves out a path, which is relative to source, and all below.
	skip func(path string) bool
}

// writeLayer writes a layer's tar archive. Times and owners of files don't matter, so that the same content gives the
// same archive.
func writeLayer(path string, trees []tree, files []file) error {
	out, err := os.Create(path)
	if err != nil {
		return err
	}
	w := tar.NewWriter(out)
	for _, t := range trees {
		if err := addTree(w, t); err != nil {
			return err
		}
	}
	for _, f := range files {
		if err := addFile(w, f); err != nil {
			return err
		}
	}
	if err := w.Close(); err != nil {
		return err
	}
	return out.Close()
}

func addTree(w *tar.Writer, t tree) error {
	// WalkDir goes in lexical order.
	return filepath.WalkDir(t.source, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, err := filepath.Rel(t.source, path)
		if err != nil {
			return err
		}
		if name == "." && t.target == "" {
			return nil
		}
		if t.skip != nil && t.skip(name) {
			if entry.IsDir() {
				return fs.SkipDir
			}
			return nil
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		link := ""
		if info.Mode()&fs.ModeSymlink != 0 {
			if link, err = os.Readlink(path); err != nil {
				return err
			}
		}
		header, err := tar.FileInfoHeader(info, link)
		if err != nil {
			return err
		}
		clean := tar.Header{Typeflag: header.Typeflag, Name: filepath.Join(t.target, name), Linkname: link, Size: header.Size, Mode: header.Mode}
		if entry.IsDir() {
			clean.Name += "/"
		}
		if err := w.WriteHeader(&clean); err != nil || !info.Mode().IsRegular() {
			return err
		}
		content, err := os.Open(path)
		if err != nil {
			return err
		}
		defer content.Close()
		_, err = io.Copy(w, content)
		return err
	})
}

func addFile(w *tar.Writer, f file) error {
	header := tar.Header{Typeflag: tar.TypeReg, Name: f.path, Mode: tarMode(f.mode), Size: int64(len(f.content)), Uid: f.uid, Gid: f.uid}
	switch {
	case f.link != "":
		header.Typeflag, header.Linkname, header.Mode = tar.TypeSymlink, f.link, 0o777
	case strings.HasSuffix(f.path, "/"):
		header.Typeflag = tar.TypeDir
	}
	if err := w.WriteHeader(&header); err != nil {
		return err
	}
	_, err := io.WriteString(w, f.content)
	return err
}

func tarMode(mode fs.FileMode) int64 {
	bits := int64(mode.Perm())
	if mode&fs.ModeSticky != 0 {
		bits |= 0o1000
	}
	if mode&fs.ModeSetgid != 0 {
		bits |= 0o2000
	}
	return bits
}

// openLayer reads a layer's archive. It stays as it is: what is imported on the same machine needs no compression.
func openLayer(path string) (v1.Layer, error) {
	return tarball.LayerFromFile(path, tarball.WithCompression(compression.None))
}

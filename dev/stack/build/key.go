// Package build makes what the local stack runs: the web UI, our programs and Temporal. What takes long is kept in the
// cache under a key of everything that goes into it, so it is made once and found again by any checkout.
package build

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// Key identifies what is made from the files below dir and from whatever the labels say, such as the version of a
// compiler. Files and directories for which skip returns true do not count; it gets their paths relative to dir.
func Key(dir string, skip func(path string) bool, labels ...string) (string, error) {
	sum := sha256.New()
	for _, label := range labels {
		fmt.Fprintf(sum, "label %d %s\n", len(label), label)
	}
	// WalkDir goes in lexical order, so the same files give the same key.
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		if name != "." && skip(name) {
			if entry.IsDir() {
				return fs.SkipDir
			}
			return nil
		}
		if !entry.Type().IsRegular() {
			return nil
		}
		return addFile(sum, path, name)
	})
	if err != nil {
		return "", err
	}
	return hex.EncodeToString(sum.Sum(nil))[:20], nil
}

func addFile(sum io.Writer, path, name string) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }()
	info, err := file.Stat()
	if err != nil {
		return err
	}
	fmt.Fprintf(sum, "file %d %s %d\n", len(name), name, info.Size())
	_, err = io.Copy(sum, file)
	return err
}

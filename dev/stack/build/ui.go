package build

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/toygres/toygres/dev/stack/cache"
)

// UI makes sure that ui/dist is built from the sources that are there, and tells whether anything had to be done. A
// checkout without a UI is fine.
func (b Builder) UI(ctx context.Context, nodeVersion string) (built bool, err error) {
	source := filepath.Join(b.Project, "ui")
	if _, err := os.Stat(filepath.Join(source, "package.json")); errors.Is(err, os.ErrNotExist) {
		return false, nil
	}
	key, err := Key(source, notUISource, nodeVersion, runtime.GOARCH)
	if err != nil {
		return false, err
	}
	dist, stamp := filepath.Join(source, "dist"), filepath.Join(b.Bin(), ".ui-key")
	if stamped(stamp, key) && isThere(filepath.Join(dist, "index.html")) {
		return false, nil
	}
	entry := filepath.Join(b.Cache, "ui", key)
	err = cache.Entry(ctx, entry, func(ctx context.Context, scratch string) error {
		if err := b.installUI(ctx, nodeVersion); err != nil {
			return err
		}
		if err := b.run(ctx, "ui", source, nil, "npm", "run", "build"); err != nil {
			return err
		}
		return os.CopyFS(scratch, os.DirFS(dist))
	})
	if err != nil {
		return false, err
	}
	if err := replaceContents(dist, entry); err != nil {
		return false, err
	}
	return true, writeStamp(stamp, key)
}

// notUISource names what is in ui/ but does not change what is built.
func notUISource(path string) bool {
	switch path {
	case "node_modules", "dist", "e2e", "test-results", "playwright-report", "scripts", ".vite":
		return true
	}
	return strings.Contains(path, ".test.") || strings.HasSuffix(path, ".md")
}

// installUI installs the UI's dependencies unless those of the lock file are there.
func (b Builder) installUI(ctx context.Context, nodeVersion string) error {
	source := filepath.Join(b.Project, "ui")
	lock, err := os.ReadFile(filepath.Join(source, "package-lock.json"))
	if err != nil {
		return err
	}
	stamp := filepath.Join(source, "node_modules", ".toygres-installed")
	want := nodeVersion + "\n" + string(lock)
	if stamped(stamp, want) {
		return nil
	}
	if err := b.run(ctx, "ui-dependencies", source, nil, "npm", "ci", "--no-audit", "--no-fund"); err != nil {
		return err
	}
	return writeStamp(stamp, want)
}

// replaceContents gives dir the contents of the directory from, and keeps its placeholder, which is in git.
func replaceContents(dir, from string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, entry := range entries {
		if entry.Name() == ".keep" {
			continue
		}
		if err := os.RemoveAll(filepath.Join(dir, entry.Name())); err != nil {
			return err
		}
	}
	entries, err = os.ReadDir(from)
	if err != nil {
		return err
	}
	for _, entry := range entries {
		source, target := filepath.Join(from, entry.Name()), filepath.Join(dir, entry.Name())
		if entry.IsDir() {
			err = os.CopyFS(target, os.DirFS(source))
		} else {
			err = copyFile(target, source)
		}
		if err != nil && entry.Name() != ".keep" {
			return err
		}
	}
	return nil
}

func copyFile(target, source string) error {
	content, err := os.ReadFile(source)
	if err != nil {
		return err
	}
	return os.WriteFile(target, content, 0o644)
}

func stamped(file, want string) bool {
	content, err := os.ReadFile(file)
	return err == nil && string(content) == want
}

func writeStamp(file, content string) error {
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	return os.WriteFile(file, []byte(content), 0o644)
}

func isThere(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

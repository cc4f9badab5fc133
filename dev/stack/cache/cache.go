// Package cache keeps what is slow to fetch or build in the user's cache directory. Every entry is a directory
// that appears whole or not at all, so several checkouts and several programs can use it at the same time.
package cache

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// Dir is the directory that holds everything we cache: TOYGRES_CACHE if set, /var/cache/toygres for root (so that
// the unprivileged user that runs PostgreSQL for root can read it), else toygres in the user's cache directory.
func Dir() (string, error) {
	if dir := os.Getenv("TOYGRES_CACHE"); dir != "" {
		return filepath.Abs(dir)
	}
	if os.Geteuid() == 0 {
		return "/var/cache/toygres", nil
	}
	base, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("no cache directory (set TOYGRES_CACHE): %w", err)
	}
	return filepath.Join(base, "toygres"), nil
}

// Entry makes sure that the directory dir exists, calling fill with an empty scratch directory if it does not and
// giving that directory its name when fill succeeds. If another process is filling the same entry, Entry waits for it.
// The entry is readable for everybody.
func Entry(ctx context.Context, dir string, fill func(ctx context.Context, scratch string) error) error {
	if exists(dir) {
		return nil
	}
	parent := filepath.Dir(dir)
	if err := os.MkdirAll(parent, 0o755); err != nil {
		return err
	}
	unlock, err := Lock(ctx, dir+".lock")
	if err != nil {
		return err
	}
	defer unlock()
	if exists(dir) { // somebody else filled it while we waited
		return nil
	}
	scratch := dir + ".partial" // the lock is ours: what stands here was left by a process that died
	if err := os.RemoveAll(scratch); err != nil {
		return err
	}
	if err := os.Mkdir(scratch, 0o755); err != nil {
		return err
	}
	if err := os.Chmod(scratch, 0o755); err != nil { // whatever the umask says
		return err
	}
	if err := fill(ctx, scratch); err != nil {
		return errors.Join(err, os.RemoveAll(scratch))
	}
	return os.Rename(scratch, dir)
}

// Lock takes an exclusive lock on the file path, creating it if necessary, and waits while another process has it.
// The lock goes with the process at the latest.
func Lock(ctx context.Context, path string) (unlock func(), err error) {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, err
	}
	locked := make(chan struct{})
	var lockErr error // once locked is closed
	go func() {
		defer close(locked)
		lockErr = flock(file, syscall.LOCK_EX)
	}()
	select {
	case <-locked:
		if lockErr != nil {
			return nil, errors.Join(fmt.Errorf("lock %s: %w", path, lockErr), file.Close())
		}
		return func() { _ = file.Close() }, nil // closing the only descriptor releases the lock
	case <-ctx.Done():
		// A blocked flock cannot be interrupted: close the file once it returns.
		go func() { <-locked; _ = file.Close() }()
		return nil, fmt.Errorf("waiting for the lock %s: %w", path, ctx.Err())
	}
}

func flock(file *os.File, how int) error {
	for {
		err := syscall.Flock(int(file.Fd()), how)
		if !errors.Is(err, syscall.EINTR) {
			return err
		}
	}
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return !errors.Is(err, fs.ErrNotExist)
}

package local

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"syscall"
)

// lock is an exclusive flock of a file or directory. The kernel releases it
// when the last process that has it open ends, so no crash leaves one behind.
type lock struct{ file *os.File }

// acquire locks the file or directory at path, waiting for it until ctx ends.
// It returns fs.ErrNotExist when there is nothing at path.
func acquire(ctx context.Context, path string) (lock, error) {
	for {
		f, err := os.Open(path)
		if err != nil {
			return lock{}, err
		}
		if err := flock(ctx, f); err != nil {
			return lock{}, err
		}
		// What we have locked may have been removed or replaced while we waited.
		mine, err1 := f.Stat()
		there, err2 := os.Stat(path)
		if err1 == nil && err2 == nil && os.SameFile(mine, there) {
			return lock{f}, nil
		}
		if err := errors.Join(err1, f.Close()); err != nil {
			return lock{}, err
		}
	}
}

// flock locks f, or closes it and returns an error.
func flock(ctx context.Context, f *os.File) error {
	err := retry(func() error { return syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) })
	if err == nil {
		return nil
	}
	if !errors.Is(err, syscall.EWOULDBLOCK) {
		return errors.Join(&os.PathError{Op: "flock", Path: f.Name(), Err: err}, f.Close())
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		err = retry(func() error { return syscall.Flock(int(f.Fd()), syscall.LOCK_EX) })
	}()
	select {
	case <-done:
		if err != nil {
			return errors.Join(&os.PathError{Op: "flock", Path: f.Name(), Err: err}, f.Close())
		}
		return nil
	case <-ctx.Done():
		// A thread waits in the kernel and can't be called back; it gives the
		// lock up at once when it gets it.
		go func() {
			<-done
			f.Close()
		}()
		return ctx.Err()
	}
}

func retry(call func() error) error {
	for {
		if err := call(); !errors.Is(err, syscall.EINTR) {
			return err
		}
	}
}

// release gives the lock up. A process that inherited it keeps it.
func (l lock) release() { l.file.Close() }

// lock locks the instance's directory.
func (d directory) lock(ctx context.Context) (lock, error) { return acquire(ctx, d.path) }

// lockPorts locks the choice of ports, and with it the making of instances.
func (p *Provider) lockPorts(ctx context.Context) (lock, error) {
	path := filepath.Join(p.config.Dir, "ports.lock")
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return lock{}, err
	}
	if err := f.Close(); err != nil {
		return lock{}, err
	}
	return acquire(ctx, path)
}

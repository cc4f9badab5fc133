package local

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"github.com/toygres/toygres"
	"github.com/toygres/toygres/providers/internal/admin"
)

// Who signs in, and where.
const (
	superuser = "postgres"
	database  = "postgres"
)

// Provision makes the instance's directory with a port and a password, then
// its data directory, then starts the server. Killed at any point, it goes on
// there when called again.
func (p *Provider) Provision(ctx context.Context, id toygres.InstanceID, spec toygres.Spec) error {
	d, ok := p.directory(id)
	if !ok {
		return toygres.Errorf(toygres.CodeInvalid, "%q is no instance id; it must be a UUID in lower case", id)
	}
	in, err := p.installation(spec.Version)
	if err != nil {
		return err
	}
	offer, err := p.Offer(ctx)
	if err != nil {
		return err
	}
	if err := spec.Validate(offer); err != nil {
		return err
	}
	held, err := p.claim(ctx, d, spec)
	if err != nil {
		return p.failure("making the instance's directory", err)
	}
	defer held.release()

	r, err := d.read()
	switch {
	case d.deleting():
		return beingDeleted(id)
	case err != nil:
		return p.failure("reading the instance's record", err)
	case !r.spec().Equal(spec):
		return toygres.Errorf(toygres.CodeConflict, "the instance %s exists already with another specification", id)
	}
	fresh := !d.initialised()
	switch {
	case fresh && r.Source != "":
		err = p.fork(ctx, d, r, in, held)
	case fresh:
		err = p.initialise(ctx, d, in, held)
	}
	if fresh && err == nil {
		r, err = p.moveFromTakenPort(ctx, d, r)
	}
	if err == nil {
		err = p.want(ctx, d, r, in)
	}
	if fresh && toygres.CodeOf(err) == toygres.CodeExhausted {
		// Nothing of value exists yet, and what we leave would be in the way.
		if err := p.remove(context.WithoutCancel(ctx), d); err != nil {
			p.log.Error("an instance that found no space could not be removed", "instance", id, "error", err)
		}
	}
	return err
}

// claim returns the lock of the instance's directory, which it makes with a
// port and a password if there is none.
func (p *Provider) claim(ctx context.Context, d directory, spec toygres.Spec) (lock, error) {
	for {
		held, err := d.lock(ctx)
		if errors.Is(err, fs.ErrNotExist) {
			if err := p.create(ctx, d, spec); err != nil {
				return lock{}, err
			}
			continue
		}
		if err != nil {
			return lock{}, err
		}
		// An empty directory is the very last moment of a deletion that was
		// interrupted.
		if wasEmpty := os.Remove(d.path) == nil; !wasEmpty {
			return held, nil
		}
		held.release()
	}
}

// create makes the instance's directory complete with its record, in one step.
func (p *Provider) create(ctx context.Context, d directory, spec toygres.Spec) error {
	ports, err := p.lockPorts(ctx)
	if err != nil {
		return err
	}
	defer ports.release()
	if _, err := os.Lstat(d.path); err == nil {
		return nil // somebody was faster
	}
	if err := p.removeUnborn(); err != nil {
		return err
	}
	port, err := p.choosePort()
	if err != nil {
		return err
	}
	unborn, err := os.MkdirTemp(p.config.Dir, unbornPrefix+"*")
	if err != nil {
		return err
	}
	err = p.fill(directory{id: d.id, path: unborn}, newRecord(d.id, spec, port))
	if err == nil {
		err = os.Rename(unborn, d.path)
	}
	if err != nil {
		return errors.Join(err, os.RemoveAll(unborn))
	}
	return syncDir(p.config.Dir)
}

// unbornPrefix begins the names of instance directories that are not complete.
const unbornPrefix = ".new-"

// removeUnborn removes what a crash has left of making instances. The caller
// holds the lock of the ports, so nobody else is making one.
func (p *Provider) removeUnborn() error {
	left, err := filepath.Glob(filepath.Join(p.config.Dir, unbornPrefix+"*"))
	for _, path := range left {
		err = errors.Join(err, os.RemoveAll(path))
	}
	return err
}

func (p *Provider) fill(d directory, r record) error {
	if p.account.switches {
		// The server must get through to its data, but not see who else is here.
		if err := os.Chmod(d.path, 0o711); err != nil {
			return err
		}
	}
	if err := d.writePassword(passwordFile, admin.NewPassword()); err != nil {
		return err
	}
	return d.write(r)
}

// list returns the ids of all directories of instances.
func (p *Provider) list() ([]toygres.InstanceID, error) {
	entries, err := os.ReadDir(p.config.Dir)
	if err != nil {
		return nil, err
	}
	var ids []toygres.InstanceID
	for _, e := range entries {
		if e.IsDir() && identity.MatchString(e.Name()) {
			ids = append(ids, toygres.InstanceID(e.Name()))
		}
	}
	return ids, nil
}

// remove ends the server and removes everything of the instance. From the
// first step on it is marked, so that whoever comes after a crash goes on. The
// caller holds the instance's lock.
func (p *Provider) remove(ctx context.Context, d directory) error {
	// A rename needs no space: it works on a full disk, too.
	if err := os.Rename(d.file(specFile), d.file(deletedFile)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return p.failure("marking the instance as deleted", err)
	}
	if s := d.server(); s.alive() {
		if err := p.endNow(ctx, d, s.pid); err != nil {
			return p.failure("ending the server", err)
		}
	}
	if err := d.killAll(ctx); err != nil {
		return p.failure("ending the server's processes", err)
	}
	entries, err := os.ReadDir(d.path)
	if err != nil {
		return p.failure("removing the instance's directory", err)
	}
	for _, e := range entries {
		if e.Name() != deletedFile {
			err = errors.Join(err, removeAll(d.file(e.Name())))
		}
	}
	if err == nil {
		err = removeAll(d.path)
	}
	if err == nil {
		err = syncDir(p.config.Dir)
	}
	return p.failure("removing the instance's directory", err)
}

// removeAll removes a tree in which a dying process may still make files.
func removeAll(path string) error {
	err := os.RemoveAll(path)
	for try := 0; try < 10 && errors.Is(err, syscall.ENOTEMPTY); try++ {
		err = os.RemoveAll(path)
	}
	return err
}

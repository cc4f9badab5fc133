package local

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"strings"

	"github.com/toygres/toygres"
	"github.com/toygres/toygres/providers/internal/admin"
)

// The superuser's password. While it is being changed the next one lies beside
// it; then only the server knows which of the two holds.
const (
	passwordFile     = "password"
	nextPasswordFile = "password.next"
)

// readPassword returns the password in one of the two files.
func (d directory) readPassword(file string) (string, error) {
	b, err := readSmall(d.file(file))
	return strings.TrimSuffix(string(b), "\n"), err
}

func (d directory) writePassword(file, password string) error {
	return writeFile(d.file(file), []byte(password+"\n"), 0o600, true)
}

func signIn(password string) toygres.Credentials {
	return toygres.Credentials{User: superuser, Password: password, Database: database}
}

func (p *Provider) endpoint(r record) toygres.Endpoint {
	return toygres.Endpoint{Host: p.config.Host, Port: r.Port}
}

// RotatePassword keeps the next password beside the present one, gives it to
// the server, and then puts it in the present one's place.
func (p *Provider) RotatePassword(ctx context.Context, id toygres.InstanceID, request string) error {
	d, r, held, err := p.open(ctx, id)
	if err != nil {
		return err
	}
	defer held.release()
	if r.Wants == stopped {
		return toygres.Errorf(toygres.CodeConflict, "the instance %s is stopped; start it", id)
	}
	next, err := d.readPassword(nextPasswordFile)
	switch {
	case errors.Is(err, fs.ErrNotExist) && r.Rotation == request:
		return nil
	case errors.Is(err, fs.ErrNotExist):
		next = admin.NewPassword()
		err = d.writePassword(nextPasswordFile, next)
	}
	if err != nil {
		return p.failure("keeping the next password", err)
	}
	present, err := d.readPassword(passwordFile)
	if err != nil {
		return p.failure("reading the password of the instance", err)
	}
	err = admin.ChangePassword(ctx, p.endpoint(r), signIn(present), next)
	if errors.Is(err, admin.ErrRefused) {
		err = errors.Join(err, os.Remove(d.file(nextPasswordFile)))
	}
	if err != nil {
		return p.failure("changing the password", err)
	}
	r.Rotation = request
	if err := d.write(r); err != nil {
		return p.failure("recording that the password was changed", err)
	}
	if err := os.Rename(d.file(nextPasswordFile), d.file(passwordFile)); err != nil {
		return p.failure("keeping the password", err)
	}
	return p.failure("keeping the password", syncDir(d.path))
}

// Credentials returns the superuser's name and the password that holds.
func (p *Provider) Credentials(ctx context.Context, id toygres.InstanceID) (toygres.Credentials, error) {
	d, ok := p.directory(id)
	if !ok {
		return toygres.Credentials{}, notFound(id)
	}
	for {
		next, err := d.readPassword(nextPasswordFile)
		changing := err == nil
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return toygres.Credentials{}, p.failure("reading the password of the instance", err)
		}
		present, err := d.readPassword(passwordFile)
		if errors.Is(err, fs.ErrNotExist) {
			return toygres.Credentials{}, notFound(id)
		}
		if err != nil {
			return toygres.Credentials{}, p.failure("reading the password of the instance", err)
		}
		if changing {
			return p.whichHolds(ctx, d, present, next)
		}
		if _, err := os.Lstat(d.file(nextPasswordFile)); errors.Is(err, fs.ErrNotExist) {
			return signIn(present), nil
		} // A change has begun between the two reads.
	}
}

// whichHolds asks the server which password it takes.
func (p *Provider) whichHolds(ctx context.Context, d directory, present, next string) (toygres.Credentials, error) {
	r, err := d.read()
	if errors.Is(err, fs.ErrNotExist) {
		return toygres.Credentials{}, notFound(d.id)
	}
	if err != nil {
		return toygres.Credentials{}, p.failure("reading the instance's record", err)
	}
	changed, err := admin.SignsIn(ctx, p.endpoint(r), signIn(next))
	switch {
	case err != nil:
		return toygres.Credentials{}, toygres.Errorf(toygres.CodeUnavailable,
			"a change of the password was interrupted, and only the server knows which one holds; try again when it runs: %w", err)
	case changed:
		return signIn(next), nil
	default:
		return signIn(present), nil
	}
}

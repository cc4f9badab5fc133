package local

import (
	"context"
	"errors"
	"io/fs"
	"os"

	"golang.org/x/sys/unix"

	"github.com/toygres/toygres"
	"github.com/toygres/toygres/providers/internal/admin"
	"github.com/toygres/toygres/providers/internal/basebackup"
)

// copyFile tells how far the copy of another instance's data has got, while it
// is made; see [basebackup.Progress].
const copyFile = "copy.json"

// fork makes the data directory a copy of that of another instance, whose
// server goes on, and gives it the password of this one. Like initialise it
// works beside the final place. The caller holds the lock of the new instance.
func (p *Provider) fork(ctx context.Context, d directory, r record, in installation, held lock) error {
	err := p.copyData(ctx, d, r.Source)
	if err == nil {
		err = p.takeOver(ctx, d, r, in, held)
	}
	if err == nil { // before it is in place, after which nobody comes here again
		err = p.failure("forgetting the progress of the copy", ignoreAbsent(os.Remove(d.file(copyFile))))
	}
	if err == nil {
		err = p.putInPlace(d)
	}
	if err != nil {
		return errors.Join(err, os.RemoveAll(d.newData()))
	}
	return nil
}

func (p *Provider) copyData(ctx context.Context, d directory, source toygres.InstanceID) error {
	from, as, err := p.forkable(ctx, source)
	if err != nil {
		return err
	}
	if err := os.RemoveAll(d.newData()); err != nil {
		return p.failure("removing an unfinished copy", err)
	}
	if err := p.makeOwned(d.newData()); err != nil {
		return p.failure("making the data directory", err)
	}
	dir, err := os.OpenRoot(d.newData())
	if err != nil {
		return p.failure("opening the data directory", err)
	}
	defer dir.Close()
	conn, err := admin.Replicate(ctx, from, as, "toygres")
	if err != nil {
		return p.sourceTrouble(ctx, source, err)
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }() // it has served its purpose
	told := ""
	err = basebackup.Copy(ctx, conn, basebackup.Target{Dir: dir, Own: p.account.own, Progress: func(done, of int64) {
		if now := (basebackup.Progress{Done: done, Of: of}); now.String() != told { // a hundred times or so
			told = now.String()
			if err := writeJSON(d.file(copyFile), now, false); err != nil {
				p.log.Warn("the progress of a copy can't be told", "instance", d.id, "error", err)
			}
		}
	}})
	if err != nil {
		return p.sourceTrouble(ctx, source, err)
	}
	// Nobody has made any of the files survive a power cut yet.
	f, err := dir.Open(".")
	if err != nil {
		return p.failure("saving the copy", err)
	}
	defer f.Close()
	return p.failure("saving the copy", unix.Syncfs(int(f.Fd())))
}

// forkable is where and how to sign in to an instance whose data is to be
// copied.
func (p *Provider) forkable(ctx context.Context, source toygres.InstanceID) (toygres.Endpoint, toygres.Credentials, error) {
	seen := p.observe(source)
	if err := sourceGone(source, seen); err != nil {
		return toygres.Endpoint{}, toygres.Credentials{}, err
	}
	as, err := p.Credentials(ctx, source)
	return seen.Endpoint, as, err
}

// sourceTrouble explains an error of a copy by what has become of its source.
func (p *Provider) sourceTrouble(ctx context.Context, source toygres.InstanceID, err error) error {
	if ctx.Err() != nil {
		return p.failure("copying the data", ctx.Err())
	}
	if gone := sourceGone(source, p.observe(source)); gone != nil {
		return errors.Join(gone, err)
	}
	return p.failure("copying the data", err)
}

func sourceGone(source toygres.InstanceID, seen toygres.Observation) error {
	switch seen.Phase {
	case toygres.PhaseReady, toygres.PhaseStarting:
		return nil
	case toygres.PhaseAbsent:
		return toygres.Errorf(toygres.CodeConflict, "the source of the fork, the instance %s, does not exist any more", source)
	default:
		return toygres.Errorf(toygres.CodeConflict, "the source of the fork, the instance %s, is %s; start it, then fork it again", source, seen.Phase)
	}
}

// takeOver recovers the copy to where it is consistent, and gives its superuser
// the password of this instance, by a server that talks to us alone.
func (p *Provider) takeOver(ctx context.Context, d directory, r record, in installation, held lock) error {
	password, err := d.readPassword(passwordFile)
	if err != nil {
		return p.failure("reading the password of the instance", err)
	}
	statement, err := admin.SetPassword(superuser, password)
	if err != nil {
		return err
	}
	if err := d.configure(r); err != nil {
		return p.failure("writing the server's configuration", err)
	}
	input, err := p.pipe(statement + "\n")
	if err != nil {
		return p.failure("opening a pipe", err)
	}
	defer input.Close()
	output, err := p.run(ctx, d, in, held, input, "postgres", "--single", "-D", d.newData(),
		"-c", "config_file="+d.file("config/postgresql.conf"), "-c", "exit_on_error=on", "-c", "log_statement=none",
		"-c", "log_min_error_statement=panic", "-c", "default_transaction_read_only=off", "-c", "synchronous_commit=on", database)
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return p.failure("recovering the copy", ctx.Err())
	case outOfSpace(err) || saysDiskFull(output):
		return p.diskFull("recovering the copy", err)
	default:
		return &toygres.Error{Code: toygres.CodeProvider, Message: "PostgreSQL does not start on the copy: " + initdbReason(output), Err: err}
	}
}

func ignoreAbsent(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

package local

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"regexp"
	"runtime"
	"syscall"
	"time"

	"github.com/toygres/toygres"
)

// backgroundNice leaves about a tenth of a processor to what nobody waits for, as
// long as somebody waits for something else.
const backgroundNice = 10

// locales are tried in this order; C exists everywhere.
var locales = []string{"C.UTF-8", "C"}

// initialise makes the data directory. It works beside its final place and
// moves there when it is complete, so that an interrupted one is simply begun
// anew. The caller holds the instance's lock.
func (p *Provider) initialise(ctx context.Context, d directory, in installation, held lock) error {
	password, err := d.readPassword(passwordFile)
	if err != nil {
		return p.failure("reading the password of the instance", err)
	}
	for i, locale := range locales {
		var output string
		output, err = p.initdb(ctx, d, in, locale, password, held)
		if err == nil {
			break
		}
		full := outOfSpace(err) || saysDiskFull(output)
		switch removed := os.RemoveAll(d.newData()); {
		case ctx.Err() != nil:
			return p.failure("making the data directory", errors.Join(ctx.Err(), removed))
		case full:
			return p.diskFull("making the data directory", errors.Join(err, removed))
		case removed != nil:
			return p.failure("removing an unfinished data directory", removed)
		case i+1 < len(locales):
			continue
		default:
			return &toygres.Error{Code: toygres.CodeProvider, Message: "initdb could not make the data directory: " + initdbReason(output), Err: err}
		}
	}
	return p.putInPlace(d)
}

// putInPlace gives a complete data directory its name.
func (p *Provider) putInPlace(d directory) error {
	if err := os.Rename(d.newData(), d.data()); err != nil {
		return p.failure("putting the data directory in place", err)
	}
	return p.failure("putting the data directory in place", syncDir(d.path))
}

func (d directory) newData() string { return d.file("data.new") }

// initdb runs initdb and returns what it printed.
func (p *Provider) initdb(ctx context.Context, d directory, in installation, locale, password string, held lock) (string, error) {
	if err := os.RemoveAll(d.newData()); err != nil {
		return "", err
	}
	if err := p.makeOwned(d.newData()); err != nil {
		return "", err
	}
	secret, err := p.pipe(password + "\n")
	if err != nil {
		return "", err
	}
	defer secret.Close()
	return p.run(ctx, d, in, held, secret, "initdb", "-D", d.newData(), "-U", superuser,
		"--pwfile=/proc/self/fd/0", "--auth-local=scram-sha-256", "--auth-host=scram-sha-256",
		"--encoding=UTF8", "--locale="+locale, "--data-checksums", "--no-instructions")
}

// run runs a program of PostgreSQL on the data directory in the making, and
// returns what it printed.
func (p *Provider) run(ctx context.Context, d directory, in installation, held lock, input *os.File, program string, args ...string) (string, error) {
	var output bytes.Buffer
	cmd := exec.CommandContext(ctx, in.path(program), args...)
	cmd.Env, cmd.Dir = in.environment(), d.newData()
	cmd.Stdin, cmd.Stdout, cmd.Stderr = input, &output, &output
	// It keeps the instance's lock for as long as any process of it lives,
	// also when we are killed meanwhile.
	cmd.ExtraFiles = []*os.File{held.file}
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Credential: p.account.credential(),
		Setpgid:    true,
		Pdeathsig:  syscall.SIGKILL,
	}
	cmd.WaitDelay = 5 * time.Second // what it leaves holds the lock, and is waited for there
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }

	// The death signal is tied to the thread that started the process.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if err := cmd.Start(); err != nil {
		return "", err
	}
	if toygres.IsInBackground(ctx) {
		// Whoever waits for an instance of his own gets the processor first. It is
		// no reason to fail, and what is started later is not held back by it.
		_ = syscall.Setpriority(syscall.PRIO_PGRP, cmd.Process.Pid, backgroundNice)
	}
	err := cmd.Wait()
	return output.String(), err
}

// pipe returns the reading end of a pipe that holds a secret and that
// PostgreSQL's user may open: no argument, environment or file tells it.
func (p *Provider) pipe(secret string) (*os.File, error) {
	r, w, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	_, err = w.WriteString(secret)
	if err = errors.Join(err, w.Close(), p.account.own(r)); err != nil {
		return nil, errors.Join(err, r.Close())
	}
	return r, nil
}

// makeOwned makes a directory that belongs to PostgreSQL's user.
func (p *Provider) makeOwned(path string) error {
	if err := makeDir(path, 0o700); err != nil || !p.account.switches {
		return err
	}
	return os.Lchown(path, int(p.account.uid), int(p.account.gid))
}

var initdbComplaint = regexp.MustCompile(`(?m)(?:FATAL|PANIC|initdb: error):\s+(.*)$`)

// initdbReason picks the line that says why from initdb's output.
func initdbReason(output string) string {
	if m := initdbComplaint.FindStringSubmatch(output); m != nil {
		return printable(m[1])
	}
	if reason := printable(output); reason != "" {
		return reason
	}
	return "it printed nothing"
}

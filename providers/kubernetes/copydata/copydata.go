package copydata

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"golang.org/x/sys/unix"

	"github.com/toygres/toygres"
	"github.com/toygres/toygres/providers/internal/admin"
	"github.com/toygres/toygres/providers/internal/basebackup"
)

// The superuser of both, and a database that every server has.
const (
	superuser = "postgres"
	database  = "postgres"
)

// Hopeless is the exit code which says that trying again is no use: the source
// has what can't be copied, or nobody understands the arguments.
const Hopeless = 2

// Main does the job that the arguments after [Command] describe, and returns the
// exit code. Why it failed is the last line of the log, from which Kubernetes
// takes it.
func Main(ctx context.Context, args []string, log io.Writer) int {
	j, err := parse(args)
	if err == nil {
		err = j.do(ctx)
	}
	var coded *toygres.Error
	switch {
	case err == nil:
		return 0
	case errors.As(err, &coded):
		fmt.Fprintln(log, coded.Message)
	default:
		fmt.Fprintln(log, err)
	}
	if toygres.CodeOf(err) == toygres.CodeInvalid {
		return Hopeless
	}
	return 1
}

// do copies the data, unless that is done. Killed at any point, it begins anew
// when called again.
func (j Job) do(ctx context.Context) error {
	for _, done := range []string{j.Data, j.Data + Statement} {
		if _, err := os.Lstat(done); !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	statement, err := j.statement()
	if err != nil {
		return err
	}
	unfinished := j.Data + Unfinished
	if err := os.RemoveAll(unfinished); err != nil {
		return err
	}
	if err := os.Mkdir(unfinished, 0o700); err != nil {
		return err
	}
	dir, err := os.OpenRoot(unfinished)
	if err != nil {
		return err
	}
	defer dir.Close()
	conn, err := j.connect(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }() // it has served its purpose
	if err := basebackup.Copy(ctx, conn, basebackup.Target{Dir: dir}); err != nil {
		return err
	}
	return j.complete(statement)
}

// statement gives the superuser the fork's own password.
func (j Job) statement() (string, error) {
	password, err := read(j.Own)
	if err != nil {
		return "", err
	}
	return admin.SetPassword(superuser, password)
}

// How long the source may not be reachable: the network learns of a new pod,
// and of what that may do, a little later.
const (
	reachPatience = time.Minute
	reachPause    = time.Second
)

func (j Job) connect(ctx context.Context) (*pgconn.PgConn, error) {
	for end := time.Now().Add(reachPatience); ; {
		as, err := j.credentials()
		if err != nil {
			return nil, err
		}
		conn, err := admin.Replicate(ctx, j.From, as, j.Name)
		if toygres.CodeOf(err) != toygres.CodeUnavailable || ctx.Err() != nil || time.Now().After(end) {
			return conn, err
		}
		select {
		case <-time.After(reachPause):
		case <-ctx.Done():
		}
	}
}

// credentials are read anew each time, because the password may have been
// changed.
func (j Job) credentials() (toygres.Credentials, error) {
	password, err := read(j.PasswordFile)
	if err != nil {
		return toygres.Credentials{}, err
	}
	authority, err := read(j.CAFile)
	return toygres.Credentials{User: superuser, Password: password, Database: database, CA: authority}, err
}

func read(file string) (string, error) {
	content, err := os.ReadFile(file)
	return strings.TrimSpace(string(content)), err
}

// complete makes the copy survive a power cut, and then says that it is there.
func (j Job) complete(statement string) error {
	parent, err := os.Open(filepath.Dir(j.Data))
	if err != nil {
		return err
	}
	defer parent.Close()
	if err := unix.Syncfs(int(parent.Fd())); err != nil {
		return err
	}
	writing := j.Data + Statement + Unfinished
	if err := os.WriteFile(writing, []byte(statement+"\n"), 0o600); err != nil {
		return err
	}
	if err := os.Rename(writing, j.Data+Statement); err != nil {
		return err
	}
	return unix.Syncfs(int(parent.Fd()))
}

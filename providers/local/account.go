package local

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"

	"github.com/toygres/toygres"
)

// account is who runs PostgreSQL. PostgreSQL refuses to be root, and so do we.
type account struct {
	name     string
	uid, gid uint32
	switches bool // we are root and become this user
}

// findAccount returns who runs PostgreSQL: ourselves, or when we are root the
// named user, postgres or nobody.
func findAccount(name string) (account, error) {
	if os.Geteuid() != 0 {
		me := account{uid: uint32(os.Geteuid()), gid: uint32(os.Getegid())}
		me.name = strconv.Itoa(os.Geteuid())
		if u, err := user.Current(); err == nil {
			me.name = u.Username
		}
		if name != "" && name != me.name {
			return account{}, toygres.Errorf(toygres.CodeInvalid, "only root can run PostgreSQL as another user (%s); run as root, or leave the user empty to use %s", name, me.name)
		}
		return me, nil
	}
	candidates := []string{name}
	if name == "" {
		candidates = []string{"postgres", "nobody"}
	}
	for _, candidate := range candidates {
		u, err := user.Lookup(candidate)
		if err != nil {
			continue
		}
		uid, err1 := strconv.ParseUint(u.Uid, 10, 32)
		gid, err2 := strconv.ParseUint(u.Gid, 10, 32)
		if err := errors.Join(err1, err2); err != nil {
			return account{}, toygres.Errorf(toygres.CodeInvalid, "the user %s has no numeric ids: %w", candidate, err)
		}
		if uid == 0 {
			return account{}, toygres.Errorf(toygres.CodeInvalid, "PostgreSQL must not run as root; name another user than %s", candidate)
		}
		return account{name: candidate, uid: uint32(uid), gid: uint32(gid), switches: true}, nil
	}
	return account{}, toygres.Errorf(toygres.CodeInvalid, "no user to run PostgreSQL as: this machine has none of %q; create one (useradd --system postgres) or name another", candidates)
}

// credential is for [syscall.SysProcAttr]: nil when we don't change user.
// It drops all supplementary groups.
func (a account) credential() *syscall.Credential {
	if !a.switches {
		return nil
	}
	return &syscall.Credential{Uid: a.uid, Gid: a.gid}
}

// own gives the open file to the account.
func (a account) own(f *os.File) error {
	if !a.switches {
		return nil
	}
	return f.Chown(int(a.uid), int(a.gid))
}

// canReach returns an error that names the first directory on the way to path,
// or path itself, which the account may not enter or execute.
func (a account) canReach(path string) error {
	if !a.switches {
		return nil // then we find out ourselves
	}
	path, err := filepath.EvalSymlinks(path)
	if err != nil {
		return fmt.Errorf("resolving it: %w", err)
	}
	var way []string
	for p := path; ; p = filepath.Dir(p) {
		way = append([]string{p}, way...)
		if p == "/" {
			break
		}
	}
	for _, p := range way {
		info, err := os.Stat(p)
		if err != nil {
			return err
		}
		if !a.mayExecute(info) {
			return toygres.Errorf(toygres.CodeInvalid, "PostgreSQL runs as the user %s, who can't reach %s because of the permissions of %s (%s); change them or use another place",
				a.name, path, p, info.Mode())
		}
	}
	return nil
}

func (a account) mayExecute(info fs.FileInfo) bool {
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return true
	}
	mode := info.Mode().Perm()
	switch {
	case stat.Uid == a.uid:
		return mode&0o100 != 0
	case stat.Gid == a.gid:
		return mode&0o010 != 0
	default:
		return mode&0o001 != 0
	}
}

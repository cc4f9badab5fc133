package postgres

import (
	"errors"
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
)

// Account is the operating system's user that PostgreSQL runs as.
type Account struct {
	Name     string
	UID, GID uint32
	drop     bool // we are root and must become this user first
}

// ServerAccount is the account for servers that this process starts: ourselves, or as root (which PostgreSQL refuses to
// run as) the user TOYGRES_LOCAL_USER, else postgres if there is one, else nobody.
func ServerAccount() (Account, error) {
	if os.Geteuid() != 0 {
		return Account{Name: os.Getenv("USER"), UID: uint32(os.Geteuid()), GID: uint32(os.Getegid())}, nil
	}
	names := []string{"postgres", "nobody"}
	if name := os.Getenv("TOYGRES_LOCAL_USER"); name != "" {
		names = []string{name}
	}
	for _, name := range names {
		found, err := user.Lookup(name)
		var unknown user.UnknownUserError
		if errors.As(err, &unknown) {
			continue
		}
		if err != nil {
			return Account{}, err
		}
		uid, uidErr := strconv.ParseUint(found.Uid, 10, 32)
		gid, gidErr := strconv.ParseUint(found.Gid, 10, 32)
		if err := errors.Join(uidErr, gidErr); err != nil {
			return Account{}, err
		}
		if uid == 0 {
			return Account{}, fmt.Errorf("PostgreSQL cannot run as %s: it is root", name)
		}
		return Account{Name: name, UID: uint32(uid), GID: uint32(gid), drop: true}, nil
	}
	return Account{}, fmt.Errorf("PostgreSQL cannot run as root, and there is no user %v (set TOYGRES_LOCAL_USER)", names)
}

// Attributes are what a child process needs to run as the account, in a process group of its own so that Ctrl-C does
// not reach it.
func (a Account) Attributes() *syscall.SysProcAttr {
	attr := &syscall.SysProcAttr{Setpgid: true}
	if a.drop {
		attr.Credential = &syscall.Credential{Uid: a.UID, Gid: a.GID}
	}
	return attr
}

// own makes path belong to the account.
func (a Account) own(path string) error {
	if !a.drop {
		return nil
	}
	return os.Lchown(path, int(a.UID), int(a.GID))
}

// Scratch creates a temporary directory that belongs to the account.
func (a Account) Scratch(pattern string) (string, error) {
	parent := os.TempDir()
	if !a.CanReach(parent) {
		parent = "/tmp"
	}
	dir, err := os.MkdirTemp(parent, pattern)
	if err != nil {
		return "", err
	}
	return dir, a.own(dir)
}

// CanReach tells whether the account may enter dir, or the nearest directory above it that exists, and every
// directory above that. Only permission bits are looked at.
func (a Account) CanReach(dir string) bool {
	if !a.drop {
		return true
	}
	for dir = filepath.Clean(dir); ; dir = filepath.Dir(dir) {
		info, err := os.Stat(dir)
		if err == nil {
			stat, ok := info.Sys().(*syscall.Stat_t)
			if !ok {
				return false
			}
			var enter os.FileMode = 0o001
			switch {
			case stat.Uid == a.UID:
				enter = 0o100
			case stat.Gid == a.GID:
				enter = 0o010
			}
			if info.Mode().Perm()&enter == 0 {
				return false
			}
		}
		if dir == filepath.Dir(dir) {
			return true
		}
	}
}

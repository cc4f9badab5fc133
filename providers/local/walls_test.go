package local

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/toygres/toygres"
)

func TestServerIsAProcessOfItsOwnWithNothingOfOurs(t *testing.T) {
	t.Parallel()
	p := newProvider(t, newConfig(t, newDir(t)))
	id := provision(t, p)
	d := directoryOf(p, id)
	pid := d.server().pid
	proc := filepath.Join("/proc", fmt.Sprint(pid))
	read := func(name string) string {
		b, err := os.ReadFile(filepath.Join(proc, name))
		require.NoError(t, err)
		return string(b)
	}

	processStatus := read("status")
	for _, field := range []string{"Uid", "Gid"} {
		_, values, _ := strings.Cut(processStatus, "\n"+field+":")
		values, _, _ = strings.Cut(values, "\n")
		require.NotContains(t, strings.Fields(values), "0", "PostgreSQL has root's %s", field)
	}
	if p.account.switches {
		require.Regexp(t, `(?m)^Groups:\s*$`, processStatus, "PostgreSQL has supplementary groups")
	}
	require.NotContains(t, read("environ"), "must-not-leak")
	for _, other := range mustProcesses(t, d) {
		cmdline, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", other))
		require.NoError(t, err)
		password, err := d.readPassword(passwordFile)
		require.NoError(t, err)
		require.NotContains(t, string(cmdline), password)
	}

	var session, group int
	_, after, _ := strings.Cut(read("stat"), ") ")
	var state string
	var parent int
	_, err := fmt.Sscan(after, &state, &parent, &group, &session)
	require.NoError(t, err)
	require.Equal(t, pid, session, "the server is in our session")
	require.Equal(t, pid, group, "the server is in our process group")

	stdin, err := os.Readlink(filepath.Join(proc, "fd/0"))
	require.NoError(t, err)
	require.Equal(t, "/dev/null", stdin)
	fds, err := os.ReadDir(filepath.Join(proc, "fd"))
	require.NoError(t, err)
	for _, fd := range fds {
		target, err := os.Readlink(filepath.Join(proc, "fd", fd.Name()))
		require.NoError(t, err)
		require.NotEqual(t, d.path, target, "the server holds our lock")
		require.NotContains(t, target, "ports.lock")
	}
}

func TestNobodyElseCanReadASecret(t *testing.T) {
	t.Parallel()
	config := newConfig(t, newDir(t))
	p := newProvider(t, config)
	id := provision(t, p)
	d := directoryOf(p, id)
	password, err := d.readPassword(passwordFile)
	require.NoError(t, err)
	require.Regexp(t, `^[0-9a-f]{40}$`, password)

	err = filepath.WalkDir(config.Dir, func(path string, e os.DirEntry, err error) error {
		if err != nil || e.IsDir() && e.Name() == "data" {
			return filepath.SkipDir // PostgreSQL looks after that itself
		}
		info, err := e.Info()
		if err != nil || !info.Mode().IsRegular() {
			return err
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if strings.Contains(string(content), password) {
			require.Equal(t, "password", e.Name(), "the password is in %s", path)
			require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
			require.EqualValues(t, os.Geteuid(), info.Sys().(*syscall.Stat_t).Uid, "PostgreSQL's user could read the password")
		}
		return nil
	})
	require.NoError(t, err)
}

// The superuser of an instance may use ALTER SYSTEM, but not to lock us out or
// to move the server away from its endpoint.
func TestAlterSystemCantMoveTheEndpoint(t *testing.T) {
	t.Parallel()
	p := newProvider(t, newConfig(t, newDir(t)))
	id := provision(t, p)
	before := observe(t, p, id).Endpoint
	conn := connect(t, p, id)
	for _, sql := range []string{
		"ALTER SYSTEM SET port = 1", "ALTER SYSTEM SET listen_addresses = ''", "ALTER SYSTEM SET unix_socket_directories = '/nowhere'",
		"ALTER SYSTEM SET hba_file = '/nowhere'", "ALTER SYSTEM SET logging_collector = on", "ALTER SYSTEM SET log_destination = 'syslog'",
		"ALTER SYSTEM SET work_mem = '7MB'",
	} {
		_, err := conn.Exec(t.Context(), sql)
		require.NoError(t, err)
	}
	require.NoError(t, p.Stop(t.Context(), id))
	await(t, p, id, toygres.PhaseStopped)
	require.NoError(t, p.Start(t.Context(), id))
	require.Equal(t, before, await(t, p, id, toygres.PhaseReady).Endpoint)
	var memory string
	require.NoError(t, connect(t, p, id).QueryRow(t.Context(), "SHOW work_mem").Scan(&memory))
	require.Equal(t, "7MB", memory, "what is the user's to set must hold")
}

func TestUnreachablePlacesAreNamed(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Skip("only root runs PostgreSQL as another user, who may not reach what root can")
	}
	dir := newDir(t)
	closed := filepath.Join(dir, "closed")
	require.NoError(t, os.Mkdir(closed, 0o700))

	config := newConfig(t, dir)
	config.Dir = filepath.Join(closed, "instances")
	_, err := New(config)
	require.Equal(t, toygres.CodeInvalid, toygres.CodeOf(err))
	require.Contains(t, toygres.MessageOf(err), "permissions of "+closed+" ")

	config = newConfig(t, dir)
	require.NoError(t, os.MkdirAll(filepath.Join(closed, "pg/bin"), 0o755))
	for _, program := range []string{"postgres", "initdb"} {
		require.NoError(t, os.WriteFile(filepath.Join(closed, "pg/bin", program), nil, 0o755))
	}
	config.Prefixes = []string{filepath.Join(closed, "pg")}
	_, err = New(config)
	require.Equal(t, toygres.CodeInvalid, toygres.CodeOf(err))
	require.Contains(t, toygres.MessageOf(err), "permissions of "+closed+" ")
}

func TestRootIsRefusedAndSoAreUnknownUsers(t *testing.T) {
	t.Parallel()
	config := newConfig(t, newDir(t))
	for _, user := range []string{"root", "nobody-has-this-name"} {
		config.User = user
		_, err := New(config)
		require.Equal(t, toygres.CodeInvalid, toygres.CodeOf(err), "user %s: %v", user, err)
	}
}

package cli

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestLoginKeepsOneTokenForEachServer(t *testing.T) {
	t.Parallel()
	one, two := newFakeServer(t), newFakeServer(t)
	u := newUser(t)
	for _, server := range []*fakeServer{one, two, one, two, one} {
		u.in = strings.NewReader(testPassword + "\n")
		r := u.run("login", "--server", server.URL+"/")
		require.Zero(t, r.code, r.err)
		require.Contains(t, r.out, "Signed in to "+server.URL+" as admin")
	}
	require.Len(t, one.tokens, 1)
	require.Len(t, two.tokens, 1)
	require.Empty(t, one.sessions, "the session serves for creating the token only")

	r := u.run("whoami")
	require.Zero(t, r.code, r.err)
	require.Contains(t, r.out, one.URL, "the last one signed in to is the current one")
	stored, err := loadConfig(u.config)
	require.NoError(t, err)
	host, err := os.Hostname()
	require.NoError(t, err)
	require.Equal(t, "cli on "+host, one.tokens[stored.Servers[one.URL].Token].Name)
}

func TestLoginReplacesATokenThatIsNoLongerValid(t *testing.T) {
	t.Parallel()
	s := newFakeServer(t)
	u := newUser(t, "TOYGRES_URL", s.URL)
	password := filepath.Join(t.TempDir(), "password")
	require.NoError(t, os.WriteFile(password, []byte(testPassword+"\n"), 0o600))
	require.Zero(t, u.run("login", "--password-file", password).code)
	clear(s.tokens)
	require.Equal(t, exitDenied, u.run("whoami").code)
	require.Zero(t, u.run("login", "--url", s.URL, "--password-file", password).code)
	require.Zero(t, u.run("whoami").code)
}

func TestLoginAfterTheConfigurationWasLostTakesAnotherToken(t *testing.T) {
	t.Parallel()
	s := newFakeServer(t)
	for range 2 {
		u := newUser(t, "TOYGRES_URL", s.URL)
		u.in = strings.NewReader(testPassword + "\n")
		r := u.run("login")
		require.Zero(t, r.code, r.err)
		require.Zero(t, u.run("whoami").code)
	}
	require.Len(t, s.tokens, 2)
}

func TestWrongPasswordLeavesNoConfiguration(t *testing.T) {
	t.Parallel()
	s := newFakeServer(t)
	u := newUser(t)
	u.in = strings.NewReader("wrong")
	r := u.run("login", "--server", s.URL)
	require.Equal(t, exitDenied, r.code)
	require.Equal(t, "toygres: the user name or the password is wrong; check the user name and the password\n", r.err)
	require.NoFileExists(t, u.config)
}

func TestLoginWithoutPasswordIsAMistakeInUse(t *testing.T) {
	t.Parallel()
	r := newUser(t).run("login", "--server", newFakeServer(t).URL)
	require.Equal(t, exitUsage, r.code)
	require.Contains(t, r.err, "--password-file")
}

func TestLogoutRevokesTheToken(t *testing.T) {
	t.Parallel()
	s := newFakeServer(t)
	u := newUser(t)
	u.in = strings.NewReader(testPassword)
	require.Zero(t, u.run("login", "--server", s.URL).code)
	require.Zero(t, u.run("logout").code)
	require.Empty(t, s.tokens)
	require.Equal(t, exitDenied, u.run("whoami", "--server", s.URL).code)
	stored, err := loadConfig(u.config)
	require.NoError(t, err)
	require.Equal(t, &config{Servers: map[string]credentials{}}, stored)
}

func TestConfigIsReadableForItsOwnerOnly(t *testing.T) {
	t.Parallel()
	s := newFakeServer(t)
	u := newUser(t)
	u.in = strings.NewReader(testPassword)
	require.Zero(t, u.run("login", "--server", s.URL).code)
	file, err := os.Stat(u.config)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), file.Mode().Perm())
	dir, err := os.Stat(filepath.Dir(u.config))
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o700), dir.Mode().Perm())

	require.NoError(t, os.Chmod(u.config, 0o640))
	r := u.run("list", "--server", s.URL)
	require.Equal(t, exitFailure, r.code)
	require.Contains(t, r.err, "chmod 600 "+u.config)
	require.Empty(t, s.asked("GET", "/api/instances"))
}

func TestConfigChangesAtOnceAllCount(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "config.yaml")
	var all sync.WaitGroup
	for i := range 20 {
		all.Go(func() {
			err := updateConfig(path, func(c *config) { c.Servers[fmt.Sprint("http://host", i)] = credentials{Token: "t"} })
			if err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	c, err := loadConfig(path)
	require.NoError(t, err)
	require.Len(t, c.Servers, 20)
}

func TestConfigMayBeALink(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	target, link := filepath.Join(dir, "real.yaml"), filepath.Join(dir, "config.yaml")
	require.NoError(t, os.WriteFile(target, nil, 0o600))
	require.NoError(t, os.Symlink(target, link))
	require.NoError(t, updateConfig(link, func(c *config) { c.Current = "http://host" }))
	info, err := os.Lstat(link)
	require.NoError(t, err)
	require.NotZero(t, info.Mode()&os.ModeSymlink)
	c, err := loadConfig(target)
	require.NoError(t, err)
	require.Equal(t, "http://host", c.Current)
}

func TestConfigPathFollowsTheEnvironment(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ env, want string }{
		{"TOYGRES_CONFIG=/a/b.yaml XDG_CONFIG_HOME=/x HOME=/h", "/a/b.yaml"},
		{"XDG_CONFIG_HOME=/x HOME=/h", "/x/toygres/config.yaml"},
		{"XDG_CONFIG_HOME=relative HOME=/h", "/h/.config/toygres/config.yaml"},
		{"HOME=/h", "/h/.config/toygres/config.yaml"},
	} {
		env := map[string]string{}
		for _, entry := range strings.Fields(c.env) {
			name, value, _ := strings.Cut(entry, "=")
			env[name] = value
		}
		path, err := (&app{env: func(name string) string { return env[name] }}).configPath()
		require.NoError(t, err)
		require.Equal(t, c.want, path, c.env)
	}
}

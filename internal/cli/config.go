package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"go.yaml.in/yaml/v3"
)

// config is the user's file: which servers he is signed in to, and how. It
// holds tokens, so only its owner may read it.
type config struct {
	Current string                 `yaml:"current,omitempty"` // URL of the server that commands go to
	Servers map[string]credentials `yaml:"servers,omitempty"` // by URL
}

// credentials are what a sign-in left for one server.
type credentials struct {
	Username string `yaml:"username"`
	TokenID  string `yaml:"token_id"`
	Token    string `yaml:"token"`
}

// configPath is $TOYGRES_CONFIG, or config.yaml in the user's config
// directory.
func (a *app) configPath() (string, error) {
	if path := a.env("TOYGRES_CONFIG"); path != "" {
		return path, nil
	}
	dir := a.env("XDG_CONFIG_HOME")
	if !filepath.IsAbs(dir) { // the XDG rules: a relative one is to be ignored
		home := a.env("HOME")
		if home == "" {
			return "", &failure{code: exitFailure, message: "there is no place for the configuration",
				hint: "set HOME, XDG_CONFIG_HOME or TOYGRES_CONFIG"}
		}
		dir = filepath.Join(home, ".config")
	}
	return filepath.Join(dir, "toygres", "config.yaml"), nil
}

// loadConfig reads the file at path; a missing one is empty. It refuses a
// file that others may read or change.
func loadConfig(path string) (*config, error) {
	c := &config{Servers: map[string]credentials{}}
	file, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return c, nil
	}
	if err != nil {
		return nil, fileFailure("read", path, err)
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return nil, fileFailure("read", path, err)
	}
	if mode := info.Mode().Perm(); mode&0o077 != 0 {
		return nil, &failure{code: exitFailure,
			message: fmt.Sprintf("%s holds tokens, but others have access to it (mode %04o)", path, mode),
			hint:    "make it yours alone with `chmod 600 " + path + "`; if others may have read it, sign out and in again"}
	}
	if err := yaml.NewDecoder(file).Decode(c); err != nil && info.Size() > 0 {
		return nil, &failure{code: exitFailure, message: path + " is not a configuration of toygres", hint: "repair or remove it, and sign in again", cause: err}
	}
	if c.Servers == nil {
		c.Servers = map[string]credentials{}
	}
	return c, nil
}

// updateConfig changes the file at path in one piece: others see the file
// before or after, and two changes at once both count.
func updateConfig(path string, change func(*config)) error {
	if target, err := filepath.EvalSymlinks(path); err == nil {
		path = target // keep a link that the user made
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return fileFailure("make the directory of", path, err)
	}
	lock, err := os.OpenFile(path+".lock", os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return fileFailure("lock", path, err)
	}
	defer lock.Close()
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX); err != nil {
		return fileFailure("lock", path, err)
	}
	c, err := loadConfig(path)
	if err != nil {
		return err
	}
	change(c)
	text, err := yaml.Marshal(c)
	if err != nil {
		return err
	}
	return replaceFile(path, text)
}

// replaceFile puts a new file with this content, readable for its owner only,
// in the place of the one at path.
func replaceFile(path string, content []byte) error {
	temporary, err := os.CreateTemp(filepath.Dir(path), ".config-*") // mode 0600
	if err != nil {
		return fileFailure("write", path, err)
	}
	defer os.Remove(temporary.Name()) // it is gone already when all went well
	_, err = temporary.Write(content)
	err = errors.Join(err, temporary.Sync(), temporary.Close())
	if err == nil {
		err = os.Rename(temporary.Name(), path)
	}
	if err != nil {
		return fileFailure("write", path, err)
	}
	return nil
}

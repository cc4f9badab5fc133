package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http/cookiejar"
	"os"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/toygres/toygres/openapi"
)

// loginCommand signs in and keeps an API token.
func (a *app) loginCommand() *cobra.Command {
	var username, passwordFile, address string
	cmd := &cobra.Command{
		Use:     "login",
		GroupID: groupAccess,
		Short:   "Sign in to a server",
		Long: `Signs in with a password, creates an API token for this machine and keeps it in
the configuration file (see "toygres environment"). The password is not kept.
When the token that is kept for the server is still valid, it stays.

The password is asked for on a terminal, or read from standard input.`,
		Example: `  toygres login
  toygres login --server https://toygres.example.com --username anna
  toygres login --password-file .toygres/secrets/admin-password`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if address != "" {
				if a.serverFlag != "" && a.serverFlag != address {
					return usagef("--url and --server name two servers")
				}
				a.serverFlag = address
			}
			return a.login(cmd.Context(), username, passwordFile)
		},
	}
	cmd.Flags().StringVarP(&username, "username", "u", "", "user to sign in as (default admin)")
	cmd.Flags().StringVar(&passwordFile, "password-file", "", "file that holds the password; - is standard input")
	cmd.Flags().StringVar(&address, "url", "", "the same as --server")
	return cmd
}

func (a *app) login(ctx context.Context, username, passwordFile string) error {
	target, err := a.target()
	if err != nil {
		return err
	}
	path, err := a.configPath()
	if err != nil {
		return err
	}
	stored, err := loadConfig(path)
	if err != nil {
		return err
	}
	if a.env("TOYGRES_TOKEN") != "" {
		defer a.notef("TOYGRES_TOKEN is set, and goes before this sign-in")
	}
	old, signedIn := stored.Servers[target.url]
	if signedIn && (username == "" || strings.EqualFold(username, old.Username)) {
		valid, err := a.stillValid(ctx, target.url, old)
		if err != nil {
			return err
		}
		if valid {
			if err := updateConfig(path, func(c *config) { c.Current = target.url }); err != nil {
				return err
			}
			return a.printf("Signed in to %s as %s already\n", target.url, old.Username)
		}
	}
	if unencrypted(target.url) {
		a.notef("warning: %s is not encrypted; others on the network can read your password", target.url)
	}
	username, password, err := a.askCredentials(username, passwordFile, target.url)
	if err != nil {
		return err
	}
	created, err := newToken(ctx, target.url, username, password)
	if err != nil {
		return err
	}
	if err := updateConfig(path, func(c *config) {
		c.Current = target.url
		c.Servers[target.url] = *created
	}); err != nil {
		// Nobody will ever use that token: take it back.
		return errors.Join(err, revoke(ctx, target.url, *created))
	}
	if signedIn { // as somebody else: that token is of no use any more
		if err := revoke(ctx, target.url, old); err != nil {
			a.notef("the token of %s could not be revoked: %v", old.Username, err)
		}
	}
	return a.printf("Signed in to %s as %s\n", target.url, created.Username)
}

// stillValid asks the server whether a stored token works. An error means
// that it could not be asked.
func (a *app) stillValid(ctx context.Context, url string, stored credentials) (bool, error) {
	c, err := newClient(url, stored.Token, nil)
	if err != nil {
		return false, err
	}
	_, err = decode[openapi.Me](c.GetMe(ctx))
	if hasCode(err, exitDenied) {
		return false, nil
	}
	return err == nil, err
}

// newToken signs in, creates a token for this machine and signs out again.
func newToken(ctx context.Context, url, username, password string) (*credentials, error) {
	jar, err := cookiejar.New(nil)
	if err != nil {
		return nil, err
	}
	c, err := newClient(url, "", jar)
	if err != nil {
		return nil, err
	}
	me, err := decode[openapi.Me](c.SignIn(ctx, openapi.SignInRequest{Username: username, Password: password}))
	if err != nil {
		var f *failure
		if errors.As(err, &f) && f.code == exitDenied {
			f.hint = "check the user name and the password"
		}
		return nil, err
	}
	host, err := os.Hostname()
	if err != nil || host == "" {
		host = "an unnamed host"
	}
	name := "cli on " + truncate(host, 60)
	token, err := decode[openapi.CreatedToken](c.CreateToken(ctx, openapi.CreateTokenRequest{Name: name}))
	if hasCode(err, exitConflict) { // from here before, by another address or with a configuration that is lost
		name += " since " + time.Now().UTC().Format("2006-01-02 15:04:05.000")
		token, err = decode[openapi.CreatedToken](c.CreateToken(ctx, openapi.CreateTokenRequest{Name: name}))
	}
	// The session has served its purpose; if it can't be ended it expires.
	signedOut := done(c.SignOut(context.WithoutCancel(ctx)))
	if err != nil {
		return nil, errors.Join(err, signedOut)
	}
	return &credentials{Username: me.Username, TokenID: token.Id.String(), Token: token.Token}, nil
}

// revoke makes a stored token worthless. One that is so already is fine.
func revoke(ctx context.Context, url string, stored credentials) error {
	id, err := uuid.Parse(stored.TokenID)
	if err != nil {
		return nil //nolint:nilerr // edited by hand: there is nothing that could be named to the server
	}
	c, err := newClient(url, stored.Token, nil)
	if err != nil {
		return err
	}
	err = done(c.RevokeToken(ctx, id))
	if hasCode(err, exitDenied) || hasCode(err, exitNotFound) {
		return nil
	}
	return err
}

// askCredentials finds out user name and password: from the flags, from a
// person, or from standard input.
func (a *app) askCredentials(username, passwordFile, url string) (name, password string, err error) {
	keyboard := terminal(a.In)
	if username == "" && keyboard != nil && passwordFile == "" {
		fmt.Fprintf(a.Err, "User name for %s [admin]: ", url)
		if username, err = readLine(keyboard); err != nil {
			return "", "", err
		}
	}
	if username == "" {
		username = "admin"
	}
	password, err = a.askPassword("Password of "+username, passwordFile)
	return username, password, err
}

// askPassword finds out a password: from the file, from a person, or from
// standard input.
func (a *app) askPassword(prompt, passwordFile string) (password string, err error) {
	keyboard := terminal(a.In)
	switch {
	case passwordFile != "" && passwordFile != "-":
		text, err := os.ReadFile(passwordFile)
		if err != nil {
			return "", fileFailure("read the password from", passwordFile, err)
		}
		password = string(text)
	case keyboard != nil:
		fmt.Fprintf(a.Err, "%s: ", clean(prompt))
		text, err := term.ReadPassword(int(keyboard.Fd()))
		fmt.Fprintln(a.Err)
		if err != nil {
			return "", &failure{code: exitUsage, message: "no password was given"}
		}
		password = string(text)
	default:
		text, err := io.ReadAll(io.LimitReader(a.In, 64<<10))
		if err != nil {
			return "", fileFailure("read the password from", "standard input", err)
		}
		password = string(text)
	}
	password = strings.TrimSuffix(strings.TrimSuffix(password, "\n"), "\r")
	if password == "" {
		return "", &failure{code: exitUsage, message: "no password was given", hint: "use --password-file, or pipe it to standard input"}
	}
	return password, nil
}

func readLine(in io.Reader) (string, error) {
	line, err := bufio.NewReader(in).ReadString('\n')
	if err != nil && line == "" {
		return "", &failure{code: exitUsage, message: "nothing was entered"}
	}
	return strings.TrimSpace(line), nil
}

func truncate(text string, length int) string {
	if runes := []rune(text); len(runes) > length {
		return string(runes[:length])
	}
	return text
}

func (a *app) printf(format string, args ...any) error {
	return a.write(fmt.Appendf(nil, format, args...))
}

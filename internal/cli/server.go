package cli

import (
	"fmt"
	"net"
	"net/url"
	"strings"

	"github.com/spf13/cobra"
)

// defaultURL is where the local stack listens.
const defaultURL = "http://127.0.0.1:8080"

// server is the one a command goes to, and the token that was made for it.
type server struct {
	url   string
	token string // "" when not signed in to it
	// fromEnv is set when the token is $TOYGRES_TOKEN.
	fromEnv bool
}

func environmentHelp() *cobra.Command {
	return &cobra.Command{
		Use:   "environment",
		Short: "The variables and files that toygres reads",
		Long: `Environment:

  TOYGRES_URL      URL of the server; --server goes before it
  TOYGRES_TOKEN    API token for that server, in place of a sign-in. It is sent
                   to $TOYGRES_URL only; without TOYGRES_URL, to --server, or
                   else to ` + defaultURL + `
  TOYGRES_CONFIG   the configuration file; its default is
                   $XDG_CONFIG_HOME/toygres/config.yaml or
                   ~/.config/toygres/config.yaml

toygres login keeps one token for each server in the configuration file, which
must be readable for its owner only.`,
	}
}

// target decides which server a command goes to. No token ever goes to
// another server than the one it was made for.
func (a *app) target() (server, error) {
	path, err := a.configPath()
	if err != nil {
		return server{}, err
	}
	stored, err := loadConfig(path)
	if err != nil {
		return server{}, err
	}
	envToken := a.env("TOYGRES_TOKEN")
	chosen, tokenFor := a.serverFlag, a.env("TOYGRES_URL")
	switch {
	case chosen != "":
		if tokenFor == "" {
			tokenFor = chosen
		}
	case tokenFor != "":
		chosen = tokenFor
	case envToken == "" && stored.Current != "":
		chosen = stored.Current
	default:
		chosen, tokenFor = defaultURL, defaultURL
	}
	base, err := normalURL(chosen)
	if err != nil {
		return server{}, err
	}
	if envToken != "" {
		owner, err := normalURL(tokenFor)
		if err != nil {
			return server{}, err
		}
		if owner == base {
			return server{url: base, token: envToken, fromEnv: true}, nil
		}
	}
	return server{url: base, token: stored.Servers[base].Token}, nil
}

// connect returns a client of the server that the command goes to, with the
// token for it.
func (a *app) connect() (*client, error) {
	target, err := a.target()
	if err != nil {
		return nil, err
	}
	if target.token == "" {
		hint := "sign in with `toygres login`"
		if target.url != defaultURL {
			hint = "sign in with `toygres login --server " + target.url + "`"
		}
		return nil, &failure{code: exitDenied, message: "not signed in to " + target.url, hint: hint}
	}
	return newClient(target.url, target.token, nil)
}

// normalURL checks a server's URL and writes it in the one form by which
// tokens are kept.
func normalURL(text string) (string, error) {
	u, err := url.Parse(text)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Hostname() == "" || u.Opaque != "" {
		return "", usagef("%q is not a server's URL; write it like %s", text, defaultURL)
	}
	if u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return "", usagef("the server's URL %s must have neither user, query nor fragment", u.Redacted())
	}
	host := strings.ToLower(u.Hostname())
	port := u.Port()
	if (u.Scheme == "http" && port == "80") || (u.Scheme == "https" && port == "443") {
		port = ""
	}
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	if port != "" {
		host += ":" + port
	}
	return u.Scheme + "://" + host + strings.TrimRight(u.EscapedPath(), "/"), nil
}

// unencrypted reports whether what goes to base can be read on the way.
func unencrypted(base string) bool {
	u, err := url.Parse(base)
	if err != nil || u.Scheme == "https" {
		return false
	}
	ip := net.ParseIP(u.Hostname())
	return u.Hostname() != "localhost" && (ip == nil || !ip.IsLoopback())
}

// hintf tells the user what may help him next. It is silent for scripts.
func (a *app) hintf(format string, args ...any) {
	if !a.quiet && terminal(a.Err) != nil {
		fmt.Fprintf(a.Err, format+"\n", args...)
	}
}

// notef tells the user something he should know.
func (a *app) notef(format string, args ...any) {
	if !a.quiet {
		fmt.Fprintf(a.Err, format+"\n", args...)
	}
}

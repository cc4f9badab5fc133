// Package toygrestest gives tests of a running Toygres what its users have, wherever it runs: the command toygres, signed
// in, the REST interface, and PostgreSQL behind the connections that it hands out.
package toygrestest

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"

	"github.com/toygres/toygres/openapi"
)

// Toygres is one that runs. Its methods may be used from several goroutines.
type Toygres struct {
	URL               string // of the API and the web UI
	Token             string // API token of the administrator
	AdminPasswordFile string
	Client            *openapi.ClientWithResponses

	program string
	config  string
}

// SignIn signs the administrator in, whose password is in a file. program is the command toygres, and config the
// directory where it may keep its configuration.
func SignIn(ctx context.Context, url, passwordFile, program, config string) (*Toygres, error) {
	r := &Toygres{URL: url, AdminPasswordFile: passwordFile, program: program, config: config}
	if out, err := r.CLI(ctx, "login", "--server", url, "--password-file", passwordFile).CombinedOutput(); err != nil {
		return nil, fmt.Errorf("sign in to %s: %w: %s", url, err, out)
	}
	out, err := r.CLI(ctx, "tokens", "create", "test "+rand.Text(), "-o", "json").Output()
	if err != nil {
		return nil, fmt.Errorf("create a token: %w", err)
	}
	var created openapi.CreatedToken
	if err := json.Unmarshal(out, &created); err != nil {
		return nil, fmt.Errorf("create a token: %w", err)
	}
	r.Token = created.Token
	r.Client, err = openapi.NewClientWithResponses(url, openapi.WithRequestEditorFn(func(_ context.Context, request *http.Request) error {
		request.Header.Set("Authorization", "Bearer "+r.Token)
		return nil
	}))
	return r, err
}

// CLI is the command toygres, signed in.
func (r *Toygres) CLI(ctx context.Context, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, r.program, args...)
	cmd.Env = append(os.Environ(), "XDG_CONFIG_HOME="+r.config)
	return cmd
}

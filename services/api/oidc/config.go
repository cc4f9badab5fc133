package oidc

import (
	"errors"
	"fmt"
	"net/url"
	"os"
	"regexp"
	"strings"

	"github.com/toygres/toygres"
)

// Config is one provider, as the environment says; see docs/sign-in.md.
type Config struct {
	Name             string   `env:"NAME"`  // in our URLs, such as google
	Title            string   `env:"TITLE"` // on the button; Name when empty
	Issuer           string   `env:"ISSUER"`
	ClientID         string   `env:"CLIENT_ID"`
	ClientSecretFile string   `env:"CLIENT_SECRET_FILE"` // empty for a public client
	Scopes           []string `env:"SCOPES" envDefault:"openid,email,profile"`

	// Who may come in: with a verified e-mail address of one of these domains;
	// "*" is everybody whom the provider signs in.
	AllowedDomains []string `env:"ALLOWED_DOMAINS"`
	// VerifiedClaim is the claim that says whether the address is verified. "none"
	// believes every address, for providers where only administrators set them.
	VerifiedClaim string `env:"VERIFIED_CLAIM" envDefault:"email_verified"`

	// The role of who comes for the first time; "none" for only who has one by a claim.
	DefaultRole string `env:"DEFAULT_ROLE" envDefault:"viewer"`
	// RoleClaim is a claim, text or a list of it, whose values Roles maps to roles. Then
	// the provider decides at each sign-in, and the highest role counts.
	RoleClaim string            `env:"ROLE_CLAIM"`
	Roles     map[string]string `env:"ROLES"`
}

var sensibleName = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?$`)

// entraIssuer is one of Microsoft Entra for many tenants at once: in each of
// them somebody else says which e-mail addresses people have.
var entraIssuer = regexp.MustCompile(`^https://login\.microsoftonline\.[a-z]+/(common|organizations|consumers|\{tenantid\})(/|$)`)

func (c Config) validate() error {
	issuer, err := url.Parse(c.Issuer)
	local := err == nil && (issuer.Hostname() == "127.0.0.1" || issuer.Hostname() == "localhost")
	switch {
	case !sensibleName.MatchString(c.Name):
		return fmt.Errorf("NAME is %q, but must be lower-case letters, digits and hyphens", c.Name)
	case err != nil || issuer.Host == "" || issuer.Scheme != "https" && !local:
		return fmt.Errorf("ISSUER of %s is %q, but must be an https URL", c.Name, c.Issuer)
	case entraIssuer.MatchString(c.Issuer):
		return fmt.Errorf("ISSUER of %s is for many tenants; name one: https://login.microsoftonline.com/<tenant id>/v2.0", c.Name)
	case c.ClientID == "":
		return fmt.Errorf("CLIENT_ID of %s is missing", c.Name)
	case len(c.AllowedDomains) == 0:
		return fmt.Errorf("ALLOWED_DOMAINS of %s is missing; name the domains of e-mail addresses that may come in, or * for everybody whom the provider signs in", c.Name)
	case (c.RoleClaim == "") != (len(c.Roles) == 0):
		return fmt.Errorf("ROLE_CLAIM and ROLES of %s go together", c.Name)
	case c.DefaultRole == "none" && c.RoleClaim == "":
		return fmt.Errorf("DEFAULT_ROLE of %s is none, so that nobody has a role without ROLE_CLAIM and ROLES", c.Name)
	case c.DefaultRole != "none" && !known(c.DefaultRole):
		return fmt.Errorf("DEFAULT_ROLE of %s is %q, but must be viewer, operator, admin or none", c.Name, c.DefaultRole)
	}
	for value, role := range c.Roles {
		if !known(role) {
			return fmt.Errorf("ROLES of %s maps %q to %q, which is no role", c.Name, value, role)
		}
	}
	return nil
}

func known(role string) bool { return toygres.Role(role).Covers(toygres.RoleViewer) }

// secret reads the client's secret. It may be rotated while we run, so it is read anew each time.
func (c Config) secret() (string, error) {
	if c.ClientSecretFile == "" {
		return "", nil
	}
	data, err := os.ReadFile(c.ClientSecretFile)
	if err != nil {
		return "", fmt.Errorf("read the client secret of %s: %w", c.Name, err)
	}
	secret := strings.TrimSpace(string(data))
	if secret == "" {
		return "", errors.New("the client secret of " + c.Name + " is empty")
	}
	return secret, nil
}

// admits reports whether an e-mail address is of an allowed domain.
func (c Config) admits(email string) bool {
	_, domain, found := strings.Cut(email, "@")
	for _, allowed := range c.AllowedDomains {
		allowed = strings.ToLower(strings.TrimSpace(allowed))
		if allowed == "*" || found && domain == allowed {
			return true
		}
	}
	return false
}

// role returns the highest role that the claims give, the default one
// otherwise, and "" for none.
func (c Config) role(claims map[string]any) toygres.Role {
	role := toygres.Role("")
	if c.DefaultRole != "none" {
		role = toygres.Role(c.DefaultRole)
	}
	if c.RoleClaim == "" {
		return role
	}
	values, _ := claims[c.RoleClaim].([]any)
	if text, ok := claims[c.RoleClaim].(string); ok {
		values = []any{text}
	}
	for _, value := range values {
		text, _ := value.(string)
		if mapped := toygres.Role(c.Roles[text]); mapped.Covers(toygres.RoleViewer) && !role.Covers(mapped) {
			role = mapped
		}
	}
	return role
}

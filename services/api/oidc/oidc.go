// Package oidc signs people in with OpenID Connect providers: by authorization
// code, with PKCE, state and nonce. What a sign-in has begun with is in a cookie
// of the browser, so that any API server can finish it.
package oidc

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"time"

	provider "github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
	"golang.org/x/sync/semaphore"

	"github.com/toygres/toygres/internal/catalog"
)

// Refusal says why somebody was not signed in. Reason is for the sign-in page,
// which has the sentence for it; the cause is for the log.
type Refusal struct {
	Reason string
	Err    error
}

// The reasons.
const (
	ReasonExpired     = "expired"     // not begun in this browser, or too long ago
	ReasonCancelled   = "cancelled"   // the person or the provider did not want to
	ReasonUnavailable = "unavailable" // the provider does not answer
	ReasonInvalid     = "invalid"     // what the provider has sent proves nothing
	ReasonEmail       = "email"       // no verified e-mail address
	ReasonDomain      = "domain"      // not of an allowed domain
	ReasonRole        = "role"        // nothing gives a role
	ReasonName        = "name"        // another user has the name
	ReasonDisabled    = "disabled"
)

func (r *Refusal) Error() string { return fmt.Sprintf("sign-in refused (%s): %v", r.Reason, r.Err) }

// Unwrap returns the cause.
func (r *Refusal) Unwrap() error { return r.Err }

// Vouched reports whether the provider has said who it was that was refused.
// The other refusals anybody can cause without end.
func (r *Refusal) Vouched() bool {
	switch r.Reason {
	case ReasonEmail, ReasonDomain, ReasonRole, ReasonName, ReasonDisabled:
		return true
	}
	return false
}

func refuse(reason, format string, args ...any) error {
	return &Refusal{Reason: reason, Err: fmt.Errorf(format, args...)}
}

// providerTime bounds one question to a provider.
const providerTime = 10 * time.Second

// Anybody can make us ask a provider about a code: so many at once, and others
// wait so long for their turn.
const (
	exchangesAtOnce   = 8
	exchangesPatience = 5 * time.Second
)

// Provider is one that people can sign in with.
type Provider struct {
	config   Config
	callback string
	client   *http.Client
	turns    *semaphore.Weighted // to redeem a code

	mu         sync.Mutex
	discovered *provider.Provider // nil until it has answered once
}

// New returns the providers by name. It asks none of them, so that we start
// also while one is down. The base is the public URL.
func New(configs []Config, base string) (map[string]*Provider, error) {
	providers := make(map[string]*Provider, len(configs))
	for i, c := range configs {
		if err := c.validate(); err != nil {
			return nil, fmt.Errorf("TOYGRES_OIDC_%d: %w", i, err)
		}
		if base == "" {
			return nil, errors.New("TOYGRES_PUBLIC_URL is not set; providers of OpenID Connect send browsers back to it")
		}
		if providers[c.Name] != nil {
			return nil, fmt.Errorf("TOYGRES_OIDC_%d: there is another provider %q", i, c.Name)
		}
		if _, err := c.secret(); err != nil {
			return nil, err
		}
		providers[c.Name] = &Provider{config: c, client: &http.Client{Timeout: providerTime}, turns: semaphore.NewWeighted(exchangesAtOnce),
			callback: strings.TrimSuffix(base, "/") + "/api/sign-in/" + c.Name + "/callback"}
	}
	return providers, nil
}

// Title is what the provider's button says.
func (p *Provider) Title() string {
	if p.config.Title == "" {
		return p.config.Name
	}
	return p.config.Title
}

// discover asks the provider for its endpoints, once it answers.
func (p *Provider) discover(ctx context.Context) (*provider.Provider, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.discovered != nil {
		return p.discovered, nil
	}
	// What is discovered fetches keys later, when this request is long over.
	found, err := provider.NewProvider(provider.ClientContext(context.WithoutCancel(ctx), p.client), p.config.Issuer)
	if err != nil {
		return nil, &Refusal{Reason: ReasonUnavailable, Err: err}
	}
	p.discovered = found
	return found, nil
}

func (p *Provider) oauth(found *provider.Provider) (*oauth2.Config, error) {
	secret, err := p.config.secret()
	return &oauth2.Config{ClientID: p.config.ClientID, ClientSecret: secret, Endpoint: found.Endpoint(),
		RedirectURL: p.callback, Scopes: p.config.Scopes}, err
}

// Begin returns where the browser goes to sign in. The provider asks who it is
// even if somebody is signed in there: signing out here should mean something.
func (p *Provider) Begin(ctx context.Context, f Flow) (string, error) {
	found, err := p.discover(ctx)
	if err != nil {
		return "", err
	}
	config, err := p.oauth(found)
	if err != nil {
		return "", err
	}
	return config.AuthCodeURL(f.State, provider.Nonce(f.Nonce), oauth2.S256ChallengeOption(f.Verifier),
		oauth2.SetAuthURLParam("prompt", "select_account")), nil
}

// Finish redeems the code that the provider has sent the browser back with, and
// returns whom it stands for.
func (p *Provider) Finish(ctx context.Context, f Flow, code string) (catalog.Identity, error) {
	waiting, cancel := context.WithTimeout(ctx, exchangesPatience)
	defer cancel()
	if err := p.turns.Acquire(waiting, 1); err != nil {
		return catalog.Identity{}, refuse(ReasonUnavailable, "too many others sign in just now: %w", err)
	}
	defer p.turns.Release(1)
	found, err := p.discover(ctx)
	if err != nil {
		return catalog.Identity{}, err
	}
	config, err := p.oauth(found)
	if err != nil {
		return catalog.Identity{}, err
	}
	ctx = provider.ClientContext(ctx, p.client)
	token, err := config.Exchange(ctx, code, oauth2.VerifierOption(f.Verifier))
	if err != nil {
		var answered *oauth2.RetrieveError
		if errors.As(err, &answered) && answered.Response.StatusCode < http.StatusInternalServerError {
			return catalog.Identity{}, refuse(ReasonInvalid, "redeem the code: %w", err)
		}
		return catalog.Identity{}, refuse(ReasonUnavailable, "redeem the code: %w", err)
	}
	raw, _ := token.Extra("id_token").(string)
	verified, err := found.VerifierContext(ctx, &provider.Config{ClientID: p.config.ClientID}).Verify(ctx, raw)
	if err != nil {
		return catalog.Identity{}, refuse(ReasonInvalid, "verify the ID token: %w", err)
	}
	if subtle.ConstantTimeCompare([]byte(verified.Nonce), []byte(f.Nonce)) != 1 {
		return catalog.Identity{}, refuse(ReasonInvalid, "the ID token has another nonce")
	}
	claims := map[string]any{}
	if err := verified.Claims(&claims); err != nil {
		return catalog.Identity{}, refuse(ReasonInvalid, "read the ID token: %w", err)
	}
	if party, ok := claims["azp"].(string); ok && party != p.config.ClientID {
		return catalog.Identity{}, refuse(ReasonInvalid, "the ID token was made for %q", party)
	}
	if err := p.complete(ctx, found, token, verified.Subject, claims); err != nil {
		return catalog.Identity{}, err
	}
	return p.identity(verified, claims)
}

// complete asks for the claims that the ID token leaves out.
func (p *Provider) complete(ctx context.Context, found *provider.Provider, token *oauth2.Token, subject string, claims map[string]any) error {
	_, email := claims["email"]
	_, role := claims[p.config.RoleClaim]
	if found.UserInfoEndpoint() == "" || email && (role || p.config.RoleClaim == "") {
		return nil
	}
	info, err := found.UserInfo(ctx, oauth2.StaticTokenSource(token))
	if err != nil {
		return refuse(ReasonUnavailable, "ask for the user's claims: %w", err)
	}
	if info.Subject != subject {
		return refuse(ReasonInvalid, "the claims are of somebody else")
	}
	more := map[string]any{}
	if err := info.Claims(&more); err != nil {
		return refuse(ReasonInvalid, "read the user's claims: %w", err)
	}
	if email { // an address and whether it is verified come from one place
		delete(more, p.config.VerifiedClaim)
	}
	for name, value := range more {
		if _, known := claims[name]; !known {
			claims[name] = value
		}
	}
	return nil
}

// sensibleEmail is what may become a user's name.
var sensibleEmail = regexp.MustCompile(`^[a-z0-9][a-z0-9._+-]*@[a-z0-9.-]+$`)

// identity decides whether the claims let somebody in.
func (p *Provider) identity(verified *provider.IDToken, claims map[string]any) (catalog.Identity, error) {
	email, _ := claims["email"].(string)
	email = strings.ToLower(strings.TrimSpace(email))
	if !sensibleEmail.MatchString(email) || len(email) > 64 {
		return catalog.Identity{}, refuse(ReasonEmail, "there is no e-mail address that could be a user's name")
	}
	if p.config.VerifiedClaim != "none" && !isTrue(claims[p.config.VerifiedClaim]) {
		return catalog.Identity{}, refuse(ReasonEmail, "the claim %s does not say that the e-mail address is verified", p.config.VerifiedClaim)
	}
	if !p.config.admits(email) {
		return catalog.Identity{}, refuse(ReasonDomain, "the e-mail address is of no allowed domain")
	}
	role := p.config.role(claims)
	if role == "" {
		return catalog.Identity{}, refuse(ReasonRole, "no value of the claim %s gives a role", p.config.RoleClaim)
	}
	return catalog.Identity{Issuer: verified.Issuer, Subject: verified.Subject, Email: email, Role: role, RoleCounts: p.config.RoleClaim != ""}, nil
}

// isTrue reads a claim that some providers write as text or number.
func isTrue(claim any) bool {
	switch v := claim.(type) {
	case bool:
		return v
	case string:
		return v == "true" || v == "1"
	case float64:
		return v == 1
	}
	return false
}

// Package auth knows who is behind a request: it checks passwords, makes the
// secrets that sessions and API tokens are, and remembers for a few seconds
// whom each stands for.
package auth

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/toygres/toygres"
	"github.com/toygres/toygres/internal/catalog"
)

// CookieName is the name of the session's cookie.
const CookieName = "toygres_session"

// TokenPrefix begins every API token, so that people and secret scanners
// recognise one.
const TokenPrefix = "tgr_"

// memory is how long a look-up is remembered. It bounds how long a revoked
// token still works here if word of the revocation gets lost.
const memory = 5 * time.Second

// mostRemembered bounds the memory's size.
const mostRemembered = 10_000

// NewSecret returns a fresh secret of 256 random bits for a session.
func NewSecret() string {
	raw := make([]byte, 32)
	_, _ = rand.Read(raw) // never fails, see its documentation
	return base64.RawURLEncoding.EncodeToString(raw)
}

// NewToken returns a fresh API token.
func NewToken() string { return TokenPrefix + NewSecret() }

// Credential is what a request shows to prove who is behind it.
type Credential struct {
	Secret string
	Cookie bool // from the session's cookie, which browsers send by themselves
}

// CredentialOf returns the request's credential; ok is false when it has
// none. A Bearer token counts before a cookie.
func CredentialOf(r *http.Request) (credential Credential, ok bool) {
	if header := r.Header.Get("Authorization"); header != "" {
		scheme, secret, _ := strings.Cut(header, " ")
		secret = strings.TrimSpace(secret)
		return Credential{Secret: secret}, strings.EqualFold(scheme, "Bearer") && secret != ""
	}
	if cookie, err := r.Cookie(CookieName); err == nil && cookie.Value != "" {
		return Credential{Secret: cookie.Value, Cookie: true}, true
	}
	return Credential{}, false
}

// Directory says whom a session or token stands for; the catalog does.
type Directory interface {
	Principal(ctx context.Context, hash catalog.Hash) (catalog.Principal, error)
}

// Authenticator answers who is behind a credential, mostly from memory.
type Authenticator struct {
	directory Directory
	now       func() time.Time

	mu         sync.Mutex
	remembered map[catalog.Hash]entry
	forgotten  uint64 // counts Forget, so that a look-up in flight is not remembered past it
}

type entry struct {
	principal catalog.Principal
	until     time.Time
}

// NewAuthenticator returns an authenticator that asks directory.
func NewAuthenticator(directory Directory) *Authenticator {
	return &Authenticator{directory: directory, now: time.Now, remembered: map[catalog.Hash]entry{}}
}

// Principal returns who is behind the hash of a credential. Errors are the
// directory's: CodeUnauthenticated, or CodeUnavailable when it is down.
func (a *Authenticator) Principal(ctx context.Context, hash catalog.Hash) (catalog.Principal, error) {
	a.mu.Lock()
	known, ok := a.remembered[hash]
	forgotten := a.forgotten
	a.mu.Unlock()
	if ok && a.now().Before(known.until) {
		return known.principal, nil
	}
	principal, err := a.directory.Principal(ctx, hash)
	if err != nil {
		return catalog.Principal{}, err
	}
	a.remember(hash, principal, forgotten)
	return principal, nil
}

func (a *Authenticator) remember(hash catalog.Hash, principal catalog.Principal, forgotten uint64) {
	until := a.now().Add(memory)
	if !principal.ExpiresAt.IsZero() && principal.ExpiresAt.Before(until) {
		until = principal.ExpiresAt
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.forgotten != forgotten {
		return // it may be the one that was revoked meanwhile
	}
	if len(a.remembered) >= mostRemembered {
		clear(a.remembered)
	}
	a.remembered[hash] = entry{principal, until}
}

// Forget drops what is remembered of a hash, because it has been revoked or
// its user changed.
func (a *Authenticator) Forget(hash catalog.Hash) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.forgotten++
	delete(a.remembered, hash)
}

// ForgetAll drops everything, because revocations may have been missed.
func (a *Authenticator) ForgetAll() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.forgotten++
	clear(a.remembered)
}

// Unauthenticated is the answer to a request without a credential.
func Unauthenticated() error {
	return &toygres.Error{Code: toygres.CodeUnauthenticated,
		Message: "sign in first, or send an API token as `Authorization: Bearer tgr_…`"}
}

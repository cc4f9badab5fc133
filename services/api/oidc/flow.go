package oidc

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"time"
	"unicode"

	"golang.org/x/oauth2"
)

// flowTime is how long somebody may take at the provider.
const flowTime = 15 * time.Minute

// Flow is one sign-in that has begun. It is in a cookie that scripts can't read:
// whoever finishes must be the browser that began.
type Flow struct {
	Provider string
	State    string
	Nonce    string
	Verifier string
	ReturnTo string // a path of ours
}

// NewFlow begins a sign-in, after which the browser goes to returnTo if that is
// a path of ours.
func NewFlow(name, returnTo string) Flow {
	return Flow{Provider: name, State: rand.Text(), Nonce: rand.Text(), Verifier: oauth2.GenerateVerifier(), ReturnTo: LocalPath(returnTo)}
}

// cookieName lets several windows sign in at once.
func cookieName(state string) string { return "toygres_sign_in_" + state[:min(8, len(state))] }

// Cookie returns the cookie that keeps the flow.
func (f Flow) Cookie(secure bool) *http.Cookie {
	text, _ := json.Marshal(f) // texts only
	return &http.Cookie{Name: cookieName(f.State), Value: base64.RawURLEncoding.EncodeToString(text), Path: "/api/sign-in/",
		MaxAge: int(flowTime.Seconds()), HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: secure}
}

// Ended returns the cookie that removes the flow: it is good for one try.
func (f Flow) Ended(secure bool) *http.Cookie {
	return &http.Cookie{Name: cookieName(f.State), Path: "/api/sign-in/", MaxAge: -1, HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: secure}
}

// FlowOf returns the flow that this browser has begun with a provider and
// that state.
func FlowOf(cookies []*http.Cookie, name, state string) (Flow, error) {
	for _, cookie := range cookies {
		if state == "" || cookie.Name != cookieName(state) {
			continue
		}
		var f Flow
		text, err := base64.RawURLEncoding.DecodeString(cookie.Value)
		if err == nil && json.Unmarshal(text, &f) == nil && f.Provider == name && f.Nonce != "" && f.Verifier != "" &&
			subtle.ConstantTimeCompare([]byte(f.State), []byte(state)) == 1 {
			f.ReturnTo = LocalPath(f.ReturnTo)
			return f, nil
		}
	}
	return Flow{Provider: name, State: state, ReturnTo: "/"}, refuse(ReasonExpired, "this browser has begun no sign-in with that state")
}

// LocalPath returns a path of ours with its query, and "/" for anything that a
// browser could take for another site.
func LocalPath(wanted string) string {
	if !strings.HasPrefix(wanted, "/") || strings.HasPrefix(wanted, "//") || strings.Contains(wanted, `\`) ||
		strings.ContainsFunc(wanted, unicode.IsControl) || len(wanted) > 1000 {
		return "/"
	}
	u, err := url.Parse(wanted)
	if err != nil || u.Scheme != "" || u.Host != "" || u.User != nil || strings.HasPrefix(u.Path, "//") || strings.HasPrefix(u.Path, "/api/") {
		return "/"
	}
	return (&url.URL{Path: u.Path, RawQuery: u.RawQuery}).String()
}

package server_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/toygres/toygres"
	"github.com/toygres/toygres/internal/catalog"
	"github.com/toygres/toygres/openapi"
	"github.com/toygres/toygres/services/api/auth"
	"github.com/toygres/toygres/services/api/server"
)

func signIn(user, password string) string {
	return `{"username":"` + user + `","password":"` + password + `"}`
}

func (a *api) session(user string) *caller {
	a.t.Helper()
	answer := a.anonymous().post("/api/sessions", signIn(user, adminPassword))
	require.Equal(a.t, 200, answer.status, "%s", answer.body)
	cookie, err := http.ParseSetCookie(answer.header.Get("Set-Cookie"))
	require.NoError(a.t, err)
	return a.with("Cookie", cookie.Name+"="+cookie.Value)
}

func TestSignInStartsASessionAndSignOutEndsIt(t *testing.T) {
	t.Parallel()
	a := start(t)
	answer := a.anonymous().post("/api/sessions", signIn("ADMIN", adminPassword))
	me := decode[openapi.Me](answer, 200)
	require.Equal(t, "admin", me.Username)
	require.Equal(t, openapi.MeSignedInBySession, me.SignedInBy)
	cookie, err := http.ParseSetCookie(answer.header.Get("Set-Cookie"))
	require.NoError(t, err)
	require.True(t, cookie.HttpOnly)
	require.Equal(t, http.SameSiteLaxMode, cookie.SameSite)
	require.False(t, cookie.Secure, "the public URL is not https")

	session := a.with("Cookie", cookie.Name+"="+cookie.Value)
	require.Equal(t, 200, session.get("/api/me").status)
	out := session.delete("/api/sessions/current")
	require.Equal(t, 204, out.status)
	require.Contains(t, out.header.Get("Set-Cookie"), "Max-Age=0")
	session.get("/api/me").problem(401, toygres.CodeUnauthenticated)
}

func TestSignInAgainEndsTheSessionBefore(t *testing.T) {
	t.Parallel()
	a := start(t)
	first := a.session("admin")
	require.Equal(t, 200, first.post("/api/sessions", signIn("admin", adminPassword)).status)
	first.get("/api/me").problem(401, toygres.CodeUnauthenticated)
}

func TestCookiesAreSecureUnderTLS(t *testing.T) {
	t.Parallel()
	a := start(t, func(o *server.Options) { o.PublicURL = &url.URL{Scheme: "https", Host: "toygres.test"} })
	answer := a.anonymous().post("/api/sessions", signIn("admin", adminPassword))
	require.Contains(t, answer.header.Get("Set-Cookie"), "Secure")
	require.NotEmpty(t, answer.header.Get("Strict-Transport-Security"))
}

func TestWrongNameAndWrongPasswordLookTheSame(t *testing.T) {
	t.Parallel()
	a := start(t)
	wrong := a.anonymous().post("/api/sessions", signIn("admin", "wrong password")).problem(401, toygres.CodeUnauthenticated)
	nobody := a.anonymous().post("/api/sessions", signIn("nobody", "wrong password")).problem(401, toygres.CodeUnauthenticated)
	require.Equal(t, *wrong.Detail, *nobody.Detail)
}

func TestGuessingIsLimited(t *testing.T) {
	t.Parallel()
	a := start(t, func(o *server.Options) { o.SignInLimits = catalog.SignInLimits{PerUser: 2, PerAddress: 4} })
	for range 3 { // good ones are not counted
		require.Equal(t, 200, a.anonymous().post("/api/sessions", signIn("admin", adminPassword)).status)
	}
	guess := func(user string) answer { return a.anonymous().post("/api/sessions", signIn(user, "guess guess")) }
	guess("admin").problem(401, toygres.CodeUnauthenticated)
	guess("Admin").problem(401, toygres.CodeUnauthenticated)
	limited := guess("admin")
	limited.problem(429, toygres.CodeRateLimited)
	require.NotEmpty(t, limited.header.Get("Retry-After"))
	guess("other").problem(401, toygres.CodeUnauthenticated)
	guess("another").problem(401, toygres.CodeUnauthenticated)
	guess("yet-another").problem(429, toygres.CodeRateLimited)
	// Another server knows of it, and the right password does not help.
	(&caller{startOn(t, a.catalog, func(o *server.Options) { o.SignInLimits = catalog.SignInLimits{PerUser: 2, PerAddress: 4} }), http.Header{}}).
		post("/api/sessions", signIn("admin", adminPassword)).problem(429, toygres.CodeRateLimited)
	// A header that anybody can send changes nothing.
	a.with("X-Forwarded-For", "203.0.113.7").post("/api/sessions", signIn("fresh", "guess guess")).problem(429, toygres.CodeRateLimited)
}

func TestPagesOfOtherSitesCanDoNothing(t *testing.T) {
	t.Parallel()
	a := start(t)
	session := a.session("admin")
	for _, foreign := range []*caller{
		session.with("Sec-Fetch-Site", "cross-site"),
		session.with("Sec-Fetch-Site", "same-site"),
		session.with("Origin", "https://evil.test"),
	} {
		foreign.post("/api/instances", `{"name":"demo"}`).problem(403, toygres.CodeForbidden)
		foreign.delete("/api/sessions/current").problem(403, toygres.CodeForbidden)
		foreign.post("/api/sessions", signIn("admin", adminPassword)).problem(403, toygres.CodeForbidden)
		require.Equal(t, 200, foreign.get("/api/me").status)
	}
	require.Equal(t, 204, session.with("Sec-Fetch-Site", "same-origin").delete("/api/sessions/current").status)
	token := a.asAdmin().with("Sec-Fetch-Site", "cross-site")
	require.Equal(t, 201, token.post("/api/tokens", `{"name":"laptop"}`).status)
}

func TestTokensLiveAndEnd(t *testing.T) {
	t.Parallel()
	a := start(t)
	session := a.session("admin")
	created := decode[openapi.CreatedToken](session.post("/api/tokens", `{"name":"laptop","expires_in_days":1}`), 201)
	require.True(t, strings.HasPrefix(created.Token, auth.TokenPrefix))
	require.True(t, strings.HasPrefix(created.Token, created.Prefix))
	require.WithinDuration(t, time.Now().AddDate(0, 0, 1), *created.ExpiresAt, time.Minute)
	session.post("/api/tokens", `{"name":"Laptop"}`).problem(409, toygres.CodeConflict)

	caller := a.with("Authorization", "bearer "+created.Token)
	me := decode[openapi.Me](caller.get("/api/me"), 200)
	require.Equal(t, openapi.MeSignedInByToken, me.SignedInBy)
	caller.delete("/api/sessions/current").problem(409, toygres.CodeConflict)

	list := session.get("/api/tokens")
	require.NotContains(t, string(list.body), created.Token)
	require.Len(t, decode[openapi.TokenList](list, 200).Items, 1)

	require.Equal(t, 204, session.delete("/api/tokens/"+created.Id.String()).status)
	caller.get("/api/me").problem(401, toygres.CodeUnauthenticated)
	session.delete("/api/tokens/"+created.Id.String()).problem(404, toygres.CodeNotFound)
}

func TestTokenGrantsNoMoreThanItsMakerHas(t *testing.T) {
	t.Parallel()
	a := start(t)
	narrow := decode[openapi.CreatedToken](a.session("admin").post("/api/tokens", `{"name":"narrow","role":"viewer","expires_in_days":2}`), 201)
	caller := a.with("Authorization", "Bearer "+narrow.Token)
	caller.post("/api/instances", `{"name":"demo"}`).problem(403, toygres.CodeForbidden)
	caller.post("/api/tokens", `{"name":"wider","role":"operator","expires_in_days":1}`).problem(403, toygres.CodeForbidden)
	caller.post("/api/tokens", `{"name":"longer"}`).problem(403, toygres.CodeForbidden)
	child := decode[openapi.CreatedToken](caller.post("/api/tokens", `{"name":"child","expires_in_days":1}`), 201)
	require.Equal(t, openapi.Viewer, *child.Role)
}

func TestWhatALeakedTokenHasMadeEndsWithIt(t *testing.T) {
	t.Parallel()
	a := start(t)
	session := a.session("admin")
	leaked := decode[openapi.CreatedToken](session.post("/api/tokens", `{"name":"leaked"}`), 201)
	child := decode[openapi.CreatedToken](a.with("Authorization", "Bearer "+leaked.Token).post("/api/tokens", `{"name":"hidden"}`), 201)
	thief := a.with("Authorization", "Bearer "+child.Token)
	require.Equal(t, 200, thief.get("/api/me").status)
	require.Equal(t, 204, session.delete("/api/tokens/"+leaked.Id.String()).status)
	thief.get("/api/me").problem(401, toygres.CodeUnauthenticated)
	require.Empty(t, decode[openapi.TokenList](session.get("/api/tokens"), 200).Items)
}

func TestATokenRevokesNoneThatMayDoMore(t *testing.T) {
	t.Parallel()
	a := start(t)
	session := a.session("admin")
	made := map[string]openapi.CreatedToken{}
	for _, role := range []string{"operator", "viewer", "admin"} {
		made[role] = decode[openapi.CreatedToken](session.post("/api/tokens", `{"name":"`+role+`","role":"`+role+`"}`), 201)
	}
	operator := a.with("Authorization", "Bearer "+made["operator"].Token)
	operator.delete("/api/tokens/"+made["admin"].Id.String()).problem(403, toygres.CodeForbidden)
	require.Equal(t, 200, a.with("Authorization", "Bearer "+made["admin"].Token).get("/api/me").status)
	require.Equal(t, 204, operator.delete("/api/tokens/"+made["viewer"].Id.String()).status)
	a.user("boss", toygres.RoleAdmin) // so that the other need not be one
	require.Equal(t, 200, a.asAdmin().patch("/api/users/admin", `{"role":"viewer"}`).status)
	require.Equal(t, 204, operator.delete("/api/tokens/"+made["operator"].Id.String()).status, "its own, whatever it says")
}

func TestOneUserCannotRevokeAnothersToken(t *testing.T) {
	t.Parallel()
	a := start(t)
	mine := decode[openapi.CreatedToken](a.session("admin").post("/api/tokens", `{"name":"mine"}`), 201)
	other := a.as(a.user("other", toygres.RoleAdmin))
	other.delete("/api/tokens/"+mine.Id.String()).problem(404, toygres.CodeNotFound)
	require.Equal(t, 200, a.with("Authorization", "Bearer "+mine.Token).get("/api/me").status)
}

func TestRevocationReachesOtherServers(t *testing.T) {
	t.Parallel()
	a := start(t)
	b := startOn(t, a.catalog)
	// A remembered look-up ends by itself after five seconds. Word of the
	// revocation comes much sooner, though not each time on a busy machine.
	for range 20 {
		session := a.session("admin")
		elsewhere := &caller{b, session.header}
		require.Equal(t, 200, elsewhere.get("/api/me").status)
		require.Equal(t, 204, session.delete("/api/sessions/current").status)
		begun := time.Now()
		eventually(t, func() bool { return elsewhere.get("/api/me").status == 401 }, "the other server still lets it in")
		if time.Since(begun) < 3*time.Second {
			return
		}
	}
	t.Fatal("the other server was not told")
}

func TestExpiredCredentialsAreRefused(t *testing.T) {
	t.Parallel()
	a := start(t)
	secret := auth.NewToken()
	_, err := a.store.CreateToken(t.Context(), catalog.NewToken{User: a.admin.ID, Name: "short", Hash: catalog.HashToken(secret),
		Expires: time.Now().Add(time.Second)})
	require.NoError(t, err)
	caller := a.with("Authorization", "Bearer "+secret)
	require.Equal(t, 200, caller.get("/api/me").status)
	eventually(t, func() bool { return caller.get("/api/me").status == 401 }, "the token outlives its end")
}

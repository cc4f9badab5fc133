package signin

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/toygres/toygres"
	"github.com/toygres/toygres/internal/catalog"
	"github.com/toygres/toygres/openapi"
	"github.com/toygres/toygres/services/api/oidc"
)

func TestSignInLeadsBackToWhereOneWasAndSignOutEndsIt(t *testing.T) {
	t.Parallel()
	w := start(t)
	w.idp.people.set("anna", "Anna@Example.com", true)
	browser := w.browser()
	at := w.signIn(browser, "anna", "/instances?state=running")
	require.Equal(t, w.url+"/instances?state=running", at.String())
	name, role := w.me(browser)
	require.Equal(t, "anna@example.com", name)
	require.Equal(t, openapi.Viewer, role)

	request, err := http.NewRequestWithContext(t.Context(), http.MethodDelete, w.url+"/api/sessions/current", nil)
	require.NoError(t, err)
	answer, err := browser.Do(request)
	require.NoError(t, err)
	require.NoError(t, answer.Body.Close())
	require.Equal(t, http.StatusNoContent, answer.StatusCode)
	name, _ = w.me(browser)
	require.Empty(t, name)

	// Again, and from another browser: it is the same user, whatever the address is by now.
	w.idp.people.set("anna", "anna.m@example.com", true)
	other := w.browser()
	w.signIn(other, "anna", "")
	name, _ = w.me(other)
	require.Equal(t, "anna@example.com", name)
	entries, _, err := w.catalog.Audit(t.Context(), catalog.AuditFilter{Action: "signIn"}, 10)
	require.NoError(t, err)
	require.Len(t, entries, 2)
	require.Equal(t, "idp", entries[0].Credential)
	require.Equal(t, "anna@example.com", entries[0].UserName)
}

func TestOnlyVerifiedAddressesOfAllowedDomainsComeIn(t *testing.T) {
	t.Parallel()
	w := start(t)
	for name, c := range map[string]struct {
		email    string
		verified bool
		reason   string
	}{
		"unverified": {"eve@example.com", false, oidc.ReasonEmail},
		"elsewhere":  {"eve@example.org", true, oidc.ReasonDomain},
		"below":      {"eve@sub.example.com", true, oidc.ReasonDomain},
		"look-alike": {"eve@notexample.com", true, oidc.ReasonDomain},
		"two ats":    {"eve@example.org@example.com", true, oidc.ReasonEmail},
		"none":       {"", true, oidc.ReasonEmail},
	} {
		w.idp.people.set(name, c.email, c.verified)
		browser := w.browser()
		w.refused(browser, w.signIn(browser, name, "/instances"), c.reason)
	}
	people, err := w.catalog.People(t.Context())
	require.NoError(t, err)
	require.Len(t, people, 1, "nobody was added")
	entries, _, err := w.catalog.Audit(t.Context(), catalog.AuditFilter{Action: "signIn"}, 10)
	require.NoError(t, err)
	require.Len(t, entries, 6, "the provider has said who they are")
}

func TestAnAddressAloneIsNobody(t *testing.T) {
	t.Parallel()
	w := start(t)
	_, err := w.catalog.CreateUser(t.Context(), "boss@example.com", "$argon2id$x", toygres.RoleAdmin)
	require.NoError(t, err)
	w.idp.people.set("mallory", "boss@example.com", true)
	browser := w.browser()
	w.refused(browser, w.signIn(browser, "mallory", ""), oidc.ReasonName)
}

func TestForgedCallbacksSignNobodyIn(t *testing.T) {
	t.Parallel()
	w := start(t)
	w.idp.people.set("anna", "anna@example.com", true)
	w.idp.people.set("mallory", "mallory@example.com", true)

	t.Run("another state", func(t *testing.T) {
		browser := w.browser()
		callback := w.callback(browser, w.begin(""), "anna")
		query := callback.Query()
		query.Set("state", query.Get("state")+"x")
		callback.RawQuery = query.Encode()
		w.refused(browser, w.get(browser, callback.String()).Request.URL, oidc.ReasonExpired)
	})
	t.Run("begun in another browser", func(t *testing.T) {
		// Mallory sends anna the end of a sign-in of his own, so that she works in his account.
		callback := w.callback(w.browser(), w.begin(""), "mallory")
		victim := w.browser()
		w.refused(victim, w.get(victim, callback.String()).Request.URL, oidc.ReasonExpired)
	})
	t.Run("the code of another sign-in", func(t *testing.T) {
		stolen := w.callback(w.browser(), w.begin(""), "anna").Query().Get("code")
		browser := w.browser()
		callback := w.callback(browser, w.begin(""), "mallory")
		query := callback.Query()
		query.Set("code", stolen)
		callback.RawQuery = query.Encode()
		w.refused(browser, w.get(browser, callback.String()).Request.URL, oidc.ReasonInvalid) // PKCE: the verifier is another
	})
	t.Run("replayed", func(t *testing.T) {
		browser := w.browser()
		callback := w.callback(browser, w.begin(""), "anna")
		kept := browser.Jar.Cookies(callback) // what Mallory has copied with the address
		w.get(browser, callback.String())
		name, _ := w.me(browser)
		require.Equal(t, "anna@example.com", name)
		again := w.browser()
		w.refused(again, w.get(again, callback.String()).Request.URL, oidc.ReasonExpired)
		again.Jar.SetCookies(callback, kept)
		w.refused(again, w.get(again, callback.String()).Request.URL, oidc.ReasonInvalid)
	})
	t.Run("another nonce", func(t *testing.T) {
		browser := w.browser()
		stay := *browser
		stay.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
		to, err := w.get(&stay, w.begin("")).Location()
		require.NoError(t, err)
		query := to.Query()
		require.NotEmpty(t, query.Get("nonce"))
		require.Equal(t, "S256", query.Get("code_challenge_method"))
		query.Set("nonce", "of Mallory")
		to.RawQuery = query.Encode()
		callback := w.callback(browser, to.String(), "anna")
		w.refused(browser, w.get(browser, callback.String()).Request.URL, oidc.ReasonInvalid)
	})
	t.Run("the provider's error", func(t *testing.T) {
		browser := w.browser()
		callback := w.callback(browser, w.begin("/instances/mydb"), "anna")
		callback.RawQuery = url.Values{"state": {callback.Query().Get("state")}, "error": {"access_denied"}, "error_description": {"<script>"}}.Encode()
		at := w.get(browser, callback.String()).Request.URL
		w.refused(browser, at, oidc.ReasonCancelled)
		require.Equal(t, "/instances/mydb", at.Query().Get("return_to"))
	})
	entries, _, err := w.catalog.Audit(t.Context(), catalog.AuditFilter{Action: "signIn"}, 10)
	require.NoError(t, err)
	require.Len(t, entries, 1, "the audit log has the one who did sign in, and nothing that anybody can send without end")
	require.Equal(t, "anna@example.com", entries[0].UserName)
}

// The token is a real one, signed by the provider, but made for another client.
func TestATokenForAnotherAudienceProvesNothing(t *testing.T) {
	t.Parallel()
	w := start(t)
	w.idp.people.set("anna", "anna@example.com", true)
	foreign := w.idp.tokenFor(w, otherClient, "anna")
	w.idp.set(func(i *idp) { i.tamper = func(tokens map[string]any) { tokens["id_token"] = foreign } })
	browser := w.browser()
	w.refused(browser, w.signIn(browser, "anna", ""), oidc.ReasonInvalid)
	w.idp.set(func(i *idp) { i.tamper = func(tokens map[string]any) { tokens["id_token"] = "e30.e30.AA" } })
	w.refused(browser, w.signIn(browser, "anna", ""), oidc.ReasonInvalid)
	w.idp.set(func(i *idp) { i.tamper = nil })
	w.signIn(browser, "anna", "")
	name, _ := w.me(browser)
	require.Equal(t, "anna@example.com", name)
}

func TestSignInNeverLeadsToAnotherSite(t *testing.T) {
	t.Parallel()
	w := start(t)
	w.idp.people.set("anna", "anna@example.com", true)
	for _, elsewhere := range []string{"https://evil.example/", "//evil.example/", `/\evil.example`, `\\evil.example`, "/\t/evil.example", "javascript:alert(1)", "evil.example", "/api/openapi.json"} {
		browser := w.browser()
		at := w.signIn(browser, "anna", elsewhere)
		require.Equal(t, w.url+"/", at.String(), elsewhere)
	}
}

func TestGroupsDecideTheRoleAtEachSignIn(t *testing.T) {
	t.Parallel()
	w := start(t, func(c *oidc.Config) {
		c.RoleClaim, c.Roles, c.DefaultRole = "groups", map[string]string{"dba": "operator", "platform": "admin"}, "none"
	})
	browser := w.browser()
	for _, c := range []struct {
		groups []string
		role   openapi.Role
	}{{[]string{"dba", "cooks"}, openapi.Operator}, {[]string{"dba", "platform"}, openapi.Admin}, {[]string{"dba"}, openapi.Operator}} {
		w.idp.people.set("anna", "anna@example.com", true, c.groups...)
		w.signIn(browser, "anna", "")
		_, role := w.me(browser)
		require.Equal(t, c.role, role)
	}
	w.idp.people.set("cook", "cook@example.com", true, "cooks")
	other := w.browser()
	w.refused(other, w.signIn(other, "cook", ""), oidc.ReasonRole)
}

func TestWhoIsDisabledStaysOut(t *testing.T) {
	t.Parallel()
	w := start(t)
	w.idp.people.set("anna", "anna@example.com", true)
	browser := w.browser()
	w.signIn(browser, "anna", "")
	yes := true
	_, err := w.catalog.ChangePerson(t.Context(), "anna@example.com", catalog.PersonChange{Disabled: &yes})
	require.NoError(t, err)
	w.refused(browser, w.signIn(browser, "anna", ""), oidc.ReasonDisabled)
}

func TestAProviderThatIsDownIsAskedAgain(t *testing.T) {
	t.Parallel()
	w := start(t)
	w.idp.people.set("anna", "anna@example.com", true)
	w.idp.set(func(i *idp) { i.down = true })
	browser := w.browser()
	w.refused(browser, w.get(browser, w.begin("/instances")).Request.URL, oidc.ReasonUnavailable)
	w.idp.set(func(i *idp) { i.down = false })
	require.Equal(t, w.url+"/instances", w.signIn(browser, "anna", "/instances").String())
}

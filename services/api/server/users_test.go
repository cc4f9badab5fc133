package server_test

import (
	"fmt"
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

func TestUsersComeChangeAndGo(t *testing.T) {
	t.Parallel()
	a := start(t)
	admin := a.asAdmin()
	created := decode[openapi.User](admin.post("/api/users", `{"name":"olaf@example.com","password":"`+adminPassword+`","role":"operator"}`), 201)
	require.Equal(t, openapi.Operator, created.Role)
	p := admin.post("/api/users", `{"name":"OLAF@example.com","password":"`+adminPassword+`"}`).problem(409, toygres.CodeConflict)
	require.Equal(t, "name", (*p.Errors)[0].Field)
	for _, bad := range []string{`{"name":"with space","password":"long enough"}`, `{"name":"eve","password":"short"}`, `{"name":"eve","password":"long enough","role":"king"}`} {
		admin.post("/api/users", bad).problem(400, toygres.CodeInvalid)
	}

	session := a.session("olaf@example.com")
	require.Equal(t, openapi.Operator, decode[openapi.Me](session.get("/api/me"), 200).Role)
	admin.patch("/api/users/olaf@example.com", `{"role":"viewer"}`)
	require.Equal(t, openapi.Viewer, decode[openapi.Me](session.get("/api/me"), 200).Role, "at once")
	require.Equal(t, 200, admin.patch("/api/users/olaf@example.com", `{"password":"another password"}`).status)
	session.get("/api/me").problem(401, toygres.CodeUnauthenticated)
	a.anonymous().post("/api/sessions", signIn("olaf@example.com", adminPassword)).problem(401, toygres.CodeUnauthenticated)
	require.Equal(t, 200, a.anonymous().post("/api/sessions", signIn("olaf@example.com", "another password")).status)

	require.Len(t, decode[openapi.UserList](admin.get("/api/users"), 200).Items, 2)
	require.Equal(t, 204, admin.delete("/api/users/olaf@example.com").status)
	admin.get("/api/users/olaf@example.com").problem(404, toygres.CodeNotFound)
	admin.patch("/api/users/olaf@example.com", `{"role":"viewer"}`).problem(404, toygres.CodeNotFound)
	admin.patch("/api/users/admin", `{"disabled":true}`).problem(409, toygres.CodeConflict)
	admin.delete("/api/users/admin").problem(409, toygres.CodeConflict)
}

func TestWhoIsDisabledIsOutOfEveryServerAtOnce(t *testing.T) {
	t.Parallel()
	a := start(t)
	b := startOn(t, a.catalog)
	olaf := a.user("olaf", toygres.RoleOperator)
	session, token := a.session("olaf"), a.as(olaf)
	for _, c := range []*caller{session, token, {b, session.header}, {b, token.header}} {
		require.Equal(t, 200, c.get("/api/me").status)
	}
	require.Equal(t, 200, a.asAdmin().patch("/api/users/olaf", `{"disabled":true}`).status)
	session.get("/api/me").problem(401, toygres.CodeUnauthenticated)
	token.get("/api/me").problem(401, toygres.CodeUnauthenticated)
	eventually(t, func() bool {
		return (&caller{b, session.header}).get("/api/me").status == 401 && (&caller{b, token.header}).get("/api/me").status == 401
	}, "the other server still lets them in")
	wrong := a.anonymous().post("/api/sessions", signIn("nobody", adminPassword)).problem(401, toygres.CodeUnauthenticated)
	p := a.anonymous().post("/api/sessions", signIn("olaf", adminPassword)).problem(401, toygres.CodeUnauthenticated)
	require.Equal(t, *wrong.Detail, *p.Detail, "who is disabled is nobody's business")
	require.Equal(t, 200, a.asAdmin().patch("/api/users/olaf", `{"disabled":false}`).status)
	token.get("/api/me").problem(401, toygres.CodeUnauthenticated)
	a.session("olaf")
}

func TestOnesOwnPasswordNeedsTheOldOne(t *testing.T) {
	t.Parallel()
	a := start(t, func(o *server.Options) { o.SignInLimits = catalog.SignInLimits{PerUser: 2, PerAddress: 100} })
	a.user("olaf", toygres.RoleViewer)
	session, other := a.session("olaf"), a.session("olaf")
	change := func(old string) answer {
		return session.post("/api/me/password", fmt.Sprintf(`{"current_password":%q,"new_password":"a new password"}`, old))
	}
	p := session.post("/api/me/password", `{"current_password":"wrong","new_password":"`+strings.Repeat("ä", 600)+`"}`).problem(422, toygres.CodeInvalid)
	require.Equal(t, "current_password", (*p.Errors)[0].Field, "nothing is done with a new password before")
	require.Equal(t, 204, change(adminPassword).status)
	require.Equal(t, 200, session.get("/api/me").status)
	other.get("/api/me").problem(401, toygres.CodeUnauthenticated)
	change("wrong").problem(422, toygres.CodeInvalid)
	change("wrong").problem(422, toygres.CodeInvalid)
	change("a new password").problem(429, toygres.CodeRateLimited)
}

func TestAnAdministratorLiftsALock(t *testing.T) {
	t.Parallel()
	a := start(t, func(o *server.Options) { o.SignInLimits = catalog.SignInLimits{PerUser: 1, PerAddress: 2} })
	a.user("olaf", toygres.RoleViewer)
	admin := a.asAdmin()
	a.anonymous().post("/api/sessions", signIn("olaf", "wrong")).problem(401, toygres.CodeUnauthenticated)
	a.anonymous().post("/api/sessions", signIn("olaf", adminPassword)).problem(429, toygres.CodeRateLimited)
	require.NotNil(t, decode[openapi.User](admin.get("/api/users/olaf"), 200).LockedUntil)
	require.Nil(t, decode[openapi.User](admin.post("/api/users/olaf/unlock", ""), 200).LockedUntil)
	a.session("olaf")
	a.anonymous().post("/api/sessions", signIn("olaf", "wrong")).problem(401, toygres.CodeUnauthenticated)
	a.anonymous().post("/api/sessions", signIn("admin", adminPassword)).problem(429, toygres.CodeRateLimited) // the address
	require.Equal(t, 204, admin.delete("/api/locked-addresses/127.0.0.1").status)
	a.session("admin")
	admin.delete("/api/locked-addresses/here").problem(400, toygres.CodeInvalid)
}

func TestAnAdministratorSeesAndRevokesEverybodysTokens(t *testing.T) {
	t.Parallel()
	a := start(t)
	token := a.as(a.user("olaf", toygres.RoleOperator))
	list := decode[openapi.TokenList](a.asAdmin().get("/api/users/olaf/tokens"), 200)
	require.Len(t, list.Items, 1)
	a.asAdmin().delete("/api/users/admin/tokens/"+list.Items[0].Id.String()).problem(404, toygres.CodeNotFound)
	require.Equal(t, 204, a.asAdmin().delete("/api/users/olaf/tokens/"+list.Items[0].Id.String()).status)
	token.get("/api/me").problem(401, toygres.CodeUnauthenticated)
}

func TestQuotaIsSetShownAndKept(t *testing.T) {
	t.Parallel()
	a := start(t)
	olaf := a.as(a.user("olaf", toygres.RoleOperator))
	user := decode[openapi.User](a.asAdmin().patch("/api/users/olaf", `{"quota":{"instances":0}}`), 200)
	require.Equal(t, 0, *user.Override.Instances)
	p := olaf.post("/api/instances", `{"name":"mydb"}`).problem(403, toygres.CodeForbidden)
	require.Equal(t, openapi.FieldError{Field: "name", Rule: "quota", Message: "limit 0, used 0, asked 1"}, (*p.Errors)[0])
	me := decode[openapi.Me](olaf.get("/api/me"), 200)
	require.Equal(t, 0, *me.Quota.Instances.Limit)
	require.Nil(t, me.Quota.StorageGib.Limit)
	require.Nil(t, decode[openapi.User](a.asAdmin().patch("/api/users/olaf", `{"quota":{}}`), 200).Override.Instances)
}

func TestWhatHasEndedIsRemoved(t *testing.T) {
	t.Parallel()
	a := start(t)
	token := auth.NewToken()
	_, err := a.store.CreateToken(t.Context(), catalog.NewToken{User: a.admin.ID, Name: "old", Hash: catalog.HashToken(token), Expires: time.Now().AddDate(0, 0, -8)})
	require.NoError(t, err)
	b := startOn(t, a.catalog) // a server that starts looks at once
	eventually(t, func() bool {
		tokens, err := b.store.Tokens(t.Context(), a.admin.ID)
		return err == nil && len(tokens) == 0
	}, "the token is still there")
}

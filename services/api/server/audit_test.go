package server_test

import (
	"net"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"github.com/toygres/toygres"
	"github.com/toygres/toygres/internal/catalog"
	"github.com/toygres/toygres/openapi"
	"github.com/toygres/toygres/services/api/server"
)

func (a *api) audit(filter string) []openapi.AuditEntry {
	a.t.Helper()
	return decode[openapi.AuditList](a.asAdmin().get("/api/audit"+filter), 200).Items
}

// facts are what of an entry a test can know.
func facts(entries []openapi.AuditEntry) [][4]any {
	list := make([][4]any, len(entries))
	for i, e := range entries {
		status := 0
		if e.Status != nil {
			status = *e.Status
		}
		user := ""
		if e.User != nil {
			user = *e.User
		}
		list[i] = [4]any{user, e.Action, e.Target, status}
	}
	return list
}

func TestEveryChangeAndSignInIsAuditedAlsoTheRefusedOnes(t *testing.T) {
	t.Parallel()
	_, proxy, err := net.ParseCIDR("127.0.0.0/8")
	require.NoError(t, err)
	a := start(t, func(o *server.Options) { o.TrustedProxies = []*net.IPNet{proxy} })
	a.running("mydb")
	olaf := a.session("admin").with("X-Forwarded-For", "203.0.113.9").with("X-Request-Id", "req-1")
	a.anonymous().post("/api/sessions", signIn("admin", "wrong")).problem(401, toygres.CodeUnauthenticated)
	a.anonymous().post("/api/sessions", signIn("my-password", "admin")).problem(401, toygres.CodeUnauthenticated)
	olaf.get("/api/instances")
	olaf.post("/api/instances", `{"name":"second"}`).problem(503, toygres.CodeUnavailable) // Temporal is down
	olaf.post("/api/instances", `{"name":7}`).problem(400, toygres.CodeInvalid)
	olaf.post("/api/instances/mydb/query", `{"sql":"SELECT 'a literal'"}`)
	olaf.post("/api/instances/mydb/connection/reveal", "")
	a.as(a.user("watcher", toygres.RoleViewer)).post("/api/instances/mydb/stop", "").problem(403, toygres.CodeForbidden)
	a.asAdmin().post("/api/users", `{"name":"eve","password":"a secret of hers"}`)

	entries := a.audit("")
	require.Equal(t, [][4]any{
		{"admin", "createUser", "users/eve", 201},
		{"watcher", "stopInstance", "instances/mydb", 403},
		{"admin", "revealConnection", "instances/mydb", 502}, // the provider has no such server
		{"admin", "queryInstance", "instances/mydb", 502},
		{"admin", "createInstance", "instances", 400},
		{"admin", "createInstance", "instances/second", 503},
		{"", "signIn", "sessions", 401},
		{"admin", "signIn", "sessions", 401},
		{"admin", "signIn", "sessions", 200},
	}, facts(entries))
	created := entries[5]
	require.Equal(t, "203.0.113.9", created.Address)
	require.Equal(t, "req-1", created.RequestId)
	require.Equal(t, "session", created.Credential)
	require.EqualValues(t, toygres.CodeUnavailable, *created.Code)
	require.Equal(t, "token", entries[0].Credential)
	require.NotEmpty(t, *entries[0].Token)
	raw := string(a.asAdmin().get("/api/audit").body)
	for _, secret := range []string{"my-password", "a literal", "a secret of hers", adminPassword} {
		require.NotContains(t, raw, secret)
	}

	require.Len(t, a.audit("?user=Watcher"), 1)
	require.Len(t, a.audit("?instance=mydb"), 3)
	require.Len(t, a.audit("?action=signIn"), 3)
	require.Len(t, a.audit("?target=instances"), 5)
	require.Len(t, a.audit("?target=instances/mydb"), 3)
	require.Equal(t, entries[5:6], a.audit("?target=second"))
	require.Empty(t, a.audit("?target=instance"), "a part of a name is none")
	require.Equal(t, [][4]any{{"admin", "createUser", "users/eve", 201}, {"admin", "signIn", "sessions", 200}}, facts(a.audit("?outcome=succeeded")))
	require.Len(t, a.audit("?outcome=refused"), 4)
	require.Len(t, a.audit("?outcome=failed"), 3)
	require.Empty(t, a.audit("?outcome=unanswered"))
	a.asAdmin().get("/api/audit?outcome=great").problem(400, toygres.CodeInvalid)
	require.Empty(t, a.audit("?until="+url.QueryEscape(entries[8].At.Format(time.RFC3339Nano))))
	require.Len(t, a.audit("?since="+url.QueryEscape(entries[2].At.Format(time.RFC3339Nano))), 3)
	first := decode[openapi.AuditList](a.asAdmin().get("/api/audit?limit=4"), 200)
	rest := decode[openapi.AuditList](a.asAdmin().get("/api/audit?limit=200&cursor="+*first.NextCursor), 200)
	require.Equal(t, entries, append(first.Items, rest.Items...))
	require.Nil(t, rest.NextCursor)
	a.asAdmin().get("/api/audit?cursor=x").problem(422, toygres.CodeInvalid)
}

// A server that dies between the entry and its outcome leaves the entry; what
// can't be recorded is not done.
func TestNothingIsDoneThatTheAuditLogDoesNotHave(t *testing.T) {
	t.Parallel()
	a := start(t)
	pool, err := pgxpool.New(t.Context(), a.catalog)
	require.NoError(t, err)
	t.Cleanup(pool.Close)
	for _, change := range []string{`UPDATE audit_log SET user_name = 'x'`, `DELETE FROM audit_outcomes`, `TRUNCATE audit_log, audit_outcomes`} {
		_, err := pool.Exec(t.Context(), change)
		require.Error(t, err, change)
	}
	id, err := a.store.BeginAudit(t.Context(), catalog.AuditEntry{Action: "deleteInstance", Target: "instances/mydb"})
	require.NoError(t, err)
	require.NotZero(t, id)
	require.Nil(t, a.audit("?outcome=unanswered")[0].Status)

	admin := a.asAdmin()
	_, err = pool.Exec(t.Context(), `ALTER TABLE audit_log ADD CHECK (action <> 'createUser')`)
	require.NoError(t, err)
	answer := admin.post("/api/users", `{"name":"eve","password":"long enough"}`)
	require.GreaterOrEqual(t, answer.status, http.StatusBadRequest)
	admin.get("/api/users/eve").problem(404, toygres.CodeNotFound)
}

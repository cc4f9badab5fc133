package server_test

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/toygres/toygres"
	"github.com/toygres/toygres/internal/catalog"
	"github.com/toygres/toygres/openapi"
	"github.com/toygres/toygres/services/api/auth"
	"github.com/toygres/toygres/services/api/server"
)

// eachOperation calls f for every operation of the contract, with a path
// whose parameters are filled in. Nothing of those names exists.
func eachOperation(t *testing.T, f func(id, method, path string, public bool)) {
	t.Helper()
	document, err := openapi3.NewLoader().LoadFromData(openapi.Document)
	require.NoError(t, err)
	for path, item := range document.Paths.Map() {
		for method, op := range item.Operations() {
			for _, p := range append(item.Parameters, op.Parameters...) {
				if value := "nothing"; p.Value.In == openapi3.ParameterInPath {
					if p.Value.Schema.Value.Format == "uuid" {
						value = uuid.NewString()
					}
					path = strings.ReplaceAll(path, "{"+p.Value.Name+"}", value)
				}
			}
			f(op.OperationID, method, path, op.Security != nil && len(*op.Security) == 0)
		}
	}
}

// outcome returns the status and, of a problem, the code. It does not wait for
// the end of a stream.
func (c *caller) outcome(method, path string) (int, toygres.ErrorCode) {
	c.api.t.Helper()
	ctx, cancel := context.WithCancel(c.api.t.Context())
	defer cancel()
	response, err := http.DefaultTransport.RoundTrip(c.request(ctx, method, path, ""))
	require.NoError(c.api.t, err)
	defer response.Body.Close()
	var problem openapi.Problem
	if response.Header.Get("Content-Type") == "application/problem+json" {
		require.NoError(c.api.t, json.NewDecoder(response.Body).Decode(&problem))
	}
	return response.StatusCode, toygres.ErrorCode(problem.Code)
}

func TestEveryRouteLetsInWhomTheTableNamesAndNobodyElse(t *testing.T) {
	t.Parallel()
	a := start(t)
	disabled := a.user("disabled", toygres.RoleAdmin)
	disabledToken, disabledSession := a.as(disabled), a.session("disabled")
	yes := true
	_, err := a.store.ChangePerson(t.Context(), "disabled", catalog.PersonChange{Disabled: &yes})
	require.NoError(t, err)
	expired := auth.NewToken()
	_, err = a.store.CreateToken(t.Context(), catalog.NewToken{User: a.admin.ID, Name: "expired", Hash: catalog.HashToken(expired),
		Expires: time.Now().Add(-time.Second)})
	require.NoError(t, err)
	weak := auth.NewToken()
	_, err = a.store.CreateToken(t.Context(), catalog.NewToken{User: a.admin.ID, Name: "weak", Hash: catalog.HashToken(weak), Role: toygres.RoleViewer})
	require.NoError(t, err)

	const none = toygres.Role("") // covers nothing
	callers := []struct {
		name string
		role toygres.Role
		*caller
	}{
		{"nobody", none, a.anonymous()},
		{"an unknown token", none, a.with("Authorization", "Bearer tgr_wrong")},
		{"an unknown session", none, a.with("Cookie", auth.CookieName+"=wrong")},
		{"another scheme", none, a.with("Authorization", "Basic YTpi")},
		{"an expired token", none, a.with("Authorization", "Bearer "+expired)},
		{"a disabled user's token", none, disabledToken},
		{"a disabled user's session", none, disabledSession},
		{"viewer", toygres.RoleViewer, a.as(a.user("viewer", toygres.RoleViewer))},
		{"a viewer's token of an admin", toygres.RoleViewer, a.with("Authorization", "Bearer "+weak)},
		{"operator", toygres.RoleOperator, a.as(a.user("operator", toygres.RoleOperator))},
		{"admin", toygres.RoleAdmin, a.asAdmin()},
	}
	tried := 0
	eachOperation(t, func(id, method, path string, public bool) {
		needed, listed := server.Needs[id]
		require.NotEqual(t, public, listed, "%s must be public in the contract or have its role in authorize.go", id)
		for _, c := range callers {
			status, code := c.outcome(method, path)
			tried++
			switch {
			case public, c.role.Covers(needed):
				require.NotContains(t, []int{http.StatusUnauthorized, http.StatusForbidden}, status, "%s by %s", id, c.name)
			case c.role == none:
				require.Equal(t, http.StatusUnauthorized, status, "%s by %s", id, c.name)
				require.Equal(t, toygres.CodeUnauthenticated, code)
			default:
				require.Equal(t, http.StatusForbidden, status, "%s by %s", id, c.name)
				require.Equal(t, toygres.CodeForbidden, code)
			}
		}
	})
	require.Equal(t, len(callers)*(len(server.Needs)+publicOperations), tried)
}

// publicOperations are those for which nobody has to be signed in: signing in.
const publicOperations = 4

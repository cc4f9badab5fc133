package server_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/toygres/toygres"
	"github.com/toygres/toygres/openapi"
)

func TestSignInAndMe(t *testing.T) {
	t.Parallel()
	a := start(t)
	signedIn := a.anonymous().post("/api/sessions", `{"username":"Admin","password":"`+adminPassword+`"}`)
	me := decode[openapi.Me](signedIn, 200)
	require.Equal(t, "admin", me.Username)
	cookie := signedIn.header.Get("Set-Cookie")
	require.Contains(t, cookie, "HttpOnly")
	require.Contains(t, cookie, "SameSite=Lax")
	a.anonymous().get("/api/me").problem(401, toygres.CodeUnauthenticated)
	t.Log(a.log.String())
}

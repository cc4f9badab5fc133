package server_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/toygres/toygres"
	"github.com/toygres/toygres/openapi"
)

func TestTheOverviewIsForEverybodyWhoIsSignedIn(t *testing.T) {
	t.Parallel()
	a := start(t)
	a.running("demo")
	a.anonymous().get("/api/overview").problem(401, toygres.CodeUnauthenticated)
	overview := decode[openapi.Overview](a.as(a.user("viewer", toygres.RoleViewer)).get("/api/overview"), 200)
	require.Equal(t, map[string]int{"running": 1}, overview.States)
	require.NotNil(t, overview.Attention, "an empty list, and not null")
	require.Empty(t, overview.Attention)
}

package server_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/toygres/toygres"
	"github.com/toygres/toygres/openapi"
	"github.com/toygres/toygres/services/api/server"
)

// released is a provider whose servers have that release.
type released struct {
	toygres.Provider
	release toygres.Release
}

func (r *released) Release(toygres.Spec) toygres.Release { return r.release }

func TestAnUpgradeIsShownAndStarted(t *testing.T) {
	t.Parallel()
	fake, newer := &temporal{}, &released{release: toygres.ParseRelease("18.5")}
	a := start(t, fake.option, func(o *server.Options) { newer.Provider, o.Provider = o.Provider, newer })
	a.running("demo") // 18.4
	admin := a.asAdmin()
	demo := func() openapi.Instance { return decode[openapi.Instance](admin.get("/api/instances/demo"), 200) }
	require.Equal(t, "18.5", *demo().UpgradeAvailable)

	a.as(a.user("vera", toygres.RoleViewer)).post("/api/instances/demo/upgrade", "").problem(403, toygres.CodeForbidden)
	operation := decode[openapi.Operation](admin.post("/api/instances/demo/upgrade", ""), 202)
	require.Equal(t, openapi.Upgrade, operation.Kind)
	require.Equal(t, "18.5", *operation.Release)
	require.Equal(t, openapi.InstanceStateUpdating, demo().State)
	require.Nil(t, demo().UpgradeAvailable, "it is under way")
	require.Equal(t, operation.Id, *admin.post("/api/instances/demo/upgrade", "").problem(409, toygres.CodeConflict).OperationId)
	require.Equal(t, 1, fake.starts())
}

func TestWithoutANewerReleaseAnUpgradeIsRefusedWithTheReason(t *testing.T) {
	t.Parallel()
	fake, p := &temporal{}, &released{}
	a := start(t, fake.option, func(o *server.Options) { p.Provider, o.Provider = o.Provider, p })
	a.running("demo") // 18.4
	admin := a.asAdmin()
	for release, why := range map[string]string{
		"18.4": "it runs PostgreSQL 18.4, and there is no newer release",
		"18.3": "it runs PostgreSQL 18.4, and there is no newer release",
		"19.1": "it runs PostgreSQL 18.4, and there is no newer release",
		"":     "nobody knows which release its image has before it runs",
	} {
		p.release = toygres.ParseRelease(release)
		require.Nil(t, decode[openapi.Instance](admin.get("/api/instances/demo"), 200).UpgradeAvailable)
		problem := admin.post("/api/instances/demo/upgrade", "").problem(409, toygres.CodeConflict)
		require.Contains(t, *problem.Detail, why)
	}
	admin.post("/api/instances/nothing/upgrade", "").problem(404, toygres.CodeNotFound)
	require.Zero(t, fake.starts())
}

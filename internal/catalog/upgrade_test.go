package catalog_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/toygres/toygres"
)

func TestAnUpgradeIsOfARunningInstanceAndSaysToWhat(t *testing.T) {
	t.Parallel()
	s, url := openURL(t)
	ctx, owner := t.Context(), newUser(t, s, "ann")
	running(t, s, owner, "mydb")
	exec(t, sql(t, url), `UPDATE instances SET server_version = '18.3'`)
	begun, err := s.BeginUpgrade(ctx, "mydb", toygres.Release{Major: 18, Minor: 4}, owner)
	require.NoError(t, err)
	require.Equal(t, toygres.StateUpdating, begun.Instance.State)
	stored, err := s.Operation(ctx, begun.Operation.ID)
	require.NoError(t, err)
	require.Equal(t, begun.Operation, stored)
	require.Equal(t, "18.4", stored.Release.String())
	_, err = s.BeginUpgrade(ctx, "mydb", stored.Release, owner)
	requireCode(t, toygres.CodeConflict, err)

	// A retry asks for the same, unless it is so by now.
	fail(t, s, stored.ID, "")
	again, err := s.BeginRetry(ctx, stored.ID, 0, owner)
	require.NoError(t, err)
	require.Equal(t, stored.Release, again.Operation.Release)
	fail(t, s, again.Operation.ID, "")
	exec(t, sql(t, url), `UPDATE instances SET server_version = '18.4 (Debian 18.4-1)'`)
	_, err = s.BeginRetry(ctx, again.Operation.ID, 0, owner)
	requireCode(t, toygres.CodeConflict, err)
	require.ErrorContains(t, err, "has what was asked for by now")

	stop, err := s.Begin(ctx, "mydb", toygres.KindStop, owner)
	require.NoError(t, err)
	finish(t, s, stop, toygres.StateStopped)
	_, err = s.BeginUpgrade(ctx, "mydb", stored.Release, owner)
	require.ErrorContains(t, err, `can't upgrade "mydb" while it is stopped; start it: what starts runs the newest release there is`)
}

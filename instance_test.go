package toygres_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/toygres/toygres"
)

func TestEveryStateCanBeReachedAndOnlyDeletedIsFinal(t *testing.T) {
	t.Parallel()
	for _, s := range toygres.States() {
		if s != toygres.StateCreating {
			require.NotEmpty(t, toygres.Sources(s), "nothing leads to %s", s)
		}
		final := true
		for _, next := range toygres.States() {
			if s.CanBecome(next) {
				final = false
				require.Contains(t, toygres.Sources(next), s)
			}
		}
		require.Equal(t, s == toygres.StateDeleted, final, "ways out of %s", s)
		require.False(t, s.CanBecome(s), "%s to itself is not a change", s)
	}
}

func TestEveryTransientStateCanFail(t *testing.T) {
	t.Parallel()
	for _, s := range toygres.States() {
		if !s.Settled() {
			require.True(t, s.CanBecome(toygres.StateFailed), "%s would be stuck", s)
		}
	}
}

func TestAnUnknownStateLeadsNowhere(t *testing.T) {
	t.Parallel()
	for _, s := range toygres.States() {
		require.False(t, toygres.State("bogus").CanBecome(s))
		require.False(t, s.CanBecome("bogus"))
	}
}

func TestRolesCoverThoseBelow(t *testing.T) {
	t.Parallel()
	require.True(t, toygres.RoleAdmin.Covers(toygres.RoleOperator))
	require.True(t, toygres.RoleOperator.Covers(toygres.RoleViewer))
	require.False(t, toygres.RoleViewer.Covers(toygres.RoleOperator))
	require.False(t, toygres.Role("").Covers(""), "no role covers nothing")
	require.False(t, toygres.Role("root").Covers(toygres.RoleViewer))
}

func TestEveryDurableKindHasAPlan(t *testing.T) {
	t.Parallel()
	for _, k := range toygres.Kinds() {
		require.NotEmpty(t, toygres.PlannedSteps(k), k)
	}
	require.Empty(t, toygres.PlannedSteps("bogus"))
}

func TestCredentialsNeverPrintThePassword(t *testing.T) {
	t.Parallel()
	c := toygres.Credentials{User: "postgres", Password: "hunter2", Database: "postgres"}
	require.NotContains(t, c.String()+c.GoString(), "hunter2")
}

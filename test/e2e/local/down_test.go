package local

import (
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/toygres/toygres/dev/stacktest"
)

func TestDownKeepsTheDataAndUpBringsItBackAndASecondUpChangesNothing(t *testing.T) {
	stack := stacktest.New(t)
	stack.Query(t, "demo", "CREATE TABLE kept AS SELECT 7 AS n")
	before := stack.PIDs()
	require.NoError(t, stack.Up(t.Context()))
	require.Equal(t, before, stack.PIDs(), "a second up changes nothing that runs")

	require.NoError(t, stack.Down(t.Context()))
	require.Empty(t, stack.ServerDirs(t), "no server is left running")
	for part, pid := range before {
		require.ErrorIs(t, syscall.Kill(pid, 0), syscall.ESRCH, "%s still runs", part)
	}
	require.NoError(t, stack.Up(t.Context()))
	require.Equal(t, "7", stack.Query(t, "demo", "SELECT n::text FROM kept"))
}

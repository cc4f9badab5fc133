package server

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/toygres/toygres"
)

func TestEveryOperationHasARole(t *testing.T) {
	t.Parallel()
	contract, err := loadContract()
	require.NoError(t, err)
	require.NotEmpty(t, contract.operations)
	known := map[string]bool{}
	for _, op := range contract.operations {
		known[op.id] = true
		_, listed := needs[op.id]
		require.NotEqual(t, op.public, listed, "%s must either be public in the contract or have a role in the table", op.id)
	}
	for id := range needs {
		require.True(t, known[id], "the table has %s, which the contract has not", id)
	}
}

func TestEveryErrorCodeHasAStatus(t *testing.T) {
	t.Parallel()
	for code, status := range statuses {
		got, problem := explain(&toygres.Error{Code: code, Message: "m"})
		require.Equal(t, status, got)
		require.Equal(t, code, problem.Code)
	}
	require.Len(t, statuses, 12)
}

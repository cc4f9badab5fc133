package e2e

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/toygres/toygres/openapi"
)

func TestAPasswordIsRotatedUnderAnOpenConnection(t *testing.T) {
	t.Parallel()
	const name = "rotated"
	toygres(t, "create", name, "--wait")
	address := strings.TrimSpace(toygres(t, "connect", name, "--url"))
	open, err := pgx.Connect(t.Context(), address)
	require.NoError(t, err)
	defer func() { require.NoError(t, open.Close(t.Context())) }()

	toygres(t, "rotate-password", name, "--wait")
	after := strings.TrimSpace(toygres(t, "connect", name, "--url"))
	require.NotEqual(t, address, after)
	require.Equal(t, "1", query(t, after, "SELECT '1'"))
	require.Contains(t, toygres(t, "query", name, "SELECT 41 + 1"), "42", "Toygres itself signs in with it")
	_, err = pgx.Connect(t.Context(), address)
	require.ErrorContains(t, err, "28P01")
	_, err = open.Exec(t.Context(), "SELECT 1")
	require.NoError(t, err)
	toygres(t, "delete", name, "--purge", "--yes", "--wait")
}

func TestAForkHasTheDataOfItsSource(t *testing.T) {
	t.Parallel()
	var offer openapi.Offer
	require.NoError(t, json.Unmarshal([]byte(toygres(t, "offer", "-o", "json")), &offer))
	if offer.Forks == nil || !*offer.Forks {
		t.Skip("forks are not offered here")
	}
	toygres(t, "create", "source", "--wait")
	source := strings.TrimSpace(toygres(t, "connect", "source", "--url"))
	exec1(t, source, "CREATE TABLE kept AS SELECT 42 AS n")
	toygres(t, "fork", "source", "forked", "--memory", "512MiB", "--wait")
	fork := strings.TrimSpace(toygres(t, "connect", "forked", "--url"))
	require.Equal(t, "42", query(t, fork, "SELECT n::text FROM kept"))
	require.Equal(t, 512, get(t, "forked").MemoryMib)
	exec1(t, fork, "DROP TABLE kept")
	require.Equal(t, "42", query(t, source, "SELECT n::text FROM kept"))
	toygres(t, "delete", "source", "--purge", "--yes", "--wait")
	require.Equal(t, "1", query(t, fork, "SELECT '1'"))
	toygres(t, "delete", "forked", "--purge", "--yes", "--wait")
}

package e2e

import (
	"bytes"
	"encoding/json"
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/toygres/toygres/openapi"
)

func TestSettingsAreGivenAtCreateAndChangedAsPlanned(t *testing.T) {
	t.Parallel()
	const name = "settings"
	toygres(t, "create", name, "--set", "deadlock_timeout=9s", "--set", "max_connections=50", "--wait")
	address := strings.TrimSpace(toygres(t, "connect", name, "--url"))
	const shown = "SELECT current_setting('deadlock_timeout') || ' ' || current_setting('max_connections')"
	require.Equal(t, "9s 50", query(t, address, shown))

	change := []string{"update", name, "--set", "max_connections=60", "--reset", "deadlock_timeout"}
	var plan openapi.Plan
	require.NoError(t, json.Unmarshal([]byte(toygres(t, append(change, "--dry-run", "-o", "json")...)), &plan))
	require.Equal(t, openapi.TakesRestart, plan.Takes)
	require.Len(t, plan.Changes, 2)
	require.Equal(t, "9s 50", query(t, address, shown), "a dry run changes nothing")

	toygres(t, append(change, "--plan", plan.Fingerprint, "--wait")...)
	require.Equal(t, "1s 60", query(t, address, shown))
	require.Equal(t, map[string]string{"max_connections": "60"}, get(t, name).Parameters)
	refused(t, 4, "is not as it was when this was planned", append(change, "--plan", plan.Fingerprint)...)

	toygres(t, "update", name, "--tag", "team=shop", "--protect")
	require.Equal(t, map[string]string{"team": "shop"}, get(t, name).Tags)
	refused(t, 4, "protected", "delete", name, "--yes")
	toygres(t, "update", name, "--unprotect")
	refused(t, 4, "can't upgrade", "upgrade", name)
	toygres(t, "delete", name, "--purge", "--yes", "--wait")
}

func TestABatchIsFollowedToItsOperations(t *testing.T) {
	t.Parallel()
	var batch openapi.Batch
	require.NoError(t, json.Unmarshal([]byte(toygres(t, "bulk", "create", "many-{1..2}", "--set", "work_mem=8MB", "--wait", "-o", "json")), &batch))
	var list openapi.OperationList
	require.NoError(t, json.Unmarshal([]byte(toygres(t, "operations", "list", "--batch", batch.Id.String(), "-o", "json")), &list))
	var names []string
	for _, operation := range list.Items {
		names = append(names, operation.InstanceName)
	}
	require.ElementsMatch(t, []string{"many-1", "many-2"}, names)
	require.Equal(t, "8MB", get(t, "many-2").Parameters["work_mem"])
	toygres(t, "bulk", "delete", "many-{1..2}", "--purge", "--yes", "--wait")
}

// refused runs a command that must fail, with that exit code and those words.
func refused(t *testing.T, code int, says string, args ...string) {
	t.Helper()
	cmd := shared.CLI(t.Context(), args...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	var exit *exec.ExitError
	require.ErrorAs(t, cmd.Run(), &exit, "%v", args)
	require.Equal(t, code, exit.ExitCode(), "%v: %s", args, stderr.String())
	require.Contains(t, stderr.String(), says)
	require.Empty(t, stdout.String())
}

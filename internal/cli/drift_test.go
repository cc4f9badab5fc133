package cli

import (
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/toygres/toygres/openapi"
)

func TestDriftSaysWhatToRun(t *testing.T) {
	t.Parallel()
	s := newFakeServer(t)
	ended := testNow
	s.drift = openapi.DriftList{Items: []openapi.DriftFinding{}, LastCheck: &openapi.DriftCheck{EndedAt: &ended}}
	u := signedInTo(t, s)
	r := u.run("drift", "check")
	require.Zero(t, r.code, r.err)
	require.Contains(t, r.out, "0 found")

	id, name := uuid.New(), "demo\x1b[31m"
	command, again := "toygres drift repair "+id.String()+" --remove-data", testNow
	s.drift.Items = []openapi.DriftFinding{
		{Id: id, Kind: openapi.DriftKindUnknownInstance, InstanceId: uuid.New(), Message: "nobody knows it", Repair: openapi.Manual, Command: &command, FirstSeen: testNow},
		{Id: uuid.New(), Kind: openapi.DriftKindLeftover, InstanceId: uuid.New(), InstanceName: &name, Message: "a rest", Repair: openapi.Automatic, FirstSeen: testNow, ResolvedAt: &again},
	}
	r = u.run("drift")
	require.Zero(t, r.code, r.err)
	require.Contains(t, r.out, s.drift.Items[0].InstanceId.String())
	require.Contains(t, r.out, command)
	require.Regexp(t, "leftover +demo +.* nothing: it agrees again", r.out)

	require.Equal(t, exitUsage, u.run("drift", "repair", id.String()).code)
	require.Zero(t, u.run("drift", "repair", id.String(), "--remove-data").code)
	require.Equal(t, exitUsage, u.run("drift", "repair", "demo").code)
	require.Equal(t, exitUsage, u.run("drift", "--kind", "x").code)
}

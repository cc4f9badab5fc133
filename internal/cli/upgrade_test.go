package cli

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/toygres/toygres/openapi"
)

func TestUpgradeTellsWhatRunsAfterwards(t *testing.T) {
	t.Parallel()
	s := newFakeServer(t)
	demo := testInstance("demo")
	newer := "18.9"
	demo.UpgradeAvailable = &newer
	s.instances = append(s.instances, demo)
	u := signedInTo(t, s)
	require.Regexp(t, `Upgrade available +18\.9`, u.run("get", "demo").out)
	var out, errs lockedBuffer
	wait := u.start(&out, &errs, "upgrade", "demo", "--wait")
	streaming(t, s, 1)
	s.happen(func() {
		s.operation().State = openapi.OperationStateSucceeded
		s.instances[0].State, s.instances[0].ServerVersion = openapi.InstanceStateRunning, &newer
	})
	require.Zero(t, wait(), errs.String())
	require.Contains(t, out.String(), "demo is running: PostgreSQL 18.9")
}

package cli

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/toygres/toygres/openapi"
)

func TestForkWaitsUntilTheNewInstanceRuns(t *testing.T) {
	t.Parallel()
	s := newFakeServer(t)
	s.instances = append(s.instances, testInstance("demo"))
	var out, errs lockedBuffer
	wait := signedInTo(t, s).start(&out, &errs, "fork", "demo", "copy", "--memory", "4GiB", "--wait")
	streaming(t, s, 1)
	s.happen(func() {
		s.operation().State = openapi.OperationStateSucceeded
		s.find("copy").State = openapi.InstanceStateRunning
	})
	require.Zero(t, wait(), errs.String())
	require.Contains(t, errs.String(), "Forking to copy (operation ")
	require.Contains(t, out.String(), "copy is running")
	require.Equal(t, 4096, s.find("copy").MemoryMib)
}

func TestForkOfNothingIsRefused(t *testing.T) {
	t.Parallel()
	u := signedInTo(t, newFakeServer(t))
	require.Contains(t, u.run("fork", "nothing", "copy").err, `there is no instance "nothing"`)
	require.Equal(t, exitUsage, u.run("fork", "demo").code)
}

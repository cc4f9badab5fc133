package cli

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/toygres/toygres/openapi"
)

func TestDeleteSaysHowToBringItBack(t *testing.T) {
	t.Parallel()
	s := newFakeServer(t)
	s.instances = append(s.instances, testInstance("demo"))
	var out, errs lockedBuffer
	wait := signedInTo(t, s).start(&out, &errs, "delete", "demo", "--yes", "--wait")
	streaming(t, s, 1)
	s.happen(func() { s.operation().State = openapi.OperationStateSucceeded })
	require.Zero(t, wait(), errs.String())
	require.Equal(t, "demo is deleted; `toygres undelete demo` brings it back\n", out.String())
}

func TestTheTrashIsListedByItselfWithTheTimeLeft(t *testing.T) {
	t.Parallel()
	s := newFakeServer(t)
	gone := testInstance("gone")
	purge := time.Now().Add(26*time.Hour + time.Minute)
	gone.State, gone.PurgeAt = openapi.InstanceStateTrashed, &purge
	s.instances = append(s.instances, testInstance("demo"), gone)
	u := signedInTo(t, s)
	require.NotContains(t, u.run("list").out, "gone")
	r := u.run("list", "--deleted")
	require.Zero(t, r.code, r.err)
	require.Contains(t, r.out, "TIME LEFT")
	require.Regexp(t, `gone +trashed .*`, r.out)
	require.NotContains(t, r.out, "demo")
}

func TestUndeleteWaitsUntilItIsBack(t *testing.T) {
	t.Parallel()
	s := newFakeServer(t)
	i := testInstance("demo")
	i.State = openapi.InstanceStateTrashed
	s.instances = append(s.instances, i)
	var out, errs lockedBuffer
	wait := signedInTo(t, s).start(&out, &errs, "undelete", "demo", "--wait")
	streaming(t, s, 1)
	s.happen(func() {
		s.operation().State = openapi.OperationStateSucceeded
		s.find("demo").State = openapi.InstanceStateRunning
	})
	require.Zero(t, wait(), errs.String())
	require.Contains(t, out.String(), "demo is running")
}

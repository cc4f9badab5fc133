package cli

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/toygres/toygres/openapi"
)

func TestRotatePasswordWaitsUntilTheNewOneHolds(t *testing.T) {
	t.Parallel()
	s := newFakeServer(t)
	s.instances = append(s.instances, testInstance("demo"))
	var out, errs lockedBuffer
	wait := signedInTo(t, s).start(&out, &errs, "rotate-password", "demo", "--wait")
	streaming(t, s, 1)
	s.happen(func() { s.operation().State = openapi.OperationStateSucceeded })
	require.Zero(t, wait(), errs.String())
	require.Equal(t, "the superuser of demo has another password\n", out.String())
	require.Contains(t, errs.String(), "Rotating the password of demo (operation ")
}

func TestRotatePasswordThatFailsSaysWhy(t *testing.T) {
	t.Parallel()
	s := newFakeServer(t)
	s.instances = append(s.instances, testInstance("demo"))
	var out, errs lockedBuffer
	wait := signedInTo(t, s).start(&out, &errs, "rotate-password", "demo", "--wait")
	streaming(t, s, 1)
	why := "the server does not answer"
	s.happen(func() { s.operation().State, s.operation().Error = openapi.OperationStateFailed, &why })
	require.Equal(t, exitOperation, wait())
	require.Contains(t, errs.String(), why)
}

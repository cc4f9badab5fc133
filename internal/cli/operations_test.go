package cli

import (
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/toygres/toygres/openapi"
)

func TestOperationsAreAskedForByKindAndTime(t *testing.T) {
	t.Parallel()
	s := newFakeServer(t)
	u := signedInTo(t, s)
	r := u.run("operations", "list", "--kind", "resize", "--state", "failed", "--since", "2026-03-10T12:00:00Z", "--until", "0s",
		"--batch", "0192d3c4-0000-7000-8000-000000000001")
	require.Zero(t, r.code, r.err)
	asked := s.asked("GET", "/api/operations")
	require.Len(t, asked, 1)
	query, err := url.ParseQuery(asked[0].query)
	require.NoError(t, err)
	require.Equal(t, []string{"resize", "failed", "2026-03-10T12:00:00Z"}, []string{query.Get("kind"), query.Get("state"), query.Get("since")})
	require.NotEmpty(t, query.Get("until"))
	require.Equal(t, "0192d3c4-0000-7000-8000-000000000001", query.Get("batch"))
	require.Equal(t, exitUsage, u.run("operations", "list", "--batch", "load").code)
	require.Equal(t, exitUsage, u.run("operations", "list", "--since", "yesterday").code)
}

func TestRetryFollowsTheNewOperation(t *testing.T) {
	t.Parallel()
	s := newFakeServer(t)
	failed := s.begin(openapi.Create, "demo", "provision")
	failed.State = openapi.OperationStateFailed
	var out, errs lockedBuffer
	wait := signedInTo(t, s).start(&out, &errs, "operations", "retry", failed.Id.String(), "--wait")
	streaming(t, s, 1)
	s.happen(func() { s.operation().State = openapi.OperationStateSucceeded })
	require.Zero(t, wait(), errs.String())
	require.Contains(t, out.String(), s.operation().Id.String())
	require.Regexp(t, "Retry of +"+failed.Id.String(), out.String())
}

func TestRetryNowGoesOnWithTheSameOperation(t *testing.T) {
	t.Parallel()
	s := newFakeServer(t)
	id := s.begin(openapi.Create, "demo", "provision").Id.String()
	u := signedInTo(t, s)
	r := u.run("operations", "retry-now", id)
	require.Zero(t, r.code, r.err)
	require.Contains(t, r.out, "Going on with the create of demo")
	require.Len(t, s.asked("POST", "/api/operations/"+id+"/retry-now"), 1)
	require.Equal(t, exitUsage, u.run("operations", "retry-now", "demo").code)
}

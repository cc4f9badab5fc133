package cli

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/toygres/toygres/openapi"
)

// serveBatch makes the server answer every request about batches with b, and
// keeps the last body it got.
func serveBatch(s *fakeServer, b *openapi.Batch) (body func() map[string]any) {
	var last map[string]any
	s.override = func(w http.ResponseWriter, r *http.Request) bool {
		switch r.URL.Path {
		case "/api/instances/bulk", "/api/instances/bulk/delete":
			s.mu.Lock()
			defer s.mu.Unlock()
			last = nil
			_ = json.NewDecoder(r.Body).Decode(&last)
			if r.URL.Query().Get("dry_run") == "true" {
				why := "there is an instance \"shop-3\" already"
				answer(w, 200, openapi.BatchPlan{Total: 3, Instances: []openapi.InstancePlan{{Name: "shop-{1..3}", Version: 18, StorageGib: 5}},
					Refused: []openapi.BatchItem{{Position: 3, Name: "shop-3", State: openapi.BatchItemStateFailed, Error: &why}}})
				return true
			}
			answer(w, 202, b)
		case "/api/batches/" + b.Id.String(), "/api/batches/" + b.Id.String() + "/cancel":
			s.mu.Lock()
			defer s.mu.Unlock()
			answer(w, 200, b)
		case "/api/batches/" + b.Id.String() + "/retry":
			s.mu.Lock()
			defer s.mu.Unlock()
			again := *b
			again.Id, again.RetryOf = uuid.MustParse("44444444-4444-4444-8444-444444444444"), &b.Id
			answer(w, 202, again)
		default:
			return false
		}
		return true
	}
	return func() map[string]any { s.mu.Lock(); defer s.mu.Unlock(); return last }
}

func testBatch(state openapi.OperationState, counts openapi.BatchCounts) *openapi.Batch {
	return &openapi.Batch{Id: uuid.MustParse("33333333-3333-4333-8333-333333333333"), Kind: openapi.Create, State: state, Counts: counts, CreatedAt: testNow}
}

func TestBulkCreateFollowsTheCountsToTheEnd(t *testing.T) {
	t.Parallel()
	s := newFakeServer(t)
	b := testBatch(openapi.OperationStateRunning, openapi.BatchCounts{Total: 100, Waiting: 98, Running: 2})
	body := serveBatch(s, b)
	var out, errs lockedBuffer
	wait := signedInTo(t, s).start(&out, &errs, "bulk", "create", "load-{001..100}", "--cpu", "0.5", "--set", "jit=off", "--wait")
	eventually(t, func() bool { return strings.Contains(errs.String(), "0 of 100: 2 running, 98 waiting\n") })
	s.happen(func() { b.Counts = openapi.BatchCounts{Total: 100, Waiting: 58, Running: 2, Succeeded: 40} })
	eventually(t, func() bool {
		return strings.Contains(errs.String(), "40 of 100: 40 succeeded, 2 running, 58 waiting\n")
	})
	s.happen(func() {
		b.State, b.Counts = openapi.OperationStateFailed, openapi.BatchCounts{Total: 100, Succeeded: 99, Failed: 1}
		why := "there is an instance \"load-007\" already"
		b.Items = &[]openapi.BatchItem{{Position: 7, Name: "load-007", State: openapi.BatchItemStateFailed, Error: &why}}
	})
	require.Equal(t, exitOperation, wait(), errs.String())
	require.Contains(t, errs.String(), "1 of 100 instances failed")
	require.Regexp(t, `load-007 +failed +- +there is an instance`, out.String())
	require.Equal(t, map[string]any{"instances": []any{map[string]any{"name": "load-{001..100}", "cpu_millis": 500.0, "parameters": map[string]any{"jit": "off"}}}}, body())
	require.NotEmpty(t, s.asked("POST", "/api/instances/bulk")[0].key)
}

func TestBulkDeleteTakesNamesOrAPatternAndAsks(t *testing.T) {
	t.Parallel()
	s := newFakeServer(t)
	body := serveBatch(s, testBatch(openapi.OperationStatePending, openapi.BatchCounts{Total: 2, Waiting: 2}))
	u := signedInTo(t, s)
	r := u.run("bulk", "delete", "load-*", "--state", "failed", "--yes", "--purge")
	require.Zero(t, r.code, r.err)
	require.Equal(t, map[string]any{"match": "load-*", "state": []any{"failed"}, "purge": true}, body())
	require.Contains(t, r.out, "Batch 33333333-3333-4333-8333-333333333333: create 2 instances")
	r = u.run("bulk", "delete", "one", "load-{1..3}", "--yes")
	require.Zero(t, r.code, r.err)
	require.Equal(t, map[string]any{"names": []any{"one", "load-{1..3}"}, "purge": false}, body())

	for _, args := range [][]string{{"load-*"}, {"load-*", "b", "--yes"}, {"one", "--state", "failed", "--yes"}, {"--yes"}} {
		r = u.run(append([]string{"bulk", "delete"}, args...)...)
		require.Equal(t, exitUsage, r.code, args)
	}
	require.Len(t, s.asked("POST", "/api/instances/bulk"), 2)
}

func TestACancelledBatchIsWhatCancelAskedFor(t *testing.T) {
	t.Parallel()
	s := newFakeServer(t)
	b := testBatch(openapi.OperationStateCancelled, openapi.BatchCounts{Total: 3, Succeeded: 1, Cancelled: 2})
	serveBatch(s, b)
	u := signedInTo(t, s)
	r := u.run("batches", "cancel", b.Id.String(), "--wait")
	require.Zero(t, r.code, r.err)
	require.Contains(t, r.out, "1 succeeded, 2 cancelled")
	r = u.run("batches", "get", b.Id.String(), "--wait")
	require.Equal(t, exitOperation, r.code, "for everybody else it did not succeed")
	require.Equal(t, exitUsage, u.run("batches", "get", "load").code)
}

func TestARetryOfABatchAnswersTheNewOne(t *testing.T) {
	t.Parallel()
	s := newFakeServer(t)
	b := testBatch(openapi.OperationStatePending, openapi.BatchCounts{Total: 2, Waiting: 2})
	serveBatch(s, b)
	u := signedInTo(t, s)
	r := u.run("batches", "retry", b.Id.String())
	require.Zero(t, r.code, r.err)
	require.Contains(t, r.out, "Batch 44444444-4444-4444-8444-444444444444: create 2 instances")
	b.RetriedBy = &b.Id
	require.Contains(t, u.run("batches", "get", b.Id.String()).out, "Retried by   33333333-")
}

func TestADryRunOfManySaysWhichWouldFail(t *testing.T) {
	t.Parallel()
	s := newFakeServer(t)
	body := serveBatch(s, testBatch(openapi.OperationStatePending, openapi.BatchCounts{Total: 3}))
	r := signedInTo(t, s).run("bulk", "create", "shop-{1..3}", "--dry-run")
	require.Equal(t, exitOperation, r.code)
	require.Contains(t, r.err, "1 of 3 instances would fail")
	require.Regexp(t, `Name +shop-\{1\.\.3\}`, r.out)
	require.Regexp(t, `shop-3 +failed +- +there is an instance`, r.out)
	require.Equal(t, map[string]any{"instances": []any{map[string]any{"name": "shop-{1..3}"}}}, body())
	require.Equal(t, exitUsage, signedInTo(t, s).run("bulk", "create", "a", "--dry-run", "--wait").code)
}

package cli

import (
	"net/http"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/toygres/toygres/openapi"
)

func TestRetentionTellsWhatWasRemoved(t *testing.T) {
	t.Parallel()
	s := newFakeServer(t)
	ended := testNow
	s.override = func(w http.ResponseWriter, r *http.Request) bool {
		if r.URL.Path != "/api/retention" {
			return false
		}
		answer(w, 200, openapi.RetentionRunList{Items: []openapi.RetentionRun{{Id: uuid.New(), StartedAt: testNow, EndedAt: &ended,
			Removed: map[string]int{"idempotency_keys": 3, "events": 12}}}})
		return true
	}
	u := signedInTo(t, s)
	r := u.run("retention")
	require.Zero(t, r.code, r.err)
	require.Contains(t, r.out, "12 events, 3 idempotency keys")
	require.Equal(t, exitUsage, u.run("retention", "--limit", "0").code)
}

package cli

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/toygres/toygres/openapi"
)

func TestTheOverviewTellsWhatNeedsAttention(t *testing.T) {
	t.Parallel()
	s := newFakeServer(t)
	s.override = func(w http.ResponseWriter, r *http.Request) bool {
		if r.URL.Path != "/api/overview" {
			return false
		}
		answer(w, 200, openapi.Overview{States: map[string]int{"running": 10, "failed": 4}, Health: map[string]int{"healthy": 10}, OperationsInProgress: 2,
			Attention: []openapi.Attention{{Kind: openapi.InstancesFailed, Count: 4, Names: []string{"orders", "mail", "shop"}}}})
		return true
	}
	r := signedInTo(t, s).run("overview")
	require.Zero(t, r.code, r.err)
	require.Contains(t, r.out, "10 running, 4 failed")
	require.Contains(t, r.out, "2 in progress")
	require.Regexp(t, `instances failed +4 +orders, mail, shop and 1 more`, r.out)
}

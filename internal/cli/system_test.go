package cli

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/toygres/toygres/openapi"
)

func TestSystemTellsOfWorkersAndShowsNoSecret(t *testing.T) {
	t.Parallel()
	s := newFakeServer(t)
	build, limit, level, trouble := "v1.2.3", 3, "info", "Temporal does not answer now"
	system := openapi.System{Build: "v1.2.4", SchemaVersion: 30, Provider: "local",
		Places:     openapi.Places{Limit: &limit, Used: 3, Waiting: 7},
		Workers:    []openapi.Worker{{Identity: "17@host", Build: &build, Takes: []openapi.TaskKind{"workflow", "activity"}, LastSeenAt: testNow.Add(-5 * time.Second)}},
		TaskQueues: []openapi.TaskQueue{{Name: "toygres", Takes: "activity", Workers: 1, Backlog: 12, BacklogAgeSeconds: 4}},
		Settings:   []openapi.Setting{{Name: "TOYGRES_CATALOG_URL", Secret: true}, {Name: "TOYGRES_LOG_LEVEL", Value: &level, Default: true}},
	}
	s.override = func(w http.ResponseWriter, r *http.Request) bool {
		if r.URL.Path != "/api/system" {
			return false
		}
		answer(w, 200, system)
		return true
	}
	u := signedInTo(t, s)
	r := u.run("system")
	require.Zero(t, r.code, r.err)
	require.Contains(t, r.out, "3 of 3, 7 wait")
	require.Regexp(t, `17@host +v1\.2\.3 +no +workflow, activity +5s ago`, r.out)
	require.Regexp(t, `toygres +activity +1 +12 +4s`, r.out)
	require.NotContains(t, r.out, "TOYGRES_")
	r = u.run("system", "--settings")
	require.Regexp(t, `TOYGRES_CATALOG_URL +\(set\) +no\n`, r.out)
	require.Regexp(t, `TOYGRES_LOG_LEVEL +info +yes\n`, r.out)

	system.Temporal.Error, system.Workers = &trouble, nil
	r = u.run("system")
	require.Contains(t, r.out, trouble)
	require.NotContains(t, r.out, "WORKER", "that none is known does not say that there is none")
}

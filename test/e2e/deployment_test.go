package e2e

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/toygres/toygres/dev/toygrestest"
	"github.com/toygres/toygres/openapi"
)

// A deployment is a Toygres that the suite drives, with an instance demo.
type deployment struct {
	*toygrestest.Toygres
	surroundings
	browser []string // arguments of Playwright: projects of ui/playwright.config.ts, and specs of ui/e2e if not all
}

// surroundings are what can be done and seen only from where a Toygres runs.
type surroundings interface {
	// Kill ends a part (api, worker, catalog or temporal) as a crash does. It
	// comes back by itself; back says whether it has.
	Kill(t testing.TB, part string) (back func() bool)

	// FreezeTemporal makes Temporal answer nobody until thaw.
	FreezeTemporal(t testing.TB) (thaw func())

	// TemporalAddress is host:port of gRPC.
	TemporalAddress() string

	// Remains is all that exists of an instance but for its record.
	Remains(t testing.TB, instance openapi.Instance) []string

	// Logs are the logs of all parts.
	Logs(t testing.TB) map[string]string

	// Clean ends and removes all of it. It is the last call.
	Clean()
}

// deploy makes a deployment of the kind that TOYGRES_E2E names: the local
// stack, or with "chart" what Helm installs on a Kubernetes of one node.
func deploy(ctx context.Context) (deployment, error) {
	switch kind := os.Getenv("TOYGRES_E2E"); kind {
	case "", "stack":
		return deployStack(ctx)
	case "chart":
		return deployChart(ctx)
	default:
		return deployment{}, fmt.Errorf("TOYGRES_E2E is %q; choose stack or chart", kind)
	}
}

// deployForThisTest is for tests that disturb what they use. It goes with the
// test.
func deployForThisTest(t *testing.T) deployment {
	t.Helper()
	d, err := deploy(t.Context())
	require.NoError(t, err)
	t.Cleanup(d.Clean)
	t.Cleanup(func() {
		if !t.Failed() {
			return
		}
		for part, log := range d.Logs(t) {
			lines := strings.Split(log, "\n")
			t.Logf("log of %s:\n%s", part, strings.Join(lines[max(0, len(lines)-20):], "\n"))
		}
	})
	return d
}

// Package providertest is the conformance suite for providers: what every
// implementation of [toygres.Provider] guarantees, whatever it is built on.
package providertest

import (
	"context"
	"fmt"
	"net"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/toygres/toygres"
)

// patience is how long any one thing may take before the suite calls it failed.
const patience = 2 * time.Minute

// Run runs the suite. newProvider returns a provider that is ready for use,
// and cleans up after itself by t.Cleanup; the providers of several tests may
// share what is behind them, which may hold other instances, too. Tests run in
// parallel.
func Run(t *testing.T, newProvider func(t *testing.T) toygres.Provider) {
	for _, test := range []struct {
		name string
		run  func(*testing.T, *world)
	}{
		{"ProvisionLeadsToAQuery", provisionLeadsToAQuery},
		{"OnlyTheRightPasswordGetsIn", onlyTheRightPasswordGetsIn},
		{"StopKeepsDataAndEndpoint", stopKeepsDataAndEndpoint},
		{"StartAfterStopAtOnce", startAfterStopAtOnce},
		{"StopWhileStarting", stopWhileStarting},
		{"ProvisionStartsAStoppedInstance", provisionStartsAStoppedInstance},
		{"RestartIsANewServerWithTheSameData", restartIsANewServerWithTheSameData},
		{"ARestartIsDoneOnceForEachRequest", aRestartIsDoneOnceForEachRequest},
		{"RestartsAtTheSameTimeAndStop", restartsAtTheSameTimeAndStop},
		{"RestartOfAStoppedInstanceIsAConflict", restartOfAStoppedInstanceIsAConflict},
		{"EveryMethodTwice", everyMethodTwice},
		{"EveryMethodAtTheSameTime", everyMethodAtTheSameTime},
		{"ResizeRestartsWithTheNewSize", resizeRestartsWithTheNewSize},
		{"ResizeLeavesAStoppedInstanceStopped", resizeLeavesAStoppedInstanceStopped},
		{"StopWhileResizing", stopWhileResizing},
		{"RotationChangesThePasswordUnderOpenConnections", rotationChangesThePasswordUnderOpenConnections},
		{"ThePasswordThatIsRevealedWorksWhileItIsRotated", thePasswordThatIsRevealedWorksWhileItIsRotated},
		{"RotationOfAPasswordThatSomebodyElseHasChanged", rotationOfAPasswordThatSomebodyElseHasChanged},
		{"AForkHasTheDataOfItsSourceWhichGoesOn", aForkHasTheDataOfItsSourceWhichGoesOn},
		{"AForkOfWhatDoesNotRunIsRefused", aForkOfWhatDoesNotRunIsRefused},
		{"AConfigurationIsTakenUpByAReload", aConfigurationIsTakenUpByAReload},
		{"ConfigureLeavesAStoppedInstanceStopped", configureLeavesAStoppedInstanceStopped},
		{"WatchShowsEveryChange", watchShowsEveryChange},
		{"WatchBeginsWithWhatExists", watchBeginsWithWhatExists},
		{"LogsAreWhatTheServerWrote", logsAreWhatTheServerWrote},
		{"AFollowedLogGoesOnUntilTheInstanceIsDeleted", aFollowedLogGoesOnUntilTheInstanceIsDeleted},
		{"AFollowedLogEndsWithItsReader", aFollowedLogEndsWithItsReader},
		{"DeleteLeavesNothing", deleteLeavesNothing},
		{"DeleteWhileProvisioning", deleteWhileProvisioning},
		{"DeleteWhileStarting", deleteWhileStarting},
		{"DeleteWhileStopped", deleteWhileStopped},
		{"CancelledProvisionCanBeFinished", cancelledProvisionCanBeFinished},
		{"CancelledProvisionCanBeDeleted", cancelledProvisionCanBeDeleted},
		{"InstancesAreSeparate", instancesAreSeparate},
		{"UnknownInstances", unknownInstances},
		{"UnsupportedVersions", unsupportedVersions},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithTimeout(t.Context(), 5*patience)
			defer cancel()
			test.run(t, &world{T: t, ctx: ctx, p: newProvider(t)})
		})
	}
}

// world is one test's view: a provider, and how to wait for things.
type world struct {
	*testing.T
	ctx context.Context
	p   toygres.Provider
}

// spec is a small instance of the newest version on offer.
func (w *world) spec() toygres.Spec {
	w.Helper()
	offer, err := w.p.Offer(w.ctx)
	require.NoError(w, err)
	require.NotEmpty(w, offer.Versions, "the provider offers no version")
	return toygres.Spec{Name: "conformance", Version: offer.Versions[0], CPUMillis: 100, MemoryMiB: 256, StorageGiB: 1}.WithDefaults()
}

// newID returns the id of an instance that is deleted when the test ends.
func (w *world) newID() toygres.InstanceID {
	w.Helper()
	id := toygres.InstanceID(uuid.NewString())
	w.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		require.NoError(w, w.p.Delete(ctx, id), "cleaning up")
	})
	return id
}

// provision returns an instance that is ready.
func (w *world) provision() toygres.InstanceID {
	w.Helper()
	id := w.newID()
	require.NoError(w, w.p.Provision(w.ctx, id, w.spec()))
	w.await(id, toygres.PhaseReady)
	return id
}

func (w *world) await(id toygres.InstanceID, phase toygres.Phase) toygres.Observation {
	w.Helper()
	ctx, cancel := context.WithTimeout(w.ctx, patience)
	defer cancel()
	seen, err := Await(ctx, w.p, id, phase)
	require.NoError(w, err)
	return seen
}

func (w *world) observe(id toygres.InstanceID) toygres.Observation {
	w.Helper()
	seen, err := w.p.Observe(w.ctx, id)
	require.NoError(w, err)
	return seen
}

func (w *world) credentials(id toygres.InstanceID) toygres.Credentials {
	w.Helper()
	c, err := w.p.Credentials(w.ctx, id)
	require.NoError(w, err)
	return c
}

// URL returns the connection URL of an instance, with its password.
func URL(e toygres.Endpoint, c toygres.Credentials) string {
	return (&url.URL{
		Scheme: "postgres", User: url.UserPassword(c.User, c.Password),
		Host: net.JoinHostPort(e.Host, strconv.Itoa(e.Port)), Path: "/" + c.Database,
	}).String()
}

// connect signs in. An instance that is shown as ready must let us in at once.
func (w *world) connect(id toygres.InstanceID) *pgx.Conn {
	w.Helper()
	conn, err := w.tryConnect(w.observe(id).Endpoint, w.credentials(id))
	require.NoError(w, err, "a ready instance must accept its credentials")
	w.Cleanup(func() { _ = conn.Close(context.Background()) }) // its server may be gone
	return conn
}

// dialTimeout is how long an open port may take to answer. The kernel does so
// at once, however busy its server is, and a lost packet is sent again after
// one second and after three. What is at an address that is gone may be
// silence.
const dialTimeout = 5 * time.Second

func (w *world) tryConnect(e toygres.Endpoint, c toygres.Credentials) (*pgx.Conn, error) {
	w.Helper()
	if e.IsZero() {
		return nil, fmt.Errorf("no endpoint")
	}
	ctx, cancel := context.WithTimeout(w.ctx, patience)
	defer cancel()
	config, err := pgx.ParseConfig(URL(e, c))
	if err != nil {
		return nil, err
	}
	config.DialFunc = (&net.Dialer{Timeout: dialTimeout}).DialContext
	return pgx.ConnectConfig(ctx, config)
}

func (w *world) exec(conn *pgx.Conn, sql string) {
	w.Helper()
	_, err := conn.Exec(w.ctx, sql)
	require.NoError(w, err)
}

func (w *world) text(conn *pgx.Conn, sql string) string {
	w.Helper()
	var s string
	require.NoError(w, conn.QueryRow(w.ctx, sql).Scan(&s))
	return s
}

func (w *world) listed(id toygres.InstanceID) bool {
	w.Helper()
	ids, err := w.p.List(w.ctx)
	require.NoError(w, err)
	for _, other := range ids {
		if strings.EqualFold(string(other), string(id)) {
			return true
		}
	}
	return false
}

func (w *world) requireGone(id toygres.InstanceID) {
	w.Helper()
	seen := w.observe(id)
	require.Equal(w, toygres.PhaseAbsent, seen.Phase, seen.Message)
	require.True(w, seen.Endpoint.IsZero(), "what does not exist has no endpoint")
	require.False(w, w.listed(id), "a deleted instance is still listed")
	_, err := w.p.Credentials(w.ctx, id)
	require.Equal(w, toygres.CodeNotFound, toygres.CodeOf(err), "credentials of a deleted instance: %v", err)
}

package install_test

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/toygres/toygres/dev/charttest"
	"github.com/toygres/toygres/dev/kubernetestest"
)

// patience is how long any one thing may take on a busy machine.
const patience = 2 * time.Minute

// cluster is that of this test process.
var cluster *kubernetestest.Kubernetes

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Minute) // the first time, Kubernetes is built
	defer cancel()
	var err error
	if cluster, err = kubernetestest.Up(ctx); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer cluster.Close()
	defer func() {
		if place, err := first(); err == nil {
			place.Remove()
		}
	}()
	return m.Run()
}

// first is an installation that no test disturbs, with the chart's own values wherever that is possible.
var first = sync.OnceValues(func() (*charttest.Installation, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Minute)
	defer cancel()
	place, err := charttest.New(ctx, cluster, os.Stderr)
	if err != nil {
		return nil, err
	}
	return place, place.Install(ctx, nil)
})

// newPlace is a place for a release. It goes with the test.
func newPlace(t testing.TB) *charttest.Installation {
	t.Helper()
	place, err := charttest.New(t.Context(), cluster, os.Stderr)
	require.NoError(t, err)
	t.Cleanup(place.Remove)
	return place
}

func TestItsTestPassesAndAnInstanceCanBeVerifiedByItsName(t *testing.T) {
	place, err := first()
	require.NoError(t, err)
	_, err = place.Helm(t.Context(), "test", charttest.Release)
	require.NoError(t, err)

	address := create(t, place, "first")
	config := configOf(t, address)
	require.True(t, strings.HasSuffix(config.Host, "."+place.Instances+".svc.cluster.local"), config.Host)
	authority := filepath.Join(t.TempDir(), "ca.pem")
	require.NoError(t, os.WriteFile(authority, []byte(toygres(t, place, "connect", "first", "--ca")), 0o600))
	verified := strings.Replace(address, "sslmode=require", "sslmode=verify-full&sslrootcert="+authority, 1)
	require.NotEqual(t, address, verified)
	require.Equal(t, "t", query(t, verified, "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()"))
}

// An instance of the first Toygres holds the catalog of a second one, beside it.
func TestTheCatalogMayBeElsewhere(t *testing.T) {
	outer, err := first()
	require.NoError(t, err)
	address := create(t, outer, "elsewhere")

	inner := newPlace(t)
	require.NoError(t, inner.Secret(t.Context(), "elsewhere", "url", address))
	require.NoError(t, inner.Install(t.Context(), charttest.Values{
		"catalog": charttest.Values{"provided": charttest.Values{"enabled": false}, "existingSecret": "elsewhere"},
	}))
	require.Equal(t, "1", query(t, create(t, inner, "inner"), "SELECT 1"))
	require.Equal(t, "inner", query(t, address, "SELECT name FROM instances"), "it is in the catalog that was named")
	require.NotContains(t, toygres(t, outer, "list"), "inner")
}

func TestUninstallLeavesInstancesAloneAndAnotherInstallationKnowsThem(t *testing.T) {
	place := newPlace(t)
	require.NoError(t, place.Install(t.Context(), nil))
	address := create(t, place, "kept")
	query(t, address, "CREATE TABLE kept AS SELECT 7 AS n")
	create(t, place, "other")
	toygres(t, place, "delete", "other", "--purge", "--yes", "--wait")

	require.NoError(t, place.Uninstall(t.Context()))
	require.Eventually(t, func() bool {
		left := objects(t, place, place.Namespace, ofRelease)
		t.Log(left)
		return len(left) == 1 && left[0] == "persistentvolumeclaims/data-toygres-catalog-0"
	}, patience, time.Second, "the catalog's volume stays, and nothing else")
	require.Empty(t, objects(t, place, place.Instances, ofRelease))
	require.Equal(t, "7", query(t, address, "SELECT n FROM kept"), "instances are not part of the release")

	require.NoError(t, place.Install(t.Context(), nil))
	require.Equal(t, address, connectionURL(t, place, "kept"))
	toygres(t, place, "stop", "kept", "--wait")
	toygres(t, place, "start", "kept", "--wait")
	require.Equal(t, "7", query(t, address, "SELECT n FROM kept"))
	toygres(t, place, "delete", "kept", "--purge", "--yes", "--wait")
	require.Empty(t, cluster.Objects(t, place.Instances))
}

// ofRelease says whether an object is there because of Helm.
func ofRelease(o metav1.PartialObjectMetadata) bool {
	return o.Labels["app.kubernetes.io/instance"] == charttest.Release || o.Labels["app.kubernetes.io/managed-by"] == "Helm" ||
		o.Labels["owner"] == "helm"
}

func objects(t testing.TB, place *charttest.Installation, namespace string, match func(metav1.PartialObjectMetadata) bool) []string {
	t.Helper()
	found, err := place.Objects(t.Context(), namespace, match)
	require.NoError(t, err)
	return found
}

// toygres runs the command and returns what it prints.
func toygres(t testing.TB, place *charttest.Installation, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	cmd := place.CLI(ctx, args...)
	var complaint strings.Builder
	cmd.Stderr = &complaint
	out, err := cmd.Output()
	require.NoError(t, err, "toygres %v: %s", args, &complaint)
	return string(out)
}

// create makes an instance and returns its URL, password and all.
func create(t testing.TB, place *charttest.Installation, name string) string {
	t.Helper()
	toygres(t, place, "create", name, "--wait", "--memory", "256MiB", "--storage", "1GiB")
	return connectionURL(t, place, name)
}

func connectionURL(t testing.TB, place *charttest.Installation, name string) string {
	t.Helper()
	return strings.TrimSpace(toygres(t, place, "connect", name, "--url"))
}

// configOf finds hosts as the cluster does, whose DNS this machine does not ask.
func configOf(t testing.TB, address string) *pgx.ConnConfig {
	t.Helper()
	parsed, err := url.Parse(address)
	require.NoError(t, err)
	config, err := pgx.ParseConfig(parsed.String())
	require.NoError(t, err)
	config.DefaultQueryExecMode = pgx.QueryExecModeSimpleProtocol // values as text
	config.LookupFunc = func(ctx context.Context, host string) ([]string, error) {
		labels := strings.Split(host, ".")
		if len(labels) < 2 {
			return nil, fmt.Errorf("%s is no name of a Service", host)
		}
		service, err := cluster.Client.CoreV1().Services(labels[1]).Get(ctx, labels[0], metav1.GetOptions{})
		if err != nil {
			return nil, err
		}
		return []string{service.Spec.ClusterIP}, nil
	}
	return config
}

// query runs a statement and returns the first value of its first row as text, "" when there is none.
func query(t testing.TB, address, sql string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	conn, err := pgx.ConnectConfig(ctx, configOf(t, address))
	require.NoError(t, err)
	defer func() { _ = conn.Close(ctx) }()
	results, err := conn.PgConn().Exec(ctx, sql).ReadAll()
	require.NoError(t, err)
	if len(results) == 0 || len(results[0].Rows) == 0 {
		return ""
	}
	return string(results[0].Rows[0][0])
}

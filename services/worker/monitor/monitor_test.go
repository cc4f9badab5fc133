package monitor_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/toygres/toygres"
	"github.com/toygres/toygres/dev/postgrestest"
	"github.com/toygres/toygres/internal/catalog"
	"github.com/toygres/toygres/providers/local"
	"github.com/toygres/toygres/services/worker/monitor"
)

// A real server of the local provider, which nobody starts again here.
func TestAServerThatIsKilledIsUnhealthyUntilItIsBack(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	dir, err := os.MkdirTemp("", "toygres-monitor-") // not below the test's directory, which only root can enter
	require.NoError(t, err)
	require.NoError(t, os.Chmod(dir, 0o755))
	t.Cleanup(func() { require.NoError(t, os.RemoveAll(dir)) })
	first, last := postgrestest.Ports(t)
	provider, err := local.New(local.Config{Dir: filepath.Join(dir, "instances"), Prefixes: postgrestest.Prefixes(t)[:1],
		FirstPort: first, LastPort: last, Logger: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, provider.Shutdown(context.Background())) })
	begun := w.created("demo")
	id := begun.Instance.ID
	require.NoError(t, provider.Provision(t.Context(), id, begun.Instance.Spec))
	var seen toygres.Observation
	ready := func() error {
		seen, err = provider.Observe(t.Context(), id)
		if err == nil && seen.Phase != toygres.PhaseReady {
			err = errors.New(string(seen.Phase))
		}
		return err
	}
	w.eventually(ready)
	w.runs(begun, seen.Endpoint)
	w.watch(monitor.Options{Provider: provider, Every: 2 * time.Second})
	w.becomes("demo", toygres.HealthHealthy)

	pid, err := os.ReadFile(filepath.Join(dir, "instances", string(id), "data", "postmaster.pid"))
	require.NoError(t, err)
	process, err := strconv.Atoi(strings.TrimSpace(strings.SplitN(string(pid), "\n", 2)[0]))
	require.NoError(t, err)
	require.NoError(t, syscall.Kill(process, syscall.SIGKILL))
	require.NotEmpty(t, w.becomes("demo", toygres.HealthUnhealthy))

	require.NoError(t, provider.Start(t.Context(), id))
	require.Empty(t, w.becomes("demo", toygres.HealthHealthy))

	events, err := w.catalog.Events(t.Context(), catalog.EventFilter{Types: []toygres.EventType{toygres.EventInstanceHealth}}, 0)
	require.NoError(t, err)
	var changes []string
	for _, e := range events {
		changes = append(changes, e.Data["from"]+" to "+e.Data["to"])
	}
	require.Equal(t, []string{"unknown to healthy", "healthy to unhealthy", "unhealthy to healthy"}, changes)
	require.NotEmpty(t, events[1].Data["reason"])
}

func TestTheCatalogHasTheVersionThatTheServerItselfReports(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.running("demo", w.at)
	var reported string
	require.NoError(t, w.sql.QueryRow(t.Context(), `SHOW server_version`).Scan(&reported))
	w.watch(monitor.Options{})
	w.becomes("demo", toygres.HealthHealthy)
	// As if its server had been replaced by a newer one without our doing.
	w.exec(`UPDATE instances SET server_version = '9.6.24'`)
	w.eventually(func() error {
		instance, err := w.catalog.Instance(t.Context(), "demo")
		if err == nil && instance.ServerVersion != reported {
			err = fmt.Errorf("it is %s, not %s", instance.ServerVersion, reported)
		}
		return err
	})
}

// The next connection signs in with the password of that moment.
func TestAChangedPasswordHurtsNobody(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.running("demo", w.at)
	w.watch(monitor.Options{KeepConnection: 100 * time.Millisecond})
	w.becomes("demo", toygres.HealthHealthy)
	w.with(func() {
		w.exec(fmt.Sprintf("ALTER ROLE %s PASSWORD 'second'", w.credentials.User))
		w.credentials.Password = "second"
	})
	before := w.signIns()
	w.eventually(func() error {
		if n := w.signIns() - before; n < 5 {
			return fmt.Errorf("it signed in %d times", n)
		}
		return nil
	})
	i, err := w.catalog.Instance(t.Context(), "demo")
	require.NoError(t, err)
	require.Equal(t, toygres.HealthHealthy, i.Health)

	w.with(func() { w.credentials.Password = "neither" })
	why := w.becomes("demo", toygres.HealthUnhealthy)
	require.Contains(t, why, "password authentication failed")
}

func TestAConnectionServesManyProbesAndIsMadeAnewWhenItIsCut(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.running("demo", w.at)
	stop := w.watch(monitor.Options{})
	w.becomes("demo", toygres.HealthHealthy)
	// Only one that has served: to be cut in the middle of its first probe is a failure.
	cut := func() (n int) {
		require.NoError(t, w.sql.QueryRow(t.Context(), `SELECT count(*) FILTER (WHERE pg_terminate_backend(pid))
			FROM pg_stat_activity WHERE usename = $1 AND state = 'idle' AND query <> ''`, w.credentials.User).Scan(&n))
		return n
	}
	for range 3 {
		before := w.signIns()
		w.eventually(func() error {
			if cut() != 1 {
				return errors.New("there is no connection")
			}
			return nil
		})
		w.eventually(func() error {
			if w.signIns() == before {
				return errors.New("it has not connected again")
			}
			return nil
		})
	}
	require.LessOrEqual(t, w.signIns(), 5)
	stop()
	require.Zero(t, w.probed(id, 0), "a connection that was cut is no failure")
	w.eventually(func() error {
		if n := cut(); n > 0 {
			return errors.New("a connection is left")
		}
		return nil
	})
}

// A listener that accepts and never speaks is like a server that hangs.
func TestAServerThatHangsIsUnhealthyAndTheMonitorFallsBehindVisibly(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	hangs, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer hangs.Close()
	port := hangs.Addr().(*net.TCPAddr).Port
	for n := range 4 {
		w.running(fmt.Sprintf("demo-%d", n), toygres.Endpoint{Host: "127.0.0.1", Port: port})
	}
	w.watch(monitor.Options{Timeout: 500 * time.Millisecond, AtOnce: 1})
	require.Contains(t, w.becomes("demo-0", toygres.HealthUnhealthy), "did not answer within 500ms")
	w.eventually(func() error {
		m, err := w.catalog.Monitor(t.Context())
		if err == nil && m.Lag() < time.Second {
			err = fmt.Errorf("it is only %s behind", m.Lag())
		}
		if err == nil && (m.Shards[0].Instances != 4 || m.Shards[0].Worker == "") {
			err = fmt.Errorf("it reports %+v", m.Shards[0])
		}
		return err
	})
}

// One probe in an hour, and one when the provider tells.
func TestWhatTheProviderTellsIsLookedAtAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.running("demo", w.at)
	w.watch(monitor.Options{Every: time.Hour, KeepConnection: time.Millisecond})
	w.becomes("demo", toygres.HealthHealthy)
	w.with(func() {
		w.credentials.Password = "wrong"
		w.seen = toygres.Observation{Phase: toygres.PhaseFailed, Message: "the disk is full"}
	})
	w.tell(id)
	require.Equal(t, "the disk is full", w.becomes("demo", toygres.HealthUnhealthy))
	w.with(func() { w.credentials.Password, w.seen = "first", toygres.Observation{Phase: toygres.PhaseReady} })
	w.tell(id)
	w.becomes("demo", toygres.HealthHealthy)
}

func TestWhatCannotBeLookedAtIsUnknownAndNotUnhealthy(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.running("demo", w.at)
	w.watch(monitor.Options{KeepConnection: time.Millisecond})
	w.becomes("demo", toygres.HealthHealthy)
	w.with(func() {
		w.trouble = &toygres.Error{Code: toygres.CodeUnavailable, Message: "the cluster can't be reached", Err: errUnreachable}
	})
	require.Equal(t, "the cluster can't be reached", w.becomes("demo", toygres.HealthUnknown))
	w.with(func() { w.trouble = nil })
	w.becomes("demo", toygres.HealthHealthy)
}

func TestInstancesComeAndGoAndArePausedWithoutWordToTheShard(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.watch(monitor.Options{})
	w.running("early", w.at)
	w.becomes("early", toygres.HealthHealthy)
	w.running("late", w.at)
	w.becomes("late", toygres.HealthHealthy)

	require.NoError(t, w.catalog.PauseMonitor(t.Context(), true))
	require.Equal(t, "its monitoring is paused", w.becomes("early", toygres.HealthUnknown))
	w.becomes("late", toygres.HealthUnknown)
	w.eventually(func() error {
		var n int
		err := w.sql.QueryRow(t.Context(), `SELECT count(*) FROM pg_stat_activity WHERE usename = $1`, w.credentials.User).Scan(&n)
		if err == nil && n > 0 {
			err = fmt.Errorf("%d connections are left", n)
		}
		return err
	})
	require.NoError(t, w.catalog.PauseMonitor(t.Context(), false))
	w.becomes("early", toygres.HealthHealthy)

	_, err := w.catalog.Begin(t.Context(), "late", toygres.KindStop, w.owner)
	require.NoError(t, err)
	w.eventually(func() error {
		m, err := w.catalog.Monitor(t.Context())
		if err == nil && m.Shards[0].Instances != 1 {
			err = fmt.Errorf("it watches %d", m.Shards[0].Instances)
		}
		return err
	})
}

func TestAShardThatIsNotWantedAnyMoreEnds(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	require.NoError(t, w.catalog.SetShards(t.Context(), 2))
	ended := make(chan bool)
	go func() {
		over, _ := monitor.New(monitor.Options{Catalog: w.catalog, Provider: w, Log: slog.New(slog.DiscardHandler),
			Refresh: 20 * time.Millisecond}).WatchShard(t.Context(), 1)
		ended <- over
	}()
	w.eventually(func() error {
		m, err := w.catalog.Monitor(t.Context())
		if err == nil && m.Shards[1].ReportedAt.IsZero() {
			err = errors.New("it has not reported")
		}
		return err
	})
	require.NoError(t, w.catalog.SetShards(t.Context(), 1))
	require.True(t, <-ended)
}

package cli

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/toygres/toygres/openapi"
)

// streaming waits until the server has that many streams behind it and an
// operation to report on.
func streaming(t *testing.T, s *fakeServer, streams int) {
	t.Helper()
	eventually(t, func() bool {
		s.mu.Lock()
		defer s.mu.Unlock()
		return s.streams >= streams && s.operation() != nil
	})
}

// succeed ends the only operation well.
func (s *fakeServer) succeed() {
	s.happen(func() {
		s.operation().State = openapi.OperationStateSucceeded
		if i := s.find("demo"); i != nil {
			i.State = openapi.InstanceStateRunning
		}
	})
}

func TestCreateWaitShowsStepsAndGivesTheInstance(t *testing.T) {
	t.Parallel()
	s := newFakeServer(t)
	var out, errs lockedBuffer
	wait := signedInTo(t, s).start(&out, &errs, "create", "demo", "--wait", "-o", "json")
	streaming(t, s, 1)
	shows := func(text string) {
		t.Helper()
		eventually(t, func() bool { return strings.Contains(errs.String(), text) })
	}
	shows("Creating demo (operation ")
	s.step(0, openapi.StepStateRunning)
	shows("  provision: begun\n")
	s.step(0, openapi.StepStateSucceeded)
	shows("  provision: done in 1.5s\n")
	s.step(1, openapi.StepStateFailed, func(step *openapi.Step) {
		reason, retry := "no answer\x1b]0;evil\x07", testNow.Add(4*time.Second)
		step.Error, step.NextRetryAt = &reason, &retry
	})
	shows("  wait for ready: attempt 1 failed: no answer; next attempt at 07:08:13\n")
	s.step(1, openapi.StepStateRunning, func(step *openapi.Step) { step.Attempt, step.NextRetryAt = 2, nil })
	shows("  wait for ready: attempt 2; the last one failed: no answer\n")
	s.succeed()
	require.Zero(t, wait(), errs.String())
	var instance openapi.Instance
	require.NoError(t, json.Unmarshal([]byte(out.String()), &instance))
	require.Equal(t, openapi.InstanceStateRunning, instance.State)
	require.NotContains(t, errs.String(), "\x1b")
}

func TestWaitResumesACutStream(t *testing.T) {
	t.Parallel()
	s := newFakeServer(t)
	var out, errs lockedBuffer
	wait := signedInTo(t, s).start(&out, &errs, "create", "demo", "--wait")
	streaming(t, s, 1)
	s.step(0, openapi.StepStateRunning)
	eventually(t, func() bool { return strings.Contains(errs.String(), "provision: begun") })
	s.cut()
	streaming(t, s, 2)
	streams := s.asked("GET", "/api/events")
	require.Empty(t, streams[0].lastEventID)
	require.Equal(t, "1", streams[1].lastEventID, "the stream is resumed after the last event that came")
	s.succeed()
	require.Zero(t, wait(), errs.String())
	require.Equal(t, "demo is running: PostgreSQL 18.4 at 127.0.0.1:15500\n", out.String())
}

func TestWaitSeesAnEndBeforeTheStreamWasOpen(t *testing.T) {
	t.Parallel()
	s := newFakeServer(t)
	s.override = func(_ http.ResponseWriter, r *http.Request) bool {
		if r.URL.Path == "/api/events" {
			s.succeed() // after the request was accepted, before there is a stream to hear of it
		}
		return false
	}
	start := time.Now()
	require.Zero(t, signedInTo(t, s).run("create", "demo", "--wait").code)
	require.Less(t, time.Since(start), watchdog)
}

func TestWaitWorksWithoutAStream(t *testing.T) {
	t.Parallel()
	s := newFakeServer(t)
	s.override = func(w http.ResponseWriter, r *http.Request) bool {
		if r.URL.Path == "/api/events" {
			refuse(w, 404, openapi.ErrorCodeNotFound, "no streams here")
			return true
		}
		return false
	}
	var out, errs lockedBuffer
	wait := signedInTo(t, s).start(&out, &errs, "create", "demo", "--wait")
	eventually(t, func() bool { return len(s.asked("GET", "/api/operations/")) > 0 })
	s.succeed()
	require.Zero(t, wait(), errs.String())
}

func TestWaitOutlivesAServerThatIsAway(t *testing.T) {
	t.Parallel()
	s := newFakeServer(t)
	var out, errs lockedBuffer
	wait := signedInTo(t, s).start(&out, &errs, "create", "demo", "--wait")
	streaming(t, s, 1)
	s.mu.Lock()
	s.override = func(w http.ResponseWriter, _ *http.Request) bool {
		refuse(w, 503, openapi.ErrorCodeUnavailable, "the catalog is away")
		return true
	}
	s.mu.Unlock()
	s.cut()
	eventually(t, func() bool { return strings.Contains(errs.String(), "the catalog is away; trying again") })
	s.mu.Lock()
	s.override = nil
	s.mu.Unlock()
	s.succeed()
	require.Zero(t, wait(), errs.String())
}

func TestInterruptedWaitSaysHowToGoOn(t *testing.T) {
	t.Parallel()
	s := newFakeServer(t)
	u := signedInTo(t, s)
	ctx, interrupt := context.WithCancel(t.Context())
	u.ctx = ctx
	var out, errs lockedBuffer
	wait := u.start(&out, &errs, "create", "demo", "--wait")
	streaming(t, s, 1)
	interrupt()
	require.Equal(t, exitInterrupted, wait())
	id := s.operation().Id.String()
	require.Contains(t, errs.String(), "the operation goes on")
	require.Contains(t, errs.String(), "toygres operations get "+id+" --wait")
	require.Contains(t, errs.String(), "toygres operations cancel "+id)
}

func TestWaitEndsWhenTheTimeIsUp(t *testing.T) {
	t.Parallel()
	s := newFakeServer(t)
	r := signedInTo(t, s).run("create", "demo", "--wait", "--timeout", "50ms")
	require.Equal(t, exitUnavailable, r.code)
	require.Contains(t, r.err, "not done after 50ms, and goes on")
}

func TestFailedOperationExitsWithItsOwnCode(t *testing.T) {
	t.Parallel()
	for _, format := range []string{formatTable, formatJSON} {
		s := newFakeServer(t)
		var out, errs lockedBuffer
		wait := signedInTo(t, s).start(&out, &errs, "create", "demo", "--wait", "-o", format)
		streaming(t, s, 1)
		s.happen(func() {
			reason := "no port is free"
			s.operation().State, s.operation().Error = openapi.OperationStateFailed, &reason
		})
		require.Equal(t, exitOperation, wait())
		require.Contains(t, errs.String(), "toygres: create of demo failed: no port is free; see its steps with")
		if format == formatJSON {
			var operation openapi.Operation
			require.NoError(t, json.Unmarshal([]byte(out.String()), &operation))
			require.Equal(t, openapi.OperationStateFailed, operation.State)
		} else {
			require.Empty(t, out.String())
		}
	}
}

func TestStopWaitsForTheState(t *testing.T) {
	t.Parallel()
	s := newFakeServer(t)
	s.instances = append(s.instances, testInstance("demo"))
	var out, errs lockedBuffer
	wait := signedInTo(t, s).start(&out, &errs, "stop", "demo", "--wait")
	streaming(t, s, 1)
	s.happen(func() { s.operation().State = openapi.OperationStateSucceeded })
	streaming(t, s, 2) // of the instance, whose state is not settled yet
	s.happen(func() { s.find("demo").State = openapi.InstanceStateStopped })
	require.Zero(t, wait(), errs.String())
	require.Equal(t, "demo is stopped: PostgreSQL 18.4\n", out.String())
}

func TestRestartWaitsForTheNewServer(t *testing.T) {
	t.Parallel()
	s := newFakeServer(t)
	s.instances = append(s.instances, testInstance("demo"))
	var out, errs lockedBuffer
	wait := signedInTo(t, s).start(&out, &errs, "restart", "demo", "--wait")
	streaming(t, s, 1)
	s.happen(func() { s.operation().State = openapi.OperationStateSucceeded })
	streaming(t, s, 2)
	s.happen(func() { s.find("demo").State = openapi.InstanceStateRunning })
	require.Zero(t, wait(), errs.String())
	require.Equal(t, "demo is running: PostgreSQL 18.4 at 127.0.0.1:15500\n", out.String())
}

func TestDeleteNeedsAConfirmation(t *testing.T) {
	t.Parallel()
	s := newFakeServer(t)
	s.instances = append(s.instances, testInstance("demo"))
	u := signedInTo(t, s)
	r := u.run("delete", "demo")
	require.Equal(t, exitUsage, r.code)
	require.Contains(t, r.err, "--yes")
	require.Empty(t, s.asked("DELETE", "/"))
	require.Zero(t, u.run("delete", "demo", "--yes").code)
	require.Len(t, s.asked("DELETE", "/api/instances/demo"), 1)
}

func TestCancelWaitSucceedsWhenItIsCancelled(t *testing.T) {
	t.Parallel()
	s := newFakeServer(t)
	u := signedInTo(t, s)
	require.Zero(t, u.run("create", "demo").code)
	var out, errs lockedBuffer
	wait := u.start(&out, &errs, "operations", "cancel", s.operation().Id.String(), "--wait", "-o", "yaml")
	streaming(t, s, 1)
	s.happen(func() { s.operation().State = openapi.OperationStateCancelled })
	require.Zero(t, wait(), errs.String())
	require.Contains(t, out.String(), "state: cancelled\n")
}

func TestEventsFollowShowsEachEventOnce(t *testing.T) {
	t.Parallel()
	s := newFakeServer(t)
	s.instances = append(s.instances, testInstance("demo"))
	s.happen(func() {})
	u := signedInTo(t, s)
	ctx, interrupt := context.WithCancel(t.Context())
	u.ctx = ctx
	var out, errs lockedBuffer
	wait := u.start(&out, &errs, "events", "--instance", "demo", "--follow", "-o", "json")
	lines := func(n int) {
		t.Helper()
		eventually(t, func() bool { return strings.Count(out.String(), "\n") == n })
	}
	lines(1) // from the past
	s.happen(func() {})
	lines(2)
	s.cut()
	s.happen(func() {})
	lines(3)
	interrupt()
	require.Equal(t, exitInterrupted, wait())
	for i, line := range strings.Split(strings.TrimSpace(out.String()), "\n") {
		var event openapi.Event
		require.NoError(t, json.Unmarshal([]byte(line), &event))
		require.Equal(t, string(rune('1'+i)), event.Id)
	}
}

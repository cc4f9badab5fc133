package kubernetes_test

import (
	"bufio"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/toygres/toygres"
)

// The container of a crashed server is replaced in the same pod: what it wrote
// last is what one wants to read.
func TestTheLogOfACrashedServerIsKeptAndFollowed(t *testing.T) {
	t.Parallel()
	config := newConfig(t)
	p := newProvider(t, config)
	id := provision(t, p)
	conn := connect(t, p, id)
	say := func(text string) {
		_, err := conn.Exec(t.Context(), `DO $$ BEGIN RAISE LOG '`+text+`'; END $$`)
		require.NoError(t, err)
	}
	in, err := p.Logs(t.Context(), id, toygres.LogOptions{Tail: -1, Follow: true})
	require.NoError(t, err)
	defer in.Close()
	lines := make(chan string, 10_000)
	go func() {
		defer close(lines)
		for scanner := bufio.NewScanner(in); scanner.Scan(); {
			lines <- scanner.Text()
		}
	}()
	var seen []string
	until := func(text string) {
		t.Helper()
		for late := time.After(90 * time.Second); ; {
			select {
			case line, open := <-lines:
				require.True(t, open, "the log has ended")
				if seen = append(seen, line); strings.Contains(line, text) {
					return
				}
			case <-late:
				require.FailNow(t, "not followed", "%q did not come after %q", text, seen)
			}
		}
	}
	say("last words")
	until("last words")
	// Which ends the server, and with it the container, but not the pod.
	_, _ = conn.Exec(t.Context(), `COPY (SELECT) TO PROGRAM 'kill -INT $(head -1 $PGDATA/postmaster.pid)'`) // it may or may not answer
	eventually(t, "another server", func() bool {
		seen, err := p.Observe(t.Context(), id)
		return err == nil && seen.Phase == toygres.PhaseReady && restarts(t, config.Namespace, id) > 0
	})
	conn = connect(t, p, id)
	say("said by the next")
	until("shut down")
	until("said by the next")
	require.Equal(t, 1, strings.Count(strings.Join(seen, "\n"), "LOG:  last words"), "lines are repeated")

	read := func(o toygres.LogOptions) string {
		log, err := p.Logs(t.Context(), id, o)
		require.NoError(t, err)
		defer log.Close()
		text, err := io.ReadAll(log)
		require.NoError(t, err)
		return string(text)
	}
	all := read(toygres.LogOptions{})
	require.Less(t, strings.Index(all, "LOG:  last words"), strings.Index(all, "LOG:  said by the next"))
	count := strings.Count(all, "\n")
	for _, n := range []int{1, count - 3, count} {
		tail := read(toygres.LogOptions{Tail: n})
		require.Equal(t, n, strings.Count(tail, "\n"))
		require.True(t, strings.HasSuffix(all, tail))
	}
}

// restarts is how often the server's container was started again.
func restarts(t *testing.T, namespace string, id toygres.InstanceID) int32 {
	t.Helper()
	pod, err := client.CoreV1().Pods(namespace).Get(t.Context(), "pg-"+string(id)+"-0", metav1.GetOptions{})
	require.NoError(t, err)
	return pod.Status.ContainerStatuses[0].RestartCount
}

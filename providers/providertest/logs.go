package providertest

import (
	"bufio"
	"context"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/toygres/toygres"
)

// say makes the server write a line into its log.
func (w *world) say(conn *pgx.Conn, text string) {
	w.Helper()
	w.exec(conn, `SET log_error_verbosity = terse`) // without where it comes from
	w.exec(conn, `SET log_min_error_statement = panic`)
	w.exec(conn, `DO $$ BEGIN RAISE LOG '%', '`+text+`'; END $$`)
}

// log reads a log to its end.
func (w *world) log(id toygres.InstanceID, o toygres.LogOptions) string {
	w.Helper()
	in, err := w.p.Logs(w.ctx, id, o)
	require.NoError(w, err)
	text, err := io.ReadAll(in)
	require.NoError(w, err)
	require.NoError(w, in.Close())
	return string(text)
}

// awaitLog waits until what a server has written is in its log.
func (w *world) awaitLog(id toygres.InstanceID, text string) {
	w.Helper()
	require.EventuallyWithT(w, func(c *assert.CollectT) {
		assert.Contains(c, w.log(id, toygres.LogOptions{}), text)
	}, patience, 50*time.Millisecond)
}

func logsAreWhatTheServerWrote(t *testing.T, w *world) {
	id := w.provision()
	conn := w.connect(id)
	w.say(conn, "said first")
	var now time.Time
	time.Sleep(2 * time.Second) // what is said in the same second can't be told apart
	require.NoError(t, conn.QueryRow(w.ctx, `SELECT clock_timestamp()`).Scan(&now))
	w.say(conn, "said later")
	w.say(conn, "said last")
	w.awaitLog(id, "said last")

	all := w.log(id, toygres.LogOptions{})
	require.Contains(t, all, "ready to accept connections")
	require.Less(t, strings.Index(all, "said first"), strings.Index(all, "said last"), "the oldest line comes first")
	require.True(t, strings.HasSuffix(all, "\n"))

	since := w.log(id, toygres.LogOptions{Since: now})
	require.NotContains(t, since, "said first")
	require.Contains(t, since, "said later")
	require.Contains(t, since, "said last")

	lines := strings.SplitAfter(strings.TrimSuffix(all, "\n"), "\n")
	for _, n := range []int{1, 2, len(lines) - 1} {
		tail := w.log(id, toygres.LogOptions{Tail: n})
		require.Equal(t, n, strings.Count(tail, "\n"))
		require.True(t, strings.HasSuffix(all, tail), "the last %d lines are others", n)
	}
	require.Equal(t, all, w.log(id, toygres.LogOptions{Tail: len(lines) + 1000}))
	require.Empty(t, w.log(id, toygres.LogOptions{Tail: -1}))
	require.Empty(t, w.log(id, toygres.LogOptions{Since: time.Now().Add(time.Hour)}))
	require.NotContains(t, all, w.credentials(id).Password)

	long := "long " + strings.Repeat("x", 100_000) + " end"
	w.say(conn, long)
	w.awaitLog(id, long+"\n")
}

// following reads lines until one has the text in it, and returns them.
func (w *world) following(lines <-chan string, text string) (seen []string) {
	w.Helper()
	late := time.After(patience)
	for {
		select {
		case line, open := <-lines:
			require.True(w, open, "the log ended before %q, after %q", text, seen)
			if seen = append(seen, line); strings.Contains(line, text) {
				return seen
			}
		case <-late:
			require.FailNow(w, "not followed", "%q did not come, after %q", text, seen)
		}
	}
}

// linesOf reads lines until the log ends.
func linesOf(in io.Reader) <-chan string {
	lines := make(chan string, 10_000)
	go func() {
		defer close(lines)
		for scanner := bufio.NewScanner(in); scanner.Scan(); {
			lines <- scanner.Text()
		}
	}()
	return lines
}

func aFollowedLogGoesOnUntilTheInstanceIsDeleted(t *testing.T, w *world) {
	id := w.provision()
	conn := w.connect(id)
	w.say(conn, "said before")
	w.awaitLog(id, "said before")
	in, err := w.p.Logs(w.ctx, id, toygres.LogOptions{Tail: -1, Follow: true})
	require.NoError(t, err)
	defer in.Close()
	lines := linesOf(in)
	w.say(conn, "said at once")
	first := w.following(lines, "said at once")
	require.NotContains(t, strings.Join(first, "\n"), "said before", "no old line was wanted")
	w.say(conn, "said next")
	require.Len(t, w.following(lines, "said next"), 1, "lines are repeated")

	require.NoError(t, w.p.Restart(w.ctx, id, "request"))
	w.await(id, toygres.PhaseReady)
	w.say(w.connect(id), "said by the second")
	w.following(lines, "said by the second")

	require.NoError(t, w.p.Stop(w.ctx, id))
	w.await(id, toygres.PhaseStopped)
	require.NoError(t, w.p.Start(w.ctx, id))
	w.await(id, toygres.PhaseReady)
	w.say(w.connect(id), "said by the third")
	seen := strings.Join(w.following(lines, "said by the third"), "\n")
	require.NotContains(t, seen, "said at once", "lines are repeated")

	require.NoError(t, w.p.Delete(w.ctx, id))
	late := time.After(patience)
	for open := true; open; {
		select {
		case _, open = <-lines:
		case <-late:
			require.FailNow(t, "the log of a deleted instance goes on")
		}
	}
}

func aFollowedLogEndsWithItsReader(t *testing.T, w *world) {
	id := w.provision()
	for what, end := range map[string]func(context.CancelFunc, io.Closer){
		"its context": func(cancel context.CancelFunc, _ io.Closer) { cancel() },
		"its reader":  func(_ context.CancelFunc, in io.Closer) { assert.NoError(t, in.Close()) },
	} {
		ctx, cancel := context.WithCancel(w.ctx)
		defer cancel()
		in, err := w.p.Logs(ctx, id, toygres.LogOptions{Follow: true})
		require.NoError(t, err)
		defer in.Close()
		lines := linesOf(in)
		w.following(lines, "ready to accept connections")
		end(cancel, in)
		late := time.After(patience)
		for open := true; open; {
			select {
			case _, open = <-lines:
			case <-late:
				require.FailNow(t, "the log goes on after the end of "+what)
			}
		}
	}
}

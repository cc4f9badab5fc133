package local

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/toygres/toygres"
)

// newLog returns the directory of an instance without a server.
func newLog(t *testing.T) (*Provider, directory) {
	t.Helper()
	p := newProvider(t, newConfig(t, newDir(t)))
	id, spec := newInstance(18)
	d := directoryOf(p, id)
	require.NoError(t, os.MkdirAll(d.file("log"), 0o755))
	require.NoError(t, d.write(newRecord(id, spec, 1)))
	return p, d
}

func stamped(at time.Time, text string) string {
	return at.UTC().Format("2006-01-02 15:04:05.000 MST") + " [1] LOG:  " + text + "\n"
}

func readLog(t *testing.T, p *Provider, d directory, o toygres.LogOptions) string {
	t.Helper()
	in, err := p.Logs(t.Context(), d.id, o)
	require.NoError(t, err)
	text, err := io.ReadAll(in)
	require.NoError(t, err)
	require.NoError(t, in.Close())
	return string(text)
}

func TestTheOlderLogIsReadAsFarAsItIsWanted(t *testing.T) {
	t.Parallel()
	p, d := newLog(t)
	require.Empty(t, readLog(t, p, d, toygres.LogOptions{}), "there is none yet")
	begin := time.Now().Add(-time.Hour).Truncate(time.Second)
	var older, newer []string
	for n := range 100 {
		older = append(older, stamped(begin.Add(time.Duration(n)*time.Second), fmt.Sprint(n, strings.Repeat("x", 2000))))
		newer = append(newer, stamped(begin.Add(time.Duration(100+n)*time.Second), fmt.Sprint(100+n)))
	}
	older[50] += "\tthat goes on\n"
	require.NoError(t, os.WriteFile(d.olderLog(), []byte(strings.Join(older, "")), 0o600))
	require.NoError(t, os.WriteFile(d.logFile(), []byte(strings.Join(newer, "")), 0o600))
	all := strings.Join(older, "") + strings.Join(newer, "")
	lines := strings.SplitAfter(strings.TrimSuffix(all, "\n"), "\n")
	require.Equal(t, all, readLog(t, p, d, toygres.LogOptions{}))
	for _, n := range []int{1, 99, 100, 101, 150, 200, 201, 202} {
		want := strings.Join(lines[max(0, len(lines)-n):], "")
		require.Equal(t, want+"\n", readLog(t, p, d, toygres.LogOptions{Tail: n}), "the last %d lines", n)
	}
	for n, since := range map[int]string{0: all, 51: strings.Join(older[51:], "") + strings.Join(newer, ""), 50: strings.Join(older[50:], "") + strings.Join(newer, ""),
		100: strings.Join(newer, ""), 150: strings.Join(newer[50:], ""), 200: ""} {
		require.Equal(t, since, readLog(t, p, d, toygres.LogOptions{Since: begin.Add(time.Duration(n) * time.Second)}), "since %d", n)
	}
	require.Equal(t, strings.Join(newer[98:], ""), readLog(t, p, d, toygres.LogOptions{Tail: 2, Since: begin}))
	require.Equal(t, newer[99], readLog(t, p, d, toygres.LogOptions{Tail: 2, Since: begin.Add(199 * time.Second)}))
	require.Empty(t, readLog(t, p, d, toygres.LogOptions{Tail: -1}))
}

// A log is put aside while it is followed, in both ways, again and again, and
// while its server writes as fast as it can. No line is lost or repeated.
func TestFollowLosesNothingWhenTheLogIsPutAside(t *testing.T) {
	t.Parallel()
	p, d := newLog(t)
	in, err := p.Logs(t.Context(), d.id, toygres.LogOptions{Follow: true})
	require.NoError(t, err)
	defer in.Close()
	lines := make(chan string, 1)
	go func() {
		defer close(lines)
		var text bytes.Buffer
		for buffer := make([]byte, 64<<10); ; {
			n, err := in.Read(buffer)
			text.Write(buffer[:n])
			for {
				line, err := text.ReadString('\n')
				if err != nil {
					rest := line
					text.Reset()
					text.WriteString(rest)
					break
				}
				lines <- line
			}
			if err != nil {
				return
			}
		}
	}()
	file, _, err := d.openLog()
	require.NoError(t, err)
	padding := strings.Repeat("x", 4000)
	next := 0
	expect := func() {
		t.Helper()
		select {
		case line := <-lines:
			require.Contains(t, line, fmt.Sprintf(" %d ", next))
			next++
		case <-time.After(patience):
			require.FailNow(t, "the log is not followed", "line %d did not come", next)
		}
	}
	written := 0
	write := func(n int) {
		for range n {
			_, err := file.WriteString(stamped(time.Now(), fmt.Sprintf(" %d %s", written, padding)))
			require.NoError(t, err)
			written++
		}
	}
	const full = maxLog/4000 + 10
	for round := range 4 {
		write(full)
		for next < written {
			expect()
		}
		write(3)          // of which the follower may not know yet
		if round%2 == 0 { // by its server's keeper
			require.NoError(t, d.trimLog())
		} else { // before the next server starts
			require.NoError(t, file.Close())
			file, _, err = d.openLog()
			require.NoError(t, err)
		}
		write(3)
		for next < written {
			expect()
		}
	}
	require.NoError(t, file.Close())
	require.NoError(t, os.RemoveAll(d.path))
	for range lines { // it ends with the instance
		require.Fail(t, "more lines than were written")
	}
}

func TestALogIsGivenUpByAReaderWhoCloses(t *testing.T) {
	t.Parallel()
	p, d := newLog(t)
	require.NoError(t, os.WriteFile(d.logFile(), []byte(strings.Repeat("x", 1<<20)), 0o600))
	for range 50 { // and leaves nothing open, or this would use up all files
		ctx, cancel := context.WithCancel(t.Context())
		in, err := p.Logs(ctx, d.id, toygres.LogOptions{Follow: true})
		require.NoError(t, err)
		_, err = in.Read(make([]byte, 10))
		require.NoError(t, err)
		require.NoError(t, in.Close())
		_, err = in.Read(make([]byte, 10))
		require.ErrorIs(t, err, io.ErrClosedPipe)
		cancel()
	}
	require.Eventually(t, func() bool { return openFiles(t, d.logFile()) == 0 }, patience, 10*time.Millisecond)
}

// openFiles counts how often this process has a file open.
func openFiles(t *testing.T, path string) (n int) {
	t.Helper()
	entries, err := os.ReadDir("/proc/self/fd")
	require.NoError(t, err)
	for _, e := range entries {
		if at, err := os.Readlink("/proc/self/fd/" + e.Name()); err == nil && at == path {
			n++
		}
	}
	return n
}

package cli

import (
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/toygres/toygres/openapi"
)

// newTerminal returns the two ends of a terminal of that size: the screen,
// as the person sees it, and the file that a program writes to.
func newTerminal(t *testing.T, width, height uint16) (screen, program *os.File) {
	screen, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	require.NoError(t, err)
	t.Cleanup(func() { _ = screen.Close() })
	fd := int(screen.Fd())
	require.NoError(t, unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0))
	number, err := unix.IoctlGetUint32(fd, unix.TIOCGPTN)
	require.NoError(t, err)
	program, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|unix.O_NOCTTY, 0)
	require.NoError(t, err)
	t.Cleanup(func() { _ = program.Close() })
	require.NoError(t, unix.IoctlSetWinsize(fd, unix.TIOCSWINSZ, &unix.Winsize{Row: height, Col: width}))
	return screen, program
}

// screenOf collects what appears on a terminal.
func screenOf(screen *os.File) *lockedBuffer {
	var seen lockedBuffer
	go func() {
		chunk := make([]byte, 4096)
		for {
			n, err := screen.Read(chunk)
			_, _ = seen.Write(chunk[:n])
			if err != nil {
				return
			}
		}
	}()
	return &seen
}

func TestProgressIsRewrittenInPlaceOnATerminal(t *testing.T) {
	t.Parallel()
	s := newFakeServer(t)
	u := signedInTo(t, s)
	u.env["LANG"] = "C.UTF-8"
	screen, program := newTerminal(t, 60, 20)
	seen := screenOf(screen)
	var out lockedBuffer
	wait := u.start(&out, program, "create", "demo", "--wait")
	streaming(t, s, 1)
	s.step(0, openapi.StepStateRunning, func(step *openapi.Step) {
		message := strings.Repeat("a long message ", 20)
		step.Message = &message
	})
	eventually(t, func() bool {
		return strings.Contains(seen.String(), "provision") && strings.Contains(seen.String(), "⠹")
	})
	s.step(0, openapi.StepStateSucceeded)
	s.succeed()
	require.Zero(t, wait())
	eventually(t, func() bool { return strings.Contains(seen.String(), "✓ provision        done in 1.5s") })
	require.Contains(t, seen.String(), "\x1b[5A", "title and four steps are written over")
	for _, line := range strings.Split(seen.String(), "\r\n") {
		if _, step, drawn := strings.Cut(line, "\x1b[K"); drawn {
			require.Less(t, len([]rune(step)), 60, "a line that wraps can't be written over: %q", step)
		}
	}
	require.Equal(t, "demo is running: PostgreSQL 18.4 at 127.0.0.1:15500\n", out.String())
	eventually(t, func() bool { return strings.Contains(seen.String(), "toygres psql demo") })
}

func TestDeleteAsksOnATerminalForTheName(t *testing.T) {
	t.Parallel()
	s := newFakeServer(t)
	s.instances = append(s.instances, testInstance("demo"))
	u := signedInTo(t, s)
	ask := func(typed string) (int, string) {
		screen, program := newTerminal(t, 80, 24)
		screenOf(screen)
		u.in = program
		var once sync.Once
		errs := writerFunc(func(p []byte) (int, error) {
			if strings.Contains(string(p), "Type its name") {
				once.Do(func() { _, _ = screen.WriteString(typed + "\n") })
			}
			return len(p), nil
		})
		var out lockedBuffer
		return u.start(&out, errs, "delete", "demo")(), out.String()
	}
	code, _ := ask("demon")
	require.Equal(t, exitFailure, code)
	require.Empty(t, s.asked("DELETE", "/api/instances/"))
	code, out := ask("demo")
	require.Zero(t, code)
	require.Contains(t, out, "Deleting demo, operation ")
}

func TestPasswordIsAskedForWithoutEcho(t *testing.T) {
	t.Parallel()
	s := newFakeServer(t)
	u := newUser(t)
	screen, program := newTerminal(t, 80, 24)
	seen := screenOf(screen)
	u.in = program
	asked := writerFunc(func(p []byte) (int, error) {
		switch {
		case strings.HasPrefix(string(p), "User name for "):
			_, _ = screen.WriteString("\n")
		case strings.HasPrefix(string(p), "Password of admin"):
			// term.ReadPassword turns the echo off after this prompt; type when it is off.
			go func() {
				for {
					if state, err := unix.IoctlGetTermios(int(program.Fd()), unix.TCGETS); err != nil || state.Lflag&unix.ECHO == 0 {
						break
					}
				}
				_, _ = screen.WriteString(testPassword + "\n")
			}()
		}
		return len(p), nil
	})
	var out lockedBuffer
	require.Zero(t, u.start(&out, asked, "login", "--server", s.URL)())
	require.Contains(t, out.String(), "as admin")
	require.NotContains(t, seen.String(), testPassword)
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }

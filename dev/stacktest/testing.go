package stacktest

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// New starts a stack for this test alone, for tests that disturb it. It goes
// with the test.
func New(t testing.TB, options ...Option) *Stack {
	t.Helper()
	s, err := Up(t.Context(), os.Stderr, options...)
	require.NoError(t, err)
	t.Cleanup(func() {
		if t.Failed() {
			_ = s.explain()
		}
		s.Clean()
	})
	return s
}

// ServerDirs are the instance directories in which a PostgreSQL server runs,
// by the process table and nobody's word.
func (s *Stack) ServerDirs(t testing.TB) []string {
	t.Helper()
	processes, err := filepath.Glob("/proc/[0-9]*")
	require.NoError(t, err)
	seen := map[string]bool{}
	for _, process := range processes {
		dir, err := os.Readlink(filepath.Join(process, "cwd")) // the data directory, for a server
		if err != nil {
			continue // it has ended, or is somebody else's
		}
		below, err := filepath.Rel(s.InstancesDir, dir)
		if err == nil && filepath.IsLocal(below) && below != "." {
			seen[filepath.Join(s.InstancesDir, strings.Split(below, "/")[0])] = true
		}
	}
	dirs := []string{}
	for dir := range seen {
		dirs = append(dirs, dir)
	}
	return dirs
}

// InstanceDirs are the directories of the instances with these ids.
func (s *Stack) InstanceDirs(ids map[string]bool) []string {
	dirs := []string{}
	for id := range ids {
		dirs = append(dirs, filepath.Join(s.InstancesDir, id))
	}
	return dirs
}

// Logs are the logs of all parts, by name.
func (s *Stack) Logs(t testing.TB) map[string]string {
	t.Helper()
	st, err := s.status(t.Context())
	require.NoError(t, err)
	logs := map[string]string{}
	for _, part := range st.Parts {
		content, err := os.ReadFile(part.Log)
		require.NoError(t, err)
		logs[part.Name] = string(content)
	}
	require.NotEmpty(t, logs)
	return logs
}

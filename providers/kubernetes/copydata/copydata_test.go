package copydata

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/toygres/toygres"
)

func TestAJobIsReadAsItIsWritten(t *testing.T) {
	t.Parallel()
	j := Job{
		From: toygres.Endpoint{Host: "fd00::7", Port: 5432}, Name: "toygres fork", PasswordFile: "/a b", CAFile: "/c", Own: "-d", Data: "/e",
	}
	args := j.Arguments()
	require.Equal(t, Command, args[0])
	read, err := parse(args[1:])
	require.NoError(t, err)
	require.Equal(t, j, read)
}

func TestArgumentsThatNobodyUnderstandsAreNotTriedAgain(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{{"-from=nowhere"}, {"-from=host:port"}, {"-of=this"}, nil} {
		var log bytes.Buffer
		require.Equal(t, Hopeless, Main(t.Context(), args, &log), args)
		require.Contains(t, log.String(), Command)
	}
}

// What is left out of the job would make it fail at once.
func TestWhatIsCopiedIsLeftAlone(t *testing.T) {
	t.Parallel()
	for _, complete := range []string{"", Statement} {
		data := filepath.Join(t.TempDir(), "pgdata")
		require.NoError(t, os.WriteFile(data+complete, []byte("kept"), 0o600))
		require.Zero(t, Main(t.Context(), Job{From: toygres.Endpoint{Host: "nobody.invalid", Port: 1}, Data: data}.Arguments()[1:], os.Stderr))
		content, err := os.ReadFile(data + complete)
		require.NoError(t, err)
		require.Equal(t, "kept", string(content))
		require.NoDirExists(t, data+Unfinished)
	}
	require.Equal(t, 1, Main(t.Context(), Job{From: toygres.Endpoint{Host: "nobody.invalid", Port: 1}, Data: filepath.Join(t.TempDir(), "pgdata")}.Arguments()[1:], new(bytes.Buffer)))
}

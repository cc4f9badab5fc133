package local

import (
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/require"

	"github.com/toygres/toygres"
)

func TestRotationGoesOnAfterAKill(t *testing.T) {
	t.Parallel()
	config := newConfig(t, newDir(t))
	p := newProvider(t, config)
	id := provision(t, p)
	d := directoryOf(p, id)
	cmd := helper(t, order{Do: "rotate", Config: config, ID: id})
	require.NoError(t, cmd.Start())
	awaitFile(t, d.file(nextPasswordFile))
	killGroup(t, cmd)
	connect(t, p, id)

	require.NoError(t, p.RotatePassword(t.Context(), id, "killed"))
	connect(t, p, id)
	require.NoFileExists(t, d.file(nextPasswordFile))
}

// The moments of a rotation at which a crash leaves two passwords, made by hand.
func TestWhicheverPasswordHoldsIsRevealed(t *testing.T) {
	t.Parallel()
	p := newProvider(t, newConfig(t, newDir(t)))
	id := provision(t, p)
	d := directoryOf(p, id)
	old, err := d.readPassword(passwordFile)
	require.NoError(t, err)

	// The next one is kept, and the server does not know it.
	require.NoError(t, d.writePassword(nextPasswordFile, "next"))
	require.Equal(t, old, revealed(t, p, id))

	// The server has it, and it is not in its place.
	require.NoError(t, p.RotatePassword(t.Context(), id, "request"))
	require.Equal(t, "next", revealed(t, p, id), "the one that was kept is used")
	r, err := d.read()
	require.NoError(t, err)
	for name, request := range map[string]string{"nothing is recorded": "", "it is recorded": "request"} {
		t.Run(name, func(t *testing.T) {
			r.Rotation = request
			require.NoError(t, d.write(r))
			require.NoError(t, d.writePassword(nextPasswordFile, "next"))
			require.NoError(t, d.writePassword(passwordFile, old))
			require.Equal(t, "next", revealed(t, p, id))
			require.NoError(t, p.RotatePassword(t.Context(), id, "request"))
			require.NoFileExists(t, d.file(nextPasswordFile))
			require.Equal(t, "next", revealed(t, p, id))
		})
	}

	// Nobody knows while the server does not run, and a wrong answer is worse than none.
	require.NoError(t, d.writePassword(nextPasswordFile, "another"))
	require.NoError(t, p.Stop(t.Context(), id))
	await(t, p, id, toygres.PhaseStopped)
	_, err = p.Credentials(t.Context(), id)
	require.Equal(t, toygres.CodeUnavailable, toygres.CodeOf(err))
	require.NoError(t, p.Start(t.Context(), id))
	await(t, p, id, toygres.PhaseReady)
	require.Equal(t, "next", revealed(t, p, id))
}

// revealed returns the password that is answered, which works.
func revealed(t *testing.T, p *Provider, id toygres.InstanceID) string {
	t.Helper()
	connect(t, p, id)
	c, err := p.Credentials(t.Context(), id)
	require.NoError(t, err)
	return c.Password
}

func TestTheServersRefusalLeavesNoSecondPassword(t *testing.T) {
	t.Parallel()
	p := newProvider(t, newConfig(t, newDir(t)))
	id := provision(t, p)
	d := directoryOf(p, id)
	conn := connect(t, p, id)
	for _, sql := range []string{`BEGIN`, `LOCK pg_authid IN EXCLUSIVE MODE`} { // it waits in vain
		_, err := conn.Exec(t.Context(), sql)
		require.NoError(t, err)
	}
	err := p.RotatePassword(t.Context(), id, "request")
	require.Equal(t, toygres.CodeProvider, toygres.CodeOf(err))
	var refused *pgconn.PgError
	require.ErrorAs(t, err, &refused)
	_, err = os.Lstat(filepath.Join(d.path, nextPasswordFile))
	require.ErrorIs(t, err, fs.ErrNotExist)
	_, err = conn.Exec(t.Context(), `ROLLBACK`)
	require.NoError(t, err)
	require.NoError(t, p.RotatePassword(t.Context(), id, "request"))
	connect(t, p, id)
}

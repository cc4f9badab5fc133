package providertest

import (
	"errors"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/require"

	"github.com/toygres/toygres"
)

// rotationChangesThePasswordUnderOpenConnections shows it in clear in no answer
// but the credentials.
func rotationChangesThePasswordUnderOpenConnections(t *testing.T, w *world) {
	id := w.provision()
	at, old := w.observe(id), w.credentials(id)
	open := w.connect(id)
	w.exec(open, `ALTER SYSTEM SET log_statement = 'all'`)
	w.exec(open, `ALTER SYSTEM SET default_transaction_read_only = on`)
	w.exec(open, `ALTER SYSTEM SET synchronous_commit = off`)
	w.exec(open, `SELECT pg_reload_conf()`)
	start := w.text(open, `SELECT pg_postmaster_start_time()::text`)

	require.NoError(t, w.p.RotatePassword(w.ctx, id, "first"))
	changed := w.credentials(id)
	require.NotEqual(t, old.Password, changed.Password)
	same := changed
	same.Password = old.Password
	require.Equal(t, old, same, "more than the password has changed")
	require.Equal(t, at, w.observe(id), "the instance is not as it was")
	require.Equal(t, start, w.text(w.connect(id), `SELECT pg_postmaster_start_time()::text`), "the server was restarted")
	require.Equal(t, "1", w.text(open, `SELECT '1'`), "an open connection was cut")
	require.True(t, wrongPassword(w.tryPassword(at.Endpoint, old)), "the old password still gets in")

	// It is done once for each request.
	require.NoError(t, w.p.RotatePassword(w.ctx, id, "first"))
	require.Equal(t, changed, w.credentials(id))
	var all sync.WaitGroup
	errs := make([]error, 3)
	for i := range errs {
		all.Go(func() { errs[i] = w.p.RotatePassword(w.ctx, id, "second") })
	}
	all.Wait()
	require.NoError(t, errors.Join(errs...))
	again := w.credentials(id)
	require.NotEqual(t, changed, again)
	require.Equal(t, "1", w.text(w.connect(id), `SELECT '1'`))

	w.say(open, "said last")
	w.awaitLog(id, "said last")
	written := w.log(id, toygres.LogOptions{})
	for _, password := range []string{old.Password, changed.Password, again.Password} {
		require.NotContains(t, written, password)
	}
	require.NotContains(t, written, "SCRAM-SHA-256$", "not even the verifier")

	// And holds after a crash of the server, at once and for ever.
	require.NoError(t, w.p.Restart(w.ctx, id, "restart"))
	w.await(id, toygres.PhaseReady)
	require.Equal(t, again, w.credentials(id))
	w.connect(id)
}

// thePasswordThatIsRevealedWorksWhileItIsRotated lets a reader ask all the time.
// What it is told may become the old one before it is tried, once for each
// rotation and never else.
func thePasswordThatIsRevealedWorksWhileItIsRotated(t *testing.T, w *world) {
	id := w.provision()
	at := w.observe(id).Endpoint
	rotated := make(chan struct{})
	var tried, old int
	var trouble error
	var reader sync.WaitGroup
	reader.Go(func() {
		for over := false; !over && trouble == nil; {
			select {
			case <-rotated:
				over = true // and once more
			default:
			}
			c, err := w.p.Credentials(w.ctx, id)
			if err == nil {
				err = w.tryPassword(at, c)
			}
			if tried++; wrongPassword(err) {
				old++
			} else {
				trouble = err
			}
		}
	})
	requests := []string{"1", "2", "3", "4", "5"}
	for _, request := range requests {
		require.NoError(t, w.p.RotatePassword(w.ctx, id, request))
	}
	close(rotated)
	reader.Wait()
	require.NoError(t, trouble)
	require.LessOrEqual(t, old, len(requests), "of %d answers", tried)
	w.connect(id)
}

func (w *world) tryPassword(at toygres.Endpoint, c toygres.Credentials) error {
	conn, err := w.tryConnect(at, c)
	if err != nil {
		return err
	}
	return conn.Close(w.ctx)
}

func wrongPassword(err error) bool {
	var refused *pgconn.PgError
	return errors.As(err, &refused) && refused.Code == "28P01"
}

func rotationOfAPasswordThatSomebodyElseHasChanged(t *testing.T, w *world) {
	id := w.provision()
	kept := w.credentials(id)
	open := w.connect(id)
	w.exec(open, `ALTER ROLE postgres PASSWORD 'mine'`)
	require.Equal(t, toygres.CodeConflict, toygres.CodeOf(w.p.RotatePassword(w.ctx, id, "request")))
	require.Equal(t, kept, w.credentials(id))
	w.exec(open, `ALTER ROLE postgres PASSWORD '`+kept.Password+`'`)
	require.NoError(t, w.p.RotatePassword(w.ctx, id, "request"))
	w.connect(id)

	require.NoError(t, w.p.Stop(w.ctx, id))
	require.Equal(t, toygres.CodeConflict, toygres.CodeOf(w.p.RotatePassword(w.ctx, id, "another")), "a stopped instance")
}

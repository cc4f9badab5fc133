package chaos

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
)

// holdKey is the advisory lock that a held step waits for.
const holdKey = 7_074_865

// A hold makes the worker wait in the middle of one transition of one step:
// a trigger in the catalog blocks the statement that records it. The product
// needs no hook for this, and the moment is the same in every run.
type hold struct {
	t    *testing.T
	conn *pgx.Conn // holds the lock

	released bool
}

// installHolds adds the trigger. It blocks nothing until something is held.
func installHolds(t *testing.T, catalogURL string) {
	t.Helper()
	conn := connect(t, catalogURL)
	_, err := conn.Exec(t.Context(), `
CREATE TABLE IF NOT EXISTS chaos_holds (step text, state text);
CREATE OR REPLACE FUNCTION chaos_hold() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM chaos_holds h WHERE h.step = NEW.name AND h.state = NEW.state) THEN
        PERFORM pg_advisory_xact_lock(7074865);
    END IF;
    RETURN NEW;
END $$;
CREATE OR REPLACE TRIGGER chaos_hold BEFORE INSERT OR UPDATE ON steps FOR EACH ROW EXECUTE FUNCTION chaos_hold()`)
	require.NoError(t, err)
}

func connect(t *testing.T, catalogURL string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), catalogURL)
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close(context.WithoutCancel(t.Context())) })
	return conn
}

// holdStep makes whoever records the moment wait, until release.
func holdStep(t *testing.T, catalogURL string, at moment) *hold {
	t.Helper()
	h := &hold{t: t, conn: connect(t, catalogURL)}
	t.Cleanup(func() { // of a test that failed before, so that the next one does not wait
		if !h.released {
			h.release()
		}
	})
	_, err := h.conn.Exec(t.Context(), "SELECT pg_advisory_lock($1)", holdKey)
	require.NoError(t, err)
	_, err = h.conn.Exec(t.Context(), "INSERT INTO chaos_holds VALUES ($1, $2)", at.step, at.state)
	require.NoError(t, err)
	return h
}

// reached waits until somebody waits for the hold.
func (h *hold) reached() {
	h.t.Helper()
	require.Eventually(h.t, func() bool {
		var waiting int
		err := h.conn.QueryRow(h.t.Context(),
			"SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = $1 AND NOT granted", holdKey).Scan(&waiting)
		require.NoError(h.t, err)
		return waiting > 0
	}, time.Minute, 20*time.Millisecond, "the step was never reached")
}

// release lets everybody go on. Statements that still wait belong to a dead
// worker, and are ended without effect. The catalog itself may just have been
// killed.
func (h *hold) release() {
	h.t.Helper()
	h.released = true
	require.Eventually(h.t, func() bool { return h.tryRelease() == nil }, time.Minute, 50*time.Millisecond,
		"the hold is not released")
}

func (h *hold) tryRelease() error {
	ctx := context.WithoutCancel(h.t.Context()) // a test that failed cleans up, too
	if h.conn.Ping(ctx) != nil {                // the lock went with the connection
		again, err := pgx.Connect(ctx, h.conn.Config().ConnString())
		if err != nil {
			return err
		}
		h.t.Cleanup(func() { _ = again.Close(ctx) })
		h.conn = again
	}
	for _, statement := range []string{
		"DELETE FROM chaos_holds",
		fmt.Sprintf("SELECT pg_terminate_backend(pid, 5000) FROM pg_locks WHERE locktype = 'advisory' AND objid = %d AND NOT granted", holdKey),
		fmt.Sprintf("SELECT pg_advisory_unlock(%d)", holdKey),
	} {
		if _, err := h.conn.Exec(ctx, statement); err != nil {
			return err
		}
	}
	return nil
}

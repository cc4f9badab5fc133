package catalog_test

import (
	"context"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/toygres/toygres"
	"github.com/toygres/toygres/internal/catalog"
)

// Whoever writes an event has the lock of the log, and must not wait for a row
// then: who has the row would wait for the lock.
func TestNobodyWaitsForARowWithTheLockOfTheLog(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		row   string // that somebody else has
		begin func(ctx context.Context, s *catalog.Store, owner toygres.UserID, has toygres.Settings, b toygres.Batch) error
	}{
		"an update with metadata, for its owner": {`SELECT FROM users WHERE id = $1 FOR UPDATE`,
			func(ctx context.Context, s *catalog.Store, owner toygres.UserID, has toygres.Settings, _ toygres.Batch) error {
				to := has
				to.Size.StorageGiB++
				_, err := s.BeginUpdate(ctx, "mydb", catalog.Update{From: has, To: to,
					Metadata: toygres.MetadataChange{Description: new("mine")}}, owner)
				return err
			}},
		"the cancellation of a batch, for its operations": {`SELECT FROM operations WHERE state = 'pending' AND requested_by = $1 FOR UPDATE`,
			func(ctx context.Context, s *catalog.Store, owner toygres.UserID, _ toygres.Settings, b toygres.Batch) error {
				_, err := s.AskBatchCancel(ctx, b.ID, owner)
				return err
			}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, url := openURL(t)
			owner, pool := newUser(t, s, "ann"), sql(t, url)
			has := running(t, s, owner, "mydb").Spec.Settings()
			b := batch(t, s, owner, "one", "two")
			turn(t, s, b, 1)
			turn(t, s, b, 2)

			tx, err := pool.Begin(t.Context())
			require.NoError(t, err)
			defer func() { _ = tx.Rollback(t.Context()) }()
			_, err = tx.Exec(t.Context(), test.row, owner)
			require.NoError(t, err)
			done := make(chan error, 1)
			go func() { done <- test.begin(t.Context(), s, owner, has, b) }()
			waitsForALock(t, pool)
			_, err = tx.Exec(t.Context(), `INSERT INTO events (type, batch_id, instance_name, message) VALUES ('batch.progress', $1, '', '')`, b.ID)
			require.NoError(t, err)
			require.NoError(t, tx.Commit(t.Context()))
			require.NoError(t, <-done)
		})
	}
}

// waitsForALock waits until a session of this database does.
func waitsForALock(t *testing.T, pool *pgxpool.Pool) {
	t.Helper()
	require.EventuallyWithT(t, func(c *assert.CollectT) {
		var waits bool
		err := pool.QueryRow(t.Context(), `SELECT EXISTS (SELECT FROM pg_stat_activity
			WHERE datname = current_database() AND wait_event_type = 'Lock')`).Scan(&waits)
		assert.NoError(c, err)
		assert.True(c, waits)
	}, time.Minute, 10*time.Millisecond)
}

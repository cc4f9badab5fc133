package catalog

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/toygres/toygres"
)

// Hash is the SHA-256 sum of a session's or API token. The tokens themselves
// never reach the catalog. They are random and long, so a slow hash would add
// nothing.
type Hash [sha256.Size]byte

// HashToken returns the hash under which the catalog knows a token.
func HashToken(token string) Hash { return sha256.Sum256([]byte(token)) }

// String returns the hash in hexadecimal digits, as revocations name it.
func (h Hash) String() string { return hex.EncodeToString(h[:]) }

// CreateSession signs a user in under the hash of a fresh token and returns
// when the session ends at the latest. Unused it ends earlier, see [Options].
// It waits for whoever disables the user just now; CodeUnauthenticated says that
// somebody has.
func (s *Store) CreateSession(ctx context.Context, user toygres.UserID, hash Hash) (time.Time, error) {
	expires, ok, err := one(ctx, s, pgx.RowTo[time.Time], `
		WITH allowed AS (
			SELECT id FROM users WHERE id = $2 AND disabled_at IS NULL AND deleted_at IS NULL FOR SHARE
		)
		INSERT INTO sessions (token_hash, user_id, idle_expires_at, expires_at)
		SELECT $1, id, now() + least($3::interval, $4::interval), now() + $4::interval FROM allowed
		RETURNING expires_at`, hash[:], user, s.options.SessionIdle, s.options.SessionLifetime)
	if err == nil && !ok {
		err = disabled()
	}
	return expires, err
}

func disabled() error {
	return toygres.Errorf(toygres.CodeUnauthenticated, "this account is disabled; ask an administrator")
}

// DeleteSession signs out. Doing so twice is no error.
func (s *Store) DeleteSession(ctx context.Context, hash Hash) error {
	_, err := s.pool.Exec(ctx, `DELETE FROM sessions WHERE token_hash = $1`, hash[:])
	return wrap(err)
}

// PruneSessions removes the sessions and API tokens that have expired, and the
// failed sign-ins that are forgotten, and returns how many. They have no effect
// any more, so that it only matters for space; an expired token stays listed for
// a week, to be seen.
func (s *Store) PruneSessions(ctx context.Context) (int64, error) {
	var pruned int64
	err := s.pool.QueryRow(ctx, `
		WITH sessions_pruned AS (
			DELETE FROM sessions WHERE idle_expires_at <= now() RETURNING 1
		), tokens_pruned AS (
			DELETE FROM api_tokens WHERE expires_at <= now() - interval '7 days' RETURNING 1
		), failures_pruned AS (
			DELETE FROM sign_in_failures WHERE failed_at <= now() - interval '7 days' RETURNING 1
		)
		SELECT (SELECT count(*) FROM sessions_pruned) + (SELECT count(*) FROM tokens_pruned) + (SELECT count(*) FROM failures_pruned)`).Scan(&pruned)
	return pruned, wrap(err)
}

package catalog

import (
	"context"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype/zeronull"

	"github.com/toygres/toygres"
)

// PrincipalKind is by what a principal was recognised.
type PrincipalKind string

// The kinds of principals.
const (
	BySession PrincipalKind = "session"
	ByToken   PrincipalKind = "token"
)

// Principal is who is behind a request.
type Principal struct {
	User      toygres.User // with the role that counts: a token may allow less than its user
	Kind      PrincipalKind
	TokenID   TokenID   // "" for a session
	TokenName string    // "" for a session
	ExpiresAt time.Time // don't remember it for longer; zero: never
}

const principalSQL = `
SELECT u.id::text, u.name, u.role, 'session', '', u.role, '', s.idle_expires_at, s.last_used_at < now() - interval '1 minute'
FROM sessions s JOIN users u ON u.id = s.user_id
WHERE s.token_hash = $1 AND s.idle_expires_at > now() AND u.disabled_at IS NULL AND u.deleted_at IS NULL
UNION ALL
SELECT u.id::text, u.name, u.role, 'token', t.id::text, t.role, t.name, t.expires_at,
       t.last_used_at IS NULL OR t.last_used_at < now() - interval '1 minute'
FROM api_tokens t JOIN users u ON u.id = t.user_id
WHERE t.token_hash = $1 AND (t.expires_at IS NULL OR t.expires_at > now()) AND u.disabled_at IS NULL AND u.deleted_at IS NULL`

// Principal returns whose session or API token has that hash, in one look-up,
// and CodeUnauthenticated when nobody's has, or it has expired. The use is
// recorded at most once a minute and afterwards, so that the look-up does not
// wait for a write. A session moves on with its use: who remembers principals
// must ask again within a few minutes.
func (s *Store) Principal(ctx context.Context, hash Hash) (Principal, error) {
	type found struct {
		Principal
		tokenRole toygres.Role
		stale     bool
	}
	f, ok, err := one(ctx, s, func(row pgx.CollectableRow) (f found, err error) {
		return f, row.Scan(&f.User.ID, &f.User.Name, &f.User.Role, &f.Kind, &f.TokenID, &f.tokenRole, &f.TokenName,
			(*zeronull.Timestamptz)(&f.ExpiresAt), &f.stale)
	}, principalSQL, hash[:])
	switch {
	case err != nil:
		return Principal{}, err
	case !ok:
		return Principal{}, toygres.Errorf(toygres.CodeUnauthenticated, "the session or token is unknown or has ended; sign in again")
	}
	if !f.tokenRole.Covers(f.User.Role) {
		f.User.Role = f.tokenRole
	}
	if f.stale {
		select {
		case s.touches <- touch{hash, f.Kind}:
		default: // a later look-up will do it
		}
	}
	return f.Principal, nil
}

// touch is one use of a session or token that should be recorded.
type touch struct {
	hash Hash
	kind PrincipalKind
}

// recordTouches writes what Principal left to be written, until ctx ends.
func (s *Store) recordTouches(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case t := <-s.touches:
			if err := s.recordTouch(ctx, t); err != nil && ctx.Err() == nil {
				slog.WarnContext(ctx, "the use of a session or token was not recorded", "error", err)
			}
		}
	}
}

func (s *Store) recordTouch(ctx context.Context, t touch) error {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	var err error
	if t.kind == BySession {
		_, err = s.pool.Exec(ctx, `
			UPDATE sessions SET last_used_at = now(), idle_expires_at = least(now() + $2::interval, expires_at)
			WHERE token_hash = $1 AND last_used_at < now() - interval '1 minute'`, t.hash[:], s.options.SessionIdle)
	} else {
		_, err = s.pool.Exec(ctx, `
			UPDATE api_tokens SET last_used_at = now()
			WHERE token_hash = $1 AND (last_used_at IS NULL OR last_used_at < now() - interval '1 minute')`, t.hash[:])
	}
	return wrap(err)
}

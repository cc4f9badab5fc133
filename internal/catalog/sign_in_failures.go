package catalog

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5/pgtype/zeronull"

	"github.com/toygres/toygres"
)

// SignInLimits say how many failed sign-ins are borne before the next ones are
// not looked at for a while: a minute at first, and twice as long after each
// more, up to an hour. With time they are forgotten one by one.
type SignInLimits struct {
	PerUser    int // for one user name; one is forgotten in an hour
	PerAddress int // from one address; one is forgotten in ten minutes
}

// DefaultSignInLimits let a person mistype and stop a program that guesses.
var DefaultSignInLimits = SignInLimits{PerUser: 10, PerAddress: 30}

// takeSignIn counts a try before anybody knows whether it is good, so that
// many at once are not more than were allowed. It counts nothing while one of
// the two is locked. Addresses come first, always: two statements that wait for
// each other would never end.
const takeSignIn = `
WITH asked (kind, key) AS (
	VALUES ('address', sha256(convert_to($2::text, 'UTF8'))), ('user', sha256(convert_to(lower($1::text), 'UTF8')))
), locked AS (
	SELECT max(f.locked_until) AS until FROM sign_in_failures f JOIN asked USING (kind, key) WHERE f.locked_until > now()
), counted AS (
	INSERT INTO sign_in_failures AS f (kind, key, failures, failed_at, locked_until)
	SELECT asked.kind, asked.key, 1, now(), ` + lockedAfter + `
	FROM asked, locked, LATERAL (SELECT 1 AS failures, CASE asked.kind WHEN 'user' THEN $3::int ELSE $4::int END AS most) n
	WHERE locked.until IS NULL ORDER BY asked.kind
	ON CONFLICT (kind, key) DO UPDATE SET (failures, failed_at, locked_until) = (
		SELECT n.failures, now(), ` + lockedAfter + `
		FROM (SELECT 1 + greatest(0, f.failures - floor(extract(epoch FROM greatest(now() - f.failed_at, '0'))
		                 / CASE f.kind WHEN 'user' THEN 3600 ELSE 600 END))::int AS failures,
		             CASE f.kind WHEN 'user' THEN $3::int ELSE $4::int END AS most) n)
	WHERE f.locked_until <= now()
	RETURNING f.kind
)
SELECT locked.until, (SELECT count(*) FROM counted) FROM locked`

const lockedAfter = `CASE WHEN n.failures >= n.most
	THEN now() + least(interval '1 minute' * 2 ^ least(n.failures - n.most, 10), interval '1 hour') ELSE '-infinity' END`

// TakeSignIn counts one try to sign in as a user from an address, for all API
// servers together. CodeRateLimited says that the password must not even be
// looked at, and when to come back.
func (s *Store) TakeSignIn(ctx context.Context, name, address string, limits SignInLimits) error {
	var until zeronull.Timestamptz
	var counted int
	if err := s.pool.QueryRow(ctx, takeSignIn, name, address, limits.PerUser, limits.PerAddress).Scan(&until, &counted); err != nil {
		return wrap(err)
	}
	if counted == 2 {
		return nil
	}
	wait := time.Minute // another try at the same moment was the last one
	if until := time.Time(until); !until.IsZero() {
		wait = max(time.Second, time.Until(until).Round(time.Second))
	}
	return &toygres.Error{Code: toygres.CodeRateLimited, RetryAfter: wait,
		Message: fmt.Sprintf("too many failed sign-ins; try again in %s, or ask an administrator to unlock the account", wait)}
}

// ReturnSignIn gives back a try that was no wrong guess. Whoever knew the
// password has all wrong guesses at it forgotten, but not those from the same
// address: they may have been at other users.
func (s *Store) ReturnSignIn(ctx context.Context, name, address string, known bool) error {
	_, err := s.pool.Exec(ctx, `
		WITH address AS (
			UPDATE sign_in_failures SET failures = greatest(failures - 1, 0), locked_until = '-infinity'
			WHERE kind = 'address' AND key = sha256(convert_to($2, 'UTF8'))
		)
		UPDATE sign_in_failures SET failures = CASE WHEN $3 THEN 0 ELSE greatest(failures - 1, 0) END, locked_until = '-infinity'
		WHERE kind = 'user' AND key = sha256(convert_to(lower($1), 'UTF8'))`, name, address, known)
	return wrap(err)
}

// UnlockUser forgets the failed sign-ins of a user.
func (s *Store) UnlockUser(ctx context.Context, name string) error {
	_, err := s.pool.Exec(ctx, `DELETE FROM sign_in_failures WHERE kind = 'user' AND key = sha256(convert_to(lower($1), 'UTF8'))`, name)
	return wrap(err)
}

// UnlockAddress forgets the failed sign-ins from an address.
func (s *Store) UnlockAddress(ctx context.Context, address string) error {
	_, err := s.pool.Exec(ctx, `DELETE FROM sign_in_failures WHERE kind = 'address' AND key = sha256(convert_to($1, 'UTF8'))`, address)
	return wrap(err)
}

package catalog

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype/zeronull"

	"github.com/toygres/toygres"
)

// Person is a user with all that an administrator sees of one.
type Person struct {
	toygres.User
	Disabled    bool
	LockedUntil time.Time // no password is looked at until then; zero: not locked
	Tokens      int       // API tokens that are valid
	LastSeenAt  time.Time // when a session or token was used last, of those that are left; zero: never
	Override    Quota     // instead of the configured one, where it is not nil
	Quota       Quota     // which of both counts
	Use         Use
	CreatedAt   time.Time
}

const peopleSQL = `
SELECT u.id::text, u.name, u.role, u.disabled_at IS NOT NULL,
       (SELECT f.locked_until FROM sign_in_failures f WHERE f.kind = 'user' AND f.key = ` + userKey + ` AND f.locked_until > now()),
       (SELECT count(*) FROM api_tokens t WHERE t.user_id = u.id AND (t.expires_at IS NULL OR t.expires_at > now())),
       greatest((SELECT max(last_used_at) FROM sessions s WHERE s.user_id = u.id), (SELECT max(last_used_at) FROM api_tokens t WHERE t.user_id = u.id)),
       u.max_instances, u.max_storage_gib, u.used_instances, u.used_storage_gib, u.created_at
FROM users u WHERE u.deleted_at IS NULL`

// userKey is under what the failed sign-ins of user u are counted.
const userKey = `sha256(convert_to(lower(u.name), 'UTF8'))`

// People returns all users, by name.
func (s *Store) People(ctx context.Context) ([]Person, error) {
	return collect(ctx, s, s.scanPerson, peopleSQL+` ORDER BY lower(u.name)`)
}

// Person returns the user of that name, in whatever case.
func (s *Store) Person(ctx context.Context, name string) (Person, error) {
	person, ok, err := one(ctx, s, s.scanPerson, peopleSQL+` AND lower(u.name) = lower($1)`, name)
	if err == nil && !ok {
		err = noUser(name)
	}
	return person, err
}

func (s *Store) scanPerson(row pgx.CollectableRow) (Person, error) {
	var p Person
	err := row.Scan(&p.ID, &p.Name, &p.Role, &p.Disabled, (*zeronull.Timestamptz)(&p.LockedUntil), &p.Tokens,
		(*zeronull.Timestamptz)(&p.LastSeenAt), &p.Override.Instances, &p.Override.StorageGiB, &p.Use.Instances, &p.Use.StorageGiB, &p.CreatedAt)
	p.Quota = p.Override.orElse(s.options.Quota)
	return p, err
}

// PersonChange is what is to be different about a user; nil fields stay.
type PersonChange struct {
	Role         *toygres.Role
	Disabled     *bool
	PasswordHash *string
	Override     *Quota // both of its fields count
}

// changePerson locks the administrators, where it would take one away: of two
// who do so to each other the second waits, and then is alone. A new password
// ends the sessions, and a disabled user's sessions and tokens do not come back,
// also those that were made in the moment of disabling.
const changePerson = `
WITH old AS (
	SELECT id, disabled_at IS NOT NULL AS disabled FROM users WHERE lower(name) = lower($1) AND deleted_at IS NULL
), others AS (
	SELECT a.id FROM users a
	WHERE ($2::text <> 'admin' OR $3::bool) AND a.role = 'admin' AND a.disabled_at IS NULL AND a.deleted_at IS NULL
	ORDER BY a.id FOR NO KEY UPDATE
), changed AS (
	UPDATE users u SET
		role = coalesce($2, u.role),
		disabled_at = CASE WHEN $3 THEN coalesce(u.disabled_at, now()) WHEN NOT $3 THEN NULL ELSE u.disabled_at END,
		password_hash = coalesce($4, u.password_hash),
		max_instances = CASE WHEN $5 THEN $6 ELSE u.max_instances END,
		max_storage_gib = CASE WHEN $5 THEN $7 ELSE u.max_storage_gib END,
		updated_at = now()
	FROM old
	WHERE u.id = old.id AND u.deleted_at IS NULL
	  AND (u.role <> 'admin' OR u.disabled_at IS NOT NULL OR NOT coalesce($2::text <> 'admin' OR $3::bool, false)
	       OR EXISTS (SELECT FROM others WHERE others.id <> u.id))
	RETURNING u.id
), ended AS (
	DELETE FROM sessions s USING changed, old WHERE s.user_id = changed.id AND ($3 OR $4 IS NOT NULL OR old.disabled)
), revoked AS (
	DELETE FROM api_tokens t USING changed, old WHERE t.user_id = changed.id AND ($3 OR old.disabled)
)
SELECT id::text FROM changed`

// ChangePerson changes a user at once and everywhere. CodeConflict says that
// nobody else could do an administrator's work then.
func (s *Store) ChangePerson(ctx context.Context, name string, c PersonChange) (Person, error) {
	var override Quota
	if c.Override != nil {
		override = *c.Override
	}
	_, changed, err := one(ctx, s, pgx.RowTo[string], changePerson, name, c.Role, c.Disabled, c.PasswordHash,
		c.Override != nil, override.Instances, override.StorageGiB)
	if err != nil {
		return Person{}, err
	}
	person, err := s.Person(ctx, name)
	if err == nil && !changed {
		err = lastAdmin(person.Name)
	}
	return person, err
}

func lastAdmin(name string) error {
	return toygres.Errorf(toygres.CodeConflict, "%s is the only administrator who can sign in; make another one first", name)
}

// deletePerson finds nobody who still has instances. See changePerson for the
// administrators.
const deletePerson = `
WITH old AS (
	SELECT id, role FROM users WHERE lower(name) = lower($1) AND deleted_at IS NULL
), others AS (
	SELECT a.id FROM users a, old
	WHERE old.role = 'admin' AND a.role = 'admin' AND a.disabled_at IS NULL AND a.deleted_at IS NULL
	ORDER BY a.id FOR NO KEY UPDATE OF a
), gone AS (
	UPDATE users u SET deleted_at = now(), password_hash = '', updated_at = now() FROM old
	WHERE u.id = old.id AND u.deleted_at IS NULL AND u.used_instances = 0
	  AND (u.role <> 'admin' OR u.disabled_at IS NOT NULL OR EXISTS (SELECT FROM others WHERE others.id <> u.id))
	RETURNING u.id
), ended AS (
	DELETE FROM sessions s USING gone WHERE s.user_id = gone.id
), revoked AS (
	DELETE FROM api_tokens t USING gone WHERE t.user_id = gone.id
), unlinked AS (
	DELETE FROM identities i USING gone WHERE i.user_id = gone.id
)
SELECT id::text FROM gone`

// DeletePerson removes a user, who is out at once and whose name is free. What
// was done keeps the name. CodeConflict says that instances or the work of an
// administrator would have nobody.
func (s *Store) DeletePerson(ctx context.Context, name string) error {
	_, gone, err := one(ctx, s, pgx.RowTo[string], deletePerson, name)
	if err != nil || gone {
		return err
	}
	person, err := s.Person(ctx, name)
	if err != nil {
		return err
	}
	if person.Use.Instances > 0 {
		return toygres.Errorf(toygres.CodeConflict, "%s owns instances (%d, those in the trash included); delete them for good first, or disable the user", person.Name, person.Use.Instances)
	}
	return lastAdmin(person.Name)
}

// ChangePassword gives a user another password. All sessions but the one with
// the hash keep end; API tokens stay. It is CodeConflict when the stored hash
// is not old any more.
func (s *Store) ChangePassword(ctx context.Context, user toygres.UserID, old, hash string, keep Hash) error {
	_, changed, err := one(ctx, s, pgx.RowTo[string], `
		WITH changed AS (
			UPDATE users SET password_hash = $3, updated_at = now()
			WHERE id = $1 AND password_hash = $2 AND disabled_at IS NULL AND deleted_at IS NULL
			RETURNING id
		), ended AS (
			DELETE FROM sessions s USING changed WHERE s.user_id = changed.id AND s.token_hash <> $4
		)
		SELECT id::text FROM changed`, user, old, hash, keep[:])
	if err == nil && !changed {
		err = toygres.Errorf(toygres.CodeConflict, "the password was changed meanwhile; sign in again")
	}
	return err
}

// plural writes a number with its unit.
func plural(n int, unit string) string {
	if n != 1 {
		unit += "s"
	}
	return fmt.Sprintf("%d %s", n, unit)
}

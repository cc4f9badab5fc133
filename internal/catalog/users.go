package catalog

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/toygres/toygres"
)

// CreateUser adds a user. The hash is argon2id's in PHC form; CodeConflict
// says that the name is taken, in whatever case.
func (s *Store) CreateUser(ctx context.Context, name, passwordHash string, role toygres.Role) (toygres.User, error) {
	user := toygres.User{ID: toygres.UserID(newID()), Name: name, Role: role}
	_, err := s.pool.Exec(ctx, `INSERT INTO users (id, name, password_hash, role) VALUES ($1, $2, $3, $4)`,
		user.ID, name, passwordHash, role)
	if violates(err, "users_name") {
		return toygres.User{}, &toygres.Error{Code: toygres.CodeConflict, Message: fmt.Sprintf("there is a user %q already; choose another name", name),
			Fields: []toygres.FieldError{{Field: "name", Rule: "unique", Message: "is in use"}}}
	}
	if err != nil {
		return toygres.User{}, wrap(err)
	}
	return user, nil
}

// putAdmin compares with the row as it was before the statement, which it
// therefore must not lock. Whoever loses the sessions by a new password is told
// through their deletion.
const putAdmin = `
WITH old AS (
	SELECT id, password_hash FROM users WHERE lower(name) = lower($2) AND deleted_at IS NULL
), put AS (
	INSERT INTO users (id, name, password_hash, role) VALUES ($1, $2, $3, 'admin')
	ON CONFLICT (lower(name)) WHERE deleted_at IS NULL
	DO UPDATE SET password_hash = $3, role = 'admin', disabled_at = NULL, updated_at = now()
	RETURNING id::text, name, role
), ended AS (
	DELETE FROM sessions USING old WHERE user_id = old.id AND old.password_hash <> $3
	RETURNING token_hash
)
SELECT put.id, put.name, put.role FROM put`

// PutAdmin makes the user an administrator with that password who may sign in,
// and creates the user when there is none of that name. The user's sessions end
// when the stored hash changes. Two hashes of one password differ, so pass the
// stored one (see [Store.UserForSignIn]) when the password stays as it is.
func (s *Store) PutAdmin(ctx context.Context, name, passwordHash string) (toygres.User, error) {
	user, _, err := one(ctx, s, scanUser, putAdmin, newID(), name, passwordHash)
	return user, err
}

// UserForSignIn returns the user of that name, in whatever case, and the hash
// that the password must match: "" for a user who is disabled.
func (s *Store) UserForSignIn(ctx context.Context, name string) (toygres.User, string, error) {
	type found struct {
		user toygres.User
		hash string
	}
	f, ok, err := one(ctx, s, func(row pgx.CollectableRow) (f found, err error) {
		return f, row.Scan(&f.user.ID, &f.user.Name, &f.user.Role, &f.hash)
	}, `SELECT id::text, name, role, CASE WHEN disabled_at IS NULL THEN password_hash ELSE '' END
		FROM users WHERE lower(name) = lower($1) AND deleted_at IS NULL`, name)
	if err == nil && !ok {
		err = noUser(name)
	}
	return f.user, f.hash, err
}

// User returns a user by id, also one who has been removed.
func (s *Store) User(ctx context.Context, id toygres.UserID) (toygres.User, error) {
	if !isID(id) {
		return toygres.User{}, notFound("user")
	}
	user, ok, err := one(ctx, s, scanUser, `SELECT id::text, name, role FROM users WHERE id = $1`, id)
	if err == nil && !ok {
		err = notFound("user")
	}
	return user, err
}

func scanUser(row pgx.CollectableRow) (toygres.User, error) {
	var u toygres.User
	if err := row.Scan(&u.ID, &u.Name, &u.Role); err != nil {
		return u, fmt.Errorf("read a user: %w", err)
	}
	return u, nil
}

func noUser(name string) error {
	return toygres.Errorf(toygres.CodeNotFound, "there is no user %q", name)
}

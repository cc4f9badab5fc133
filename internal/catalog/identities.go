package catalog

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/toygres/toygres"
)

// Identity is a person as an OpenID Connect provider knows one.
type Identity struct {
	Issuer  string
	Subject string // the provider's own name for the person, for ever
	Email   string // names the user who is added; it is not what finds one
	Role    toygres.Role
	// RoleCounts says that the provider decides the role at each sign-in, and not
	// only at the first one.
	RoleCounts bool
}

// SignInIdentity returns the user who has the identity, and adds one at the
// first sign-in. CodeConflict says that another user has the name that this one
// would get; CodeForbidden that the user is disabled.
func (s *Store) SignInIdentity(ctx context.Context, i Identity) (toygres.User, error) {
	for range maxTries {
		user, found, err := s.knownIdentity(ctx, i)
		if found || err != nil {
			return user, err
		}
		user = toygres.User{ID: toygres.UserID(newID()), Name: i.Email, Role: i.Role}
		_, err = s.pool.Exec(ctx, `
			WITH added AS (
				INSERT INTO users (id, name, password_hash, role) VALUES ($1, $2, '', $3) RETURNING id
			)
			INSERT INTO identities (issuer, subject, user_id, email) SELECT $4, $5, id, $2 FROM added`,
			user.ID, user.Name, user.Role, i.Issuer, i.Subject)
		switch {
		case violates(err, "identities_pkey"): // the same person in another window
		case violates(err, "users_name"):
			if _, again, err := s.knownIdentity(ctx, i); again || err != nil {
				continue // the same, but it was the name that got in the way
			}
			return toygres.User{}, toygres.Errorf(toygres.CodeConflict,
				"there is a user %q already who signs in otherwise; an administrator must remove that one first", user.Name)
		default:
			return user, wrap(err)
		}
	}
	return toygres.User{}, busy()
}

func (s *Store) knownIdentity(ctx context.Context, i Identity) (_ toygres.User, found bool, err error) {
	type known struct {
		user     toygres.User
		disabled bool
	}
	k, found, err := one(ctx, s, func(row pgx.CollectableRow) (k known, err error) {
		return k, row.Scan(&k.user.ID, &k.user.Name, &k.user.Role, &k.disabled)
	}, `UPDATE identities SET last_sign_in_at = now(), email = $3 FROM users u
		WHERE issuer = $1 AND subject = $2 AND u.id = user_id AND u.deleted_at IS NULL
		RETURNING u.id::text, u.name, u.role, u.disabled_at IS NOT NULL`, i.Issuer, i.Subject, i.Email)
	if err != nil || !found {
		return toygres.User{}, false, err
	}
	if k.disabled {
		return k.user, true, toygres.Errorf(toygres.CodeForbidden, "the account %s is disabled; ask an administrator", k.user.Name)
	}
	if i.RoleCounts && k.user.Role != i.Role {
		person, err := s.ChangePerson(ctx, k.user.Name, PersonChange{Role: &i.Role})
		if toygres.CodeOf(err) == toygres.CodeConflict {
			return k.user, true, nil // somebody must stay who can give others their roles
		}
		if err != nil {
			return toygres.User{}, true, fmt.Errorf("change the role as the provider says: %w", err)
		}
		k.user = person.User
	}
	return k.user, true, nil
}

package catalog

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype/zeronull"

	"github.com/toygres/toygres"
)

// TokenID identifies an API token; it is no secret.
type TokenID string

// Token is an API token, without its secret.
type Token struct {
	ID         TokenID
	Name       string
	Prefix     string       // the secret's first characters, to recognise it by
	Role       toygres.Role // what it may do at most
	CreatedAt  time.Time
	LastUsedAt time.Time // to about a minute; zero: never
	ExpiresAt  time.Time // zero: never
}

// NewToken is what is asked of a new API token.
type NewToken struct {
	User    toygres.UserID
	Parent  TokenID // which the request was made with, and with which this one ends; "": none
	Name    string
	Prefix  string // the secret's first characters, too few to guess the rest
	Hash    Hash
	Role    toygres.Role // "": the user's own
	Expires time.Time    // zero: never
}

// maxTokens bounds the API tokens of a user, those that have expired and are
// still listed included. Requests at the same moment may exceed it by a few.
const maxTokens = 100

const tokenColumns = `id::text, name, prefix, role, created_at, last_used_at, expires_at`

// CreateToken adds an API token. A role above the user's own is CodeForbidden,
// a name that another token of the user has is CodeConflict. It waits for
// whoever disables the user or revokes the parent just now; CodeUnauthenticated
// says that somebody has.
func (s *Store) CreateToken(ctx context.Context, n NewToken) (Token, error) {
	user, err := s.User(ctx, n.User)
	if err != nil {
		return Token{}, err
	}
	if n.Role == "" {
		n.Role = user.Role
	}
	if !user.Role.Covers(n.Role) {
		return Token{}, toygres.Errorf(toygres.CodeForbidden, "a token can't do more than its user: choose %s or less", user.Role)
	}
	token, ok, err := one(ctx, s, scanToken, `
		WITH allowed AS (
			SELECT id FROM users WHERE id = $3 AND disabled_at IS NULL AND deleted_at IS NULL FOR SHARE
		)
		INSERT INTO api_tokens (id, token_hash, user_id, name, prefix, role, expires_at, parent_id)
		SELECT $1, $2, id, $4, $5, $6, $7, nullif($8, '')::uuid FROM allowed WHERE (SELECT count(*) FROM api_tokens WHERE user_id = $3) < $9
		RETURNING `+tokenColumns, newID(), n.Hash[:], n.User, n.Name, n.Prefix, n.Role, zeronull.Timestamptz(n.Expires),
		n.Parent, maxTokens)
	if violates(err, "api_tokens_name") {
		return Token{}, toygres.Errorf(toygres.CodeConflict, "you have a token %q already; choose another name or revoke that one", n.Name)
	}
	if violates(err, "api_tokens_parent") {
		return Token{}, toygres.Errorf(toygres.CodeUnauthenticated, "the token of this request was revoked meanwhile; sign in again")
	}
	if err == nil && !ok {
		err = s.noToken(ctx, n.User)
	}
	return token, err
}

// noToken says why a user gets no other token.
func (s *Store) noToken(ctx context.Context, user toygres.UserID) error {
	tokens, err := s.Tokens(ctx, user)
	if err != nil {
		return err
	}
	if len(tokens) < maxTokens {
		return disabled()
	}
	return &toygres.Error{Code: toygres.CodeForbidden,
		Message: fmt.Sprintf("you have %d API tokens, as many as a user may have; revoke one that you do not need any more", len(tokens)),
		Fields:  []toygres.FieldError{{Field: "name", Rule: "quota", Message: fmt.Sprintf("limit %d, used %d, asked 1", maxTokens, len(tokens))}}}
}

// Tokens returns a user's API tokens, oldest first.
func (s *Store) Tokens(ctx context.Context, user toygres.UserID) ([]Token, error) {
	return collect(ctx, s, scanToken,
		`SELECT `+tokenColumns+` FROM api_tokens WHERE user_id = $1 ORDER BY created_at, id`, user)
}

// RevokeToken removes a user's API token and those made with it, which ends what
// they allow at once.
func (s *Store) RevokeToken(ctx context.Context, user toygres.UserID, id TokenID) error {
	if !isID(id) {
		return notFound("API token")
	}
	tag, err := s.pool.Exec(ctx, `DELETE FROM api_tokens WHERE id = $1 AND user_id = $2`, id, user)
	if err == nil && tag.RowsAffected() == 0 {
		return notFound("API token")
	}
	return wrap(err)
}

func scanToken(row pgx.CollectableRow) (Token, error) {
	var t Token
	err := row.Scan(&t.ID, &t.Name, &t.Prefix, &t.Role, &t.CreatedAt,
		(*zeronull.Timestamptz)(&t.LastUsedAt), (*zeronull.Timestamptz)(&t.ExpiresAt))
	return t, err
}

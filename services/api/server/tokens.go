package server

import (
	"context"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/toygres/toygres"
	"github.com/toygres/toygres/internal/catalog"
	"github.com/toygres/toygres/openapi"
	"github.com/toygres/toygres/services/api/auth"
)

// ListTokens lists the user's own tokens, newest first.
func (s *Server) ListTokens(ctx context.Context, _ openapi.ListTokensRequestObject) (openapi.ListTokensResponseObject, error) {
	list, err := s.tokensOf(ctx, callOf(ctx).principal.User.ID)
	return openapi.ListTokens200JSONResponse(list), err
}

func (s *Server) tokensOf(ctx context.Context, user toygres.UserID) (openapi.TokenList, error) {
	tokens, err := s.options.Catalog.Tokens(ctx, user)
	slices.Reverse(tokens) // the catalog's are the oldest first
	items := make([]openapi.Token, len(tokens))
	for i, t := range tokens {
		items[i] = token(t)
	}
	return openapi.TokenList{Items: items}, err
}

// CreateToken makes a token and answers its secret, which nobody can see
// again. A token can't make one that may do more or lasts longer than itself,
// also not if it is revoked before its time.
func (s *Server) CreateToken(ctx context.Context, request openapi.CreateTokenRequestObject) (openapi.CreateTokenResponseObject, error) {
	maker := callOf(ctx).principal
	role := maker.User.Role
	if request.Body.Role != nil {
		role = toygres.Role(*request.Body.Role)
	}
	if !maker.User.Role.Covers(role) {
		return nil, toygres.Errorf(toygres.CodeForbidden, "a token can't do more than who creates it: choose %s or less", maker.User.Role)
	}
	var expires time.Time
	if days := or(request.Body.ExpiresInDays); days > 0 {
		expires = time.Now().AddDate(0, 0, days)
	}
	if maker.Kind == catalog.ByToken && !maker.ExpiresAt.IsZero() && (expires.IsZero() || expires.After(maker.ExpiresAt)) {
		return nil, toygres.Errorf(toygres.CodeForbidden, "a token can't create one that outlives it; sign in with a password for that")
	}
	secret := auth.NewToken()
	created, err := s.options.Catalog.CreateToken(ctx, catalog.NewToken{
		User: maker.User.ID, Parent: maker.TokenID, Name: request.Body.Name, Prefix: secret[:len(auth.TokenPrefix)+4], Hash: catalog.HashToken(secret), Role: role, Expires: expires,
	})
	if err != nil {
		return nil, err
	}
	t := token(created)
	return openapi.CreateToken201JSONResponse{
		Id: t.Id, Name: t.Name, Prefix: t.Prefix, Role: t.Role, CreatedAt: t.CreatedAt, ExpiresAt: t.ExpiresAt, Token: secret,
	}, nil
}

// RevokeToken ends one of the user's own tokens. A token can't end one that may
// do more than itself.
func (s *Server) RevokeToken(ctx context.Context, request openapi.RevokeTokenRequestObject) (openapi.RevokeTokenResponseObject, error) {
	current := callOf(ctx).principal
	if current.Kind == catalog.ByToken && current.TokenID != catalog.TokenID(request.Id.String()) {
		tokens, err := s.options.Catalog.Tokens(ctx, current.User.ID)
		if err != nil {
			return nil, err
		}
		for _, t := range tokens {
			if t.ID == catalog.TokenID(request.Id.String()) && !current.User.Role.Covers(t.Role) {
				return nil, toygres.Errorf(toygres.CodeForbidden, "a token can't revoke one that may do more than itself; sign in with a password for that")
			}
		}
	}
	return openapi.RevokeToken204Response{}, s.revokeToken(ctx, current.User.ID, request.Id)
}

func (s *Server) revokeToken(ctx context.Context, user toygres.UserID, id uuid.UUID) error {
	if err := s.options.Catalog.RevokeToken(ctx, user, catalog.TokenID(id.String())); err != nil {
		return err
	}
	// Its hash is not known here, and the catalog's word may take a moment.
	s.authenticator.ForgetAll()
	return nil
}

func token(t catalog.Token) openapi.Token {
	role := openapi.Role(t.Role)
	return openapi.Token{
		Id: id(t.ID), Name: t.Name, Prefix: t.Prefix, Role: &role,
		CreatedAt: t.CreatedAt, LastUsedAt: optionalTime(t.LastUsedAt), ExpiresAt: optionalTime(t.ExpiresAt),
	}
}

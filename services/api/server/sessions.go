package server

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/toygres/toygres"
	"github.com/toygres/toygres/internal/catalog"
	"github.com/toygres/toygres/openapi"
	"github.com/toygres/toygres/services/api/auth"
)

// SignIn starts a session for a user name and password.
func (s *Server) SignIn(ctx context.Context, request openapi.SignInRequestObject) (openapi.SignInResponseObject, error) {
	name := strings.TrimSpace(request.Body.Username)
	user, _, err := s.checkPassword(ctx, name, request.Body.Password)
	if toygres.CodeOf(err) == toygres.CodeRateLimited {
		s.metrics.signIns.WithLabelValues("limited").Inc()
		return nil, err
	}
	if audited := s.recordSignIn(ctx, "password", user, err); audited != nil {
		return nil, audited
	}
	if err != nil {
		s.metrics.signIns.WithLabelValues("refused").Inc()
		return nil, err
	}
	cookie, principal, err := s.startSession(ctx, user)
	if err != nil {
		return nil, err
	}
	me, err := s.me(ctx, principal)
	if err != nil {
		return nil, err
	}
	return openapi.SignIn200JSONResponse{
		Body:    me,
		Headers: openapi.SignIn200ResponseHeaders{SetCookie: &cookie},
	}, nil
}

// SignOut ends the session that the request was made with.
func (s *Server) SignOut(ctx context.Context, _ openapi.SignOutRequestObject) (openapi.SignOutResponseObject, error) {
	current := callOf(ctx)
	if current.principal.Kind != catalog.BySession {
		return nil, toygres.Errorf(toygres.CodeConflict, "an API token has no session to end; revoke the token instead")
	}
	if err := s.endSession(ctx, catalog.HashToken(current.credential.Secret)); err != nil {
		return nil, err
	}
	cookie := s.cookie("", time.Unix(1, 0))
	return openapi.SignOut204Response{Headers: openapi.SignOut204ResponseHeaders{SetCookie: &cookie}}, nil
}

// endSession makes a session invalid, here at once and in other API servers
// as soon as the catalog has told them.
func (s *Server) endSession(ctx context.Context, hash catalog.Hash) error {
	if err := s.options.Catalog.DeleteSession(ctx, hash); err != nil {
		return err
	}
	s.revoked(hash)
	return nil
}

func (s *Server) cookie(secret string, expires time.Time) string {
	cookie := http.Cookie{
		Name: auth.CookieName, Value: secret, Path: "/", Expires: expires,
		HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: s.options.SecureCookies(),
	}
	if secret == "" {
		cookie.MaxAge = -1
	}
	return cookie.String()
}

// GetMe answers who is behind the request.
func (s *Server) GetMe(ctx context.Context, _ openapi.GetMeRequestObject) (openapi.GetMeResponseObject, error) {
	me, err := s.me(ctx, callOf(ctx).principal)
	return openapi.GetMe200JSONResponse(me), err
}

func (s *Server) me(ctx context.Context, p catalog.Principal) (openapi.Me, error) {
	quota, use, err := s.options.Catalog.Quota(ctx, p.User.ID)
	return openapi.Me{
		Id: id(p.User.ID), Username: p.User.Name, Role: openapi.Role(p.User.Role),
		SignedInBy: openapi.MeSignedInBy(p.Kind), ExpiresAt: optionalTime(p.ExpiresAt), Quota: quotaUse(quota, use),
	}, err
}

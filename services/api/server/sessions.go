package server

import (
	"context"
	"log/slog"
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
	current := callOf(ctx)
	name := strings.TrimSpace(request.Body.Username)
	limited := strings.ToLower(name) // names are compared without regard to case
	if err := s.limiter.Take(limited, current.clientIP); err != nil {
		s.metrics.signIns.WithLabelValues("limited").Inc()
		return nil, err
	}
	user, err := s.checkPassword(ctx, name, request.Body.Password)
	if toygres.CodeOf(err) != toygres.CodeUnauthenticated {
		s.limiter.Return(limited, current.clientIP) // only wrong guesses count
	}
	if err != nil {
		s.metrics.signIns.WithLabelValues("refused").Inc()
		return nil, err
	}

	secret := auth.NewSecret()
	expires, err := s.options.Catalog.CreateSession(ctx, user.ID, catalog.HashToken(secret))
	if err != nil {
		return nil, err
	}
	if old := current.credential; old.Cookie {
		// The browser forgets the old cookie now, so nobody could end that session.
		if err := s.endSession(ctx, catalog.HashToken(old.Secret)); err != nil {
			s.log.WarnContext(ctx, "the session before was not ended", "request_id", current.requestID, "error", err)
		}
	}
	s.metrics.signIns.WithLabelValues("succeeded").Inc()
	s.log.LogAttrs(ctx, slog.LevelInfo, "signed in", slog.String("request_id", current.requestID),
		slog.String("user", user.Name), slog.String("client", current.clientIP))
	cookie := s.cookie(secret, expires)
	return openapi.SignIn200JSONResponse{
		Body:    me(catalog.Principal{User: user, Kind: catalog.BySession, ExpiresAt: expires}),
		Headers: openapi.SignIn200ResponseHeaders{SetCookie: &cookie},
	}, nil
}

// checkPassword answers the same, after the same time, for a wrong name and a
// wrong password.
func (s *Server) checkPassword(ctx context.Context, name, password string) (toygres.User, error) {
	user, hash, err := s.options.Catalog.UserForSignIn(ctx, name)
	if err != nil && toygres.CodeOf(err) != toygres.CodeNotFound {
		return toygres.User{}, err
	}
	match, err := s.passwords.Match(ctx, password, hash)
	if err != nil {
		return toygres.User{}, err
	}
	if !match {
		return toygres.User{}, toygres.Errorf(toygres.CodeUnauthenticated, "the user name or the password is wrong")
	}
	return user, nil
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
	return openapi.GetMe200JSONResponse(me(callOf(ctx).principal)), nil
}

func me(p catalog.Principal) openapi.Me {
	return openapi.Me{
		Id: id(p.User.ID), Username: p.User.Name, Role: openapi.Role(p.User.Role),
		SignedInBy: openapi.MeSignedInBy(p.Kind), ExpiresAt: optionalTime(p.ExpiresAt),
	}
}

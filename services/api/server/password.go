package server

import (
	"context"

	"github.com/toygres/toygres"
	"github.com/toygres/toygres/internal/catalog"
	"github.com/toygres/toygres/openapi"
	"github.com/toygres/toygres/services/api/auth"
)

// ChangePassword gives the user another password. Whoever has found an open
// browser or a token must still know the old one, and may guess at it no more
// often than at the sign-in.
func (s *Server) ChangePassword(ctx context.Context, request openapi.ChangePasswordRequestObject) (openapi.ChangePasswordResponseObject, error) {
	current := callOf(ctx)
	user := current.principal.User
	_, old, err := s.checkPassword(ctx, user.Name, request.Body.CurrentPassword)
	if toygres.CodeOf(err) == toygres.CodeUnauthenticated {
		const message = "is wrong"
		return nil, &toygres.Error{Code: toygres.CodeInvalid, Message: "the current password " + message,
			Fields: []toygres.FieldError{{Field: "current_password", Rule: "match", Message: message}}}
	}
	if err != nil {
		return nil, err
	}
	hash, err := s.passwords.Hash(ctx, request.Body.NewPassword)
	if err != nil {
		return nil, err
	}
	if err := s.options.Catalog.ChangePassword(ctx, user.ID, old, hash, catalog.HashToken(current.credential.Secret)); err != nil {
		return nil, err
	}
	s.authenticator.ForgetAll()
	return openapi.ChangePassword204Response{}, nil
}

// checkPassword returns the user and the stored hash of the password. Its error
// is the same, after the same time, for a wrong name and a wrong password:
// CodeUnauthenticated, or CodeRateLimited when there were too many. The user is
// whoever has the name, also then.
func (s *Server) checkPassword(ctx context.Context, name, password string) (toygres.User, string, error) {
	source := auth.SourceOf(callOf(ctx).clientIP)
	if err := s.options.Catalog.TakeSignIn(ctx, name, source, s.options.SignInLimits); err != nil {
		return toygres.User{}, "", err
	}
	user, hash, err := s.matchPassword(ctx, name, password)
	if toygres.CodeOf(err) == toygres.CodeUnauthenticated {
		return user, "", err // the try stays counted
	}
	if returned := s.options.Catalog.ReturnSignIn(context.WithoutCancel(ctx), name, source, err == nil); returned != nil {
		s.log.WarnContext(ctx, "a sign-in that did not fail is counted as one", "request_id", callOf(ctx).requestID, "error", returned)
	}
	return user, hash, err
}

func (s *Server) matchPassword(ctx context.Context, name, password string) (toygres.User, string, error) {
	user, hash, err := s.options.Catalog.UserForSignIn(ctx, name)
	if err != nil && toygres.CodeOf(err) != toygres.CodeNotFound {
		return toygres.User{}, "", err
	}
	match, err := s.passwords.Match(ctx, password, hash)
	if err != nil {
		return toygres.User{}, "", err
	}
	if !match {
		return user, "", toygres.Errorf(toygres.CodeUnauthenticated, "the user name or the password is wrong")
	}
	return user, hash, nil
}

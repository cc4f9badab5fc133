package server

import (
	"context"
	"net/netip"

	"github.com/toygres/toygres"
	"github.com/toygres/toygres/internal/catalog"
	"github.com/toygres/toygres/openapi"
	"github.com/toygres/toygres/services/api/auth"
)

// ListUsers answers all users.
func (s *Server) ListUsers(ctx context.Context, _ openapi.ListUsersRequestObject) (openapi.ListUsersResponseObject, error) {
	people, err := s.options.Catalog.People(ctx)
	if err != nil {
		return nil, err
	}
	items := make([]openapi.User, len(people))
	for i, p := range people {
		items[i] = s.user(p)
	}
	return openapi.ListUsers200JSONResponse{Items: items}, nil
}

// GetUser answers one user.
func (s *Server) GetUser(ctx context.Context, request openapi.GetUserRequestObject) (openapi.GetUserResponseObject, error) {
	person, err := s.options.Catalog.Person(ctx, request.Name)
	if err != nil {
		return nil, err
	}
	return openapi.GetUser200JSONResponse{UserJSONResponse: openapi.UserJSONResponse(s.user(person))}, nil
}

// CreateUser adds a user who signs in with a password.
func (s *Server) CreateUser(ctx context.Context, request openapi.CreateUserRequestObject) (openapi.CreateUserResponseObject, error) {
	hash, err := s.passwords.Hash(ctx, request.Body.Password)
	if err != nil {
		return nil, err
	}
	role := toygres.RoleViewer
	if request.Body.Role != nil {
		role = toygres.Role(*request.Body.Role)
	}
	user, err := s.options.Catalog.CreateUser(ctx, request.Body.Name, hash, role)
	if err != nil {
		return nil, err
	}
	person, err := s.options.Catalog.Person(ctx, user.Name)
	if err != nil {
		return nil, err
	}
	return openapi.CreateUser201JSONResponse{UserJSONResponse: openapi.UserJSONResponse(s.user(person))}, nil
}

// UpdateUser changes what the request names.
func (s *Server) UpdateUser(ctx context.Context, request openapi.UpdateUserRequestObject) (openapi.UpdateUserResponseObject, error) {
	change := catalog.PersonChange{Role: (*toygres.Role)(request.Body.Role), Disabled: request.Body.Disabled, Override: override(request.Body.Quota)}
	if request.Body.Password != nil {
		hash, err := s.passwords.Hash(ctx, *request.Body.Password)
		if err != nil {
			return nil, err
		}
		change.PasswordHash = &hash
	}
	person, err := s.options.Catalog.ChangePerson(ctx, request.Name, change)
	if err != nil {
		return nil, err
	}
	s.authenticator.ForgetAll() // the catalog's word may take a moment
	return openapi.UpdateUser200JSONResponse{UserJSONResponse: openapi.UserJSONResponse(s.user(person))}, nil
}

// DeleteUser removes a user.
func (s *Server) DeleteUser(ctx context.Context, request openapi.DeleteUserRequestObject) (openapi.DeleteUserResponseObject, error) {
	if err := s.options.Catalog.DeletePerson(ctx, request.Name); err != nil {
		return nil, err
	}
	s.authenticator.ForgetAll()
	return openapi.DeleteUser204Response{}, nil
}

// UnlockUser lets a user try passwords again.
func (s *Server) UnlockUser(ctx context.Context, request openapi.UnlockUserRequestObject) (openapi.UnlockUserResponseObject, error) {
	if _, err := s.options.Catalog.Person(ctx, request.Name); err != nil {
		return nil, err
	}
	if err := s.options.Catalog.UnlockUser(ctx, request.Name); err != nil {
		return nil, err
	}
	person, err := s.options.Catalog.Person(ctx, request.Name)
	if err != nil {
		return nil, err
	}
	return openapi.UnlockUser200JSONResponse{UserJSONResponse: openapi.UserJSONResponse(s.user(person))}, nil
}

// UnlockAddress lets passwords be tried again from an address.
func (s *Server) UnlockAddress(ctx context.Context, request openapi.UnlockAddressRequestObject) (openapi.UnlockAddressResponseObject, error) {
	if _, err := netip.ParseAddr(request.Address); err != nil {
		return nil, badRequest("address must be an IP address", toygres.FieldError{Field: "address", Rule: "ip", Message: "must be an IP address, such as 203.0.113.7"})
	}
	if err := s.options.Catalog.UnlockAddress(ctx, auth.SourceOf(request.Address)); err != nil {
		return nil, err
	}
	return openapi.UnlockAddress204Response{}, nil
}

// ListUserTokens lists a user's tokens, newest first.
func (s *Server) ListUserTokens(ctx context.Context, request openapi.ListUserTokensRequestObject) (openapi.ListUserTokensResponseObject, error) {
	person, err := s.options.Catalog.Person(ctx, request.Name)
	if err != nil {
		return nil, err
	}
	list, err := s.tokensOf(ctx, person.ID)
	return openapi.ListUserTokens200JSONResponse(list), err
}

// RevokeUserToken ends a user's token.
func (s *Server) RevokeUserToken(ctx context.Context, request openapi.RevokeUserTokenRequestObject) (openapi.RevokeUserTokenResponseObject, error) {
	person, err := s.options.Catalog.Person(ctx, request.Name)
	if err != nil {
		return nil, err
	}
	return openapi.RevokeUserToken204Response{}, s.revokeToken(ctx, person.ID, request.Id)
}

func (s *Server) user(p catalog.Person) openapi.User {
	return openapi.User{
		Id: id(p.ID), Name: p.Name, Role: openapi.Role(p.Role), Disabled: p.Disabled, LockedUntil: optionalTime(p.LockedUntil),
		Tokens: p.Tokens, LastSeenAt: optionalTime(p.LastSeenAt), CreatedAt: p.CreatedAt,
		Override: openapi.Quota{Instances: p.Override.Instances, StorageGib: p.Override.StorageGiB},
		Quota:    quotaUse(p.Quota, p.Use),
	}
}

func quotaUse(q catalog.Quota, use catalog.Use) openapi.QuotaUse {
	return openapi.QuotaUse{
		Instances:  openapi.Used{Used: use.Instances, Limit: q.Instances},
		StorageGib: openapi.Used{Used: use.StorageGiB, Limit: q.StorageGiB},
	}
}

func override(q *openapi.Quota) *catalog.Quota {
	if q == nil {
		return nil
	}
	return &catalog.Quota{Instances: q.Instances, StorageGiB: q.StorageGib}
}

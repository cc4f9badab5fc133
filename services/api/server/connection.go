package server

import (
	"context"
	"fmt"
	"net"
	"net/url"
	"strconv"

	"github.com/toygres/toygres"
	"github.com/toygres/toygres/openapi"
)

// sslMode is what clients are told. Some refuse "prefer", and to verify the
// server a client needs the CA in a file, which a URL can't bring along.
func sslMode(c toygres.Credentials) string {
	if c.CA == "" {
		return "disable"
	}
	return "require"
}

// GetConnection answers how to connect, without the password.
func (s *Server) GetConnection(ctx context.Context, request openapi.GetConnectionRequestObject) (openapi.GetConnectionResponseObject, error) {
	instance, err := s.reachable(ctx, request.Name)
	if err != nil {
		return nil, err
	}
	credentials, err := s.options.Provider.Credentials(ctx, instance.ID)
	if err != nil {
		return nil, ofProvider(err)
	}
	credentials.Password = ""
	return openapi.GetConnection200JSONResponse(connection(instance.Endpoint, credentials)), nil
}

// RevealConnection answers how to connect, with the password. The event comes
// first: nobody sees a password without a trace.
func (s *Server) RevealConnection(ctx context.Context, request openapi.RevealConnectionRequestObject) (openapi.RevealConnectionResponseObject, error) {
	instance, err := s.reachable(ctx, request.Name)
	if err != nil {
		return nil, err
	}
	user := callOf(ctx).principal.User
	_, err = s.options.Catalog.RecordEvent(ctx, toygres.Event{
		Type: toygres.EventPasswordRevealed, InstanceID: instance.ID, Actor: user.ID,
		Message: fmt.Sprintf("The password was revealed to %s.", user.Name),
	})
	if err != nil {
		return nil, err
	}
	credentials, err := s.options.Provider.Credentials(ctx, instance.ID)
	if err != nil {
		return nil, ofProvider(err)
	}
	noStore := "no-store"
	return openapi.RevealConnection200JSONResponse{
		Body:    connection(instance.Endpoint, credentials),
		Headers: openapi.RevealConnection200ResponseHeaders{CacheControl: &noStore},
	}, nil
}

// reachable returns an instance that has an endpoint.
func (s *Server) reachable(ctx context.Context, name string) (toygres.Instance, error) {
	instance, err := s.options.Catalog.Instance(ctx, name)
	if err != nil {
		return toygres.Instance{}, err
	}
	if !instance.Endpoint.IsZero() {
		return instance, nil
	}
	hint := "wait until it is running"
	if instance.State == toygres.StateFailed {
		hint = "it failed and can only be deleted"
	}
	return toygres.Instance{}, &toygres.Error{Code: toygres.CodeConflict, Operation: instance.Operation,
		Message: fmt.Sprintf("%q is %s and has no endpoint yet; %s", name, instance.State, hint)}
}

func connection(at toygres.Endpoint, c toygres.Credentials) openapi.Connection {
	link := url.URL{
		Scheme: "postgres", Host: net.JoinHostPort(at.Host, strconv.Itoa(at.Port)), Path: "/" + c.Database,
		RawQuery: url.Values{"sslmode": {sslMode(c)}}.Encode(), User: url.User(c.User),
	}
	if c.Password != "" {
		link.User = url.UserPassword(c.User, c.Password)
	}
	return openapi.Connection{
		Host: at.Host, Port: at.Port, Username: c.User, Password: optional(c.Password),
		Database: c.Database, Sslmode: sslMode(c), CaCertificate: optional(c.CA), Url: link.String(),
	}
}

// RotatePassword starts to give the superuser another password.
func (s *Server) RotatePassword(ctx context.Context, request openapi.RotatePasswordRequestObject) (openapi.RotatePasswordResponseObject, error) {
	begun, err := s.options.Catalog.Begin(ctx, request.Name, toygres.KindRotate, callOf(ctx).principal.User.ID)
	if err != nil {
		return nil, err
	}
	operation, err := s.launch(ctx, begun, s.options.Catalog.Abandon)
	if err != nil {
		return nil, err
	}
	return openapi.RotatePassword202JSONResponse{OperationJSONResponse: openapi.OperationJSONResponse(s.operation(operation))}, nil
}

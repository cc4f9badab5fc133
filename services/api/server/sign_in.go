package server

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"net/http"
	"net/url"
	"slices"

	"github.com/toygres/toygres"
	"github.com/toygres/toygres/internal/catalog"
	"github.com/toygres/toygres/openapi"
	"github.com/toygres/toygres/services/api/auth"
	"github.com/toygres/toygres/services/api/oidc"
)

// redirect sends a browser on.
type redirect struct {
	to      string
	cookies []string
}

func (r redirect) write(w http.ResponseWriter) error {
	for _, cookie := range r.cookies {
		w.Header().Add("Set-Cookie", cookie)
	}
	w.Header().Set("Location", r.to)
	w.WriteHeader(http.StatusFound)
	return nil
}

func (r redirect) VisitBeginSignInResponse(w http.ResponseWriter) error { return r.write(w) }

func (r redirect) VisitFinishSignInResponse(w http.ResponseWriter) error { return r.write(w) }

// ListSignInProviders answers with whom people can sign in.
func (s *Server) ListSignInProviders(context.Context, openapi.ListSignInProvidersRequestObject) (openapi.ListSignInProvidersResponseObject, error) {
	list := openapi.ListSignInProviders200JSONResponse{Items: []openapi.SignInProvider{}}
	for _, name := range slices.Sorted(maps.Keys(s.options.OpenID)) {
		list.Items = append(list.Items, openapi.SignInProvider{Name: name, Title: s.options.OpenID[name].Title()})
	}
	return list, nil
}

func (s *Server) openID(name string) (*oidc.Provider, error) {
	provider, ok := s.options.OpenID[name]
	if !ok {
		return nil, toygres.Errorf(toygres.CodeNotFound, "there is no provider %q to sign in with", name)
	}
	return provider, nil
}

// BeginSignIn sends a browser to a provider.
func (s *Server) BeginSignIn(ctx context.Context, request openapi.BeginSignInRequestObject) (openapi.BeginSignInResponseObject, error) {
	provider, err := s.openID(request.Name)
	if err != nil {
		return nil, err
	}
	flow := oidc.NewFlow(request.Name, or(request.Params.ReturnTo))
	to, err := provider.Begin(ctx, flow)
	if err != nil {
		return s.notSignedIn(ctx, flow, err), nil
	}
	return redirect{to, []string{flow.Cookie(s.options.SecureCookies()).String()}}, nil
}

// FinishSignIn takes a browser back from a provider and starts a session.
func (s *Server) FinishSignIn(ctx context.Context, request openapi.FinishSignInRequestObject) (openapi.FinishSignInResponseObject, error) {
	provider, err := s.openID(request.Name)
	if err != nil {
		return nil, err
	}
	p := request.Params
	flow, err := oidc.FlowOf(callOf(ctx).cookies, request.Name, or(p.State))
	if err != nil {
		return s.notSignedIn(ctx, flow, err), nil
	}
	user, err := s.identify(ctx, provider, flow, or(p.Code), or(p.Error))
	var refusal *oidc.Refusal
	if err == nil || errors.As(err, &refusal) && refusal.Vouched() {
		if audited := s.recordSignIn(ctx, request.Name, user, err); audited != nil {
			return nil, audited
		}
	}
	if err != nil {
		return s.notSignedIn(ctx, flow, err), nil
	}
	session, _, err := s.startSession(ctx, user)
	if err != nil {
		return s.notSignedIn(ctx, flow, err), nil
	}
	return redirect{flow.ReturnTo, []string{session, flow.Ended(s.options.SecureCookies()).String()}}, nil
}

// identify returns the user who the provider says has come.
func (s *Server) identify(ctx context.Context, provider *oidc.Provider, flow oidc.Flow, code, refused string) (toygres.User, error) {
	if refused != "" || code == "" {
		return toygres.User{}, &oidc.Refusal{Reason: oidc.ReasonCancelled, Err: errors.New("the provider has sent no code")}
	}
	identity, err := provider.Finish(ctx, flow, code)
	if err != nil {
		return toygres.User{}, err
	}
	user, err := s.options.Catalog.SignInIdentity(ctx, identity)
	switch toygres.CodeOf(err) {
	case toygres.CodeForbidden:
		return user, &oidc.Refusal{Reason: oidc.ReasonDisabled, Err: err}
	case toygres.CodeConflict:
		return user, &oidc.Refusal{Reason: oidc.ReasonName, Err: err}
	}
	return user, err
}

// notSignedIn sends a browser to the sign-in page, which says why. Whoever sees
// that is a person, and nobody could do anything with a problem document.
func (s *Server) notSignedIn(ctx context.Context, flow oidc.Flow, err error) redirect {
	reason := oidc.ReasonUnavailable
	var refusal *oidc.Refusal
	if errors.As(err, &refusal) {
		reason = refusal.Reason
	} else if toygres.CodeOf(err) == toygres.CodeUnauthenticated {
		reason = oidc.ReasonDisabled
	}
	s.metrics.signIns.WithLabelValues("refused").Inc()
	s.log.LogAttrs(ctx, slog.LevelWarn, "not signed in", slog.String("request_id", callOf(ctx).requestID), slog.String("provider", flow.Provider),
		slog.String("reason", reason), slog.Any("error", err))
	query := url.Values{"problem": {reason}}
	if flow.ReturnTo != "/" {
		query.Set("return_to", flow.ReturnTo)
	}
	answer := redirect{to: "/sign-in?" + query.Encode()}
	if reason != oidc.ReasonExpired {
		answer.cookies = []string{flow.Ended(s.options.SecureCookies()).String()}
	}
	return answer
}

// startSession signs a user in, and ends the session that the browser had.
func (s *Server) startSession(ctx context.Context, user toygres.User) (cookie string, p catalog.Principal, err error) {
	current := callOf(ctx)
	secret := auth.NewSecret()
	expires, err := s.options.Catalog.CreateSession(ctx, user.ID, catalog.HashToken(secret))
	if err != nil {
		return "", p, err
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
	return s.cookie(secret, expires), catalog.Principal{User: user, Kind: catalog.BySession, ExpiresAt: expires}, nil
}

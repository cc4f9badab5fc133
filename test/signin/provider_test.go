// Package signin signs in to the API with a real OpenID Connect provider. It is a
// module of its own, so that the provider's dependencies stay out of the product.
package signin

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/zitadel/oidc/v3/example/server/exampleop"
	"github.com/zitadel/oidc/v3/example/server/storage"
	provider "github.com/zitadel/oidc/v3/pkg/oidc"
	"github.com/zitadel/oidc/v3/pkg/op"
)

const (
	clientID     = "toygres"
	otherClient  = "another"
	clientSecret = "a secret of the client"
	password     = "verysecure"
)

// people are whom the provider knows, by name; all have one password.
type people struct {
	mu     sync.Mutex
	byID   map[string]*storage.User
	groups map[string][]string
}

func (p *people) set(name, email string, verified bool, groups ...string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.byID[name] = &storage.User{ID: name, Username: name, Password: password, Email: email, EmailVerified: verified}
	p.groups[name] = groups
}

func (p *people) GetUserByID(id string) *storage.User {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.byID[id]
}

func (p *people) GetUserByUsername(name string) *storage.User { return p.GetUserByID(name) }
func (p *people) ExampleClientID() string                     { return storage.ServiceUserID }

// store is the provider's, which also tells of groups.
type store struct {
	*storage.Storage
	people *people
}

func (s *store) SetUserinfoFromToken(ctx context.Context, info *provider.UserInfo, tokenID, subject, origin string) error {
	if err := s.Storage.SetUserinfoFromToken(ctx, info, tokenID, subject, origin); err != nil {
		return err
	}
	s.people.mu.Lock()
	defer s.people.mu.Unlock()
	info.AppendClaims("groups", s.people.groups[subject])
	return nil
}

// idp is a real provider. A test may stand between it and the API: tamper gets
// the answers of its token endpoint.
type idp struct {
	*httptest.Server
	people *people

	mu     sync.Mutex
	tamper func(tokens map[string]any)
	down   bool
}

func newProvider(t *testing.T, redirects ...string) *idp {
	t.Helper()
	i := &idp{people: &people{byID: map[string]*storage.User{}, groups: map[string][]string{}}}
	var handler http.Handler
	i.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		i.mu.Lock()
		tamper, down := i.tamper, i.down
		i.mu.Unlock()
		if down {
			http.Error(w, "down", http.StatusServiceUnavailable)
			return
		}
		if tamper == nil || !strings.HasSuffix(r.URL.Path, "/token") {
			handler.ServeHTTP(w, r)
			return
		}
		recorded := httptest.NewRecorder()
		handler.ServeHTTP(recorded, r)
		tokens := map[string]any{}
		_ = json.Unmarshal(recorded.Body.Bytes(), &tokens)
		tamper(tokens)
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(recorded.Code)
		_ = json.NewEncoder(w).Encode(tokens)
	}))
	t.Cleanup(i.Server.Close)
	clients := map[string]*storage.Client{
		clientID:    storage.WebClient(clientID, clientSecret, redirects...),
		otherClient: storage.WebClient(otherClient, clientSecret, redirects...),
	}
	quiet := slog.New(slog.DiscardHandler)
	handler = exampleop.SetupServer(i.URL, &store{storage.NewStorageWithClients(i.people, clients), i.people}, quiet, false, op.WithAllowInsecure())
	return i
}

func (i *idp) set(change func(*idp)) {
	i.mu.Lock()
	defer i.mu.Unlock()
	change(i)
}

// login answers the provider's form as a person does, and returns where it
// sends the browser.
func login(t *testing.T, browser *http.Client, form *http.Response, name string) *http.Response {
	t.Helper()
	page, err := io.ReadAll(form.Body)
	require.NoError(t, err)
	require.NoError(t, form.Body.Close())
	_, rest, found := strings.Cut(string(page), `name="id" value="`)
	require.True(t, found, "no form of the provider: %s %s", form.Request.URL, page)
	id, _, _ := strings.Cut(rest, `"`)
	answer, err := browser.PostForm(form.Request.URL.String(), map[string][]string{"id": {id}, "username": {name}, "password": {password}})
	require.NoError(t, err)
	return answer
}

// tokenFor signs in to another client and returns the ID token that it gets.
func (i *idp) tokenFor(w *world, client, name string) string {
	callback := "" // where the provider would send that client's browser
	browser := w.browser()
	browser.CheckRedirect = func(request *http.Request, _ []*http.Request) error {
		if code := request.URL.Query().Get("code"); code != "" {
			callback = code
			return http.ErrUseLastResponse
		}
		return nil
	}
	redirect := w.url + "/api/sign-in/idp/callback"
	ask := url.Values{"client_id": {client}, "redirect_uri": {redirect}, "response_type": {"code"}, "scope": {"openid email"}, "state": {"s"}}
	answer := login(w.t, browser, w.get(browser, i.URL+"/auth?"+ask.Encode()), name)
	require.NoError(w.t, answer.Body.Close())
	request, err := http.NewRequestWithContext(w.t.Context(), http.MethodPost, i.URL+"/oauth/token", strings.NewReader(url.Values{
		"grant_type": {"authorization_code"}, "code": {callback}, "redirect_uri": {redirect}}.Encode()))
	require.NoError(w.t, err)
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.SetBasicAuth(client, clientSecret)
	tokens, err := http.DefaultClient.Do(request)
	require.NoError(w.t, err)
	defer tokens.Body.Close()
	var got struct {
		IDToken string `json:"id_token"`
	}
	require.NoError(w.t, json.NewDecoder(tokens.Body).Decode(&got))
	require.NotEmpty(w.t, got.IDToken)
	return got.IDToken
}

package cli

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/toygres/toygres/openapi"
)

const (
	testUser     = "admin"
	testPassword = "correct horse"
)

// fakeServer speaks the contract over real HTTP and remembers what it was
// asked.
type fakeServer struct {
	*httptest.Server

	mu         sync.Mutex
	requests   []recorded
	sessions   map[string]bool
	tokens     map[string]openapi.Token // by secret
	instances  []openapi.Instance
	operations map[uuid.UUID]*openapi.Operation
	byKey      map[string]uuid.UUID // operations by idempotency key
	events     []openapi.Event
	user       openapi.User
	changed    chan struct{} // closed and replaced at every event and cut
	streams    int           // how many streams have been opened
	cuts       int           // a stream that was opened before the last cut ends
	drift      openapi.DriftList
	connection func(revealed bool) openapi.Connection
	// override answers a request in place of the server when it returns true.
	override func(w http.ResponseWriter, r *http.Request) bool
}

type recorded struct {
	method, path, query, key, authorization, lastEventID string
}

func newFakeServer(t *testing.T) *fakeServer {
	s := &fakeServer{sessions: map[string]bool{}, tokens: map[string]openapi.Token{}, byKey: map[string]uuid.UUID{},
		operations: map[uuid.UUID]*openapi.Operation{}, changed: make(chan struct{}), connection: testConnection}
	mux := http.NewServeMux()
	handle := func(pattern string, handler http.HandlerFunc) { mux.HandleFunc(pattern, handler) }
	handle("POST /api/sessions", s.signIn)
	handle("DELETE /api/sessions/current", s.signOut)
	handle("GET /api/me", s.signedIn(func(w http.ResponseWriter, _ *http.Request) {
		answer(w, 200, openapi.Me{Id: uuid.MustParse(userID), Username: testUser, Role: openapi.Admin, SignedInBy: openapi.MeSignedInByToken})
	}))
	handle("GET /api/users", s.signedIn(func(w http.ResponseWriter, _ *http.Request) {
		answer(w, 200, openapi.UserList{Items: []openapi.User{s.user}})
	}))
	handle("POST /api/users", s.signedIn(s.createUser))
	handle("GET /api/users/{name}", s.signedIn(func(w http.ResponseWriter, _ *http.Request) { answer(w, 200, s.user) }))
	handle("PATCH /api/users/{name}", s.signedIn(s.updateUser))
	handle("GET /api/audit", s.signedIn(s.listAudit))
	handle("GET /api/tokens", s.signedIn(s.listTokens))
	handle("POST /api/tokens", s.signedIn(s.createToken))
	handle("DELETE /api/tokens/{id}", s.signedIn(s.revokeToken))
	handle("GET /api/offer", s.signedIn(func(w http.ResponseWriter, _ *http.Request) { answer(w, 200, testOffer) }))
	handle("GET /api/instances", s.signedIn(s.listInstances))
	handle("POST /api/instances", s.signedIn(s.createInstance))
	handle("GET /api/instances/{name}", s.signedIn(s.onInstance(func(w http.ResponseWriter, i *openapi.Instance) { answer(w, 200, i) })))
	handle("DELETE /api/instances/{name}", s.signedIn(s.onInstance(func(w http.ResponseWriter, i *openapi.Instance) {
		answer(w, 202, s.begin(openapi.Trash, i.Name, "stop", "move to trash"))
	})))
	handle("POST /api/instances/{name}/undelete", s.signedIn(s.onInstance(func(w http.ResponseWriter, i *openapi.Instance) {
		i.State = openapi.InstanceStateStarting
		i.OperationId = &s.begin(openapi.Undelete, i.Name, "start").Id
		answer(w, 200, i)
	})))
	handle("PATCH /api/instances/{name}", s.signedIn(s.updateInstance))
	handle("GET /api/instances/{name}/parameters", s.signedIn(s.onInstance(s.listParameters)))
	handle("POST /api/instances/{name}/stop", s.signedIn(s.onInstance(func(w http.ResponseWriter, i *openapi.Instance) {
		i.State = openapi.InstanceStateStopping
		i.OperationId = &s.begin(openapi.Stop, i.Name, "stop").Id
		answer(w, 200, i)
	})))
	handle("POST /api/instances/{name}/fork", s.signedIn(s.forkInstance))
	handle("POST /api/instances/{name}/upgrade", s.signedIn(s.onInstance(s.upgrade)))
	handle("POST /api/instances/{name}/password/rotate", s.signedIn(s.onInstance(s.rotatePassword)))
	handle("POST /api/instances/{name}/restart", s.signedIn(s.onInstance(func(w http.ResponseWriter, i *openapi.Instance) {
		i.State = openapi.InstanceStateRestarting
		i.OperationId = &s.begin(openapi.Restart, i.Name, "restart").Id
		answer(w, 200, i)
	})))
	handle("GET /api/instances/{name}/connection", s.signedIn(s.onInstance(func(w http.ResponseWriter, _ *openapi.Instance) {
		answer(w, 200, s.connection(false))
	})))
	handle("POST /api/instances/{name}/connection/reveal", s.signedIn(s.onInstance(func(w http.ResponseWriter, _ *openapi.Instance) {
		answer(w, 200, s.connection(true))
	})))
	handle("GET /api/instances/{name}/events", s.signedIn(s.listEvents))
	s.handleMonitor(handle)
	handle("GET /api/operations", s.signedIn(func(w http.ResponseWriter, _ *http.Request) {
		list := openapi.OperationList{Items: []openapi.Operation{}}
		for _, o := range s.operations {
			list.Items = append(list.Items, *o)
		}
		answer(w, 200, list)
	}))
	handle("GET /api/operations/{id}", s.signedIn(s.onOperation(func(w http.ResponseWriter, o *openapi.Operation) { answer(w, 200, o) })))
	handle("POST /api/operations/{id}/cancel", s.signedIn(s.onOperation(func(w http.ResponseWriter, o *openapi.Operation) {
		o.CancelAsked = true
		answer(w, 202, o)
	})))
	handle("POST /api/operations/{id}/retry", s.signedIn(s.onOperation(func(w http.ResponseWriter, o *openapi.Operation) {
		delete(s.operations, o.Id)
		again := s.begin(o.Kind, o.InstanceName, "provision")
		again.RetryOf = &o.Id
		answer(w, 202, again)
	})))
	handle("POST /api/operations/{id}/retry-now", s.signedIn(s.onOperation(func(w http.ResponseWriter, o *openapi.Operation) { answer(w, 202, o) })))
	handle("GET /api/drift", s.signedIn(func(w http.ResponseWriter, _ *http.Request) { answer(w, 200, s.drift) }))
	handle("POST /api/drift/check", s.signedIn(func(w http.ResponseWriter, _ *http.Request) {
		answer(w, 202, openapi.DriftCheck{Id: uuid.MustParse(instanceID), RequestedAt: testNow})
	}))
	handle("GET /api/drift/checks/{id}", s.signedIn(func(w http.ResponseWriter, _ *http.Request) {
		ended := testNow
		answer(w, 200, openapi.DriftCheck{Id: uuid.MustParse(instanceID), RequestedAt: testNow, EndedAt: &ended})
	}))
	handle("POST /api/drift/{id}/repair", s.signedIn(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Get("remove_data") != "true" {
			refuse(w, 422, openapi.ErrorCodeInvalid, "remove_data must be true")
			return
		}
		answer(w, 202, s.drift.Items[0])
	}))
	handle("GET /api/events", s.stream)
	handle("/", func(w http.ResponseWriter, _ *http.Request) {
		refuse(w, 404, openapi.ErrorCodeNotFound, "there is no such page")
	})
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		s.requests = append(s.requests, recorded{r.Method, r.URL.Path, r.URL.RawQuery, r.Header.Get("Idempotency-Key"),
			r.Header.Get("Authorization"), r.Header.Get("Last-Event-ID")})
		override := s.override
		s.mu.Unlock()
		if override != nil && override(w, r) {
			return
		}
		mux.ServeHTTP(w, r)
	}))
	t.Cleanup(func() {
		s.cut()
		s.Server.CloseClientConnections()
		s.Server.Close()
	})
	return s
}

func answer(w http.ResponseWriter, status int, object any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(object)
}

func refuse(w http.ResponseWriter, status int, code openapi.ErrorCode, detail string) {
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(openapi.Problem{Type: "about:blank", Title: http.StatusText(status), Status: status, Code: code, Detail: &detail})
}

func (s *fakeServer) signIn(w http.ResponseWriter, r *http.Request) {
	var request openapi.SignInRequest
	if json.NewDecoder(r.Body).Decode(&request) != nil || request.Username != testUser || request.Password != testPassword {
		refuse(w, 401, openapi.ErrorCodeUnauthenticated, "the user name or the password is wrong")
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	session := uuid.NewString()
	s.sessions[session] = true
	http.SetCookie(w, &http.Cookie{Name: "toygres_session", Value: session, Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode})
	answer(w, 200, openapi.Me{Id: uuid.MustParse(userID), Username: testUser, Role: openapi.Admin, SignedInBy: openapi.MeSignedInBySession})
}

func (s *fakeServer) signOut(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if cookie, err := r.Cookie("toygres_session"); err == nil {
		delete(s.sessions, cookie.Value)
	}
	w.WriteHeader(http.StatusNoContent)
}

// signedIn lets a handler run with the lock held, for who is signed in.
func (s *fakeServer) signedIn(handler http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		defer s.mu.Unlock()
		if !s.allowed(r) {
			refuse(w, 401, openapi.ErrorCodeUnauthenticated, "nobody is signed in")
			return
		}
		handler(w, r)
	}
}

func (s *fakeServer) allowed(r *http.Request) bool {
	if cookie, err := r.Cookie("toygres_session"); err == nil && s.sessions[cookie.Value] {
		return true
	}
	_, known := s.tokens[strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")]
	return known
}

func (s *fakeServer) createToken(w http.ResponseWriter, r *http.Request) {
	var request openapi.CreateTokenRequest
	_ = json.NewDecoder(r.Body).Decode(&request)
	for _, other := range s.tokens {
		if other.Name == request.Name {
			refuse(w, 409, openapi.ErrorCodeConflict, "you have such a token already")
			return
		}
	}
	secret := "tgr_" + strings.ReplaceAll(uuid.NewString(), "-", "")
	token := openapi.Token{Id: uuid.New(), Name: request.Name, Prefix: secret[:8], CreatedAt: testNow}
	s.tokens[secret] = token
	answer(w, 201, openapi.CreatedToken{Id: token.Id, Name: token.Name, Prefix: token.Prefix, CreatedAt: token.CreatedAt, Token: secret})
}

func (s *fakeServer) listTokens(w http.ResponseWriter, _ *http.Request) {
	list := openapi.TokenList{Items: []openapi.Token{}}
	for _, token := range s.tokens {
		list.Items = append(list.Items, token)
	}
	answer(w, 200, list)
}

func (s *fakeServer) revokeToken(w http.ResponseWriter, r *http.Request) {
	for secret, token := range s.tokens {
		if token.Id.String() == r.PathValue("id") {
			delete(s.tokens, secret)
			w.WriteHeader(http.StatusNoContent)
			return
		}
	}
	refuse(w, 404, openapi.ErrorCodeNotFound, "there is no such token")
}

// begin records an operation with its planned steps. The lock is held.
func (s *fakeServer) begin(kind openapi.OperationKind, name string, steps ...string) *openapi.Operation {
	started := testNow
	operation := &openapi.Operation{Id: uuid.New(), Kind: kind, InstanceId: uuid.MustParse(instanceID), InstanceName: name,
		State: openapi.OperationStateRunning, CreatedAt: testNow, StartedAt: &started}
	for _, step := range steps {
		operation.Steps = append(operation.Steps, openapi.Step{Name: step, State: openapi.StepStatePending})
	}
	s.operations[operation.Id] = operation
	return operation
}

// happen changes the world and tells every stream of it with an event.
func (s *fakeServer) happen(change func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change()
	about := uuid.MustParse(instanceID)
	event := openapi.Event{Id: strconv.Itoa(len(s.events) + 1), Type: "step.progress", InstanceId: &about,
		InstanceName: "demo", Message: "something happened", CreatedAt: testNow}
	for id := range s.operations {
		event.OperationId = &id
	}
	s.events = append(s.events, event)
	s.announce()
}

// cut ends every open stream.
func (s *fakeServer) cut() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.cuts++
	s.announce()
}

func (s *fakeServer) announce() {
	close(s.changed)
	s.changed = make(chan struct{})
}

// operation returns the only one there is.
func (s *fakeServer) operation() *openapi.Operation {
	for _, operation := range s.operations {
		return operation
	}
	return nil
}

// asked counts requests by method and path.
func (s *fakeServer) asked(method, path string) []recorded {
	s.mu.Lock()
	defer s.mu.Unlock()
	var found []recorded
	for _, r := range s.requests {
		if r.method == method && strings.HasPrefix(r.path, path) {
			found = append(found, r)
		}
	}
	return found
}

// step changes a step of the only operation, and the operation with it.
func (s *fakeServer) step(index int, state openapi.StepState, change ...func(*openapi.Step)) {
	s.happen(func() {
		step := &s.operation().Steps[index]
		step.State = state
		step.Attempt = max(1, step.Attempt)
		started, ended := testNow, testNow.Add(1500*time.Millisecond)
		step.StartedAt = &started
		if state == openapi.StepStateSucceeded {
			step.EndedAt = &ended
		}
		for _, c := range change {
			c(step)
		}
	})
}

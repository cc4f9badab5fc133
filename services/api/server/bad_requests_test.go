package server_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/stretchr/testify/require"

	"github.com/toygres/toygres/openapi"
	"github.com/toygres/toygres/services/api/server"
)

// seedOfBadRequests may be set to see others, or those of a run that failed.
const seedOfBadRequests = "TOYGRES_BAD_REQUESTS_SEED"

func TestBadRequestsAreRefusedWithAProblem(t *testing.T) {
	t.Parallel()
	const requests = 2000
	seed := uint64(6)
	if text := os.Getenv(seedOfBadRequests); text != "" {
		var err error
		seed, err = strconv.ParseUint(text, 10, 64)
		require.NoError(t, err)
	}
	t.Logf("%s=%d", seedOfBadRequests, seed)
	document, err := openapi3.NewLoader().LoadFromData(openapi.Document)
	require.NoError(t, err)
	p := provider(t)
	a := start(t, (&temporal{}).option, func(o *server.Options) { o.Provider = p })
	a.serving(p, "demo")
	admin, h := a.asAdmin(), newHostile(seed, document)

	statuses, certain := map[int]int{}, 0
	for n := range requests {
		b := h.request(n)
		status, wrong := a.send(admin, b, document)
		statuses[status]++
		if b.certain {
			certain++
		}
		if wrong == "" && b.certain && status < 400 {
			wrong = "it was taken"
		}
		if wrong != "" {
			t.Errorf("request %d, %s %.300s\n  fault: %s\n  header: %.300q\n  body: %.300q\n  status %d: %s", n, b.method, b.url, b.fault, b.header, b.body, status, wrong)
		}
	}
	t.Logf("%d requests to %d routes, by status: %v", requests, len(h.routes), statuses)
	require.Greater(t, certain, requests*8/10, "too few are certainly bad")
	require.Greater(t, statuses[400], requests/3, "too few get as far as the contract's rules")
	require.NotContains(t, a.log.String(), "panic")
	require.Equal(t, 200, admin.get("/api/me").status, "they were not refused for want of a valid token")
}

// send sends a request and says what is wrong with the answer, "" for nothing.
func (a *api) send(as *caller, b badRequest, document *openapi3.T) (status int, wrong string) {
	a.t.Helper()
	ctx, cancel := context.WithTimeout(a.t.Context(), 2*time.Minute)
	defer cancel() // also ends a stream
	request, err := http.NewRequestWithContext(ctx, b.method, a.url, strings.NewReader(b.body))
	require.NoError(a.t, err)
	path, query, asked := strings.Cut(b.url, "?")
	request.URL.Opaque, request.URL.RawQuery, request.URL.ForceQuery = "//"+request.URL.Host+path, query, asked
	request.Header.Set("Content-Type", "application/json")
	if !b.stranger {
		request.Header.Set("Authorization", as.header.Get("Authorization"))
	}
	for name, value := range b.header {
		request.Header.Set(name, value)
	}
	response, err := http.DefaultTransport.RoundTrip(request)
	if err != nil {
		return 0, "no answer: " + err.Error()
	}
	defer response.Body.Close()
	if response.StatusCode < 400 {
		return response.StatusCode, ""
	}
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return response.StatusCode, "the answer broke off: " + err.Error()
	}
	if response.StatusCode >= 500 {
		return response.StatusCode, "it is the server's trouble: " + string(body)
	}
	return response.StatusCode, problemWith(response, body, document)
}

// problemWith says why an answer is no problem document as the contract has it.
func problemWith(response *http.Response, body []byte, document *openapi3.T) string {
	if got := response.Header.Get("Content-Type"); got != "application/problem+json" {
		return "its content type is " + got
	}
	var value any
	if err := json.Unmarshal(body, &value); err != nil {
		return "it is no JSON: " + string(body)
	}
	if err := document.Components.Schemas["Problem"].Value.VisitJSON(value, openapi3.VisitAsResponse()); err != nil {
		return "it is no problem: " + err.Error()
	}
	var problem openapi.Problem
	if err := json.Unmarshal(body, &problem); err != nil {
		return err.Error()
	}
	switch {
	case problem.Status != response.StatusCode || problem.Title == "":
		return "status and title are not those of the answer: " + string(body)
	case problem.Detail == nil || *problem.Detail == "":
		return "it does not say what is wrong: " + string(body)
	case problem.RequestId == nil || *problem.RequestId != response.Header.Get("X-Request-Id"):
		return "it does not name the request: " + string(body)
	}
	return ""
}

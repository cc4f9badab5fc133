package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net"
	"net/http"
	"net/url"
	"strings"
	"syscall"
	"time"

	"github.com/toygres/toygres/internal/version"
	"github.com/toygres/toygres/openapi"
)

// maxAnswer bounds what is read of one answer.
const maxAnswer = 64 << 20

// client speaks to one server, as one user. The token goes to that server
// and nowhere else, not even after a redirect.
type client struct {
	*openapi.Client
	// streams is the same without a limit of time, for event streams.
	streams *openapi.Client
	// patient waits for an answer for as long as its context lets it.
	patient *openapi.Client
}

// newClient returns a client of the server at base. An empty token is sent
// to nobody.
func newClient(base, token string, jar http.CookieJar) (*client, error) {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.ResponseHeaderTimeout = 60 * time.Second
	stay := func(request *http.Request, via []*http.Request) error {
		if origin(request.URL) != originOf(base) {
			return &failure{code: exitFailure, message: fmt.Sprintf(
				"the server at %s redirects to %s, which was not followed: a token goes to the server it was made for only", base, origin(request.URL)),
				hint: "name that server with --server if you trust it"}
		}
		if len(via) >= 5 {
			return &failure{code: exitFailure, message: "the server at " + base + " redirects in circles"}
		}
		return nil
	}
	build := func(transport *http.Transport, timeout time.Duration) (*openapi.Client, error) {
		doer := &retrying{base: base, client: &http.Client{Transport: transport, CheckRedirect: stay, Jar: jar, Timeout: timeout}}
		return openapi.NewClient(base, openapi.WithHTTPClient(doer), openapi.WithRequestEditorFn(func(_ context.Context, request *http.Request) error {
			request.Header.Set("User-Agent", "toygres/"+version.String())
			if token != "" && origin(request.URL) == originOf(base) {
				request.Header.Set("Authorization", "Bearer "+token)
			}
			return nil
		}))
	}
	api, err := build(transport, 60*time.Second)
	if err != nil {
		return nil, err
	}
	streams, err := build(transport, 0)
	if err != nil {
		return nil, err
	}
	unhurried := transport.Clone()
	unhurried.ResponseHeaderTimeout = 0
	patient, err := build(unhurried, 0)
	if err != nil {
		return nil, err
	}
	return &client{Client: api, streams: streams, patient: patient}, nil
}

// origin is the scheme, host and port of u: the border that no token crosses.
func origin(u *url.URL) string { return u.Scheme + "://" + u.Host }

func originOf(base string) string {
	u, err := url.Parse(base)
	if err != nil {
		return ""
	}
	return origin(u)
}

// retryDelays are the pauses between tries of a request that is safe to send
// again. They are short: a person is waiting.
var retryDelays = []time.Duration{200 * time.Millisecond, 800 * time.Millisecond}

// retrying sends a request again after a transient error if that can do no
// harm: reads, and writes that carry an Idempotency-Key.
type retrying struct {
	base   string
	client *http.Client
}

// Do implements the generated client's interface.
func (r *retrying) Do(request *http.Request) (*http.Response, error) {
	safe := request.Method == http.MethodGet || request.Header.Get("Idempotency-Key") != ""
	for try := 0; ; try++ {
		response, err := r.client.Do(request)
		again := safe && try < len(retryDelays) && request.Context().Err() == nil
		if err != nil {
			failed := lostConnection(r.base, err)
			// A server that is not there at all won't be in a second.
			if !again || !isTransient(failed) || errors.Is(err, syscall.ECONNREFUSED) {
				return nil, failed
			}
		} else {
			delay := retryAfter(response)
			if !again || !retryable(response.StatusCode) || delay > 2*time.Second {
				return response, nil
			}
			_ = response.Body.Close() // its content is of no use any more
		}
		if err := sleep(request.Context(), retryDelays[try]); err != nil {
			return nil, err
		}
		if request.GetBody != nil {
			if request.Body, err = request.GetBody(); err != nil {
				return nil, err
			}
		}
	}
}

func retryable(status int) bool {
	switch status {
	case http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return true
	}
	return false
}

// lostConnection says in the user's words why there was no answer.
func lostConnection(base string, err error) error {
	var f *failure
	if errors.As(err, &f) || errors.Is(err, context.Canceled) {
		return err
	}
	f = &failure{code: exitUnavailable, transient: true, lost: true, cause: err}
	var dns *net.DNSError
	var timeout net.Error
	switch {
	case errors.Is(err, syscall.ECONNREFUSED):
		f.message = "no Toygres server answers at " + base
		f.hint = "start it with `make up`, or name another one with --server or TOYGRES_URL"
	case errors.As(err, &dns):
		f.message = fmt.Sprintf("the host of %s is not known (%s)", base, dns.Err)
		f.hint = "check --server and TOYGRES_URL"
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &timeout) && timeout.Timeout():
		f.message = fmt.Sprintf("the server at %s did not answer in time", base)
		f.hint = "try again"
	default:
		// url.Error repeats method and URL; the cause alone is enough.
		var u *url.Error
		if errors.As(err, &u) {
			err = u.Err
		}
		f.message = fmt.Sprintf("the connection to %s failed: %v", base, err)
		f.hint = "check --server and TOYGRES_URL, and try again"
	}
	return f
}

// decode reads the object of an answer. Any other answer becomes a failure.
// It takes the two results of the generated client's methods.
func decode[T any](response *http.Response, err error) (*T, error) {
	body, err := accept(response, err)
	if err != nil {
		return nil, err
	}
	object := new(T)
	if err := json.Unmarshal(body, object); err != nil {
		return nil, notToygres(response)
	}
	return object, nil
}

// done accepts an answer that has no object.
func done(response *http.Response, err error) error {
	_, err = accept(response, err)
	return err
}

func accept(response *http.Response, err error) ([]byte, error) {
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	if err != nil {
		return nil, lostConnection(origin(response.Request.URL), err)
	}
	if response.StatusCode >= 300 {
		return nil, refusal(response, body)
	}
	if len(body) > 0 && !isJSON(response) {
		return nil, notToygres(response)
	}
	return body, nil
}

// refusal turns an answer that is an error into a failure.
func refusal(response *http.Response, body []byte) error {
	var problem openapi.Problem
	if isJSON(response) && json.Unmarshal(body, &problem) == nil && problem.Title != "" {
		return problemFailure(problem, response)
	}
	f := &failure{
		code:      exitCodeOf("", response.StatusCode),
		message:   fmt.Sprintf("the server at %s answered %s without saying why", origin(response.Request.URL), response.Status),
		hint:      "check that the URL is that of a Toygres server",
		transient: retryable(response.StatusCode), retryAfter: retryAfter(response),
	}
	if response.StatusCode == http.StatusNotFound {
		f.code = exitFailure // no API there, rather than no instance
	}
	return f
}

func notToygres(response *http.Response) error {
	return &failure{code: exitFailure,
		message: fmt.Sprintf("%s answered with something that is not of Toygres", response.Request.URL.Redacted()),
		hint:    "check --server and TOYGRES_URL"}
}

func isJSON(response *http.Response) bool {
	media, _, err := mime.ParseMediaType(response.Header.Get("Content-Type"))
	return err == nil && (media == "application/json" || strings.HasSuffix(media, "+json"))
}

// retryAfter reads the header of that name; 0 where it is missing.
func retryAfter(response *http.Response) time.Duration {
	seconds, err := time.ParseDuration(response.Header.Get("Retry-After") + "s")
	if err != nil || seconds < 0 {
		return 0
	}
	return seconds
}

// sleep waits for d, or until ctx ends.
func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

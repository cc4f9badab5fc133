package server_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/toygres/toygres"
	"github.com/toygres/toygres/openapi"
)

func TestContractIsEnforced(t *testing.T) {
	t.Parallel()
	a := start(t)
	admin := a.asAdmin()
	for name, test := range map[string]struct {
		method, path, body string
		field, rule        string
	}{
		"malformed JSON":       {"POST", "/api/instances", `{"name":`, "body", "json"},
		"not JSON":             {"POST", "/api/instances", `hello`, "body", "json"},
		"empty body":           {"POST", "/api/instances", ` `, "body", "json"},
		"trailing garbage":     {"POST", "/api/instances", `{"name":"demo"} x`, "body", "json"},
		"two values":           {"POST", "/api/instances", `{"name":"demo"}{"name":"demo"}`, "body", "json"},
		"invalid UTF-8":        {"POST", "/api/instances", "{\"name\":\"\xff\"}", "body", "json"},
		"list for object":      {"POST", "/api/instances", `[]`, "body", "type"},
		"null":                 {"POST", "/api/instances", `null`, "body", "type"},
		"missing field":        {"POST", "/api/instances", `{}`, "name", "required"},
		"unknown field":        {"POST", "/api/instances", `{"name":"demo","colour":"red"}`, "colour", "unknown"},
		"unknown field within": {"PATCH", "/api/users/olga", `{"quota":{"nonsense":1}}`, "quota.nonsense", "unknown"},
		"zero byte in a name":  {"POST", "/api/instances/flows/durable-functions", `{"function":"1","variables":{"a\u0000":"b"}}`, "variables", "text"},
		"field in other case":  {"POST", "/api/instances", `{"name":"demo","Version":17}`, "Version", "unknown"},
		"number for text":      {"POST", "/api/instances", `{"name":1}`, "name", "type"},
		"text for number":      {"POST", "/api/instances", `{"name":"demo","version":"17"}`, "version", "type"},
		"fraction":             {"POST", "/api/instances", `{"name":"demo","version":17.5}`, "version", "type"},
		"exponent":             {"POST", "/api/instances", `{"name":"demo","storage_gib":1e1}`, "storage_gib", "type"},
		"endless number":       {"POST", "/api/instances", `{"name":"demo","storage_gib":99999999999999999999}`, "storage_gib", "type"},
		"null field":           {"POST", "/api/instances", `{"name":null}`, "name", "type"},
		"zero byte":            {"POST", "/api/tokens", `{"name":"a\u0000b"}`, "name", "text"},
		"empty text":           {"POST", "/api/tokens", `{"name":""}`, "name", "min_length"},
		"long text":            {"POST", "/api/tokens", `{"name":"` + strings.Repeat("x", 65) + `"}`, "name", "max_length"},
		"unknown role":         {"POST", "/api/tokens", `{"name":"x","role":"root"}`, "role", "one_of"},
		"number too small":     {"POST", "/api/tokens", `{"name":"x","expires_in_days":0}`, "expires_in_days", "min"},
		"unknown parameter":    {"GET", "/api/instances?limti=5", "", "limti", "unknown"},
		"parameter's type":     {"GET", "/api/instances?limit=many", "", "limit", "type"},
		"parameter too small":  {"GET", "/api/instances?limit=0", "", "limit", "min"},
		"parameter too large":  {"GET", "/api/instances?limit=201", "", "limit", "max"},
		"unknown state":        {"GET", "/api/instances?state=running&state=happy", "", "state.1", "one_of"},
		"zero byte in path":    {"GET", "/api/instances/a%00b", "", "name", "text"},
		"zero byte in query":   {"GET", "/api/instances?search=%00", "", "search", "text"},
		"bad UTF-8 in query":   {"GET", "/api/instances?search=%ff", "", "search", "text"},
		"not a UUID":           {"GET", "/api/operations/17", "", "id", "format"},
		"UUID in braces":       {"GET", "/api/operations/%7B6ba7b810-9dad-11d1-80b4-00c04fd430c8%7D", "", "id", "format"},
		"bad event id":         {"GET", "/api/events?operation=x", "", "operation", "format"},
	} {
		t.Run(name, func(t *testing.T) {
			got := admin.do(test.method, test.path, test.body)
			problem := got.problem(400, toygres.CodeInvalid)
			require.NotNil(t, problem.Errors, "%s", got.body)
			require.Equal(t, test.field, (*problem.Errors)[0].Field, "%s", got.body)
			require.Equal(t, test.rule, (*problem.Errors)[0].Rule, "%s", got.body)
			require.NotEmpty(t, (*problem.Errors)[0].Message)
		})
	}
	require.Empty(t, decode[openapi.InstanceList](admin.get("/api/instances"), 200).Items)
}

func TestEveryBrokenFieldIsNamed(t *testing.T) {
	t.Parallel()
	a := start(t)
	problem := a.asAdmin().post("/api/instances", `{"version":"x","colour":1}`).problem(400, toygres.CodeInvalid)
	fields := map[string]bool{}
	for _, f := range *problem.Errors {
		fields[f.Field] = true
	}
	require.Equal(t, map[string]bool{"version": true, "colour": true, "name": true}, fields)
}

func TestSemanticRulesAnswer422(t *testing.T) {
	t.Parallel()
	a := start(t)
	admin := a.asAdmin()
	for body, field := range map[string]string{
		`{"name":"Demo"}`:                         "name",
		`{"name":""}`:                             "name",
		`{"name":"postgres"}`:                     "name",
		`{"name":"-x"}`:                           "name",
		`{"name":"demo","version":0}`:             "version",
		`{"name":"demo","version":9}`:             "version",
		`{"name":"demo","version":15}`:            "version", // supported, but not installed here
		`{"name":"demo","storage_gib":0}`:         "storage_gib",
		`{"name":"demo","storage_gib":16385}`:     "storage_gib",
		`{"name":"demo","memory_mib":-1}`:         "memory_mib",
		`{"name":"demo","image_type":""}`:         "image_type",
		`{"name":"demo","image_type":"postgis"}`:  "image_type",
		`{"name":"demo","public":true}`:           "public", // not offered on one machine
		`{"name":"demo","allowed_cidrs":["x"]}`:   "allowed_cidrs",
		`{"name":"demo; DROP TABLE instances--"}`: "name",
	} {
		problem := admin.post("/api/instances", body).problem(422, toygres.CodeInvalid)
		require.Equal(t, field, (*problem.Errors)[0].Field, body)
	}
	admin.get("/api/instances?cursor=nonsense").problem(422, toygres.CodeInvalid)
	admin.get("/api/operations?cursor=nonsense").problem(422, toygres.CodeInvalid)
	a.running("demo")
	admin.get("/api/instances/demo/events?cursor=nonsense").problem(422, toygres.CodeInvalid)
	require.Len(t, decode[openapi.InstanceList](admin.get("/api/instances"), 200).Items, 1)
}

func TestOnlyJSONIsAccepted(t *testing.T) {
	t.Parallel()
	a := start(t)
	for _, mediaType := range []string{"text/plain", "application/x-www-form-urlencoded", "application/json-patch+json", "nonsense/"} {
		a.asAdmin().with("Content-Type", mediaType).post("/api/instances", `{"name":"demo"}`).problem(415, toygres.CodeInvalid)
	}
	a.asAdmin().with("Content-Encoding", "gzip").post("/api/instances", `{"name":"demo"}`).problem(415, toygres.CodeInvalid)
	// With parameters it is still JSON; the answer is about the next thing.
	a.asAdmin().with("Content-Type", "application/json; charset=utf-8").post("/api/instances", `{"name":"Demo"}`).problem(422, toygres.CodeInvalid)
}

func TestHugeBodiesAreRefused(t *testing.T) {
	t.Parallel()
	a := start(t)
	a.asAdmin().post("/api/instances", `{"name":"`+strings.Repeat("x", 2<<20)+`"}`).problem(413, toygres.CodeInvalid)
	a.anonymous().post("/api/sessions", `{"name":"`+strings.Repeat("x", 2<<20)+`"}`).problem(413, toygres.CodeInvalid)
}

func TestRefusedPasswordIsNotRepeated(t *testing.T) {
	t.Parallel()
	a := start(t)
	got := a.anonymous().post("/api/sessions", `{"username":7,"password":"hunter2hunter2","x":1}`)
	got.problem(400, toygres.CodeInvalid)
	require.NotContains(t, string(got.body), "hunter2")
	require.NotContains(t, a.log.String(), "hunter2")
}

func TestHeaderParametersAreChecked(t *testing.T) {
	t.Parallel()
	a := start(t)
	for _, key := range []string{strings.Repeat("k", 256), "caf\xe9"} {
		problem := a.asAdmin().with("Idempotency-Key", key).post("/api/instances", `{"name":"demo"}`).problem(400, toygres.CodeInvalid)
		require.Equal(t, "Idempotency-Key", (*problem.Errors)[0].Field)
	}
	a.asAdmin().with("Last-Event-ID", "9999999999999999999").get("/api/events").problem(400, toygres.CodeInvalid)
	a.asAdmin().with("Last-Event-ID", "x").get("/api/events").problem(400, toygres.CodeInvalid)
}

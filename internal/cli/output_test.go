package cli

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"github.com/toygres/toygres/openapi"
)

var update = flag.Bool("update", false, "write the golden files of testdata/golden")

// world fills a server with something of everything.
func world(s *fakeServer) {
	running, failed := testInstance("demo"), testInstance("broken")
	message := "no port is free\x1b[31m, see\nthe log"
	failed.State, failed.Health, failed.Message, failed.ServerVersion, failed.Endpoint = openapi.InstanceStateFailed, openapi.Unknown, &message, nil, nil
	failed.Version, failed.CpuMillis, failed.MemoryMib, failed.StorageGib = 17, 2000, 1536, 2048
	creating := testInstance("shop")
	operationID := uuid.MustParse("44444444-4444-4444-8444-444444444444")
	creating.State, creating.OperationId, creating.Endpoint = openapi.InstanceStateCreating, &operationID, nil
	s.instances = []openapi.Instance{creating, failed, running}

	s.begin(openapi.Create, "shop", "provision", "wait for ready", "test connection", "mark running")
	operation := s.operation()
	delete(s.operations, operation.Id)
	operation.Id = operationID
	s.operations[operationID] = operation
	s.step(0, openapi.StepStateSucceeded)
	s.step(1, openapi.StepStateFailed, func(step *openapi.Step) {
		reason, retry := "it does not answer", testNow
		worker, build := "7@host", "v1.2.3"
		step.Failures = &[]openapi.StepFailure{{Attempt: 1, Error: "it has\x1b[31m no disk", FailedAt: testNow.Add(-time.Minute)},
			{Attempt: 2, Error: reason, FailedAt: testNow.Add(-time.Second)}}
		step.Attempt, step.Error, step.NextRetryAt, step.Worker, step.Build = 3, &reason, &retry, &worker, &build
	})
	actor := "admin"
	s.events[1].Actor = &actor
	s.events[1].Data = &map[string]string{"step": "wait for ready", "attempt": "3"}
}

func TestOutputIsAsRecorded(t *testing.T) {
	t.Parallel()
	s := newFakeServer(t)
	world(s)
	u := signedInTo(t, s)
	for name, command := range map[string]string{
		"list": "list", "list-filtered": "list --state failed,running --search o", "get": "get demo", "get-failed": "get broken",
		"connect": "connect demo", "connect-password": "connect demo --show-password", "offer": "offer", "tokens": "tokens list",
		"operations": "operations list", "operation": "operations get 44444444-4444-4444-8444-444444444444",
		"events": "events --instance demo", "exit-codes": "help exit-codes",
	} {
		for _, format := range []string{formatTable, formatJSON, formatYAML} {
			if strings.HasPrefix(command, "help") && format != formatTable {
				continue
			}
			r := u.run(append(strings.Fields(command), "-o", format)...)
			require.Zero(t, r.code, r.err)
			require.Empty(t, r.err)
			golden := filepath.Join("testdata", "golden", name+"."+format)
			if *update {
				require.NoError(t, os.MkdirAll(filepath.Dir(golden), 0o755))
				require.NoError(t, os.WriteFile(golden, []byte(r.out), 0o600))
			}
			want, err := os.ReadFile(golden)
			require.NoError(t, err)
			require.Equal(t, string(want), r.out, "%s: if the change is wanted, run the test with -update", golden)
		}
	}
}

func TestListFollowsEveryPage(t *testing.T) {
	t.Parallel()
	s := newFakeServer(t)
	for _, name := range []string{"a", "b", "c", "d", "e"} {
		s.instances = append(s.instances, testInstance(name))
	}
	u := signedInTo(t, s)
	r := u.run("list", "--no-headers")
	require.Zero(t, r.code, r.err)
	require.Equal(t, 5, strings.Count(r.out, "\n"))
	require.NotContains(t, r.out, "NAME")
	var list openapi.InstanceList
	require.NoError(t, json.Unmarshal([]byte(u.run("list", "-o", "json").out), &list))
	require.Len(t, list.Items, 5)
	require.Nil(t, list.NextCursor)
}

func TestConnectURLPrintsTheURLAndNothingElse(t *testing.T) {
	t.Parallel()
	s := newFakeServer(t)
	s.instances = append(s.instances, testInstance("demo"))
	u := signedInTo(t, s)
	require.Equal(t, result{0, testConnection(true).Url + "\n", ""}, u.run("connect", "demo", "--url"))
	require.Equal(t, exitUsage, u.run("connect", "demo", "--url", "-o", "json").code)
	require.Equal(t, exitNotFound, u.run("connect", "nobody", "--url").code)
}

func TestConnectCAPrintsTheCertificateAndNothingElse(t *testing.T) {
	t.Parallel()
	s := newFakeServer(t)
	s.instances = append(s.instances, testInstance("demo"))
	u := signedInTo(t, s)
	require.Equal(t, exitConflict, u.run("connect", "demo", "--ca").code, "a server without a certificate")
	const certificate = "-----BEGIN CERTIFICATE-----\nMII=\n-----END CERTIFICATE-----\n"
	s.connection = func(revealed bool) openapi.Connection {
		c, ca := testConnection(revealed), certificate
		c.CaCertificate = &ca
		return c
	}
	require.Equal(t, result{0, certificate, ""}, u.run("connect", "demo", "--ca"))
	require.Equal(t, exitUsage, u.run("connect", "demo", "--ca", "-o", "json").code)
	require.Equal(t, exitUsage, u.run("connect", "demo", "--ca", "--url").code)
	require.Empty(t, s.asked("POST", "/api/instances/demo/connection/reveal"))
}

func TestPasswordIsFetchedOnlyWhenAskedFor(t *testing.T) {
	t.Parallel()
	s := newFakeServer(t)
	s.instances = append(s.instances, testInstance("demo"))
	u := signedInTo(t, s)
	for _, format := range []string{formatTable, formatJSON, formatYAML} {
		require.NotContains(t, u.run("connect", "demo", "-o", format).out, "s3")
	}
	require.Empty(t, s.asked("POST", "/api/instances/demo/connection/reveal"))
	require.Contains(t, u.run("connect", "demo", "--show-password").out, `s3:c\ret`)
}

func TestTokenIsPrintedAloneForScripts(t *testing.T) {
	t.Parallel()
	s := newFakeServer(t)
	u := signedInTo(t, s)
	r := u.run("tokens", "create", "ci")
	require.Zero(t, r.code, r.err)
	require.Contains(t, s.tokens, strings.TrimSuffix(r.out, "\n"))
	id := s.tokens[strings.TrimSpace(r.out)].Id.String()
	require.Zero(t, u.run("tokens", "revoke", id).code)
	require.NotContains(t, s.tokens, strings.TrimSpace(r.out))
	require.Equal(t, exitNotFound, u.run("tokens", "revoke", id).code)
	require.Equal(t, exitUsage, u.run("tokens", "revoke", "ci").code)
}

func TestWrongUseIsToldFromFailure(t *testing.T) {
	t.Parallel()
	u := newUser(t, "TOYGRES_URL", "http://127.0.0.1:1", "TOYGRES_TOKEN", "x")
	for _, command := range []string{
		"nonsense", "create", "create a b", "list --nonsense", "list extra", "list -o xml", "list --state sleepy", "events",
		"operations nonsense", "operations get 1", "operations list --kind x", "create a --memory 1GB", "create a --cpu many",
		"list --server nowhere", "psql", "psql a b", "psql --builtin a -- --nonsense",
	} {
		r := u.run(strings.Fields(command)...)
		require.Equal(t, exitUsage, r.code, "%s: %s", command, r.err)
		require.Empty(t, r.out, command)
	}
	require.Equal(t, exitUnavailable, u.run("list").code)
	require.Zero(t, u.run("operations").code)
}

func TestCompletionKnowsTheInstances(t *testing.T) {
	t.Parallel()
	s := newFakeServer(t)
	s.instances = []openapi.Instance{testInstance("demo"), testInstance("dev"), testInstance("shop")}
	u := signedInTo(t, s)
	for _, command := range []string{"get", "psql", "stop", "delete"} {
		require.Equal(t, "demo\trunning\ndev\trunning\n:4\n", u.run("__complete", command, "d").out)
	}
	require.Equal(t, "shop\trunning\n:4\n", u.run("__complete", "events", "--instance", "s").out)
	require.Equal(t, "table\njson\nyaml\n:4\n", u.run("__complete", "list", "-o", "").out)
	require.Equal(t, ":4\n", newUser(t).run("__complete", "get", "d").out, "who is not signed in gets no names and no error")
}

func TestCleanTakesWhatSteersATerminal(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"plain ✓ ünï":               "plain ✓ ünï",
		"a\x1b[31mred\x1b[0m":       "ared",
		"a\x1b]0;title\x07b":        "ab",
		"a\x1b]8;;http://x\x1b\\b":  "ab",
		"a\u009b2Jb":                "ab",
		"a\x1bPdevice\u009cb":       "ab",
		"two\nlines\tand\rmore":     "two lines and more",
		"bell\x07 null\x00 del\x7f": "bell null del",
		"right\u202eto left\u2066":  "rightto left",
		"unfinished\x1b[12":         "unfinished",
		"unfinished\x1b]0;":         "unfinished",
		"at the end\x1b":            "at the end",
		"\x1b[12äbc":                "äbc",
		"not utf-8 \xff\xfe":        "not utf-8 \ufffd\ufffd",
		"reset\x1bcafter":           "resetafter",
	} {
		require.Equal(t, want, clean(in), "%q", in)
	}
}

func TestJSONAndYAMLCarryEveryTextHarmlessly(t *testing.T) {
	t.Parallel()
	texts := []string{"a\x1b[31m", "\u009b2J", "\u202e", "true", "18", "null", "2030-01-01", "- a", "a: b", "two\nlines", "", " ", "'\"", "<&>", "\U0001F418"}
	text, err := jsonOf(texts, "  ")
	require.NoError(t, err)
	var back []string
	require.NoError(t, json.Unmarshal(text, &back))
	require.Equal(t, texts, back)
	require.Equal(t, string(text), strings.Map(func(r rune) rune {
		if r != '\n' && steersTerminal(r) {
			return -1
		}
		return r
	}, string(text)))
	require.Contains(t, string(text), "<&>")

	text, err = yamlOf(texts)
	require.NoError(t, err)
	require.NotContains(t, string(text), "\x1b")
	require.NotContains(t, string(text), "\u009b")
	back = nil
	require.NoError(t, yaml.Unmarshal(text, &back))
	require.Equal(t, texts, back)
}

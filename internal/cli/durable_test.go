package cli

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/toygres/toygres/openapi"
)

// flows answers for the durable functions of the instance "flows".
type flows struct{ asked []string }

func (f *flows) answer(w http.ResponseWriter, r *http.Request) bool {
	path, ours := strings.CutPrefix(r.URL.Path, "/api/instances/flows/durable-functions")
	if !ours {
		return false
	}
	var body json.RawMessage
	_ = json.NewDecoder(r.Body).Decode(&body)
	f.asked = append(f.asked, r.Method+" "+path+"?"+r.URL.RawQuery+" "+string(body))
	one := openapi.DurableFunction{Id: "a1b2c3d4", Label: new("nightly\x1b[31m"), Status: openapi.DurableFunctionStatusRunning}
	switch r.Method + " " + path {
	case "GET ":
		answer(w, 200, openapi.DurableFunctionList{Items: []openapi.DurableFunction{one}})
	case "POST ":
		answer(w, 201, one)
	case "GET /metrics":
		answer(w, 200, openapi.DurableFunctionMetrics{TotalInstances: 7})
	case "GET /a1b2c3d4", "POST /a1b2c3d4/cancel":
		answer(w, 200, one)
	case "GET /a1b2c3d4/nodes":
		answer(w, 200, openapi.DurableFunctionNodeList{Items: []openapi.DurableFunctionNode{{NodeId: "0a0b0c0d", NodeType: "SQL", Query: new("SELECT 1"), InferredStatus: new("skipped")}}})
	case "GET /a1b2c3d4/executions":
		answer(w, 200, openapi.DurableFunctionExecutionList{Items: []openapi.DurableFunctionExecution{{ExecutionId: 3, Status: "Running"}}})
	case "GET /a1b2c3d4/explain", "POST /explain":
		answer(w, 200, openapi.DurableFunctionExplanation{Text: "SQL: SELECT 1\n→ SLEEP \x1b[31m5"})
	case "POST /a1b2c3d4/signals":
		w.WriteHeader(http.StatusNoContent)
	default:
		return false
	}
	return true
}

func TestDurableFunctionsOnTheCommandLine(t *testing.T) {
	t.Parallel()
	s, f := newFakeServer(t), &flows{}
	s.override = f.answer
	u := signedInTo(t, s)
	for _, c := range []struct {
		args  []string
		asked string
		out   string
	}{
		{[]string{"list", "flows", "--status", "running"}, "GET ?status=running&limit=200 ", `a1b2c3d4 +nightly +running`},
		{[]string{"get", "flows", "a1b2c3d4"}, "GET /a1b2c3d4? ", `Status +running`},
		{[]string{"metrics", "flows"}, "GET /metrics? ", `Functions +7`},
		{[]string{"nodes", "flows", "a1b2c3d4"}, "GET /a1b2c3d4/nodes? ", `0a0b0c0d +SQL +skipped .* SELECT 1`},
		{[]string{"executions", "flows", "a1b2c3d4"}, "GET /a1b2c3d4/executions? ", `3 +Running`},
		{[]string{"explain", "flows", "a1b2c3d4"}, "GET /a1b2c3d4/explain? ", "SQL: SELECT 1\n→ SLEEP 5\n"},
		{[]string{"explain", "flows", "df.sleep(5)"}, `POST /explain? {"function":"df.sleep(5)"}`, "SLEEP 5"},
		{[]string{"start", "flows", "'SELECT 1'", "--role", "clerk", "--label", "nightly", "--variable", "region=north"},
			`POST ? {"function":"'SELECT 1'","label":"nightly","role":"clerk","variables":{"region":"north"}}`, `^a1b2c3d4\n$`},
		{[]string{"signal", "flows", "a1b2c3d4", "approval", "--data", `{"approved":true}`},
			`POST /a1b2c3d4/signals? {"data":"{\"approved\":true}","name":"approval"}`, "Signalled a1b2c3d4"},
		{[]string{"cancel", "flows", "a1b2c3d4", "--reason", "enough"}, `POST /a1b2c3d4/cancel? {"reason":"enough"}`, "a1b2c3d4"},
	} {
		r := u.run(append([]string{"durable"}, c.args...)...)
		require.Zero(t, r.code, "%s: %s", c.args, r.err)
		require.Equal(t, c.asked, f.asked[len(f.asked)-1])
		require.Regexp(t, c.out, r.out)
		require.NotContains(t, r.out, "\x1b")
	}
	for _, wrong := range []string{"durable list", "durable get flows", "durable start flows", "durable signal flows a1b2c3d4", "durable list flows --status happy"} {
		r := u.run(strings.Fields(wrong)...)
		require.Equal(t, exitUsage, r.code, "%s: %s", wrong, r.err)
	}
}

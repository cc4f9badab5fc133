package e2e

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"net/url"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
	"gopkg.in/yaml.v3"

	"github.com/toygres/toygres/openapi"
)

func TestTheCommandLineTakesADatabaseThroughItsWholeLife(t *testing.T) {
	t.Parallel()
	const name = "life"
	out := toygres(t, "create", name, "--wait", "--storage", "2GiB", "-o", "json")
	require.True(t, json.Valid([]byte(out)), "stdout holds nothing but JSON: %s", out)

	instance := get(t, name)
	require.Equal(t, openapi.InstanceStateRunning, instance.State)
	require.Equal(t, 2, instance.StorageGib)
	require.NotNil(t, instance.ServerVersion)
	require.Contains(t, toygres(t, "list"), name)
	var listed any
	require.NoError(t, yaml.Unmarshal([]byte(toygres(t, "list", "-o", "yaml")), &listed))

	address := strings.TrimSpace(toygres(t, "connect", name, "--url"))
	parsed, err := url.Parse(address)
	require.NoError(t, err, "connect --url prints the URL and nothing else")
	password, _ := parsed.User.Password()
	require.NotEmpty(t, password)
	require.NotContains(t, toygres(t, "connect", name), password, "the password is shown only when asked for")

	exec1(t, address, "CREATE TABLE kept (n int)")
	exec1(t, address, "INSERT INTO kept VALUES (42)")
	require.Contains(t, toygres(t, "psql", name, "-c", "SELECT n FROM kept"), "42")

	require.Equal(t, "n,m\n42,\n", toygres(t, "query", name, "SELECT n, null AS m FROM kept", "-o", "csv"))
	require.Equal(t, "UPDATE 1\n", toygres(t, "query", name, "--write", "UPDATE kept SET n = n"))

	toygres(t, "resize", name, "--memory", "512MiB", "--storage", "3GiB", "--wait")
	resized := get(t, name)
	require.Equal(t, []int{instance.CpuMillis, 512, 3}, []int{resized.CpuMillis, resized.MemoryMib, resized.StorageGib})
	require.Equal(t, openapi.InstanceStateRunning, resized.State)
	require.Equal(t, "128MB 42", query(t, address, "SELECT current_setting('shared_buffers') || ' ' || n FROM kept"), "the new size, the same data and address")
	require.Contains(t, toygres(t, "resize", name, "--storage", "3GiB"), "already")

	toygres(t, "stop", name, "--wait")
	require.Equal(t, openapi.InstanceStateStopped, get(t, name).State)
	// Whether it is refused or lost depends on the network.
	soon, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	_, err = pgx.Connect(soon, address)
	require.Error(t, err, "a stopped server answers nobody")
	toygres(t, "start", name, "--wait")
	require.Equal(t, "42", query(t, address, "SELECT n::text FROM kept"), "data is kept, at the same address")

	const started = "SELECT pg_postmaster_start_time()::text"
	before := query(t, address, started)
	toygres(t, "restart", name, "--wait")
	require.Equal(t, openapi.InstanceStateRunning, get(t, name).State)
	require.NotEqual(t, before, query(t, address, started), "it is another server")
	require.Equal(t, "42", query(t, address, "SELECT n::text FROM kept"), "with the same data, at the same address")

	exec1(t, address, "DO $$ BEGIN RAISE LOG 'said in the test'; END $$")
	require.Eventually(t, func() bool { // what a server has written may be in its log a moment later
		return strings.Count(toygres(t, "logs", name, "--since", "10m", "--filter", "LOG:  said in the TEST"), "\n") == 1
	}, time.Minute, 100*time.Millisecond)
	require.Contains(t, toygres(t, "logs", name), "ready to accept connections")
	require.NotContains(t, toygres(t, "logs", name, "--tail", "10000"), password)

	follow := shared.CLI(t.Context(), "logs", name, "--follow", "--filter", "LOG:  said")
	followed, err := follow.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, follow.Start())
	lines := bufio.NewScanner(followed)
	for _, text := range []string{"said in the test", "said to who follows"} { // the first from before, by which we know that it follows
		require.True(t, lines.Scan(), "the log has ended")
		require.Contains(t, lines.Text(), text)
		exec1(t, address, "DO $$ BEGIN RAISE LOG 'said to who follows'; END $$")
	}

	toygres(t, "delete", name, "--yes", "--wait")
	require.Equal(t, openapi.InstanceStateTrashed, get(t, name).State)
	require.NotRegexp(t, `(?m)^`+name+` `, toygres(t, "list"), "what is deleted is hidden")
	require.Regexp(t, `(?m)^`+name+` `, toygres(t, "list", "--deleted"))
	toygres(t, "undelete", name, "--wait")
	require.Equal(t, openapi.InstanceStateRunning, get(t, name).State)
	require.Equal(t, "42", query(t, address, "SELECT n::text FROM kept"), "it is back, at the same address")

	require.NotEmpty(t, shared.Remains(t, get(t, name)))
	toygres(t, "delete", name, "--purge", "--yes", "--wait")
	response, err := shared.Client.GetInstanceWithResponse(t.Context(), name)
	require.NoError(t, err)
	require.Equal(t, 404, response.StatusCode())
	require.Empty(t, shared.Remains(t, instance), "nothing is left of it")
	for lines.Scan() { // to the end
	}
	require.NoError(t, follow.Wait(), "the log of a deleted instance has an end")
}

func TestPgbenchRunsAgainstAnInstance(t *testing.T) {
	t.Parallel()
	const name = "pgbench"
	program, err := exec.LookPath("pgbench")
	require.NoError(t, err, "pgbench is part of the tests: dev/test-tools installs it")
	toygres(t, "create", name, "--wait")
	address := strings.TrimSpace(toygres(t, "connect", name, "--url"))
	for _, args := range [][]string{{"--initialize", "--scale=1", "--quiet"}, {"--client=4", "--transactions=100"}} {
		out, err := exec.CommandContext(t.Context(), program, append(args, address)...).CombinedOutput()
		require.NoError(t, err, "%s", out)
	}
	require.Equal(t, "400", query(t, address, "SELECT count(*)::text FROM pgbench_history"))
	toygres(t, "delete", name, "--purge", "--yes", "--wait")
}

func TestEveryCommandThatFailsSaysWhyAndWithWhichExitCode(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		args []string
		code int
		says string
	}{
		{[]string{"get", "no-such-instance"}, 3, "no-such-instance"},
		{[]string{"create", "Bad_Name"}, 2, "name"},
		{[]string{"create", "demo"}, 4, "demo"},
		{[]string{"create", "old", "--version", "9"}, 2, "version"},
		{[]string{"create", "tuned", "--set", "work_mem=lots"}, 2, "parameters.work_mem"},
		{[]string{"delete", "demo"}, 2, "--yes"},
		{[]string{"resize", "demo", "--storage", "1GiB"}, 2, "can only grow"},
		{[]string{"query", "demo", "CREATE TABLE t ()"}, 8, "25006"},
		{[]string{"--server", "http://127.0.0.1:1", "list"}, 5, "login"},
	} {
		refused(t, c.code, c.says, c.args...)
	}
}

// toygres runs the command and returns what it prints.
func toygres(t *testing.T, args ...string) string {
	t.Helper()
	cmd := shared.CLI(t.Context(), args...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	require.NoError(t, cmd.Run(), "toygres %v: %s", args, stderr.String())
	return stdout.String()
}

func get(t *testing.T, name string) openapi.Instance {
	t.Helper()
	var instance openapi.Instance
	require.NoError(t, json.Unmarshal([]byte(toygres(t, "get", name, "-o", "json")), &instance))
	return instance
}

func exec1(t *testing.T, address, sql string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), address)
	require.NoError(t, err)
	defer func() { require.NoError(t, conn.Close(t.Context())) }()
	_, err = conn.Exec(t.Context(), sql)
	require.NoError(t, err)
}

func query(t *testing.T, address, sql string) (value string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), address)
	require.NoError(t, err)
	defer func() { require.NoError(t, conn.Close(t.Context())) }()
	require.NoError(t, conn.QueryRow(t.Context(), sql).Scan(&value))
	return value
}

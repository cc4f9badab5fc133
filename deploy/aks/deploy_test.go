// Package aks_test checks the script's dry run. Azure itself can't be reached
// from tests: docs/install-aks.md says what has not been run.
package aks_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const script = "./deploy-to-aks.sh"

// tools are what the script calls; each tells when it is really run.
func tools(t *testing.T, answer string) (dir, calls string) {
	t.Helper()
	dir, calls = t.TempDir(), filepath.Join(t.TempDir(), "calls")
	for _, tool := range []string{"az", "kubectl", "helm", "openssl"} {
		text := fmt.Sprintf("#!/bin/sh\necho %s \"$@\" >>%s\n%s\n", tool, calls, answer)
		require.NoError(t, os.WriteFile(filepath.Join(dir, tool), []byte(text), 0o755))
	}
	return dir, calls
}

func run(t *testing.T, tools string, env []string, args ...string) (string, error) {
	t.Helper()
	command := exec.CommandContext(t.Context(), script, args...)
	command.Env = append([]string{"PATH=" + tools + ":/usr/bin:/bin"}, env...)
	out, err := command.CombinedOutput()
	return string(out), err
}

// inOrder are texts that must follow each other.
func inOrder(t *testing.T, out string, texts ...string) {
	t.Helper()
	rest := out
	for _, text := range texts {
		_, after, found := strings.Cut(rest, text)
		require.True(t, found, "%q is not there, or too early, in\n%s", text, out)
		rest = after
	}
}

func TestDryRunPrintsEveryCommandAndRunsNone(t *testing.T) {
	t.Parallel()
	dir, calls := tools(t, "")
	out, err := run(t, dir, nil, "--dry-run")
	require.NoError(t, err, out)
	require.NoFileExists(t, calls)
	inOrder(t, out, "az group create --name toygres --location westeurope",
		"az acr create", "az acr build", "deploy/images/api.Dockerfile", "az acr build", "deploy/images/worker.Dockerfile",
		"az aks create", "--network-policy cilium", "--enable-oidc-issuer --enable-workload-identity",
		"az aks get-credentials", "az identity create",
		"--subject system:serviceaccount:toygres:toygres-api", "--subject system:serviceaccount:toygres:toygres-worker",
		"create namespace toygres", "create namespace databases", "create secret generic toygres-admin",
		"helm upgrade --install toygres deploy/helm/toygres", "catalog.provided.enabled=true", "temporal.provided.enabled=true",
		"helm test toygres", "port-forward")
	for _, without := range []string{"cert-manager", "traefik", "ingress."} {
		require.NotContains(t, out, without)
	}
}

func TestHTTPSAddsIngressAndCertificate(t *testing.T) {
	t.Parallel()
	dir, calls := tools(t, "")
	out, err := run(t, dir, []string{"DNS_LABEL=databases-of-ours", "LOCATION=northeurope", "ACME_EMAIL=ops@example.com"}, "--https", "--dry-run")
	require.NoError(t, err, out)
	require.NoFileExists(t, calls)
	inOrder(t, out, "helm upgrade --install traefik", "azure-dns-label-name=databases-of-ours", "helm upgrade --install cert-manager",
		"kind: ClusterIssuer", "email: \"ops@example.com\"", "helm upgrade --install toygres",
		"ingress.host=databases-of-ours.northeurope.cloudapp.azure.com", "https://databases-of-ours.northeurope.cloudapp.azure.com")
}

func TestCatalogAndTemporalOfOnesOwnAreUsed(t *testing.T) {
	t.Parallel()
	dir, _ := tools(t, "")
	out, err := run(t, dir, []string{"CATALOG_SECRET=mine", "TEMPORAL_VALUES=temporal.yaml"}, "--dry-run")
	require.NoError(t, err, out)
	inOrder(t, out, "catalog.existingSecret=mine", "--values temporal.yaml")
	require.NotContains(t, out, "provided")
}

func TestWhatCannotWorkIsSaidBeforeAnythingIsMade(t *testing.T) {
	t.Parallel()
	dir, calls := tools(t, "")
	out, err := run(t, dir, []string{"CATALOG_SECRET=mine"})
	require.Error(t, err)
	require.Contains(t, out, "Set both or none")
	require.NoFileExists(t, calls)
}

// It needs the namespace, which the first run makes.
func TestASecretThatIsNotThereYetIsAskedForBeforeTheChartIsInstalled(t *testing.T) {
	t.Parallel()
	dir, calls := tools(t, `case "$*" in *"get secret mine"*) exit 1 ;; esac; echo 00000000-0000-0000-0000-000000000001`)
	out, err := run(t, dir, []string{"CATALOG_SECRET=mine", "TEMPORAL_VALUES=temporal.yaml"})
	require.Error(t, err)
	require.Contains(t, out, "Make the Secret mine in the namespace toygres")
	data, err := os.ReadFile(calls)
	require.NoError(t, err)
	require.Contains(t, string(data), "get namespace toygres")
	require.NotContains(t, string(data), "helm")
}

// The tools answer that everything is there: nothing may be made a second time.
func TestSecondRunMakesNothingAgain(t *testing.T) {
	t.Parallel()
	dir, calls := tools(t, "echo 00000000-0000-0000-0000-000000000001")
	out, err := run(t, dir, nil, "--https")
	require.NoError(t, err, out)
	data, err := os.ReadFile(calls)
	require.NoError(t, err)
	for _, made := range []string{"acr create", "acr build", "aks create", "federated-credential create", "create namespace", "create secret", "openssl"} {
		require.NotContains(t, string(data), made)
	}
	require.Contains(t, string(data), "helm upgrade --install toygres")
}

// The tools answer that nothing is there.
func TestFirstRunMakesPasswordsThatNobodySees(t *testing.T) {
	t.Parallel()
	const password = "0123456789abcdef"
	dir, calls := tools(t, `case "$*" in
*"account show"*|*"--output tsv"*) echo 00000000-0000-0000-0000-000000000001 ;;
*show*|*"get secret"*|*"get namespace"*) exit 1 ;;
rand*) echo `+password+` ;;
*"create secret"*) cat >>"$0.secrets" ;;
esac`)
	out, err := run(t, dir, nil)
	require.NoError(t, err, out)
	require.NotContains(t, out, password)
	data, err := os.ReadFile(calls)
	require.NoError(t, err)
	require.NotContains(t, string(data), password)
	require.Equal(t, 2, strings.Count(string(data), "create secret generic"))
	secrets, err := os.ReadFile(filepath.Join(dir, "kubectl.secrets"))
	require.NoError(t, err)
	require.Equal(t, password+password, string(secrets))
}

func TestUnknownArgumentsAreRefused(t *testing.T) {
	t.Parallel()
	dir, calls := tools(t, "")
	out, err := run(t, dir, nil, "--http")
	require.Error(t, err)
	require.Contains(t, out, "Usage")
	require.NoFileExists(t, calls)
}

func TestScriptPassesShellcheck(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("shellcheck"); err != nil {
		t.Skip("shellcheck is not installed")
	}
	out, err := exec.CommandContext(t.Context(), "shellcheck", script).CombinedOutput()
	require.NoError(t, err, "%s", out)
}

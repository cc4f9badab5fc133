package deploy_test

import (
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/compose-spec/compose-go/v2/cli"
	"github.com/compose-spec/compose-go/v2/types"
)

const project = "../.."

// load is `docker compose config` with these profiles.
func load(t *testing.T, profiles ...string) *types.Project {
	t.Helper()
	options, err := cli.NewProjectOptions([]string{project + "/docker-compose.yml"},
		cli.WithProfiles(profiles), cli.WithEnv([]string{"KUBECONFIG=/home/somebody/kubeconfig"}), cli.WithResolvedPaths(true))
	if err != nil {
		t.Fatal(err)
	}
	loaded, err := options.LoadProject(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return loaded
}

func TestComposeFileHoldsForEveryProfile(t *testing.T) {
	always := []string{"admin", "catalog", "migrate", "prepare-temporal", "temporal", "temporal-ui"}
	for profile, own := range map[string][]string{
		"": {}, "local": {"local"}, "kubernetes": {"api", "worker"}, "monitoring": {"grafana", "prometheus"},
	} {
		want := slices.Sorted(slices.Values(append(slices.Clone(always), own...)))
		names := load(t, profile).ServiceNames()
		slices.Sort(names)
		if !slices.Equal(names, want) {
			t.Errorf("profile %q: services are %v, want %v", profile, names, want)
		}
	}
}

// secretFiles are those that deploy/compose/secrets makes.
func secretFiles(t *testing.T) string {
	t.Helper()
	script, err := os.ReadFile(project + "/deploy/compose/secrets")
	if err != nil {
		t.Fatal(err)
	}
	return string(script)
}

func TestComposeFileNamesFilesThatExist(t *testing.T) {
	made := secretFiles(t)
	all := load(t, "*")
	for _, service := range all.Services {
		for _, volume := range service.Volumes {
			if volume.Type != types.VolumeTypeBind || strings.HasPrefix(volume.Source, "/home/somebody") {
				continue
			}
			if info, err := os.Stat(volume.Source); err != nil || info.IsDir() {
				t.Errorf("%s: %s is no file (%v)", service.Name, volume.Source, err)
			}
		}
		if service.Build != nil {
			if _, err := os.Stat(filepath.Join(service.Build.Context, service.Build.Dockerfile)); err != nil {
				t.Errorf("%s: %v", service.Name, err)
			}
		}
		for _, port := range service.Ports {
			if port.HostIP != "127.0.0.1" {
				t.Errorf("%s: port %s is open to the network", service.Name, port.Published)
			}
		}
	}
	for _, secret := range all.Secrets {
		if !strings.Contains(made, filepath.Base(secret.File)) {
			t.Errorf("deploy/compose/secrets does not make %s", secret.File)
		}
	}
}

// unread returns which of these variables of ours no program reads.
func unread(t *testing.T, names []string) []string {
	t.Helper()
	known := map[string]bool{}
	for _, file := range []string{"services/api/config.go", "services/api/oidc/config.go", "services/worker/config.go", "services/worker/retention.go",
		"internal/catalog/quota.go", "internal/temporal/temporal.go", "providers/config.go"} {
		text, err := os.ReadFile(filepath.Join(project, file))
		if err != nil {
			t.Fatal(err)
		}
		for _, tag := range regexp.MustCompile("env:\"([A-Z_]+)").FindAllStringSubmatch(string(text), -1) {
			for _, prefix := range []string{"TOYGRES_", "TOYGRES_LOCAL_", "TOYGRES_KUBERNETES_", "TOYGRES_OIDC_0_", "TOYGRES_OIDC_1_"} {
				known[prefix+tag[1]] = true
			}
		}
	}
	return slices.DeleteFunc(names, func(name string) bool {
		return !strings.HasPrefix(name, "TOYGRES_") || known[name]
	})
}

func TestComposeFileSetsVariablesThatAreRead(t *testing.T) {
	for _, service := range load(t, "*").Services {
		for _, name := range unread(t, slices.Collect(maps.Keys(service.Environment))) {
			t.Errorf("%s: nobody reads %s", service.Name, name)
		}
	}
}

func TestChartSetsVariablesThatAreRead(t *testing.T) {
	for set, values := range valueSets(t) {
		for _, o := range objects(t, values) {
			for _, c := range containers(podSpec(o)) {
				if c["env"] == nil {
					continue
				}
				for _, name := range unread(t, slices.Collect(maps.Keys(env(c)))) {
					t.Errorf("%s: %s: nobody reads %s", set, o.name(), name)
				}
			}
		}
	}
}

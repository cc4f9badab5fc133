package deploy_test

import (
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/yannh/kubeconform/pkg/validator"
	"helm.sh/helm/v3/pkg/action"
	"helm.sh/helm/v3/pkg/chart/loader"
	"helm.sh/helm/v3/pkg/chartutil"
	"helm.sh/helm/v3/pkg/release"
	"helm.sh/helm/v3/pkg/strvals"
	"sigs.k8s.io/yaml"
)

const (
	chart   = "../../deploy/helm/toygres"
	schemas = "../../deploy/helm/schemas"
)

var kubeVersion = chartutil.KubeVersion{Version: "v1.34.4", Major: "1", Minor: "34"}

// valueSets are the files of the chart's ci directory, by name.
func valueSets(t *testing.T) map[string]map[string]any {
	t.Helper()
	files, err := filepath.Glob(chart + "/ci/*.yaml")
	if err != nil || len(files) < 5 {
		t.Fatalf("there are %d value sets (%v)", len(files), err)
	}
	sets := map[string]map[string]any{}
	for _, file := range files {
		values, err := chartutil.ReadValuesFile(file)
		if err != nil {
			t.Fatal(err)
		}
		sets[strings.TrimSuffix(filepath.Base(file), ".yaml")] = values
	}
	sets["aks"] = aksValues(t)
	return sets
}

// render is `helm template`.
func render(t *testing.T, values map[string]any) (*release.Release, error) {
	t.Helper()
	loaded, err := loader.Load(chart)
	if err != nil {
		t.Fatal(err)
	}
	install := action.NewInstall(&action.Configuration{})
	install.ReleaseName, install.Namespace = "release", "toygres"
	install.DryRun, install.ClientOnly, install.IncludeCRDs = true, true, true
	install.KubeVersion = &kubeVersion
	return install.Run(loaded, values)
}

// object is a rendered Kubernetes object.
type object map[string]any

func (o object) kind() string { return fmt.Sprint(o["kind"]) }
func (o object) name() string { return fmt.Sprint(o.at("metadata", "name")) }

func (o object) at(path ...string) any {
	var here any = map[string]any(o)
	for _, key := range path {
		fields, ok := here.(map[string]any)
		if !ok {
			return nil
		}
		here = fields[key]
	}
	return here
}

// objects are all that a set of values makes, hooks and tests too.
func objects(t *testing.T, values map[string]any) []object {
	t.Helper()
	rendered, err := render(t, values)
	if err != nil {
		t.Fatal(err)
	}
	documents := strings.Split(rendered.Manifest, "\n---\n")
	for _, hook := range rendered.Hooks {
		documents = append(documents, hook.Manifest)
	}
	var made []object
	for _, document := range documents {
		o := object{}
		if err := yaml.UnmarshalStrict([]byte(document), &o); err != nil {
			t.Fatalf("%v in\n%s", err, document)
		}
		if len(o) > 0 {
			made = append(made, o)
		}
	}
	return made
}

func find(t *testing.T, all []object, kind, name string) object {
	t.Helper()
	for _, o := range all {
		if o.kind() == kind && o.name() == name {
			return o
		}
	}
	t.Fatalf("there is no %s %s", kind, name)
	return nil
}

func kinds(all []object) map[string]int {
	count := map[string]int{}
	for _, o := range all {
		count[o.kind()]++
	}
	return count
}

// aksValues are what deploy/aks/deploy-to-aks.sh gives the chart.
func aksValues(t *testing.T) map[string]any {
	t.Helper()
	out, err := exec.Command("../../deploy/aks/deploy-to-aks.sh", "--https", "--dry-run").Output()
	if err != nil {
		t.Fatal(err)
	}
	_, line, found := strings.Cut(string(out), "+ helm upgrade --install toygres deploy/helm/toygres ")
	if !found {
		t.Fatal("the script does not install the chart")
	}
	line, _, _ = strings.Cut(line, "\n")
	out, err = exec.Command("bash", "-c", `printf '%s\n' `+line).Output() // undo its quoting
	if err != nil {
		t.Fatal(err)
	}
	values := map[string]any{}
	arguments := strings.Split(strings.TrimSpace(string(out)), "\n")
	for i, argument := range arguments {
		switch argument {
		case "--set":
			err = strvals.ParseInto(arguments[i+1], values)
		case "--values":
			var file map[string]any
			file, err = chartutil.ReadValuesFile("../../" + arguments[i+1])
			values = chartutil.CoalesceTables(values, file)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return values
}

func newValidator(t *testing.T) validator.Validator {
	t.Helper()
	v, err := validator.New([]string{schemas + "/{{ .ResourceKind }}{{ .KindSuffix }}.json"},
		validator.Opts{Strict: true, KubernetesVersion: "1.34.4"})
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestChartPassesStrictLint(t *testing.T) {
	for name, values := range valueSets(t) {
		t.Run(name, func(t *testing.T) {
			lint := action.Lint{Strict: true, Namespace: "toygres", KubeVersion: &kubeVersion}
			for _, err := range lint.Run([]string{chart}, values).Errors {
				t.Error(err)
			}
		})
	}
}

func TestObjectsAreWhatKubernetesKnows(t *testing.T) {
	v := newValidator(t)
	for name, values := range valueSets(t) {
		t.Run(name, func(t *testing.T) {
			all := objects(t, values)
			if len(all) < 10 {
				t.Errorf("only %d objects were made", len(all))
			}
			for _, o := range all {
				document, err := yaml.Marshal(o)
				if err != nil {
					t.Fatal(err)
				}
				for _, result := range v.Validate(o.name(), io.NopCloser(strings.NewReader(string(document)))) {
					if result.Status != validator.Valid {
						t.Errorf("%s %s: %v", o.kind(), o.name(), result.Err)
					}
				}
			}
		})
	}
}

// Otherwise the test above proves nothing.
func TestUnknownFieldsOfObjectsAreRefused(t *testing.T) {
	v := newValidator(t)
	for _, wrong := range []string{
		"{apiVersion: v1, kind: Service, metadata: {name: a}, spec: {port: 1}}",
		"{apiVersion: apps/v1, kind: Deployment, metadata: {name: a}, spec: {selector: {}, template: {spec: {containers: [{name: a, imag: b}]}}}}",
		"{apiVersion: v1, kind: Service, metadata: {name: a}, spec: {ports: [{port: http}]}}",
		"{apiVersion: apps/v2, kind: Deployment, metadata: {name: a}}",
	} {
		for _, result := range v.Validate("wrong", io.NopCloser(strings.NewReader(wrong))) {
			if result.Status == validator.Valid {
				t.Errorf("taken for valid: %s", wrong)
			}
		}
	}
}

func TestSchemasAreFresh(t *testing.T) {
	dir := t.TempDir()
	command := exec.Command("go", "run", "./schemas", dir)
	command.Env = append(os.Environ(), "GOWORK=off")
	if out, err := command.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	files, err := filepath.Glob(dir + "/*.json")
	if err != nil || len(files) == 0 {
		t.Fatal("nothing was generated", err)
	}
	for _, file := range files {
		want, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		got, err := os.ReadFile(filepath.Join(schemas, filepath.Base(file)))
		if err != nil || string(got) != string(want) {
			t.Errorf("%s is stale: cd tools/deploy && GOWORK=off go run ./schemas %s", filepath.Base(file), schemas)
		}
	}
}

func TestValuesThatCannotWorkAreRefused(t *testing.T) {
	for want, text := range map[string]string{
		"No catalog":                "{}",
		"No Temporal":               "{catalog: {existingSecret: a}}",
		"needs a password":          "{catalog: {provided: {enabled: true}}}",
		"catalog.provided.enabled":  "{catalog: {existingSecret: a}, temporal: {provided: {enabled: true}}}",
		"ingress.host":              "{catalog: {existingSecret: a}, temporal: {address: 'a:1'}, ingress: {enabled: true}}",
		"one issuer":                "{catalog: {existingSecret: a}, temporal: {address: 'a:1'}, ingress: {tls: {issuer: a, clusterIssuer: b}}}",
		"'replica' not allowed":     "{api: {replica: 2}}",
		"'password' not allowed":    "{admin: {password: secret}}",
		"at '/temporal/address'":    "{temporal: {address: 'http://temporal'}}",
		"at '/instances/endpoint'":  "{instances: {endpoint: ip}}",
		"at '/api/image/digest'":    "{api: {image: {digest: latest}}}",
		"at '/catalog/existingSec":  "{catalog: {existingSecret: 'postgres://a:b@c/d'}}",
		"at '/worker/versioning/dr": "{worker: {versioning: {drainSeconds: -1}}}",
	} {
		values, err := chartutil.ReadValues([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := render(t, values); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: want an error with %q, got %v", text, want, err)
		}
	}
}

// podSpec returns the pod that an object makes, and nil if it makes none.
func podSpec(o object) map[string]any {
	if o.kind() == "Pod" {
		spec, _ := o.at("spec").(map[string]any)
		return spec
	}
	spec, _ := o.at("spec", "template", "spec").(map[string]any)
	return spec
}

func containers(spec map[string]any) []object {
	var all []object
	for _, list := range []string{"initContainers", "containers"} {
		entries, _ := spec[list].([]any)
		for _, entry := range entries {
			all = append(all, entry.(map[string]any))
		}
	}
	return all
}

func TestEveryPodIsRestricted(t *testing.T) {
	for name, values := range valueSets(t) {
		t.Run(name, func(t *testing.T) {
			for _, o := range objects(t, values) {
				spec := podSpec(o)
				if spec == nil {
					continue
				}
				what := o.kind() + " " + o.name()
				if object(spec).at("securityContext", "runAsNonRoot") != true ||
					object(spec).at("securityContext", "seccompProfile", "type") != "RuntimeDefault" {
					t.Errorf("%s: %v", what, spec["securityContext"])
				}
				for _, c := range containers(spec) {
					if c["name"] == "volume" && o.kind() == "StatefulSet" {
						continue // asked for, to give the volume away
					}
					what := what + ", container " + fmt.Sprint(c["name"])
					if c.at("securityContext", "allowPrivilegeEscalation") != false || fmt.Sprint(c.at("securityContext", "capabilities", "drop")) != "[ALL]" {
						t.Errorf("%s: %v", what, c["securityContext"])
					}
					ours := c["name"] != "temporal" && c["name"] != "ui" || strings.Contains(fmt.Sprint(c["image"]), "toygres/")
					if ours && c.at("securityContext", "readOnlyRootFilesystem") != true {
						t.Errorf("%s: its root file system can be written", what)
					}
					if c.at("resources", "requests", "memory") == nil || c.at("resources", "limits", "memory") == nil {
						t.Errorf("%s: resources %v", what, c["resources"])
					}
				}
			}
		})
	}
}

func TestServicesAreProbed(t *testing.T) {
	for _, o := range objects(t, valueSets(t)["full"]) {
		if o.kind() != "Deployment" {
			continue
		}
		for _, c := range containers(podSpec(o)) {
			for probe, path := range map[string]string{"startupProbe": "/healthz", "livenessProbe": "/healthz", "readinessProbe": "/readyz"} {
				if c.at(probe, "httpGet", "path") != path {
					t.Errorf("%s: %s is %v", o.name(), probe, c[probe])
				}
			}
		}
	}
}

func TestNoSecretIsMadeOrWritten(t *testing.T) {
	for name, values := range valueSets(t) {
		if kinds(objects(t, values))["Secret"] != 0 {
			t.Errorf("%s makes a Secret", name)
		}
	}
}

// rules returns "resource: verbs" for each resource of a role.
func rules(o object) map[string]string {
	granted := map[string]string{}
	for _, entry := range o["rules"].([]any) {
		rule := entry.(map[string]any)
		for _, resource := range rule["resources"].([]any) {
			granted[fmt.Sprint(resource)] = strings.Trim(fmt.Sprint(rule["verbs"]), "[]")
		}
	}
	return granted
}

func TestRightsEndAtTheNamespaceOfInstances(t *testing.T) {
	for name, values := range valueSets(t) {
		namespace := "toygres"
		if name == "full" || name == "aks" {
			namespace = "databases"
		}
		all := objects(t, values)
		count := kinds(all)
		if count["ClusterRole"]+count["ClusterRoleBinding"] != 0 || count["Role"] != 2 || count["RoleBinding"] != 2 {
			t.Errorf("%s: %v", name, count)
		}
		for _, o := range all {
			if (o.kind() == "Role" || o.kind() == "RoleBinding") && o.at("metadata", "namespace") != namespace {
				t.Errorf("%s: %s %s is in %v", name, o.kind(), o.name(), o.at("metadata", "namespace"))
			}
		}
	}
}

func TestAPIMayOnlyLookRevealScaleAndEndPods(t *testing.T) {
	all := objects(t, valueSets(t)["minimal"])
	granted := rules(find(t, all, "Role", "release-toygres-api"))
	for resource, verbs := range granted {
		want := "get list watch"
		switch resource {
		case "secrets", "pods/log":
			want = "get"
		case "statefulsets/scale":
			want = "get patch"
		case "statefulsets", "configmaps":
			want = "get list watch patch"
		case "pods":
			want = "get list watch delete"
		}
		if verbs != want {
			t.Errorf("%s: %s, want %s", resource, verbs, want)
		}
	}
	worker := rules(find(t, all, "Role", "release-toygres-worker"))
	for _, resource := range slices.Sorted(maps.Keys(granted)) {
		if worker[resource] == "" && resource != "pods/log" { // which only the API shows
			t.Errorf("the worker has no right on %s", resource)
		}
	}
	if worker["pods/log"] != "" {
		t.Error("the worker may read logs, which it never does")
	}
	for role, all := range map[string]map[string]string{"API": granted, "worker": worker} {
		if all["pods/exec"] != "" || all["pods/attach"] != "" {
			t.Errorf("the %s may open a shell in every database", role)
		}
	}
	for _, o := range all {
		if o.kind() == "Role" && strings.Contains(fmt.Sprint(o["rules"]), "*") {
			t.Errorf("%s has a wildcard", o.name())
		}
	}
}

func env(c object) map[string]any {
	all := map[string]any{}
	for _, entry := range c["env"].([]any) {
		variable := entry.(map[string]any)
		all[fmt.Sprint(variable["name"])] = variable["value"]
	}
	return all
}

// The names are those that the provider reads; see providers/config.go.
func TestProviderIsConfiguredAsAsked(t *testing.T) {
	all := objects(t, valueSets(t)["full"])
	want := map[string]string{
		"NAMESPACE": "databases", "WORKER_NAMESPACE": "toygres", "IMAGE_REPOSITORY": "registry.example.com/postgres",
		"PG_DURABLE_IMAGES": "17=registry.example.com/pg_durable:0.2-pg17", "TOLERATIONS": "dedicated=postgres:NoSchedule,spot:NoExecute",
		"NODE_SELECTOR": "kubernetes.io/os=linux", "VOLUME_PERMISSIONS": "true", "PATIENCE": "15m", "RESERVED_CPU_PERCENT": "25", "PULL_SECRETS": "registry",
		"COPY_IMAGE":        "registry.example.com/toygres/worker@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef", // the worker's own
		"PUBLIC_DNS_SUFFIX": "westeurope.cloudapp.azure.com", "OPERATOR_CIDRS": "10.0.0.0/8", "STORAGE_CLASS": "managed-csi-premium",
	}
	for _, deployment := range []string{"tg-api", "tg-worker"} {
		settings := env(containers(podSpec(find(t, all, "Deployment", deployment)))[0])
		for name, value := range want {
			if got := settings["TOYGRES_KUBERNETES_"+name]; got != value {
				t.Errorf("%s: %s is %v, want %s", deployment, name, got, value)
			}
		}
	}
}

// New operations must go to the release that is being installed.
func TestReleaseThatBecomesCurrentIsTheWorkersOwn(t *testing.T) {
	for name, values := range valueSets(t) {
		all := objects(t, values)
		worker := "release-toygres-worker"
		if name == "full" {
			worker = "tg-worker"
		}
		deployment := find(t, all, "Deployment", worker)
		settings := env(containers(podSpec(deployment))[len(containers(podSpec(deployment)))-1])
		if settings["TOYGRES_WORKER_VERSIONING"] == nil {
			if name != "temporal-cloud-api-key" {
				t.Errorf("%s: workers are not versioned", name)
			}
			continue
		}
		wanted := find(t, all, "ConfigMap", worker+"-release").at("data", "current")
		if wanted == "" || wanted != settings["TOYGRES_WORKER_BUILD_ID"] {
			t.Errorf("%s: %v becomes current, and the workers are %v", name, wanted, settings["TOYGRES_WORKER_BUILD_ID"])
		}
		drain := settings["TOYGRES_WORKER_DRAIN"]
		if grace := podSpec(deployment)["terminationGracePeriodSeconds"]; fmt.Sprintf("%.0fs", grace.(float64)-60) != drain {
			t.Errorf("%s: the pod gets %v s to end, and needs %v", name, grace, drain)
		}
	}
}

func TestNotesTellTheNextCommand(t *testing.T) {
	for name, values := range valueSets(t) {
		rendered, err := render(t, values)
		if err != nil {
			t.Fatal(err)
		}
		notes := rendered.Info.Notes
		for _, want := range []string{"helm -n toygres test release", "Sign in"} {
			if !strings.Contains(notes, want) {
				t.Errorf("%s: the notes do not tell %q:\n%s", name, want, notes)
			}
		}
		if hasAdmin := values["admin"] != nil; hasAdmin == strings.Contains(notes, "/toygres-api admin") {
			t.Errorf("%s: the notes are wrong about the administrator:\n%s", name, notes)
		}
	}
}

package kubernetes

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	"sigs.k8s.io/yaml"

	"github.com/toygres/toygres"
)

var update = flag.Bool("update", false, "write the golden files anew")

// TestObjectsAreAsInTheGoldenFiles shows every object of some instances. The
// spec is read back from its golden file, too, as a later version has to.
func TestObjectsAreAsInTheGoldenFiles(t *testing.T) {
	t.Parallel()
	plain := Config{Namespace: "databases"}
	for name, c := range map[string]struct {
		config Config
		spec   toygres.Spec
		stop   bool
		was    string // storage when it was made
		copied bool   // a fork has its data
	}{
		"internal":   {config: plain, spec: toygres.Spec{Name: "orders"}},
		"stopped":    {config: plain, spec: toygres.Spec{Name: "orders"}, stop: true},
		"grown":      {config: plain, spec: toygres.Spec{Name: "orders", CPUMillis: 2000, MemoryMiB: 2048, StorageGiB: 20}, was: "10Gi"},
		"restricted": {config: plain, spec: toygres.Spec{Name: "orders", AllowedCIDRs: []string{"10.1.0.0/16", "2001:db8::/32"}}},
		"public": {
			config: Config{Namespace: "databases", PublicDNSSuffix: "westeurope.cloudapp.azure.com"},
			spec:   toygres.Spec{Name: "1orders", Public: true, AllowedCIDRs: []string{"203.0.113.0/24"}},
		},
		"pg_durable": {
			config: Config{Namespace: "databases", PgDurableImages: map[int]string{17: "registry.example.com/pg_durable:0.2-pg17"}},
			spec:   toygres.Spec{Name: "flows", Version: 17, ImageType: toygres.ImagePgDurable, MemoryMiB: 2048},
		},
		"runtime_image": {
			config: Config{Namespace: "databases", RuntimeRegistry: "registry.example.com"},
			spec: toygres.Spec{Name: "maps", Version: 16,
				RuntimeImage: "registry.example.com/postgis@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"},
		},
		"fork": {
			config: Config{Namespace: "databases", CopyImage: "registry.example.com/toygres/worker:v1.2.3"},
			spec:   toygres.Spec{Name: "staging", Source: testSource, AllowedCIDRs: []string{"10.1.0.0/16"}},
		},
		"forked": {
			config: Config{Namespace: "databases", CopyImage: "registry.example.com/toygres/worker:v1.2.3"},
			spec:   toygres.Spec{Name: "staging", Source: testSource}, copied: true,
		},
		"placed": {
			config: Config{
				Namespace: "databases", ImageRepository: "registry.example.com/postgres", StorageClass: "managed-csi-premium",
				Endpoint: EndpointAddress, PullSecrets: []string{"registry"}, VolumePermissions: true, BlockEviction: true, ReservedCPUPercent: 25,
				NodeSelector: map[string]string{"pool": "databases"},
				Tolerations:  []corev1.Toleration{{Key: "databases", Operator: corev1.TolerationOpExists, Effect: corev1.TaintEffectNoSchedule}},
			},
			spec: toygres.Spec{Name: "big", CPUMillis: 4500, MemoryMiB: 16384, StorageGiB: 500},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := testDesired(t, c.config, c.spec)
			d.running, d.copied = !c.stop, c.copied
			if c.was != "" {
				was := resource.MustParse(c.was)
				d.claimed = &was
			}
			hosts, err := json.Marshal(d.hosts("10.96.7.7"))
			require.NoError(t, err)
			var out bytes.Buffer
			out.WriteString("# endpoint: " + d.endpoint("10.96.7.7").Host + "\n# certificate for: " + string(hosts) + "\n")
			ca := certificate{certificate: []byte("certificate"), key: []byte("key"), ca: []byte("ca")}
			objects := []any{
				configMap(d, "ca"), superuserSecret(d, "password"), tlsSecret(d, ca, "password"), clientService(d), headlessService(d),
				networkPolicy(d), podDisruptionBudget(d), statefulSet(d),
			}
			if d.copies() {
				objects = append(objects, copyPolicy(d))
			}
			for _, object := range objects {
				document, err := yaml.Marshal(object)
				require.NoError(t, err)
				out.WriteString("---\n" + string(document))
			}
			path := filepath.Join("testdata", name+".yaml")
			if *update {
				require.NoError(t, os.WriteFile(path, out.Bytes(), 0o644))
			}
			golden, err := os.ReadFile(path)
			require.NoError(t, err)
			require.Equal(t, string(golden), out.String(), "if it should be so: go test ./providers/kubernetes -update")

			var kept toygres.Spec
			require.NoError(t, json.Unmarshal([]byte(d.recorded), &kept))
			require.True(t, kept.Equal(d.spec))
		})
	}
}

const (
	testID     = toygres.InstanceID("0b6c1f0a-3d5e-4f1c-9a2b-7c8d9e0f1a2b")
	testSource = toygres.InstanceID("6f9d1c2e-8a4b-4c7d-b1e3-2f5a6b7c8d9e")
)

// testDesired is what Provision would derive.
func testDesired(t *testing.T, config Config, spec toygres.Spec) desired {
	t.Helper()
	config = config.withDefaults()
	spec = spec.WithDefaults()
	require.NoError(t, spec.Validate(config.offer()))
	image, err := config.image(spec)
	require.NoError(t, err)
	raw, err := json.Marshal(spec)
	require.NoError(t, err)
	return desired{config: &config, id: testID, spec: spec, recorded: string(raw), storageClass: config.StorageClass, image: image, running: true,
		source: desired{config: &config, id: testSource}.inside("10.96.8.8")}
}

func TestEveryObjectIsFoundByIDAndName(t *testing.T) {
	t.Parallel()
	for _, name := range []string{
		baseName(testID), superuserName(testID), tlsName(testID), headlessName(testID), podName(testID), claimName(testID), copyPolicyName(testID),
	} {
		require.LessOrEqual(t, len(name), 63-len("-1234567890"), "with a revision's hash it must be a label")
		id, ours := idOf(name)
		require.True(t, ours, name)
		require.Equal(t, testID, id)
	}
	for _, name := range []string{"", "pg-", "pg-demo-0", "data-pg-demo-0", string(testID), "toygres-ca"} {
		_, ours := idOf(name)
		require.False(t, ours, name)
	}
}

func TestOnlyPgDurableTrustsAndOnlyItsWorkerOnLoopback(t *testing.T) {
	t.Parallel()
	config := Config{Namespace: "databases", PgDurableImages: map[int]string{18: "pg_durable:18"}}
	durable := accessRules(testDesired(t, config, toygres.Spec{Name: "flows", ImageType: toygres.ImagePgDurable}))
	require.Contains(t, durable, "host all postgres,+toygres_durable 127.0.0.1/32 trust\nhost all postgres,+toygres_durable ::1/128 trust\n")
	require.Equal(t, 2, bytes.Count([]byte(durable), []byte("trust")))
	require.NotContains(t, accessRules(testDesired(t, config, toygres.Spec{Name: "flows"})), "trust")
}

func TestImagesComeFromWhereTheOperatorSays(t *testing.T) {
	t.Parallel()
	c := Config{Images: map[int]string{17: "mirror/pg:17.5"}, RuntimeRegistry: "registry.example.com"}.withDefaults()
	require.Equal(t, []int{17}, c.offer().Versions)
	_, err := c.image(toygres.Spec{Version: 17, RuntimeImage: "elsewhere.example.com/pg@sha256:00"})
	require.Equal(t, toygres.CodeInvalid, toygres.CodeOf(err))
	_, err = c.image(toygres.Spec{Version: 17, ImageType: toygres.ImagePgDurable})
	require.Equal(t, toygres.CodeInvalid, toygres.CodeOf(err))
	require.False(t, c.offer().Public)
}

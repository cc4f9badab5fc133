package cluster_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
	apps "k8s.io/api/apps/v1"
	core "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/toygres/toygres/dev/kubernetestest"
)

var self = strconv.Itoa(os.Getpid())

const password = "only-in-this-test"

func TestTheNodeIsReady(t *testing.T) {
	k := kubernetestest.Cluster(t)
	nodes, err := k.Client.CoreV1().Nodes().List(t.Context(), meta.ListOptions{})
	require.NoError(t, err)
	require.NotEmpty(t, nodes.Items)
	for _, condition := range nodes.Items[0].Status.Conditions {
		require.Equal(t, condition.Type == core.NodeReady, condition.Status == core.ConditionTrue, "%s: %s", condition.Type, condition.Message)
	}
}

// TestAPostgresPodKeepsItsData also shows that pods, Services of both kinds and names can be reached.
func TestAPostgresPodKeepsItsData(t *testing.T) {
	k := kubernetestest.Cluster(t)
	namespace := createNamespace(t, k)
	createPostgres(t, k, namespace)
	pod := awaitPod(t, k, namespace, "pg-0", "")
	services := k.Client.CoreV1().Services(namespace)
	require.Equal(t, "1", query(t, pod.Status.PodIP, "SELECT 1"))

	service, err := services.Get(t.Context(), "pg", meta.GetOptions{})
	require.NoError(t, err)
	require.Equal(t, "2", query(t, service.Spec.ClusterIP, "SELECT 2"))
	var public *core.Service
	require.Eventually(t, func() bool {
		public, err = services.Get(t.Context(), "public", meta.GetOptions{})
		return err == nil && len(public.Status.LoadBalancer.Ingress) > 0
	}, time.Minute, 50*time.Millisecond)
	require.Equal(t, "3", query(t, public.Status.LoadBalancer.Ingress[0].IP, "SELECT 3"))
	for _, name := range []string{"pg", "pg." + namespace + ".svc.cluster.local", "pg-0.pods"} {
		require.Equal(t, "4\n", inPod(t, k, namespace, "PGPASSWORD="+password, "psql", "-h", name, "-U", "postgres", "-Atc", "SELECT 4"))
	}
	require.Contains(t, query(t, pod.Status.PodIP, "SELECT version()"), "PostgreSQL 18")

	query(t, pod.Status.PodIP, "CREATE TABLE kept AS SELECT 42 AS answer")
	require.NoError(t, k.Client.CoreV1().Pods(namespace).Delete(t.Context(), "pg-0", meta.DeleteOptions{}))
	awaitPod(t, k, namespace, "pg-0", string(pod.UID))
	require.Equal(t, "42", query(t, service.Spec.ClusterIP, "SELECT answer FROM kept"))
}

func TestNothingIsLeftOnTheMachine(t *testing.T) {
	for name, end := range map[string]func(t *testing.T, state, program string){
		"after down": func(*testing.T, string, string) {},
		"after kill -9 of everything": func(t *testing.T, state, program string) {
			processes := clusterProcesses(t, state)
			require.Greater(t, len(processes), 9)
			for _, process := range processes {
				pid, err := strconv.Atoi(strings.Fields(process)[0])
				require.NoError(t, err)
				_ = syscall.Kill(pid, syscall.SIGKILL) // it may have ended with the others
			}
			require.Eventually(t, func() bool { return !getStatus(t, state, program).Running }, time.Minute, 20*time.Millisecond)
		},
		"after kill -9 of the kubelet and containerd": func(t *testing.T, state, program string) {
			for _, name := range []string{"kubelet", "containerd"} {
				require.NoError(t, syscall.Kill(getStatus(t, state, program).Programs[name].PID, syscall.SIGKILL))
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			before := machine(t)
			k := kubernetestest.New(t)
			namespace := createNamespace(t, k)
			createPostgres(t, k, namespace)
			awaitPod(t, k, namespace, "pg-0", "")
			state, program := k.State()
			require.NotEmpty(t, clusterProcesses(t, state))
			link := "toygres-" + clusterID(t, state)
			require.FileExists(t, filepath.Join("/sys/class/net", link))

			end(t, state, program)
			out, err := exec.Command(program, "down", "--state", state).CombinedOutput()
			require.NoError(t, err, "%s", out)
			require.Empty(t, clusterProcesses(t, state))
			require.NoDirExists(t, state)
			require.NoFileExists(t, filepath.Join("/sys/class/net", link))
			require.Empty(t, difference(before, machine(t), link, state))
		})
	}
}

func TestAClusterThatWasStoppedHasItsDataWhenItStartsAgain(t *testing.T) {
	k := kubernetestest.New(t)
	namespace := createNamespace(t, k)
	createPostgres(t, k, namespace)
	pod := awaitPod(t, k, namespace, "pg-0", "")
	query(t, pod.Status.PodIP, "CREATE TABLE kept AS SELECT 42 AS answer")

	require.NoError(t, k.Stop(t.Context()))
	state, program := k.State()
	require.False(t, getStatus(t, state, program).Running)
	require.Empty(t, clusterProcesses(t, state))
	require.NoError(t, k.Restart(t.Context()))
	require.Eventually(t, func() bool {
		now, err := k.Client.CoreV1().Pods(namespace).Get(t.Context(), "pg-0", meta.GetOptions{})
		return err == nil && ready(now) && now.Status.PodIP != "" && now.Status.ContainerStatuses[0].RestartCount > 0
	}, time.Minute, 100*time.Millisecond)
	service, err := k.Client.CoreV1().Services(namespace).Get(t.Context(), "pg", meta.GetOptions{})
	require.NoError(t, err)
	require.Equal(t, "42", query(t, service.Spec.ClusterIP, "SELECT answer FROM kept"))
}

// TestAClusterEndsWithAKilledTestProcess runs this test binary again, lets it start a cluster, and kills it.
func TestAClusterEndsWithAKilledTestProcess(t *testing.T) {
	if file := os.Getenv("KUBERNETESTEST_STATE_FILE"); file != "" {
		state, _ := kubernetestest.New(t).State()
		require.NoError(t, os.WriteFile(file+".new", []byte(state), 0o600))
		require.NoError(t, os.Rename(file+".new", file))
		select {} // until we are killed
	}
	kubernetestest.Cluster(t) // all is built
	file := filepath.Join(t.TempDir(), "state")
	child := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$")
	child.Env = append(os.Environ(), "KUBERNETESTEST_STATE_FILE="+file)
	require.NoError(t, child.Start())
	t.Cleanup(func() { _ = child.Process.Kill() })
	var state string
	require.Eventually(t, func() bool {
		content, err := os.ReadFile(file)
		state = string(content)
		return err == nil
	}, time.Minute, 20*time.Millisecond)
	link := filepath.Join("/sys/class/net", "toygres-"+clusterID(t, state))
	require.FileExists(t, link)

	require.NoError(t, child.Process.Kill())
	require.Error(t, child.Wait())
	require.Eventually(t, func() bool {
		_, err := os.Stat(state)
		return os.IsNotExist(err)
	}, time.Minute, 50*time.Millisecond, "the killed process left %s", state)
	require.NoFileExists(t, link)
	require.Empty(t, clusterProcesses(t, state))
}

type status struct {
	Running  bool                         `json:"running"`
	Programs map[string]struct{ PID int } `json:"programs"`
}

func getStatus(t *testing.T, state, program string) (s status) {
	t.Helper()
	out, err := exec.Command(program, "status", "--state", state, "-o", "json").Output()
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(out, &s))
	return s
}

func clusterID(t *testing.T, state string) string {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(state, "config.json"))
	require.NoError(t, err)
	var config struct{ ID string }
	require.NoError(t, json.Unmarshal(content, &config))
	require.NotEmpty(t, config.ID)
	return config.ID
}

func createNamespace(t *testing.T, k *kubernetestest.Kubernetes) string {
	t.Helper()
	namespace, err := k.Client.CoreV1().Namespaces().Create(t.Context(),
		&core.Namespace{ObjectMeta: meta.ObjectMeta{GenerateName: "test-"}}, meta.CreateOptions{})
	require.NoError(t, err)
	t.Cleanup(func() {
		// For a cluster that others use, too; with one of our own it ends anyway.
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		_ = k.Client.CoreV1().Namespaces().Delete(ctx, namespace.Name, meta.DeleteOptions{})
	})
	return namespace.Name
}

// createPostgres makes a StatefulSet pg as strict as a provider's, a headless Service pods, and Services pg and public.
func createPostgres(t *testing.T, k *kubernetestest.Kubernetes, namespace string) {
	t.Helper()
	labels := map[string]string{"app": "pg"}
	create := meta.CreateOptions{}
	_, err := k.Client.CoreV1().Secrets(namespace).Create(t.Context(), &core.Secret{
		ObjectMeta: meta.ObjectMeta{Name: "pg"}, StringData: map[string]string{"password": password},
	}, create)
	require.NoError(t, err)
	for name, spec := range map[string]core.ServiceSpec{
		"pods": {ClusterIP: core.ClusterIPNone}, "pg": {}, "public": {Type: core.ServiceTypeLoadBalancer},
	} {
		spec.Selector, spec.Ports = labels, []core.ServicePort{{Port: 5432, TargetPort: intstr.FromInt32(5432)}}
		_, err := k.Client.CoreV1().Services(namespace).Create(t.Context(), &core.Service{ObjectMeta: meta.ObjectMeta{Name: name}, Spec: spec}, create)
		require.NoError(t, err)
	}
	container := core.Container{
		Name: "postgres", Image: "postgres:18", ImagePullPolicy: core.PullIfNotPresent,
		Env: []core.EnvVar{{Name: "POSTGRES_PASSWORD_FILE", Value: "/secret/password"}},
		SecurityContext: &core.SecurityContext{
			AllowPrivilegeEscalation: new(false), ReadOnlyRootFilesystem: new(true), Capabilities: &core.Capabilities{Drop: []core.Capability{"ALL"}},
		},
		ReadinessProbe: &core.Probe{PeriodSeconds: 1, ProbeHandler: core.ProbeHandler{Exec: &core.ExecAction{Command: []string{"pg_isready", "-h", "127.0.0.1", "-U", "postgres"}}}},
		VolumeMounts: []core.VolumeMount{
			{Name: "data", MountPath: "/var/lib/postgresql"}, {Name: "secret", MountPath: "/secret"},
			{Name: "scratch", MountPath: "/tmp", SubPath: "tmp"}, {Name: "scratch", MountPath: "/var/run/postgresql", SubPath: "run"},
		},
	}
	_, err = k.Client.AppsV1().StatefulSets(namespace).Create(t.Context(), &apps.StatefulSet{
		ObjectMeta: meta.ObjectMeta{Name: "pg"},
		Spec: apps.StatefulSetSpec{
			ServiceName: "pods", Selector: &meta.LabelSelector{MatchLabels: labels},
			Template: core.PodTemplateSpec{ObjectMeta: meta.ObjectMeta{Labels: labels}, Spec: core.PodSpec{
				Containers: []core.Container{container},
				SecurityContext: &core.PodSecurityContext{
					RunAsNonRoot: new(true), RunAsUser: new(int64(999)), RunAsGroup: new(int64(999)), FSGroup: new(int64(999)),
					SeccompProfile: &core.SeccompProfile{Type: core.SeccompProfileTypeRuntimeDefault},
				},
				Volumes: []core.Volume{
					{Name: "secret", VolumeSource: core.VolumeSource{Secret: &core.SecretVolumeSource{SecretName: "pg"}}},
					{Name: "scratch", VolumeSource: core.VolumeSource{EmptyDir: &core.EmptyDirVolumeSource{}}},
				},
			}},
			VolumeClaimTemplates: []core.PersistentVolumeClaim{{ObjectMeta: meta.ObjectMeta{Name: "data"}, Spec: core.PersistentVolumeClaimSpec{
				AccessModes: []core.PersistentVolumeAccessMode{core.ReadWriteOnce},
				Resources:   core.VolumeResourceRequirements{Requests: core.ResourceList{core.ResourceStorage: resource.MustParse("1Gi")}},
			}}},
		},
	}, create)
	require.NoError(t, err)
}

// lazy is text as it is when it is printed.
type lazy struct{ text *string }

func (l lazy) String() string { return *l.text }

func ready(pod *core.Pod) bool {
	for _, condition := range pod.Status.Conditions {
		if condition.Type == core.PodReady {
			return condition.Status == core.ConditionTrue
		}
	}
	return false
}

// awaitPod waits until a pod is ready, and is not the one with that UID.
func awaitPod(t *testing.T, k *kubernetestest.Kubernetes, namespace, name, not string) (pod *core.Pod) {
	t.Helper()
	var seen string
	require.Eventually(t, func() bool {
		var err error
		pod, err = k.Client.CoreV1().Pods(namespace).Get(t.Context(), name, meta.GetOptions{})
		seen = fmt.Sprint(err)
		if err == nil {
			seen = fmt.Sprint(pod.Status.Phase, pod.Status.ContainerStatuses)
		}
		return err == nil && string(pod.UID) != not && ready(pod)
	}, time.Minute, 50*time.Millisecond, "the pod is not ready: %s", lazy{&seen})
	return pod
}

// query waits for a server that is only just becoming reachable: the proxy gathers changes for up to a second.
func query(t *testing.T, host, sql string) (value string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	url := fmt.Sprintf("postgres://postgres:%s@%s:5432/postgres?sslmode=disable&connect_timeout=2", password, host)
	for {
		conn, err := pgx.Connect(ctx, url)
		if err == nil {
			defer func() { _ = conn.Close(ctx) }()
			results, err := conn.PgConn().Exec(ctx, sql).ReadAll()
			require.NoError(t, err)
			if len(results) > 0 && len(results[0].Rows) > 0 {
				value = string(results[0].Rows[0][0])
			}
			return value
		}
		select {
		case <-ctx.Done():
			require.NoError(t, err)
		case <-time.After(50 * time.Millisecond):
		}
	}
}

func inPod(t *testing.T, k *kubernetestest.Kubernetes, namespace string, command ...string) string {
	t.Helper()
	program, args := kubectl(t, k)
	args = append(args, "--kubeconfig", k.Kubeconfig, "--namespace", namespace, "exec", "pg-0", "--", "env")
	out, err := exec.CommandContext(t.Context(), program, append(args, command...)...).CombinedOutput()
	require.NoError(t, err, "%s", out)
	return string(out)
}

func kubectl(t *testing.T, k *kubernetestest.Kubernetes) (program string, args []string) {
	t.Helper()
	if _, program := k.State(); program != "" {
		return program, []string{"kubectl"}
	}
	return "kubectl", nil
}

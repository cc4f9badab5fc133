// Package kubernetestest gives tests a real Kubernetes of one node: a kubelet, containers, volumes, Services and DNS.
// Tests must run as root on Linux, or name a cluster by TOYGRES_TEST_KUBECONFIG. A cluster that was started here leaves
// nothing behind, even if the test process is killed.
package kubernetestest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/toygres/toygres/dev/stack/build"
	"github.com/toygres/toygres/dev/stack/cache"
	stack "github.com/toygres/toygres/dev/stack/kubernetes"
	"github.com/toygres/toygres/dev/stack/postgres"
)

// setUp bounds building, which takes ten minutes on a small machine, and starting.
const setUp = 30 * time.Minute

// existing names the kubeconfig of a cluster to use instead of a new one. Unless it is one of dev/kubernetes, it must have
// the images that tests want.
const existing = "TOYGRES_TEST_KUBECONFIG"

// Kubernetes is a running cluster.
type Kubernetes struct {
	Kubeconfig string // file
	Config     *rest.Config
	Client     kubernetes.Interface

	cluster *stack.Cluster // nil for one that is not ours
	alive   io.Closer

	importing sync.Mutex
	hasWorker bool
	reaper    *exec.Cmd
}

var shared = sync.OnceValues(func() (*Kubernetes, error) {
	ctx, cancel := context.WithTimeout(context.Background(), setUp)
	defer cancel()
	return Up(ctx)
})

// Cluster returns the cluster that all tests of the process share. It ends with the process, so each test should have a
// namespace of its own.
func Cluster(tb testing.TB) *Kubernetes {
	tb.Helper()
	k, err := shared()
	require.NoError(tb, err)
	return k
}

// New starts a cluster for this test alone, for tests that disturb it. It ends with the test.
func New(tb testing.TB) *Kubernetes {
	tb.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), setUp)
	defer cancel()
	k, err := start(ctx)
	require.NoError(tb, err)
	tb.Cleanup(k.Close)
	return k
}

// Up starts a cluster that has the image of PostgreSQL's newest version, or connects to the one that the environment
// names. ctx bounds building and starting. The caller should Close it, but it also ends with the process.
func Up(ctx context.Context) (*Kubernetes, error) {
	if file := os.Getenv(existing); file != "" {
		return use(ctx, file)
	}
	return start(ctx)
}

// use connects to a cluster that somebody else started and will end.
func use(ctx context.Context, kubeconfig string) (*Kubernetes, error) {
	k, err := connect(kubeconfig)
	if err != nil {
		return nil, err
	}
	state := filepath.Dir(kubeconfig)
	if _, err := os.Stat(filepath.Join(state, "config.json")); err != nil {
		return k, nil //nolint:nilerr // not a cluster of dev/kubernetes
	}
	tools, err := Tools(ctx)
	k.cluster = &stack.Cluster{Tools: tools, State: state}
	return k, err
}

func start(ctx context.Context) (*Kubernetes, error) {
	tools, err := Tools(ctx)
	if err != nil {
		return nil, err
	}
	state, err := os.MkdirTemp("", "toygres-kubernetes-")
	if err != nil {
		return nil, err
	}
	cluster := stack.Cluster{Tools: tools, State: state}
	reaper, alive, err := reapAtExit(cluster)
	if err != nil {
		return nil, err
	}
	if err := cluster.Up(ctx, io.Discard, postgres.Majors()[0]); err != nil {
		reap(reaper, alive)
		return nil, err
	}
	k, err := connect(cluster.Kubeconfig())
	if err != nil {
		reap(reaper, alive)
		return nil, err
	}
	k.cluster, k.reaper, k.alive = &cluster, reaper, alive
	return k, nil
}

// Tools returns what makes clusters and images, building it if it is not in the cache.
func Tools(ctx context.Context) (stack.Tools, error) {
	b, err := builder()
	if err != nil {
		return stack.Tools{}, err
	}
	return stack.Prepare(ctx, b)
}

func builder() (build.Builder, error) {
	_, self, _, ok := runtime.Caller(0)
	if !ok {
		return build.Builder{}, errors.New("the place of the sources is not known")
	}
	directory, err := cache.Dir()
	return build.Builder{
		Project: filepath.Dir(filepath.Dir(filepath.Dir(self))), Cache: directory,
		Logs: filepath.Join(os.TempDir(), "toygres-build-"+strconv.Itoa(os.Getuid())),
	}, err
}

func connect(kubeconfig string) (*Kubernetes, error) {
	config, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", kubeconfig, err)
	}
	config.QPS, config.Burst = 200, 400 // tests are impatient
	config.WarningHandler = rest.NoWarnings{}
	client, err := kubernetes.NewForConfig(config)
	return &Kubernetes{Kubeconfig: kubeconfig, Config: config, Client: client}, err
}

// Import makes the images of an archive known to the cluster. That is only possible with one of dev/kubernetes.
func (k *Kubernetes) Import(ctx context.Context, archive string) error {
	if k.cluster == nil {
		return errors.New("the cluster of " + existing + " gets its images by other ways")
	}
	return k.cluster.Import(ctx, archive)
}

// ImportPostgres makes the image postgres:<major> known to the cluster.
func (k *Kubernetes) ImportPostgres(ctx context.Context, major int) error {
	if k.cluster == nil {
		return nil // it is said to have what tests want
	}
	archive, err := k.cluster.PostgresImage(ctx, major)
	if err != nil {
		return err
	}
	return k.Import(ctx, archive)
}

// WorkerImage makes the image of Toygres's worker known to the cluster, made from these sources, and returns its
// reference. It is "" for a cluster that is not one of dev/kubernetes.
func (k *Kubernetes) WorkerImage(ctx context.Context) (reference string, err error) {
	if k.cluster == nil {
		return "", nil
	}
	k.importing.Lock()
	defer k.importing.Unlock()
	if k.hasWorker {
		return stack.WorkerImage, nil
	}
	b, err := builder()
	if err != nil {
		return "", err
	}
	if err := k.cluster.ImportWorker(ctx, b); err != nil {
		return "", err
	}
	k.hasWorker = true
	return stack.WorkerImage, nil
}

// ByDigest makes an image that the cluster has known by its digest, as one of that repository, and returns the reference.
// That is only possible with one of dev/kubernetes.
func (k *Kubernetes) ByDigest(ctx context.Context, image, repository string) (reference string, err error) {
	if k.cluster == nil {
		return "", errors.New("the cluster of " + existing + " gets its images by other ways")
	}
	status, err := k.cluster.Status(ctx)
	if err != nil {
		return "", err
	}
	ctr := func(args ...string) (string, error) {
		args = append([]string{"--address", status.Containerd, "--namespace", "k8s.io", "images"}, args...)
		out, err := exec.CommandContext(ctx, "ctr", args...).CombinedOutput()
		if err != nil {
			return "", fmt.Errorf("ctr %s: %w: %s", args, err, out)
		}
		return string(out), nil
	}
	list, err := ctr("list", "name=="+image)
	if err != nil {
		return "", err
	}
	digest := regexp.MustCompile(`sha256:[0-9a-f]{64}`).FindString(list)
	if digest == "" {
		return "", fmt.Errorf("the cluster has no image %s:\n%s", image, list)
	}
	reference = repository + "@" + digest
	_, err = ctr("tag", "--force", image, reference)
	return reference, err
}

// Host is the address at which the cluster reaches this machine, if that listens there. It must be one of dev/kubernetes.
func (k *Kubernetes) Host(ctx context.Context) (ip string, err error) {
	if k.cluster == nil {
		return "", errors.New("it is not known how the cluster of " + existing + " reaches this machine")
	}
	status, err := k.cluster.Status(ctx)
	return status.Host, err
}

// State is the cluster's directory, and Program what can show its status; both are empty for a cluster that is not one of
// dev/kubernetes.
func (k *Kubernetes) State() (directory, program string) {
	if k.cluster == nil {
		return "", ""
	}
	return k.cluster.State, k.cluster.Program
}

// Stop ends all of the cluster and keeps its data, as if the machine was shut down. It must be one that was started here.
func (k *Kubernetes) Stop(ctx context.Context) error { return k.cluster.Down(ctx, true) }

// Restart starts the cluster again after [Kubernetes.Stop].
func (k *Kubernetes) Restart(ctx context.Context) error { return k.cluster.Up(ctx, io.Discard) }

// Close ends and removes the cluster if it was started here.
func (k *Kubernetes) Close() {
	if k.reaper != nil {
		reap(k.reaper, k.alive)
	}
}

// The reaper outlives the test process, however that ends: it waits until the pipe to its standard input closes.
const reaperScript = `cat >/dev/null; "$1" down --state "$2"; rm -rf -- "$2"`

func reapAtExit(cluster stack.Cluster) (reaper *exec.Cmd, alive io.Closer, err error) {
	cmd := exec.Command("/bin/sh", "-c", reaperScript, "reaper", cluster.Program, cluster.State)
	cmd.Dir = "/"
	cmd.Stderr = os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true} // a time-out of `go test` kills its process group
	pipe, err := cmd.StdinPipe()
	if err != nil {
		return nil, nil, err
	}
	return cmd, pipe, cmd.Start()
}

func reap(reaper *exec.Cmd, alive io.Closer) {
	_ = alive.Close()
	_ = reaper.Wait() // it has said what went wrong
}

// Kill ends programs of the node with SIGKILL, all at once, and returns when they have been started again.
func (k *Kubernetes) Kill(tb testing.TB, programs ...string) {
	tb.Helper()
	type processes map[string]struct{ PID int }
	running := func() processes {
		out, err := exec.Command(k.cluster.Program, "status", "--state", k.cluster.State, "-o", "json").Output()
		require.NoError(tb, err)
		var status struct{ Programs processes }
		require.NoError(tb, json.Unmarshal(out, &status))
		return status.Programs
	}
	var killed processes
	for _, program := range programs { // some give up by themselves where another one is not there yet
		require.Eventually(tb, func() bool { killed = running(); return killed[program].PID != 0 }, time.Minute, 20*time.Millisecond, "%s runs", program)
	}
	for _, program := range programs {
		if killed[program].PID == 0 {
			continue // it has just given up
		}
		require.NoError(tb, syscall.Kill(killed[program].PID, syscall.SIGKILL))
	}
	for _, program := range programs {
		require.Eventually(tb, func() bool { now := running()[program].PID; return now != 0 && now != killed[program].PID },
			time.Minute, 20*time.Millisecond, "%s is started again", program)
	}
}

package cluster

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"
)

// RunNode is the node: the first process of its PID namespace. [Up] starts it with its namespaces, which are still
// empty, and lets it go on by a byte on its standard input when its network interface is there. It ends by SIGTERM.
func RunNode(ctx context.Context, state string) error {
	c, err := Load(state)
	if err != nil {
		return err
	}
	if os.Getpid() != 1 {
		return errors.New("the command node is for the command up")
	}
	// Without it `up` has died in between; then there is no network and no use.
	if _, err := io.ReadFull(os.Stdin, make([]byte, 1)); err != nil {
		return fmt.Errorf("wait for the network: %w", err)
	}
	if err := unix.Sethostname([]byte(NodeName)); err != nil {
		return err
	}
	if err := c.mountNode(); err != nil {
		return fmt.Errorf("mount: %w", err)
	}
	if err := c.configureNode(); err != nil {
		return fmt.Errorf("configure the network: %w", err)
	}
	s := newSupervisor()
	programs := c.programs()
	for _, p := range programs {
		if p.name == "kube-controller-manager" { // this one, and those after it, would only wait
			if _, err := awaitAPI(ctx, kubeconfig("admin")); err != nil {
				break // by SIGTERM
			}
		}
		if err := s.start(p); err != nil {
			return err
		}
	}
	<-ctx.Done()
	s.stopAll(programs, stopContainers)
	return nil
}

// mountNode gives the node its own view of directories that Kubernetes' parts have firm ideas about. The host does not
// see it, and it goes with the node.
func (c Config) mountNode() error {
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return err
	}
	if err := unix.Mount(c.state, nodeState, "", unix.MS_BIND, ""); err != nil {
		return err
	}
	for _, m := range []struct{ dir, target string }{
		{"lib", "/var/lib"}, // volumes, kubelet, containerd and its images, what CNI remembers
		{"log", "/var/log"},
		{"tmp", "/tmp"},
	} {
		if err := os.MkdirAll(nodePath(m.dir), 0o755); err != nil {
			return err
		}
		if err := unix.Mount(nodePath(m.dir), m.target, "", unix.MS_BIND, ""); err != nil {
			return fmt.Errorf("%s: %w", m.target, err)
		}
	}
	// What is here must not survive a node, as on a machine.
	if err := unix.Mount("tmpfs", "/run", "tmpfs", unix.MS_NOSUID|unix.MS_NODEV, "mode=755"); err != nil {
		return err
	}
	if err := unix.Mount("proc", "/proc", "proc", 0, ""); err != nil {
		return err
	}
	if err := shadowSysctls(); err != nil {
		return err
	}
	// The kubelet wants mounts to propagate between itself and containers.
	return unix.Mount("", "/", "", unix.MS_REC|unix.MS_SHARED, "")
}

// The kubelet insists on values for these settings, which are the whole machine's. It gets files that it can write to
// instead, so that the machine keeps its own.
var machineSysctls = []string{
	"vm/overcommit_memory", "vm/panic_on_oom", "kernel/panic", "kernel/panic_on_oops", "kernel/keys/root_maxkeys", "kernel/keys/root_maxbytes",
}

func shadowSysctls() error {
	for _, name := range machineSysctls {
		setting := filepath.Join("/proc/sys", name)
		value, err := os.ReadFile(setting)
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		if err != nil {
			return err
		}
		shadow := filepath.Join("/run/sysctl", name)
		if err := os.MkdirAll(filepath.Dir(shadow), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(shadow, value, 0o644); err != nil {
			return err
		}
		if err := unix.Mount(shadow, setting, "", unix.MS_BIND, ""); err != nil {
			return fmt.Errorf("%s: %w", setting, err)
		}
	}
	return nil
}

// awaitAPI waits until the API server is ready and returns a client of it.
func awaitAPI(ctx context.Context, kubeconfig string) (kubernetes.Interface, error) {
	config, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	if err != nil {
		return nil, err
	}
	config.QPS = -1 // we are in a hurry, and not many
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return nil, err
	}
	return client, await(ctx, "the API server", func(ctx context.Context) error {
		_, err := client.Discovery().RESTClient().Get().AbsPath("/readyz").DoRaw(ctx)
		return err
	})
}

// await calls check until it succeeds. When ctx ends first, its error says what was waited for and the last reason.
func await(ctx context.Context, what string, check func(context.Context) error) error {
	for {
		attempt, cancel := context.WithTimeout(ctx, 5*time.Second)
		err := check(attempt)
		cancel()
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%s: %w, the last reason was: %w", what, ctx.Err(), err)
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// exitStatus says how a process ended.
func exitStatus(status syscall.WaitStatus) string {
	if status.Signaled() {
		return "killed by " + status.Signal().String()
	}
	return "exit code " + strconv.Itoa(status.ExitStatus())
}

func lookPath(name string) (string, error) {
	if strings.HasPrefix(name, "/") {
		return name, nil
	}
	return exec.LookPath(name)
}

package main

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"runtime"
	"time"

	"golang.org/x/sync/errgroup"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
	clientset "k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	"github.com/toygres/toygres/dev/stack/build"
	devcluster "github.com/toygres/toygres/dev/stack/kubernetes"
	"github.com/toygres/toygres/dev/stack/postgres"
	"github.com/toygres/toygres/dev/stack/progress"
	"github.com/toygres/toygres/providers/kubernetes"
)

// cluster is where the instances of a stack are whose provider is kubernetes. It is chosen when the stack first comes up.
type cluster struct {
	Kubeconfig  string `json:"kubeconfig"` // file
	Namespace   string `json:"namespace"`
	Development bool   `json:"development"` // it is the cluster of this state directory, and not another one
	Started     bool   `json:"started"`     // by up, so it ends with the stack
}

const namespaceVariable = "TOYGRES_KUBERNETES_NAMESPACE"

// chooseCluster decides where a stack that has no instances yet will have them. It changes nothing.
func (c *config) chooseCluster() error {
	c.Cluster = cluster{Kubeconfig: c.path("secrets", "kubeconfig"), Namespace: os.Getenv(namespaceVariable)}
	if c.Cluster.Namespace == "" { // another one for every stack, as several may be on one cluster
		id := make([]byte, 3)
		_, _ = rand.Read(id) // never fails
		c.Cluster.Namespace = "toygres-" + hex.EncodeToString(id)
	}
	development := devcluster.Cluster{State: c.path("kubernetes")}.Kubeconfig()
	if named := os.Getenv(clientcmd.RecommendedConfigPathEnvVar); named != "" && named != development {
		_, err := currentKubeconfig()
		return err
	}
	if runtime.GOOS != "linux" || os.Geteuid() != 0 {
		return errors.New("PROVIDER=kubernetes starts a Kubernetes on this machine, which needs root on Linux: run it as root, or name another cluster by KUBECONFIG")
	}
	c.Cluster.Development, c.Cluster.Kubeconfig = true, development
	return nil
}

// keepCluster stays with the cluster on which the instances are. Who names it again, by PROVIDER and KUBECONFIG, must mean
// the same.
func (c *config) keepCluster(asked bool) error {
	if !asked || os.Getenv(clientcmd.RecommendedConfigPathEnvVar) == "" {
		return nil
	}
	now, err := currentKubeconfig()
	if err != nil {
		return err
	}
	before, err := clientcmd.LoadFromFile(c.Cluster.Kubeconfig)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("%s: %w", c.Cluster.Kubeconfig, err)
	}
	if was, is := serverOf(before), serverOf(now); was != is {
		return fmt.Errorf("the instances of this stack are on the cluster at %s, so they cannot be at %s now: make clean first, or choose another TOYGRES_STATE", was, is)
	}
	return nil
}

// currentKubeconfig is what KUBECONFIG names, without what is not about its current context, and with the files it refers
// to in it.
func currentKubeconfig() (*clientcmdapi.Config, error) {
	all, err := clientcmd.NewDefaultClientConfigLoadingRules().Load()
	if err == nil {
		err = clientcmdapi.MinifyConfig(all)
	}
	if err == nil {
		err = clientcmdapi.FlattenConfig(all)
	}
	if err != nil {
		return nil, fmt.Errorf("KUBECONFIG=%s names no cluster: %w", os.Getenv(clientcmd.RecommendedConfigPathEnvVar), err)
	}
	return all, nil
}

// serverOf is the address of the API server.
func serverOf(k *clientcmdapi.Config) string {
	if context := k.Contexts[k.CurrentContext]; context != nil && k.Clusters[context.Cluster] != nil {
		return k.Clusters[context.Cluster].Server
	}
	return ""
}

// openCluster makes the cluster ready for instances, starting it if it is the development cluster. A copy of the
// kubeconfig stays with the stack: whatever becomes the current context later, its instances are there.
func (c *config) openCluster(ctx context.Context, p *progress.Printer, stackRuns bool) error {
	_, known, err := c.remembered()
	if err != nil {
		return err
	}
	if c.Cluster.Development {
		if err := c.startCluster(ctx, p, stackRuns); err != nil {
			return err
		}
	} else if os.Getenv(clientcmd.RecommendedConfigPathEnvVar) != "" {
		if err := c.copyKubeconfig(); err != nil {
			return err
		}
	}
	client, err := c.Cluster.client()
	if err != nil {
		return err
	}
	return p.Step(ctx, "kubernetes", "looking for the namespace "+c.Cluster.Namespace, func(ctx context.Context) (string, error) {
		ctx, cancel := context.WithTimeout(ctx, time.Minute)
		defer cancel()
		made, err := c.Cluster.makeNamespace(ctx, client)
		if err != nil || made || known {
			return "", err
		}
		provider, err := c.Cluster.provider()
		if err != nil {
			return "", err
		}
		if foreign, err := provider.List(ctx); err != nil || len(foreign) > 0 {
			return "", cmp.Or(err, fmt.Errorf("the namespace %s has %d instances of another Toygres: choose another one by %s",
				c.Cluster.Namespace, len(foreign), namespaceVariable))
		}
		return "", nil
	})
}

// copyKubeconfig does so again each time, since credentials may have been renewed. [config.keepCluster] has made sure that
// the cluster is the same.
func (c *config) copyKubeconfig() error {
	k, err := currentKubeconfig()
	if err != nil {
		return err
	}
	if before, err := clientcmd.LoadFromFile(c.Cluster.Kubeconfig); err == nil && serverOf(before) != serverOf(k) {
		return nil // PROVIDER did not say that KUBECONFIG is about us
	}
	content, err := clientcmd.Write(*k)
	if err != nil {
		return err
	}
	return os.WriteFile(c.Cluster.Kubeconfig, content, 0o600)
}

// startCluster starts the development cluster, if it does not run.
func (c *config) startCluster(ctx context.Context, p *progress.Printer, stackRuns bool) error {
	cluster, err := c.developmentCluster(ctx, p)
	if err != nil {
		return err
	}
	runs, err := cluster.Running(ctx)
	if err != nil {
		return err
	}
	if runs && stackRuns {
		return c.importWorker(ctx, p, cluster)
	}
	if !runs {
		c.Cluster.Started = true
		if err := c.write(); err != nil { // first, so that down knows what to stop, come what may
			return err
		}
	}
	err = p.Step(ctx, "kubernetes", "starting", func(ctx context.Context) (string, error) {
		return "ready", cluster.Up(ctx, io.Discard, postgres.Majors()...)
	})
	if err != nil {
		return err
	}
	return c.importWorker(ctx, p, cluster)
}

// importWorker gives the development cluster the worker's image, which copies the data of forks.
func (c *config) importWorker(ctx context.Context, p *progress.Printer, cluster devcluster.Cluster) error {
	return p.Step(ctx, "kubernetes", "importing the worker's image", func(ctx context.Context) (string, error) {
		return "", cluster.ImportWorker(ctx, build.Builder{Project: c.Project, Cache: c.Cache, Logs: c.logs()})
	})
}

// developmentCluster is the cluster of this state directory. Its program is built if it is missing.
func (c config) developmentCluster(ctx context.Context, p *progress.Printer) (devcluster.Cluster, error) {
	b := build.Builder{Project: c.Project, Cache: c.Cache, Logs: c.logs()}
	var tools devcluster.Tools
	err := p.Step(ctx, "kubernetes", "compiling Kubernetes, once (ten minutes)", func(ctx context.Context) (string, error) {
		_, cached, err := b.KubernetesCached(ctx)
		if err == nil {
			tools, err = devcluster.Prepare(ctx, b)
		}
		if err != nil || cached {
			return "", err
		}
		return made(true), nil
	})
	return devcluster.Cluster{Tools: tools, State: c.path("kubernetes")}, err
}

// closeCluster stops the development cluster, with the data of its instances kept, if it was started by up. Those on other
// clusters go on: that is the cluster's business.
func (c config) closeCluster(ctx context.Context, p *progress.Printer) error {
	if !c.Cluster.Started {
		return nil
	}
	cluster, err := c.developmentCluster(ctx, p)
	if err != nil {
		return err
	}
	runs, err := cluster.Running(ctx)
	if err != nil || !runs {
		return err
	}
	return p.Step(ctx, "kubernetes", "stopping", func(ctx context.Context) (string, error) {
		return "stopped, with the instances on it", cluster.Down(ctx, true)
	})
}

// cleanCluster removes the development cluster if it was started by up, and else all instances from the cluster.
func (c config) cleanCluster(ctx context.Context, p *progress.Printer) error {
	if _, err := os.Stat(c.Cluster.Kubeconfig); errors.Is(err, os.ErrNotExist) {
		return nil // the cluster is gone
	}
	if c.Cluster.Started {
		cluster, err := c.developmentCluster(ctx, p)
		if err != nil {
			return err
		}
		return p.Step(ctx, "kubernetes", "removing", func(ctx context.Context) (string, error) {
			return "removed, with all that was on it", cluster.Down(ctx, false)
		})
	}
	return p.Step(ctx, "kubernetes", "removing all instances", func(ctx context.Context) (string, error) {
		ctx, cancel := context.WithTimeout(ctx, 5*time.Minute)
		defer cancel()
		if err := c.Cluster.empty(ctx); err != nil {
			return "", fmt.Errorf("the instances on the cluster of %s could not be removed: repeat make clean when it answers, or without that file when it is gone for good: %w",
				shown(c.Cluster.Kubeconfig), err)
		}
		return "removed all instances", nil
	})
}

// where tells people how to look at the instances themselves.
func (c cluster) where() string {
	return fmt.Sprintf("KUBECONFIG=%s kubectl -n %s get pods", shown(c.Kubeconfig), c.Namespace)
}

// client is how to ask the cluster.
func (c cluster) client() (*clientset.Clientset, error) {
	access, err := c.access()
	if err != nil {
		return nil, err
	}
	return clientset.NewForConfig(access)
}

func (c cluster) access() (*rest.Config, error) {
	access, _, err := kubernetes.LoadClient(c.Kubeconfig)
	return access, err
}

// provider finds and removes instances.
func (c cluster) provider() (*kubernetes.Provider, error) {
	access, err := c.access()
	if err != nil {
		return nil, err
	}
	return kubernetes.New(kubernetes.Config{Client: access, Namespace: c.Namespace, Logger: slog.New(slog.DiscardHandler)})
}

// Who made a namespace is on the namespace itself, so that it is known whatever gets lost here.
const (
	managerLabel = "app.kubernetes.io/managed-by"
	manager      = "toygres-dev"
)

// makeNamespace makes the namespace if it is missing.
func (c cluster) makeNamespace(ctx context.Context, client clientset.Interface) (made bool, err error) {
	_, err = client.CoreV1().Namespaces().Get(ctx, c.Namespace, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		made = true
		_, err = client.CoreV1().Namespaces().Create(ctx, &corev1.Namespace{
			ObjectMeta: metav1.ObjectMeta{Name: c.Namespace, Labels: map[string]string{managerLabel: manager}},
		}, metav1.CreateOptions{})
	}
	if err != nil {
		return false, fmt.Errorf("the cluster of %s can't be used: %w", shown(c.Kubeconfig), err)
	}
	return made, nil
}

// empty removes the instances and all else that Toygres has made for them, the namespace too if up has made it.
func (c cluster) empty(ctx context.Context) error {
	client, err := c.client()
	if err != nil {
		return err
	}
	namespaces := client.CoreV1().Namespaces()
	namespace, err := namespaces.Get(ctx, c.Namespace, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return nil
	}
	if err != nil {
		return err
	}
	provider, err := c.provider()
	if err != nil {
		return err
	}
	ids, err := provider.List(ctx)
	if err != nil {
		return err
	}
	group, all := errgroup.WithContext(ctx)
	group.SetLimit(8)
	for _, id := range ids {
		group.Go(func() error { return provider.Delete(all, id) })
	}
	if err := group.Wait(); err != nil {
		return err
	}
	if namespace.Labels[managerLabel] != manager {
		err := client.CoreV1().Secrets(c.Namespace).DeleteCollection(ctx, metav1.DeleteOptions{}, // a CA of somebody's own has no such label
			metav1.ListOptions{LabelSelector: "app.kubernetes.io/name=" + kubernetes.AuthoritySecret})
		return err
	}
	if err := namespaces.Delete(ctx, c.Namespace, metav1.DeleteOptions{}); err != nil && !apierrors.IsNotFound(err) {
		return err
	}
	return wait.PollUntilContextCancel(ctx, 100*time.Millisecond, true, func(ctx context.Context) (bool, error) {
		_, err := namespaces.Get(ctx, c.Namespace, metav1.GetOptions{})
		return apierrors.IsNotFound(err), nil
	})
}

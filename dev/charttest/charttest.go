// Package charttest gives tests a Toygres that Helm has installed from the project's chart on a real Kubernetes of one node:
// with images made from these sources, the chart's own catalog, and a real Temporal server on this machine. Tests must run
// as root on Linux.
package charttest

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/toygres/toygres/dev/kubernetestest"
	"github.com/toygres/toygres/dev/temporaltest"
	"github.com/toygres/toygres/dev/toygrestest"
)

// Release is the name under which Helm installs.
const Release = "toygres"

// Installation is a place for a release of the chart, and that release once it is installed.
type Installation struct {
	*toygrestest.Toygres // after Install

	Kubernetes *kubernetestest.Kubernetes
	Namespace  string // of the release
	Instances  string // namespace of the instances
	Version    string // that the chart installs when no other is asked for
	Temporal   *temporaltest.Server

	log  io.Writer
	made made
	// directory is for what must be a file.
	directory string
}

// New makes a place: namespaces, Secrets, a Temporal server, and the images that the chart installs by default. What goes
// wrong is explained in log. The caller must Remove it.
func New(ctx context.Context, k *kubernetestest.Kubernetes, log io.Writer) (_ *Installation, err error) {
	i := &Installation{Kubernetes: k, log: log}
	if i.made, err = build(ctx); err != nil {
		return nil, err
	}
	i.Version = i.made.version
	if i.directory, err = os.MkdirTemp("", "toygres-chart-"); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			i.Remove()
		}
	}()
	if err := i.Import(ctx, i.Version); err != nil {
		return nil, err
	}
	for namespace, prefix := range map[*string]string{&i.Namespace: "toygres-", &i.Instances: "instances-"} {
		created, err := k.Client.CoreV1().Namespaces().Create(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{GenerateName: prefix}}, metav1.CreateOptions{})
		if err != nil {
			return nil, err
		}
		*namespace = created.Name
	}
	for _, name := range []string{"catalog", "admin"} {
		if err := i.Secret(ctx, name, "password", rand.Text()); err != nil {
			return nil, err
		}
	}
	host, err := k.Host(ctx)
	if err != nil {
		return nil, err
	}
	i.Temporal, err = temporaltest.StartAt(ctx, host)
	return i, err
}

// Secret makes a Secret of one entry in the release's namespace.
func (i *Installation) Secret(ctx context.Context, name, key, value string) error {
	_, err := i.Kubernetes.Client.CoreV1().Secrets(i.Namespace).Create(ctx, &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Name: name}, StringData: map[string]string{key: value},
	}, metav1.CreateOptions{})
	return err
}

// Values are the chart's values, as files of values have them.
type Values = map[string]any

// values are those of every installation here: the machine is small, and all of it is there for a short time only.
func (i *Installation) values() Values {
	small := Values{"resources": Values{"requests": Values{"cpu": "20m"}}}
	return Values{
		"instances": Values{"namespace": i.Instances, "reservedCPUPercent": 5},
		"api":       small,
		"worker":    small,
		"catalog":   Values{"provided": Values{"enabled": true, "existingSecret": "catalog"}},
		"temporal":  Values{"address": i.Temporal.Address, "uiURL": "http://temporal.example.com"},
		"admin":     Values{"existingSecret": "admin"},
	}
}

// Install installs or upgrades the release, waits until it is ready, and signs the administrator in.
func (i *Installation) Install(ctx context.Context, values Values) error {
	args := []string{"upgrade", "--install", Release, i.made.chart, "--wait", "--timeout", "4m"}
	for n, values := range []Values{i.values(), values} {
		content, err := json.Marshal(values) // JSON is YAML
		if err != nil {
			return err
		}
		file := filepath.Join(i.directory, "values-"+strconv.Itoa(n)+".yaml")
		if err := os.WriteFile(file, content, 0o600); err != nil {
			return err
		}
		args = append(args, "--values", file)
	}
	if _, err := i.Helm(ctx, args...); err != nil {
		i.explain(ctx)
		return err
	}
	return i.signIn(ctx)
}

func (i *Installation) signIn(ctx context.Context) error {
	service, err := i.Kubernetes.Client.CoreV1().Services(i.Namespace).Get(ctx, Release+"-api", metav1.GetOptions{})
	if err != nil {
		return err
	}
	secret, err := i.Kubernetes.Client.CoreV1().Secrets(i.Namespace).Get(ctx, "admin", metav1.GetOptions{})
	if err != nil {
		return err
	}
	file := filepath.Join(i.directory, "admin-password")
	if err := os.WriteFile(file, secret.Data["password"], 0o600); err != nil {
		return err
	}
	i.Toygres, err = toygrestest.SignIn(ctx, "http://"+service.Spec.ClusterIP, file, i.made.cli, filepath.Join(i.directory, "config"))
	return err
}

// Helm runs the command helm about the release's namespace, and returns what it prints.
func (i *Installation) Helm(ctx context.Context, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, i.made.helm, append(args, "--namespace", i.Namespace, "--kubeconfig", i.Kubernetes.Kubeconfig)...)
	cmd.Env = []string{"HOME=" + i.directory} // for its caches
	var out, complaint bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &complaint
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("helm %s: %w: %s", args[0], err, bytes.TrimSpace(complaint.Bytes()))
	}
	return out.String(), nil
}

// Uninstall removes the release, and waits until it is gone.
func (i *Installation) Uninstall(ctx context.Context) error {
	_, err := i.Helm(ctx, "uninstall", Release, "--wait", "--timeout", "4m")
	return err
}

// Remove removes all of the place. It is the last call.
func (i *Installation) Remove() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	err := os.RemoveAll(i.directory)
	if i.Temporal != nil {
		err = errors.Join(err, i.Temporal.Close())
	}
	now := int64(0) // a worker would wait for a Temporal that it may ask whether it is needed
	for _, namespace := range []string{i.Namespace, i.Instances} {
		if namespace != "" {
			err = errors.Join(err, i.Kubernetes.Client.CoreV1().Namespaces().Delete(ctx, namespace, metav1.DeleteOptions{}),
				i.Kubernetes.Client.CoreV1().Pods(namespace).DeleteCollection(ctx, metav1.DeleteOptions{GracePeriodSeconds: &now}, metav1.ListOptions{}))
		}
	}
	if err != nil {
		fmt.Fprintln(i.log, "charttest: clean up:", err)
	}
}

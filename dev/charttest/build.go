package charttest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"sync"

	"sigs.k8s.io/yaml"

	dev "github.com/toygres/toygres/dev/stack/build"
	"github.com/toygres/toygres/dev/stack/cache"
)

// made is what is built once for all installations.
type made struct {
	project string // the checkout's directory
	helm    string // program
	cli     string // the program toygres
	chart   string // directory
	version string // that the chart installs by default
}

var (
	building sync.Mutex
	built    *made
	imported = map[string]bool{} // kubeconfig and version
)

// build builds what has changed.
func build(ctx context.Context) (made, error) {
	building.Lock()
	defer building.Unlock()
	if built != nil {
		return *built, nil
	}
	_, self, _, ok := runtime.Caller(0)
	if !ok {
		return made{}, errors.New("the place of the sources is not known")
	}
	m := made{project: filepath.Dir(filepath.Dir(filepath.Dir(self)))}
	m.cli, m.chart = filepath.Join(m.project, "bin", "toygres"), filepath.Join(m.project, "deploy", "helm", "toygres")
	chart, err := os.ReadFile(filepath.Join(m.chart, "Chart.yaml"))
	if err != nil {
		return made{}, err
	}
	var about struct {
		AppVersion string `json:"appVersion"`
	}
	if err := yaml.Unmarshal(chart, &about); err != nil {
		return made{}, err
	}
	m.version = about.AppVersion
	directory, err := cache.Dir()
	if err != nil {
		return made{}, err
	}
	builder := dev.Builder{Project: m.project, Cache: directory, Logs: filepath.Join(os.TempDir(), "toygres-build-"+strconv.Itoa(os.Getuid()))}
	if m.helm, err = builder.Helm(ctx); err != nil {
		return made{}, err
	}
	if err := run(ctx, m.project, "make", "build"); err != nil {
		return made{}, err
	}
	built = &m
	return m, nil
}

// Import makes the images of API and worker, which say that they are of this version, and gives them to the cluster.
func (i *Installation) Import(ctx context.Context, version string) error {
	building.Lock() // also makes Go compile one thing at a time
	defer building.Unlock()
	if imported[i.Kubernetes.Kubeconfig+version] {
		return nil
	}
	archives := filepath.Join(i.directory, "images")
	err := run(ctx, filepath.Join(i.made.project, "dev", "images"), "go", "run", ".", "-project", i.made.project, "-out", archives, "-version", version)
	if err != nil {
		return err
	}
	for _, name := range []string{"api", "worker"} {
		if err := i.Kubernetes.Import(ctx, filepath.Join(archives, "toygres-"+name+".tar")); err != nil {
			return err
		}
	}
	imported[i.Kubernetes.Kubeconfig+version] = true
	return os.RemoveAll(archives)
}

func run(ctx context.Context, directory, program string, args ...string) error {
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Dir, cmd.Env = directory, append(os.Environ(), "GOWORK=off")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s %s: %w\n%s", program, args[0], err, out)
	}
	return nil
}

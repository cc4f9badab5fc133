// Command images makes the container images of API and worker without a
// container engine and without a registry: static programs on an empty base,
// with certificate authorities and a user. deploy/images has the Dockerfiles
// for everybody else; what they make differs in the base only.
//
// The same sources, version and compiler give the same image, bit by bit.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"syscall"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:])
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "images:", err)
		os.Exit(1)
	}
}

// program is what an image is made of.
type program struct {
	name   string // of the image and, after toygres-, of the program
	source string // package, relative to the project
	ports  []string
}

var programs = []program{
	{name: "api", source: "./services/api", ports: []string{"8080/tcp", "9090/tcp"}},
	{name: "worker", source: "./services/worker", ports: []string{"8081/tcp"}},
}

func run(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("images", flag.ContinueOnError)
	project := flags.String("project", ".", "`directory` of the sources, in which ui/dist is built")
	out := flags.String("out", "build/images", "`directory` for the images, each a tar that `docker load` and `ctr images import` read")
	version := flags.String("version", "", "release that the programs say they are, and tag of the images (required)")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *version == "" {
		return fmt.Errorf("give -version, such as v1.2.3")
	}
	if _, err := os.Stat(filepath.Join(*project, "ui", "dist", "index.html")); err != nil {
		return fmt.Errorf("the web UI is not built: run make build first (%w)", err)
	}
	for _, p := range programs {
		file, err := p.make(ctx, *project, *out, *version)
		if err != nil {
			return fmt.Errorf("image %s: %w", p.name, err)
		}
		fmt.Println(file)
	}
	return nil
}

// make builds the program and packs it, and returns the image's file.
func (p program) make(ctx context.Context, project, out, version string) (string, error) {
	scratch, err := os.MkdirTemp("", "toygres-image-")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(scratch)
	binary := filepath.Join(scratch, "toygres-"+p.name)
	if err := p.build(ctx, project, binary, version); err != nil {
		return "", err
	}
	image, err := pack(p, binary, version)
	if err != nil {
		return "", err
	}
	tag, err := name.NewTag("toygres/" + p.name + ":" + version)
	if err != nil {
		return "", err
	}
	if err := os.MkdirAll(out, 0o755); err != nil {
		return "", err
	}
	file := filepath.Join(out, "toygres-"+p.name+".tar")
	// Under its final name once it is whole.
	if err := tarball.WriteToFile(file+".partial", tag, image); err != nil {
		return "", err
	}
	return file, os.Rename(file+".partial", file)
}

func (p program) build(ctx context.Context, project, binary, version string) error {
	command := exec.CommandContext(ctx, "go", "build", "-trimpath", "-buildvcs=false",
		"-ldflags=-s -w -buildid= -X github.com/toygres/toygres/internal/version.release="+version, "-o", binary, p.source)
	command.Dir = project
	command.Env = append(os.Environ(), "CGO_ENABLED=0", "GOWORK=off", "GOOS=linux")
	if out, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("go build %s: %w\n%s", p.source, err, out)
	}
	return nil
}

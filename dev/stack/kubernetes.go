package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"

	"github.com/toygres/toygres/dev/stack/build"
	"github.com/toygres/toygres/dev/stack/kubernetes"
	"github.com/toygres/toygres/dev/stack/postgres"
	"github.com/toygres/toygres/dev/stack/progress"
)

// kubernetesCluster is the command kubernetes, about a cluster that belongs to this checkout.
func kubernetesCluster(ctx context.Context, c config, args []string) error {
	b := build.Builder{Project: c.Project, Cache: c.Cache, Logs: c.logs()}
	var tools kubernetes.Tools
	p := progress.New(os.Stdout)
	prepare := func(ctx context.Context) (done string, err error) {
		_, cached, err := b.KubernetesCached(ctx)
		if err == nil {
			tools, err = kubernetes.Prepare(ctx, b)
		}
		return made(!cached), err
	}
	if err := p.Step(ctx, "kubernetes", "compiling Kubernetes, once (ten minutes)", prepare); err != nil {
		return err
	}
	cluster := kubernetes.Cluster{Tools: tools, State: c.path("kubernetes")}
	switch {
	case len(args) == 1 && args[0] == "up":
		if err := os.MkdirAll(c.State, 0o755); err != nil {
			return err
		}
		return cluster.Up(ctx, os.Stdout, postgres.Majors()...)
	case len(args) == 1 && args[0] == "down":
		return cluster.Down(ctx, true)
	case len(args) == 1 && args[0] == "clean":
		return cluster.Down(ctx, false)
	case len(args) == 1 && args[0] == "status":
		status := exec.CommandContext(ctx, tools.Program, "status", "--state", cluster.State)
		status.Stdout, status.Stderr = os.Stdout, os.Stderr
		return status.Run()
	case len(args) == 2 && args[0] == "import":
		return cluster.Import(ctx, args[1])
	}
	return fmt.Errorf("kubernetes takes one of: up, down, clean, status, import <archive>")
}

package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"

	"github.com/toygres/toygres/dev/stack/postgres"
	"github.com/toygres/toygres/dev/stack/progress"
)

// kubernetesCluster is the command kubernetes, about a cluster that belongs to this checkout.
func kubernetesCluster(ctx context.Context, c config, args []string) error {
	cluster, err := c.developmentCluster(ctx, progress.New(os.Stdout))
	if err != nil {
		return err
	}
	switch {
	case len(args) == 1 && args[0] == "up":
		if err := os.MkdirAll(c.State, 0o755); err != nil {
			return err
		}
		return cluster.Up(ctx, os.Stdout, postgres.Majors()...)
	case len(args) == 1 && args[0] == "down":
		return cluster.Down(ctx, true)
	case len(args) == 1 && args[0] == "clean":
		if before, _, err := c.remembered(); err != nil || before.Cluster.Development {
			return cmp.Or(err, errors.New("the instances of the local stack are on this cluster: make clean removes both"))
		}
		return cluster.Down(ctx, false)
	case len(args) == 1 && args[0] == "status":
		status := exec.CommandContext(ctx, cluster.Program, "status", "--state", cluster.State)
		status.Stdout, status.Stderr = os.Stdout, os.Stderr
		return status.Run()
	case len(args) == 2 && args[0] == "import":
		return cluster.Import(ctx, args[1])
	}
	return fmt.Errorf("kubernetes takes one of: up, down, clean, status, import <archive>")
}

// Command toygres-dev runs a whole Toygres on this machine: it builds what is needed, and starts the catalog, Temporal,
// the API and the worker in the background. The Makefile's targets up, down, clean and status call it.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

const usage = `Usage: toygres-dev <command>

  up                    build what has changed, start everything, wait until it can be used
  down                  stop everything, keep the data
  clean                 stop everything and remove the data
  status [-o json]      show what runs
  logs [part] [-f]      show the end of the logs, and follow them with -f
  build                 build what has changed
  postgres [--print]    fetch PostgreSQL's binaries, and print where they are, separated by colons
  kubernetes up|down|clean|status|import <archive>
                        a Kubernetes of one node on this machine; needs root

Environment:
  API_PORT WORKER_PORT TEMPORAL_PORT TEMPORAL_UI_PORT CATALOG_PORT INSTANCE_PORTS
                        ports, if not the standard ones
  PROVIDER              kubernetes puts the instances of a new stack on the cluster of KUBECONFIG, or else on one of this
                        machine, which up starts (needs root); local, the default, runs them as processes
  TOYGRES_STATE         where data, logs and secrets are (default .toygres in the checkout)
  TOYGRES_CACHE         where PostgreSQL, Temporal and other slow builds are kept
  TOYGRES_PROJECT       the checkout (default the one around the working directory)
`

func main() {
	syscall.Umask(0o022) // PostgreSQL's user must be able to read what we make for it; secrets have modes of their own
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second Ctrl-C ends us at once
	err := run(ctx, os.Args[1:])
	if err == nil {
		return
	}
	if errors.Is(err, context.Canceled) {
		fmt.Fprintln(os.Stderr, "toygres-dev: interrupted")
		os.Exit(130)
	}
	fmt.Fprintln(os.Stderr, "toygres-dev:", err)
	os.Exit(1)
}

func run(ctx context.Context, args []string) error {
	if len(args) == 0 || args[0] == "help" || args[0] == "-h" || args[0] == "--help" {
		fmt.Print(usage)
		return nil
	}
	commands := map[string]func(context.Context, config, []string) error{
		"up": up, "down": down, "clean": clean, "status": status, "logs": logs,
		"build": buildOnly, "postgres": fetchPostgres, "supervise": supervise,
		"kubernetes": kubernetesCluster,
	}
	command, known := commands[args[0]]
	if !known {
		return fmt.Errorf("there is no command %q\n\n%s", args[0], usage)
	}
	c, err := readConfig()
	if err != nil {
		return err
	}
	return command(ctx, c, args[1:])
}

func noArguments(args []string) error {
	if len(args) > 0 {
		return fmt.Errorf("unexpected argument %q", args[0])
	}
	return nil
}

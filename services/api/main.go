// Command toygres-api serves the REST API and the web UI of Toygres, and sets
// up the catalog that they need. All configuration is in the environment; see
// config.go.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/toygres/toygres/internal/version"
)

const usage = `Usage: toygres-api [command]

Commands:
  serve                    serve the API and the web UI (the default)
  migrate [flags] [up|down|status]
                           change the catalog's schema, or show how it is; up is the default
      --wait DURATION        for how long a catalog that can't be reached is waited for (default 0s)
  admin [flags]            create the administrator, or set the password
      --username NAME        whose account it is (default admin)
      --password-file FILE   holds the password; - or none reads standard input
  temporal                 make what is missing in Temporal: the namespace and the search attributes
  check [URL ...]          ask whether the programs at these URLs are ready; http://127.0.0.1:8080 is the default
  version                  show the version

Configuration is in the environment: TOYGRES_CATALOG_URL, TOYGRES_LISTEN, …
`

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "toygres-api:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) error {
	command := "serve"
	if len(args) > 0 {
		command, args = args[0], args[1:]
	}
	switch command {
	case "serve":
		if len(args) > 0 {
			return errors.New("serve takes no arguments; it is configured by the environment")
		}
		return serve(ctx, stderr)
	case "migrate":
		return migrate(ctx, args, stdout)
	case "admin":
		return admin(ctx, args, stdin, stdout)
	case "temporal":
		return prepareTemporal(ctx, args, stdout, stderr)
	case "check":
		return check(ctx, args, stdout)
	case "version", "--version":
		fmt.Fprintln(stdout, version.String())
		return nil
	case "help", "-h", "--help":
		fmt.Fprint(stdout, usage)
		return nil
	default:
		return fmt.Errorf("there is no command %q\n\n%s", command, usage)
	}
}

// Command toygres creates, shows and connects to PostgreSQL instances of a
// Toygres server.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"github.com/toygres/toygres/internal/cli"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	// A second Ctrl-C ends the program at once, whatever it is doing.
	context.AfterFunc(ctx, stop)
	os.Exit(cli.Main(ctx, os.Args[1:], cli.Streams{In: os.Stdin, Out: os.Stdout, Err: os.Stderr}, os.Getenv))
}

// Command temporal runs a real Temporal server with its Web UI, with the namespace and the search attributes that
// Toygres needs. The local stack (dev/stack) builds and runs it; production uses a Temporal installation of its own.
//
// All of it is on the loopback interface, unless a Kubernetes on this machine must reach gRPC.
//
// Temporal Web answers only once everything else is ready for use.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"go.temporal.io/server/common/log"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:])
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "temporal:", err)
		os.Exit(1)
	}
}

type options struct {
	listen       string // IP address of gRPC
	port, uiPort int
	sqlite       string // database file
	postgres     string // URL of a server; the databases are temporal and temporal_visibility
	namespace    string
	retention    time.Duration
	logLevel     string
}

func parse(args []string) (options, error) {
	var o options
	flags := flag.NewFlagSet("temporal", flag.ContinueOnError)
	flags.StringVar(&o.listen, "listen", loopback, "IP `address` of gRPC; whoever can reach it may do everything")
	flags.IntVar(&o.port, "port", 7233, "gRPC `port`")
	flags.IntVar(&o.uiPort, "ui-port", 8233, "`port` of Temporal Web; 0 for none")
	flags.StringVar(&o.sqlite, "sqlite", "", "keep everything in this SQLite `file`")
	flags.StringVar(&o.postgres, "postgres", "",
		"keep everything in the PostgreSQL server at this `URL`; name a file with the password by its parameter passfile")
	flags.StringVar(&o.namespace, "namespace", "toygres", "`name` of the namespace to create")
	flags.DurationVar(&o.retention, "retention", 7*24*time.Hour, "how `long` closed workflows are kept")
	flags.StringVar(&o.logLevel, "log-level", "warn", "debug, info, warn or error")
	if err := flags.Parse(args); err != nil {
		return options{}, err
	}
	if (o.sqlite == "") == (o.postgres == "") {
		return options{}, errors.New("give either -sqlite or -postgres")
	}
	return o, nil
}

func run(ctx context.Context, args []string) error {
	o, err := parse(args)
	if errors.Is(err, flag.ErrHelp) {
		return nil
	}
	if err != nil {
		return err
	}
	logger := log.NewZapLogger(log.BuildZapLogger(log.Config{Stdout: true, Level: o.logLevel}))

	store, err := prepareStore(ctx, o, logger)
	if err != nil {
		return fmt.Errorf("prepare the database: %w", err)
	}
	server, err := newServer(o, store, logger)
	if err != nil {
		return err
	}
	if err := server.Start(); err != nil {
		return fmt.Errorf("start the server: %w", err)
	}
	defer func() { _ = server.Stop() }() // it reports nothing but nil
	if err := prepareNamespace(ctx, o); err != nil {
		return err
	}
	if o.uiPort != 0 {
		web := newWeb(o)
		defer web.Stop()
		go func() { _ = web.Start() }() // ends the program itself if it cannot listen
	}
	<-ctx.Done()
	return nil
}

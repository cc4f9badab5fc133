// Command record carries out the workflows on a real Temporal server, in every
// way they can go, and writes their histories into a directory. Released
// histories are kept for ever: the replay test carries out today's code on
// them. Run it with `make histories`.
package main

import (
	"context"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"

	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/api/temporalproto"
	"go.temporal.io/sdk/client"
	sdklog "go.temporal.io/sdk/log"
	"google.golang.org/protobuf/proto"

	"github.com/toygres/toygres/dev/temporaltest"
)

// coming is the release that today's code will be in. Raise it once that is
// out, so that its histories stay as they are.
const coming = "v0.2"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, os.Args[1:])
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "record:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("record", flag.ContinueOnError)
	release := flags.String("release", coming, "`name` of the release that the code is for")
	dir := flags.String("out", "workflows/testdata/histories", "`directory` to write to")
	if err := flags.Parse(args); err != nil {
		return err
	}
	// What the activities say about troubles that are made on purpose is noise.
	slog.SetDefault(slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelError + 1})))
	server, err := temporaltest.Start(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = server.Close() }() // nothing is kept of it
	c, err := client.NewLazyClient(client.Options{
		HostPort: server.Address, Namespace: temporaltest.Namespace,
		Identity: "record", // the default names this machine
		Logger:   sdklog.NewStructuredLogger(slog.Default()),
	})
	if err != nil {
		return err
	}
	defer c.Close()
	save := func(name string, history *historypb.History, err error) error {
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		path := filepath.Join(*dir, fmt.Sprintf("%s_%s.json", *release, name))
		if err := write(path, history); err != nil {
			return err
		}
		fmt.Printf("%s: %d events\n", path, len(history.GetEvents()))
		return nil
	}
	history, err := recordPrune(ctx, c)
	if err := save("prune_succeeded", history, err); err != nil {
		return err
	}
	for name, will := range watches {
		history, err := recordWatch(ctx, c, will)
		if err := save("monitor_"+name, history, err); err != nil {
			return err
		}
	}
	for i, s := range scenarios() {
		history, err := s.record(ctx, c, i)
		if err := save(string(s.kind)+"_"+s.name, history, err); err != nil {
			return err
		}
	}
	for i, s := range batchScenarios() {
		history, err := s.record(ctx, c, i)
		if err := save("batch_"+s.name, history, err); err != nil {
			return err
		}
	}
	return nil
}

// write writes a history as Temporal's own tools do.
func write(path string, history *historypb.History) error {
	text, err := temporalproto.CustomJSONMarshalOptions{Indent: " "}.Marshal(proto.Message(history))
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return os.WriteFile(path, append(text, '\n'), 0o644)
}

// Command bench measures what Toygres promises about speed, each figure as a
// ratio to a named floor taken in the same run on the same machine. It prints
// one line per figure: name, ratio, target, and ok or short.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"time"
)

// A figure is one measured promise: value against floor, both in the same
// unit, and how many times the floor it may be.
type figure struct {
	name   string
	value  float64
	floor  float64
	target float64
	detail string
}

func (f figure) String() string {
	verdict := "ok"
	if f.value/f.floor > f.target {
		verdict = "short"
	}
	return fmt.Sprintf("%-28s %5.2f %5.2f %-5s  %s", f.name, f.value/f.floor, f.target, verdict, f.detail)
}

var benches = []struct {
	name string
	run  func(context.Context, settings) ([]figure, error)
}{
	{"create", benchCreate},
	{"read", benchRead},
	{"batch", benchBatch},
	{"interactive", benchInteractive},
	{"monitor", benchMonitor},
	{"stack", benchStack},
	{"kubernetes", benchKubernetes},
}

// leftOut is why a bench can't run here.
type leftOut struct{ error }

type settings struct {
	rounds   int           // of create
	requests int           // per endpoint and side
	batch    int           // creates in a batch
	watch    time.Duration // of the monitor
}

func main() {
	if len(os.Args) == 2 && os.Args[1] == bareArgument {
		exit(serveBare())
	}
	if len(os.Args) == 2 && os.Args[1] == watcherArgument {
		exit(serveWatcher())
	}
	var s settings
	only := flag.String("only", "", "comma-separated benches to run: create, read, batch, interactive, monitor, stack, kubernetes")
	flag.IntVar(&s.rounds, "rounds", 20, "creates to take the median of")
	flag.IntVar(&s.requests, "requests", 6000, "requests per endpoint")
	flag.IntVar(&s.batch, "batch", 100, "creates in a batch")
	flag.DurationVar(&s.watch, "watch", 2*time.Minute, "how long the monitor is measured")
	flag.Parse()

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	load, _ := os.ReadFile("/proc/loadavg")
	fmt.Printf("# %s, %s/%s, %d CPUs, %s, load %s\n", cpuModel(), runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), runtime.Version(), strings.TrimSpace(string(load)))
	fmt.Printf("# %-26s ratio target\n", "name")
	for _, b := range benches {
		if *only != "" && !slices.Contains(strings.Split(*only, ","), b.name) {
			continue
		}
		figures, err := b.run(ctx, s)
		if errors.As(err, new(leftOut)) {
			fmt.Printf("# %s is left out: %v\n", b.name, err)
			continue
		}
		if err != nil {
			exit(fmt.Errorf("%s: %w", b.name, err))
		}
		for _, f := range figures {
			fmt.Println(f)
		}
	}
}

func exit(err error) {
	if err == nil {
		os.Exit(0)
	}
	fmt.Fprintln(os.Stderr, "bench:", err)
	os.Exit(1)
}

func cpuModel() string {
	info, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return "unknown CPU"
	}
	for line := range strings.Lines(string(info)) {
		if name, ok := strings.CutPrefix(line, "model name"); ok {
			return strings.TrimSpace(strings.TrimLeft(name, " \t:"))
		}
	}
	return "unknown CPU"
}

// quantile returns the smallest sample that q of all samples do not exceed.
func quantile(samples []time.Duration, q float64) time.Duration {
	sorted := slices.Clone(samples)
	slices.Sort(sorted)
	return sorted[min(len(sorted)-1, int(q*float64(len(sorted))))]
}

func median(samples []time.Duration) time.Duration { return quantile(samples, 0.5) }

func millis(d time.Duration) string { return fmt.Sprintf("%.1f ms", float64(d.Microseconds())/1000) }

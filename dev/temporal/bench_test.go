package main

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// BenchmarkStores compares the databases. See docs/decisions/0002-temporal-persistence.md for how it is run.
func BenchmarkStores(b *testing.B) {
	for kind, store := range stores(b) {
		b.Run(kind, func(b *testing.B) {
			first := startServer(b, store...)
			first.stop(b)
			server := startServer(b, store...)
			c := server.client(b)
			startWorker(b, c)
			var n atomic.Int64
			run := func() time.Duration {
				began := time.Now()
				id := fmt.Sprintf("bench-%d-%d", time.Now().UnixNano(), n.Add(1))
				if err := runWorkflow(b.Context(), c, id); err != nil {
					b.Error(err)
				}
				return time.Since(began)
			}
			for range 5 {
				run()
			}

			cpuBefore := server.cpu(b)
			const idle = 10 * time.Second
			time.Sleep(idle)
			idleCPU := server.cpu(b) - cpuBefore

			var took []time.Duration
			b.Run("one by one", func(b *testing.B) {
				for b.Loop() {
					took = append(took, run())
				}
				slices.Sort(took)
				b.ReportMetric(0, "ns/op")
				b.ReportMetric(milliseconds(took[len(took)/2]), "median-ms")
				b.ReportMetric(milliseconds(took[len(took)*9/10]), "p90-ms")
			})
			b.Run("twenty at a time", func(b *testing.B) {
				b.SetParallelism(10) // times the number of processors
				b.RunParallel(func(pb *testing.PB) {
					for pb.Next() {
						run()
					}
				})
				b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "workflows/s")
				b.ReportMetric(milliseconds(first.ready), "first-start-ms")
				b.ReportMetric(milliseconds(server.ready), "start-ms")
				b.ReportMetric(100*idleCPU.Seconds()/idle.Seconds(), "idle-cpu-%")
				b.ReportMetric(server.memory(b), "RSS-MiB")
			})
		})
	}
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// cpu is the processor time that the server has used.
func (p *process) cpu(b *testing.B) time.Duration {
	b.Helper()
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p.cmd.Process.Pid))
	if err != nil {
		b.Fatal(err)
	}
	fields := strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')')+2:]))
	var ticks int
	for _, field := range fields[11:13] { // utime and stime
		n, err := strconv.Atoi(field)
		if err != nil {
			b.Fatal(err)
		}
		ticks += n
	}
	return time.Duration(ticks) * time.Second / 100
}

// memory is the server's resident set in MiB.
func (p *process) memory(b *testing.B) float64 {
	b.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
	if err != nil {
		b.Fatal(err)
	}
	for line := range strings.Lines(string(status)) {
		if value, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			kib, err := strconv.Atoi(strings.Fields(value)[0])
			if err != nil {
				b.Fatal(err)
			}
			return float64(kib) / 1024
		}
	}
	b.Fatal("no VmRSS")
	return 0
}

package install_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// BenchmarkInstall measures from `helm upgrade --install` to the administrator's first answered request, and what API and
// worker hold once an instance runs. Images and the Temporal server are there before. Run it with -benchtime 3x.
func BenchmarkInstall(b *testing.B) {
	var ready time.Duration
	memory := map[string]float64{}
	for b.Loop() {
		place := newPlace(b)
		began := time.Now()
		require.NoError(b, place.Install(b.Context(), nil))
		ready += time.Since(began)
		create(b, place, "bench")
		for _, part := range []string{"api", "worker"} {
			processes, err := place.Processes(b.Context(), part)
			require.NoError(b, err)
			require.NotEmpty(b, processes)
			for _, p := range processes {
				memory[part] += float64(p.RSS) / float64(len(processes)) / (1 << 20)
			}
		}
	}
	b.ReportMetric(0, "ns/op") // it would count the making of places
	b.ReportMetric(ready.Seconds()/float64(b.N), "ready-s")
	for part, sum := range memory {
		b.ReportMetric(sum/float64(b.N), part+"-MiB")
	}
}

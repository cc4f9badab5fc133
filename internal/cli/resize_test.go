package cli

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/toygres/toygres/openapi"
)

func TestResizeAsksForWhatIsSaid(t *testing.T) {
	t.Parallel()
	s := newFakeServer(t)
	s.instances = append(s.instances, testInstance("demo"))
	u := signedInTo(t, s)
	r := u.run("resize", "demo", "--memory", "4GiB", "-o", "json")
	require.Zero(t, r.code, r.err)
	var operation openapi.Operation
	require.NoError(t, json.Unmarshal([]byte(r.out), &operation))
	was := testInstance("demo")
	require.Equal(t, &openapi.Size{CpuMillis: was.CpuMillis, MemoryMib: 4096, StorageGib: was.StorageGib}, operation.Size)
}

func TestResizeWaitsForTheNewSize(t *testing.T) {
	t.Parallel()
	s := newFakeServer(t)
	s.instances = append(s.instances, testInstance("demo"))
	var out, errs lockedBuffer
	wait := signedInTo(t, s).start(&out, &errs, "resize", "demo", "--cpu", "500m", "--storage", "1TiB", "--wait")
	streaming(t, s, 1)
	s.happen(func() {
		i := s.find("demo")
		i.CpuMillis, i.MemoryMib, i.StorageGib, i.State = 500, 1024, 1024, openapi.InstanceStateRunning
		s.operation().State = openapi.OperationStateSucceeded
	})
	require.Zero(t, wait(), errs.String())
	require.Contains(t, errs.String(), "Resizing demo (operation ")
	require.Equal(t, "demo has 500m CPU, 1 GiB of memory and 1 TiB of storage and is running\n", out.String())
}

func TestResizeToWhatItHasSaysSo(t *testing.T) {
	t.Parallel()
	s := newFakeServer(t)
	instance := testInstance("demo")
	instance.CpuMillis, instance.MemoryMib, instance.StorageGib = 2000, 1024, 10
	s.instances = append(s.instances, instance)
	u := signedInTo(t, s)
	r := u.run("resize", "demo", "--cpu", "2", "--wait")
	require.Zero(t, r.code, r.err)
	require.Equal(t, "demo has 2 CPU, 1 GiB of memory and 10 GiB of storage already\n", r.out)
}

func TestResizeThatIsRefusedGivesTheServersReason(t *testing.T) {
	t.Parallel()
	s := newFakeServer(t)
	s.instances = append(s.instances, testInstance("demo"))
	u := signedInTo(t, s)
	r := u.run("resize", "demo", "--storage", "1GiB")
	require.NotZero(t, r.code)
	require.Contains(t, r.err, "storage_gib can only grow")
	for _, wrong := range []string{"resize demo", "resize demo --cpu much", "resize demo --storage 1536MiB", "resize"} {
		r := u.run(strings.Fields(wrong)...)
		require.Equal(t, exitUsage, r.code, "%s: %s", wrong, r.err)
	}
}

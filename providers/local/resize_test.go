package local

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/toygres/toygres"
)

// bigger is another size than newInstance has.
var bigger = toygres.Size{CPUMillis: 1000, MemoryMiB: 512, StorageGiB: 2}

// As if whoever resizes were killed once the size was on record.
func TestKeepFinishesAnInterruptedResize(t *testing.T) {
	t.Parallel()
	p := newProvider(t, newConfig(t, newDir(t)))
	id := provision(t, p)
	d, r, held, err := p.open(t.Context(), id)
	require.NoError(t, err)
	require.NoError(t, p.resize(d, r, bigger))
	held.release()
	seen := observe(t, p, id)
	require.Equal(t, toygres.PhaseStarting, seen.Phase, "the old server counts as ready")
	require.Equal(t, bigger, seen.Size)

	keep(t, p)
	await(t, p, id, toygres.PhaseReady)
	var buffers string
	require.NoError(t, connect(t, p, id).QueryRow(t.Context(), `SHOW shared_buffers`).Scan(&buffers))
	require.Equal(t, "128MB", buffers)
}

// A status that is lost does not make a server look outdated, or count as new.
func TestResizeWorksWithoutAStatus(t *testing.T) {
	t.Parallel()
	p := newProvider(t, newConfig(t, newDir(t)))
	id := provision(t, p)
	d := directoryOf(p, id)
	require.NoError(t, d.setStatus(status{}))
	require.Equal(t, toygres.PhaseReady, observe(t, p, id).Phase)
	require.NoError(t, p.Resize(t.Context(), id, bigger))
	await(t, p, id, toygres.PhaseReady)
	var buffers string
	require.NoError(t, connect(t, p, id).QueryRow(t.Context(), `SHOW shared_buffers`).Scan(&buffers))
	require.Equal(t, "128MB", buffers)
}

// Whoever waits for a resize hears at once that it does not work, as with a
// new instance.
func TestServerThatFailsWithItsNewSizeHasFailedAtOnce(t *testing.T) {
	t.Parallel()
	p := newProvider(t, newConfig(t, newDir(t)))
	id := provision(t, p)
	_, err := connect(t, p, id).Exec(t.Context(), `ALTER SYSTEM SET shared_preload_libraries = 'nothing_of_this_name'`)
	require.NoError(t, err)
	require.NoError(t, p.Resize(t.Context(), id, bigger))
	seen := await(t, p, id, toygres.PhaseFailed)
	require.Contains(t, seen.Message, "nothing_of_this_name")
	require.Equal(t, 1, directoryOf(p, id).status().Failures)
}

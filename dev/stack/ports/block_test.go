package ports

import (
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestABlockBelongsToOneUntilItIsReleased(t *testing.T) {
	t.Parallel()
	const several = 20
	var mu sync.Mutex
	seen := map[int]bool{}
	var releases []func()
	var all sync.WaitGroup
	for range several {
		all.Go(func() {
			first, release, err := Block()
			mu.Lock()
			defer mu.Unlock()
			if err == nil {
				seen[first] = true
				releases = append(releases, release)
			}
		})
	}
	all.Wait()
	require.Len(t, seen, several)
	for _, release := range releases {
		release()
	}
	_, release, err := Block()
	require.NoError(t, err)
	release()
}

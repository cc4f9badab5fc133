package ports

import (
	"net"
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

func TestAClaimedAddressIsFreeAndNoConnectionTakesIt(t *testing.T) {
	t.Parallel()
	address, release, err := Claim("127.0.0.1")
	require.NoError(t, err)
	defer release()
	listener, err := net.Listen("tcp", address)
	require.NoError(t, err)
	defer listener.Close()
	const ephemeral = 32768 // from which on the kernel gives ports to connections, see ip(7)
	require.Less(t, listener.Addr().(*net.TCPAddr).Port, ephemeral)
}

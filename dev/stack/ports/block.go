package ports

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"strconv"
	"syscall"
)

// BlockSize is how many ports a block has.
const BlockSize = 100

// Blocks are below the range from which the kernel gives out ports (32768 on).
const (
	firstBlock = 10000
	blocks     = 220
)

// Block returns the first port of a block that no other test on this machine
// has, until release is called or the process ends: a test may count on its
// server's port being free again after a crash.
//
// What holds a block is a name in the kernel's abstract namespace of Unix
// sockets (unix(7)), which leaves nothing on disk.
func Block() (first int, release func(), err error) {
	start := rand.IntN(blocks)
	for i := range blocks {
		first = firstBlock + (start+i)%blocks*BlockSize
		claim, err := net.Listen("unix", fmt.Sprintf("@toygres-test-ports-%d", first))
		if err == nil {
			return first, func() { _ = claim.Close() }, nil // nothing could be lost
		}
		if !errors.Is(err, syscall.EADDRINUSE) {
			return 0, nil, fmt.Errorf("claim a block of ports: %w", err)
		}
	}
	return 0, nil, errors.New("other tests have all blocks of ports")
}

// Claim returns an address with that IP address of this machine on which nobody
// listens, and no other test will until release is called or the process ends.
// Unlike one from [Free], no connection of anybody can take its port either.
func Claim(ip string) (address string, release func(), err error) {
	first, release, err := Block()
	if err != nil {
		return "", nil, err
	}
	for port := first; port < first+BlockSize; port++ {
		address = net.JoinHostPort(ip, strconv.Itoa(port))
		var listener net.Listener
		if listener, err = net.Listen("tcp", address); err == nil {
			return address, release, listener.Close()
		}
	}
	release()
	return "", nil, err
}

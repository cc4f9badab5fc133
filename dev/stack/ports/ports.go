// Package ports finds free TCP ports on the loopback interface and tells whether one is taken.
package ports

import (
	"errors"
	"net"
	"strconv"
	"syscall"
)

// Free returns a port that nobody listens on now. Another process may take it before it is used.
func Free() (int, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	port := listener.Addr().(*net.TCPAddr).Port
	return port, listener.Close()
}

// Taken tells whether somebody listens on the port.
func Taken(port int) (bool, error) {
	listener, err := net.Listen("tcp", Address(port))
	if errors.Is(err, syscall.EADDRINUSE) {
		return true, nil
	}
	if err != nil {
		return false, err
	}
	return false, listener.Close()
}

// Address of a port on the loopback interface.
func Address(port int) string {
	return net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
}

package local

import (
	"errors"
	"net"
	"strconv"
	"syscall"

	"github.com/toygres/toygres"
)

// choosePort returns a port that no other instance has and that is free now.
// The caller holds the lock of the ports.
func (p *Provider) choosePort() (int, error) {
	taken := map[int]bool{}
	ids, err := p.list()
	if err != nil {
		return 0, err
	}
	for _, id := range ids {
		dir, _ := p.directory(id)
		r, err := dir.readAnyway()
		if err != nil {
			continue // without a readable spec it is not served, so it needs no port
		}
		taken[r.Port] = true
	}
	strangers := 0
	for port := p.config.FirstPort; port <= p.config.LastPort; port++ {
		if taken[port] {
			continue
		}
		switch err := p.portFree(port); {
		case err == nil:
			return port, nil
		case !errors.Is(err, syscall.EADDRINUSE):
			return 0, toygres.Errorf(toygres.CodeInvalid, "servers can't listen on port %d of %s (%v); check the host and the ports that are configured", port, p.config.Host, err)
		}
		strangers++
	}
	return 0, toygres.Errorf(toygres.CodeExhausted,
		"no port is free: of %d-%d, instances have %d and other programs %d; delete an instance or widen the range (TOYGRES_LOCAL_PORTS)",
		p.config.FirstPort, p.config.LastPort, len(taken), strangers)
}

// portFree returns nil if a server could listen on the port now.
func (p *Provider) portFree(port int) error {
	l, err := net.Listen("tcp", net.JoinHostPort(p.config.Host, strconv.Itoa(port)))
	if err != nil {
		return err
	}
	return l.Close()
}

// readAnyway reads the record also of an instance that is being deleted, whose
// server may still have its port.
func (d directory) readAnyway() (record, error) {
	r, err := d.read()
	if err == nil {
		return r, nil
	}
	if err2 := readJSON(d.file(deletedFile), &r); err2 != nil {
		return record{}, errors.Join(err, err2)
	}
	return r, nil
}

package local

import (
	"context"
	"errors"
	"net"
	"strconv"
	"syscall"
	"time"

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

// moveFromTakenPort gives an instance another port if a stranger has taken its
// own while the data directory was made. Nobody knows the old one yet.
func (p *Provider) moveFromTakenPort(ctx context.Context, d directory, r record) (record, error) {
	if !errors.Is(p.portFree(r.Port), syscall.EADDRINUSE) {
		return r, nil
	}
	ports, err := p.lockPorts(ctx)
	if err != nil {
		return r, p.failure("choosing another port", err)
	}
	defer ports.release()
	port, err := p.choosePort()
	if err != nil {
		return r, p.failure("choosing another port", err)
	}
	r.Port = port
	return r, p.failure("recording another port", d.write(r))
}

// portFree returns nil if a server could listen on the port now.
func (p *Provider) portFree(port int) error {
	l, err := net.Listen("tcp", net.JoinHostPort(p.config.Host, strconv.Itoa(port)))
	if err != nil {
		return err
	}
	return l.Close()
}

// awaitPort returns nil if a server can listen on the port now. The last thing
// that a dying server's processes let go of is their port, a moment after they
// can be recognised for the last time; it does not make a stranger of them.
func (p *Provider) awaitPort(port int) error {
	for pause := time.Millisecond; ; pause *= 2 {
		err := p.portFree(port)
		if !errors.Is(err, syscall.EADDRINUSE) || pause > 100*time.Millisecond {
			return err
		}
		time.Sleep(pause)
	}
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

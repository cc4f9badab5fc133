package main

import (
	"context"
	"net"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgproto3"
)

// pooler stands for many servers at one port, with one real server behind it.
// Clients sign in with that one itself, so that both sides do the work. Then
// the client's connection stays, and its queries share a few connections.
type pooler struct {
	port int

	address string // of the real server
	shared  chan *pgproto3.Frontend
}

// poolSize is how many queries the real server runs at once.
const poolSize = 8

func startPooler(ctx context.Context, target string) (*pooler, error) {
	config, err := pgconn.ParseConfig(target)
	if err != nil {
		return nil, err
	}
	network, address := pgconn.NetworkAddress(config.Host, config.Port)
	p := &pooler{address: address, shared: make(chan *pgproto3.Frontend, poolSize)}
	for range poolSize {
		conn, err := pgconn.ConnectConfig(ctx, config)
		if err != nil {
			return nil, err
		}
		hijacked, err := conn.Hijack()
		if err != nil {
			return nil, err
		}
		p.shared <- hijacked.Frontend
	}
	listener, err := new(net.ListenConfig).Listen(ctx, network, "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	p.port = listener.Addr().(*net.TCPAddr).Port
	context.AfterFunc(ctx, func() { _ = listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go p.serve(conn)
		}
	}()
	return p, nil
}

// serve serves one client until it goes.
func (p *pooler) serve(conn net.Conn) {
	defer func() { _ = conn.Close() }()
	client := pgproto3.NewBackend(conn, conn)
	if err := p.signIn(conn, client); err != nil {
		return
	}
	for {
		message, err := client.Receive()
		if err != nil {
			return
		}
		query, ok := message.(*pgproto3.Query)
		if !ok {
			return // it says good-bye
		}
		server := <-p.shared
		server.Send(query)
		err = server.Flush()
		for over := false; err == nil && !over; {
			var answer pgproto3.BackendMessage
			if answer, err = server.Receive(); err == nil {
				client.Send(answer)
				_, over = answer.(*pgproto3.ReadyForQuery)
			}
		}
		p.shared <- server
		if err != nil || client.Flush() != nil {
			return
		}
	}
}

// signIn lets the client and the real server talk until the server is ready.
func (p *pooler) signIn(conn net.Conn, client *pgproto3.Backend) error {
	first, err := client.ReceiveStartupMessage()
	if err != nil {
		return err
	}
	if _, asks := first.(*pgproto3.SSLRequest); asks {
		if _, err := conn.Write([]byte("N")); err != nil {
			return err
		}
		if first, err = client.ReceiveStartupMessage(); err != nil {
			return err
		}
	}
	up, err := net.Dial("tcp", p.address)
	if err != nil {
		return err
	}
	defer func() { _ = up.Close() }()
	server := pgproto3.NewFrontend(up, up)
	server.Send(first)
	for {
		if err := server.Flush(); err != nil {
			return err
		}
		answer, err := server.Receive()
		if err != nil {
			return err
		}
		client.Send(answer)
		if err := client.Flush(); err != nil {
			return err
		}
		expected := uint32(0)
		switch answer.(type) {
		case *pgproto3.ReadyForQuery:
			return nil
		case *pgproto3.AuthenticationSASL:
			expected = pgproto3.AuthTypeSASL
		case *pgproto3.AuthenticationSASLContinue:
			expected = pgproto3.AuthTypeSASLContinue
		default:
			continue
		}
		if err := client.SetAuthType(expected); err != nil {
			return err
		}
		proof, err := client.Receive()
		if err != nil {
			return err
		}
		server.Send(proof)
	}
}

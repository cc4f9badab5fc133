package catalog

import (
	"context"
	"encoding/hex"
	"errors"
	"log/slog"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/toygres/toygres"
)

// The channels on which the database tells what has been committed.
const (
	eventsChannel      = "toygres_events"
	revocationsChannel = "toygres_revocations"
	driftChannel       = "toygres_drift"
)

// Listener is called by [Store.Listen], one call at a time. A nil function is
// not called. They should return quickly.
type Listener struct {
	// Connected is called whenever listening has begun, also the first time.
	// What was committed before was perhaps not heard: read the events since
	// the last one known, and forget remembered principals.
	Connected func()
	// Event is called after an event was committed.
	Event func(toygres.EventID)
	// Revoked is called after a session or token was removed.
	Revoked func(Hash)
	// DriftAsked is called after somebody has asked for a comparison.
	DriftAsked func()
}

// keepAlive is after how long a silent connection is tried, so that a lost
// one is noticed although nothing is ever sent on it.
const keepAlive = 30 * time.Second

// Listen tells l what happens in the catalog until ctx ends, and then returns
// ctx's error. It has a connection of its own and makes a new one, with
// growing pauses up to 5 seconds, when that is lost.
func (s *Store) Listen(ctx context.Context, l Listener) error {
	const shortest, longest = 100 * time.Millisecond, 5 * time.Second
	pause := shortest
	for {
		connected, err := s.listen(ctx, l)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if connected {
			pause = shortest
		}
		slog.WarnContext(ctx, "listening to the catalog was interrupted", "error", err, "again_in", pause)
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(pause):
		}
		pause = min(2*pause, longest)
	}
}

// listen does it on one connection, until that fails.
func (s *Store) listen(ctx context.Context, l Listener) (connected bool, err error) {
	config := s.pool.Config().ConnConfig
	config.Tracer = nil // a span per notification would say nothing
	conn, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		return false, err
	}
	defer func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
		defer cancel()
		err = errors.Join(err, conn.Close(ctx))
	}()
	if _, err := conn.Exec(ctx, "LISTEN "+eventsChannel+"; LISTEN "+revocationsChannel+"; LISTEN "+driftChannel); err != nil {
		return false, err
	}
	if l.Connected != nil {
		l.Connected()
	}
	for {
		notification, err := next(ctx, conn)
		if err != nil {
			return true, err
		}
		if notification != nil {
			l.hear(ctx, notification)
		}
	}
}

// next returns the next notification, or nil when there was none for a while
// and the connection has been found alive.
func next(ctx context.Context, conn *pgx.Conn) (*pgconn.Notification, error) {
	waiting, cancel := context.WithTimeout(ctx, keepAlive)
	defer cancel()
	notification, err := conn.WaitForNotification(waiting)
	if err == nil || waiting.Err() == nil || ctx.Err() != nil {
		return notification, err
	}
	alive, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	return nil, conn.Ping(alive)
}

func (l Listener) hear(ctx context.Context, n *pgconn.Notification) {
	switch n.Channel {
	case eventsChannel:
		id, err := strconv.ParseInt(n.Payload, 10, 64)
		if err != nil {
			slog.WarnContext(ctx, "an event was announced without a number", "payload", n.Payload)
		} else if l.Event != nil {
			l.Event(toygres.EventID(id))
		}
	case driftChannel:
		if l.DriftAsked != nil {
			l.DriftAsked()
		}
	case revocationsChannel:
		raw, err := hex.DecodeString(n.Payload)
		if err != nil || len(raw) != len(Hash{}) {
			slog.WarnContext(ctx, "a revocation was announced without a hash")
		} else if l.Revoked != nil {
			l.Revoked(Hash(raw))
		}
	}
}

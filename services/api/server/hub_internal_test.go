package server

import (
	"context"
	"log/slog"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"github.com/toygres/toygres"
	"github.com/toygres/toygres/internal/catalog"
)

// storedEvents has the events 1 to its value.
type storedEvents toygres.EventID

func (s storedEvents) LastEventID(context.Context) (toygres.EventID, error) {
	return toygres.EventID(s), nil
}

func (s storedEvents) Events(_ context.Context, filter catalog.EventFilter, limit int) ([]toygres.Event, error) {
	var events []toygres.Event
	for id := filter.After + 1; id <= toygres.EventID(s) && len(events) < limit; id++ {
		events = append(events, toygres.Event{ID: id})
	}
	return events, nil
}

func TestEventsFromBeforeAStreamDoNotFillItsBuffer(t *testing.T) {
	t.Parallel()
	const before, buffer = 50, 4
	h := newHub(&Server{options: Options{StreamBuffer: buffer, StreamsPerUser: 1}, log: slog.New(slog.DiscardHandler),
		metrics: &metrics{streams: prometheus.NewGauge(prometheus.GaugeOpts{}), dropped: prometheus.NewCounter(prometheus.CounterOpts{})}})
	h.frame = func(context.Context, toygres.Event) ([]byte, error) { return nil, nil }
	h.store = storedEvents(0)
	require.NoError(t, h.catchUp(t.Context()))
	st, err := h.open(t.Context(), "somebody", catalog.Hash{}, func(toygres.Event) bool { return true })
	require.NoError(t, err)
	h.skip(st, before)

	h.store = storedEvents(before + 1) // the hub is that far behind
	require.NoError(t, h.catchUp(t.Context()))
	select {
	case <-st.ended:
		t.Fatal("the stream was taken for a slow one")
	case f := <-st.frames:
		require.Equal(t, toygres.EventID(before+1), f.id)
	}
}

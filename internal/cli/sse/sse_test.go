package sse

import (
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"
)

func TestStreamIsReadAsTheStandardSays(t *testing.T) {
	t.Parallel()
	stream := ": welcome\n\n" +
		"id: 7\nevent: step.started\ndata: {\"a\":\ndata:  1}\nretry: 10\n\n" +
		"data: no type, same id\r\n\r\n" +
		"event: nothing\n\n" + // no data: no event
		"id: 8\n\n" + // an id alone counts
		"data\n\n" + // empty data is data
		"id: 9\ndata: cut off"
	r := NewReader(iotest.OneByteReader(strings.NewReader(stream)))
	for _, want := range []Event{
		{ID: "7", Type: "step.started", Data: "{\"a\":\n 1}"},
		{ID: "7", Type: "message", Data: "no type, same id"},
		{ID: "8", Type: "message", Data: ""},
	} {
		got, err := r.Next()
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
	_, err := r.Next()
	require.ErrorIs(t, err, io.EOF)
	require.Equal(t, "8", r.LastID(), "an event that was cut off must come again")
}

func TestBrokenStreamIsAnError(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	_, err := NewReader(io.MultiReader(strings.NewReader("data: a\n"), iotest.ErrReader(broken))).Next()
	require.ErrorIs(t, err, broken)
	_, err = NewReader(strings.NewReader("data: " + strings.Repeat("a", maxLine+1) + "\n\n")).Next()
	require.Error(t, err)
}

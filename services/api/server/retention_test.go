package server_test

import (
	"fmt"
	"strconv"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/toygres/toygres"
	"github.com/toygres/toygres/openapi"
)

func TestRetentionSaysWhatWasRemoved(t *testing.T) {
	t.Parallel()
	a := start(t)
	viewer := a.as(a.user("viewer", toygres.RoleViewer))
	require.Empty(t, decode[openapi.RetentionRunList](viewer.get("/api/retention"), 200).Items)
	for range 3 {
		a.running("demo-" + uuid.NewString()[:8])
		run := uuid.NewString()
		require.NoError(t, a.store.BeginRetention(t.Context(), run, map[toygres.Kept]time.Duration{toygres.KeptIdempotencyKeys: time.Hour}))
		_, err := a.store.Prune(t.Context(), run, toygres.KeptIdempotencyKeys, -time.Hour, 10)
		require.NoError(t, err)
		require.NoError(t, a.store.EndRetention(t.Context(), run, "the disk is full"))
	}
	first := decode[openapi.RetentionRunList](viewer.get("/api/retention?limit=2"), 200)
	require.Len(t, first.Items, 2)
	require.Equal(t, "the disk is full", *first.Items[0].Error)
	require.NotNil(t, first.Items[0].EndedAt)
	require.Equal(t, map[string]int64{"idempotency_keys": 3600}, first.Items[0].KeepSeconds)
	require.Empty(t, first.Items[0].Removed)
	require.Len(t, decode[openapi.RetentionRunList](viewer.get("/api/retention?limit=2&cursor="+*first.NextCursor), 200).Items, 1)
	a.anonymous().get("/api/retention").problem(401, toygres.CodeUnauthenticated)
}

// age makes all events older than they are.
func (a *api) age(by time.Duration) {
	a.t.Helper()
	conn, err := pgx.Connect(a.t.Context(), a.catalog)
	require.NoError(a.t, err)
	defer conn.Close(a.t.Context())
	for _, statement := range []string{"ALTER TABLE events DISABLE TRIGGER events_append_only",
		fmt.Sprintf("UPDATE events SET created_at = created_at - interval '%d seconds'", int(by.Seconds())),
		"ALTER TABLE events ENABLE TRIGGER events_append_only"} {
		_, err := conn.Exec(a.t.Context(), statement)
		require.NoError(a.t, err)
	}
}

// Who resumes from before what was removed must know that it has missed some.
func TestAStreamThatResumesFromRemovedEventsSaysSo(t *testing.T) {
	t.Parallel()
	a := start(t)
	a.running("demo")
	newest, err := a.store.LastEventID(t.Context())
	require.NoError(t, err)
	a.age(2 * time.Hour)
	run := uuid.NewString()
	require.NoError(t, a.store.BeginRetention(t.Context(), run, map[toygres.Kept]time.Duration{}))
	_, err = a.store.Prune(t.Context(), run, toygres.KeptEvents, time.Hour, 1000)
	require.NoError(t, err)

	lost := a.asAdmin().with("Last-Event-ID", "1").follow("/api/events")
	var gap block
	for ok := true; ok && gap.event == ""; gap, ok = lost.next() {
	}
	require.Equal(t, "gap", gap.event)
	require.Contains(t, gap.data, `"after":"1"`)
	require.Equal(t, strconv.FormatInt(int64(newest), 10), lost.event().Id, "it goes on with what is there")

	last := strconv.FormatInt(int64(newest-1), 10)
	require.Equal(t, strconv.FormatInt(int64(newest), 10), a.asAdmin().with("Last-Event-ID", last).follow("/api/events").event().Id)
}
